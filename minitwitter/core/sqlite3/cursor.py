"""A cursor that does once what is the same at each execution and for each row."""

import sqlite3
import time
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.backends.sqlite3 import base

# How long one who waits for others pauses between two looks, in seconds. Longer, a process does more in a row while the
# other pauses, and finds more in its memory: with 2 ms instead of 1, likes and posts of two processes that do nothing
# else cost an eighth less, and one like in a hundred waits 50 ms instead of 30; with 3, little less, and 80 ms.
PAUSE = 0.002
_STATEMENTS_KEPT = 512
_TIMES_KEPT = 1024


@lru_cache(maxsize=_TIMES_KEPT)
def _read_moment(value: bytes) -> datetime:
    """A time as Django has stored it: in UTC, without saying so. Read as aware it needs no further conversion.

    A page has twenty times, most of them read before. Reading them took a third of what SQLite took for the page.
    """
    return datetime.fromisoformat(value.decode() + "+00:00")


# Django has registered a reader of its own, for all connections of the process that look at the types of columns.
sqlite3.register_converter("datetime", _read_moment)


def is_busy(error: BaseException | None) -> bool:
    """Whether SQLite refused because somebody else writes."""
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


@lru_cache(maxsize=_STATEMENTS_KEPT)
def with_question_marks(query: str) -> str:
    """The query with the places for its values as SQLite writes them."""
    return base.FORMAT_QMARK_REGEX.sub("?", query).replace("%%", "%")


class SQLiteCursorWrapper(base.SQLiteCursorWrapper):
    """A cursor that remembers how a statement is written for SQLite, and waits for other writers by itself.

    SQLite's own waiting (its busy timeout) holds a lock of the connection all the while. When Python then collects a
    forgotten cursor of that connection in another thread, that thread waits for this lock; if it is the one that
    writes, the two wait for each other until the time is up.

    A refusal may also get lost: while the other thread collects a cursor that was half read, this connection says that
    all is well, and Python's driver believes it. So a statement that seems to have changed nothing is run once more.
    Within a transaction, where nobody is refused for another's writing, it is not; this server leaves no cursor of a
    request half read.
    """

    # How long a statement outside of a transaction waits for those who write, in seconds.
    patience = 0.0

    def execute(self, query: str, params: Any = None) -> Any:
        try:
            return self._execute(query, params)
        except sqlite3.OperationalError as error:
            # Beginning a transaction has its own way to wait (`base.py`).
            if not is_busy(error) or self.connection.in_transaction or query.startswith("BEGIN"):
                raise
        return self._execute_later(query, params)

    def _execute(self, query: str, params: Any) -> Any:
        executed = super().execute(query, params)
        # What returns rows counts them when they are read.
        if self.rowcount == 0 and self.description is None and not self.connection.in_transaction:
            executed = super().execute(query, params)
        return executed

    def _execute_later(self, query: str, params: Any) -> Any:
        deadline = time.monotonic() + self.patience
        while True:
            time.sleep(PAUSE)
            try:
                return self._execute(query, params)
            except sqlite3.OperationalError as error:
                if not is_busy(error) or time.monotonic() > deadline:
                    raise

    def convert_query(self, query: str, *, param_names: Iterable[str] | None = None) -> str:
        if param_names is not None:
            return super().convert_query(query, param_names=param_names)
        return with_question_marks(query)
