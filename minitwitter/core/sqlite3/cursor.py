"""A cursor that does once what is the same at each execution and for each row."""

import sqlite3
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

from django.db.backends.sqlite3 import base

_STATEMENTS_KEPT = 512
_TIMES_KEPT = 8192


@lru_cache(maxsize=_TIMES_KEPT)
def _read_moment(value: bytes) -> datetime:
    """A time as Django has stored it: in UTC, without saying so. Read as aware it needs no further conversion.

    A page has twenty times, most of them read before. Reading them took a third of what SQLite took for the page.
    """
    return datetime.fromisoformat(value.decode() + "+00:00")


# Django has registered a reader of its own, for all connections of the process that look at the types of columns.
sqlite3.register_converter("datetime", _read_moment)


@lru_cache(maxsize=_STATEMENTS_KEPT)
def _with_question_marks(query: str) -> str:
    return base.FORMAT_QMARK_REGEX.sub("?", query).replace("%%", "%")


class SQLiteCursorWrapper(base.SQLiteCursorWrapper):
    """A cursor that remembers how a statement is written for SQLite."""

    def convert_query(self, query: str, *, param_names: Iterable[str] | None = None) -> str:
        if param_names is not None:
            return super().convert_query(query, param_names=param_names)
        return _with_question_marks(query)
