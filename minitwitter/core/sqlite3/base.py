"""The backend itself; Django looks for it in a module of this name."""

import sqlite3
import threading
import time
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import OperationalError
from django.db.backends.sqlite3 import base

# How long the thread that waits for other processes pauses between two looks, in seconds.
PAUSE = 0.001

_turn = threading.Lock()
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


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection. A transaction waits at most `OPTIONS["timeout"]` seconds to begin, then raises OperationalError."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._has_turn = False

    def create_cursor(self, name: str | None = None) -> Any:  # noqa: ARG002  (as Django calls it)
        return self.connection.cursor(factory=SQLiteCursorWrapper)

    def _start_transaction_under_autocommit(self) -> None:
        seconds = float(self.settings_dict["OPTIONS"]["timeout"])
        deadline = time.monotonic() + seconds
        if not _turn.acquire(timeout=seconds):
            raise OperationalError("database is locked")
        self._has_turn = True
        try:
            self._begin(deadline)
        except BaseException:
            self._end_turn()
            raise
        finally:
            # For statements outside of transactions.
            self.connection.execute(f"PRAGMA busy_timeout = {seconds * 1000:.0f}")

    # What is ignored below are Django's methods that its stubs leave out.

    def _begin(self, deadline: float) -> None:
        self.connection.execute("PRAGMA busy_timeout = 0")
        while True:
            try:
                super()._start_transaction_under_autocommit()  # type: ignore[misc]
            except OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(PAUSE)
            else:
                return

    def _end_turn(self) -> None:
        if self._has_turn:
            self._has_turn = False
            _turn.release()

    # After a commit that fails, Django rolls back, and closes the connection if that fails too.

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]
        self._end_turn()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._end_turn()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self._end_turn()
