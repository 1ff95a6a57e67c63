"""The backend itself; Django looks for it in a module of this name."""

import math
import sqlite3
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from django.db import OperationalError
from django.db.backends.sqlite3 import base
from django.db.backends.sqlite3.operations import DatabaseOperations as DjangoOperations

from minitwitter.core.sqlite3.cursor import PAUSE, SQLiteCursorWrapper, is_busy, with_question_marks
from minitwitter.core.sqlite3.turns import Turns

# When another process has been writing for so many seconds, some threads stop waiting for it ...
BLOCKED_AFTER = 0.75
# ... which they find out so often.
SLICE = 0.1
# When nobody has found the database blocked for so long, it is over; whoever finds it so again begins to count anew.
OVER_AFTER = 0.1
# So many threads may go on waiting then; the others are left to requests that only read.
most_waiting: float = math.inf

_turns = Turns()


class _State:
    """What the threads know of each other. `waiting` has an entry for each that waits; append and pop are atomic."""

    waiting: ClassVar[list[None]] = []
    blocked_since, blocked_at = math.inf, -math.inf

    @classmethod
    def is_hopeless(cls, now: float) -> bool:
        """Whether a thread that waits (and stands in the list) should leave that to others."""
        is_blocked = now - cls.blocked_since > BLOCKED_AFTER and now - cls.blocked_at <= OVER_AFTER
        return is_blocked and len(cls.waiting) > most_waiting

    @classmethod
    def found_blocked(cls, now: float) -> None:
        """Another process is writing at that time."""
        if now - cls.blocked_at > OVER_AFTER:
            cls.blocked_since = now
        cls.blocked_at = now


class DatabaseOperations(DjangoOperations):
    """How values are written."""

    def adapt_datetimefield_value(self, value: datetime | None) -> str | None:
        """As Django writes it, which converts what is in UTC to UTC first."""
        if value is not None and value.tzinfo is UTC and self.connection.timezone is UTC:
            return str(value.replace(tzinfo=None))
        return super().adapt_datetimefield_value(value)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection. A transaction waits at most `OPTIONS["timeout"]` seconds to begin, then raises OperationalError."""

    ops_class = DatabaseOperations

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._has_turn = False

    def create_cursor(self, name: str | None = None) -> Any:  # noqa: ARG002  (as Django calls it)
        cursor = self.connection.cursor(factory=SQLiteCursorWrapper)
        cursor.patience = float(self.settings_dict["OPTIONS"]["timeout"])
        return cursor

    def fetch(self, sql: str, given: Sequence[Any]) -> list[tuple[Any, ...]]:
        """What a compiled statement finds with these values. Raises sqlite3.Error."""
        return self._execute(sql, given).fetchall()

    def change(self, sql: str, given: Sequence[Any]) -> int:
        """How many rows a compiled statement changes with these values. Raises sqlite3.Error."""
        changed = self._execute(sql, given).rowcount
        if not changed and not self.connection.in_transaction:
            # Maybe refused without a word (`cursor.py`).
            changed = self._execute(sql, given).rowcount
        return changed

    def _execute(self, sql: str, given: Sequence[Any]) -> sqlite3.Cursor:
        try:
            # Without Django's cursor, which takes as long as a short statement.
            return self.connection.execute(with_question_marks(sql), given)  # type: ignore[no-any-return]
        except sqlite3.OperationalError as error:
            if not is_busy(error):
                raise
        return self.create_cursor().execute(sql, given)  # type: ignore[no-any-return]

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        # Until here SQLite has waited; now we do, without the connection's lock (`cursor.py`).
        connection.execute("PRAGMA busy_timeout = 0")
        return connection

    def _start_transaction_under_autocommit(self) -> None:
        seconds = float(self.settings_dict["OPTIONS"]["timeout"])
        deadline = time.monotonic() + seconds
        _State.waiting.append(None)
        try:
            self._take_turn(deadline)
            self._begin(deadline)
        except BaseException:
            self._end_turn()
            raise
        finally:
            _State.waiting.pop()

    def _take_turn(self, deadline: float) -> None:
        place = _turns.join()
        while not self._has_turn:
            now = time.monotonic()
            # Whoever is called while leaving has the turn, and goes on.
            if (now > deadline or _State.is_hopeless(now)) and _turns.leave(place):
                raise OperationalError("database is locked")
            self._has_turn = place.wait(min(SLICE, deadline - now))

    # What is ignored below are Django's methods that its stubs leave out.

    def _begin(self, deadline: float) -> None:
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except OperationalError as error:
            if not is_busy(error.__cause__):
                raise
        # Not only after an error: it may have been refused without a word (`cursor.py`).
        if not self.connection.in_transaction:
            with self.wrap_database_errors:
                self._begin_later(deadline)
        _State.blocked_since, _State.blocked_at = math.inf, -math.inf

    def _begin_later(self, deadline: float) -> None:
        while True:
            now = time.monotonic()
            _State.found_blocked(now)
            time.sleep(PAUSE)
            try:
                # Not by way of Django: asking again and again would cost more than the transaction.
                self.connection.execute(f"BEGIN {self.settings_dict['OPTIONS']['transaction_mode']}")
            except sqlite3.OperationalError as error:
                if not is_busy(error) or now > deadline:
                    raise
            if self.connection.in_transaction:
                return

    def _end_turn(self) -> None:
        if self._has_turn:
            self._has_turn = False
            _turns.pass_on()

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
