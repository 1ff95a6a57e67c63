"""Django's backend for PostgreSQL, without what it does anew for each request and each value."""

import select
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db.backends.postgresql import base
from psycopg.adapt import Loader

from minitwitter.core.postgresql.prepared import PreparedStatements

_TIMES_KEPT = 1024


@lru_cache(maxsize=_TIMES_KEPT)
def _read_moment(value: bytes) -> datetime:
    # PostgreSQL writes "2026-11-24 13:37:00.123+00" to a session in UTC, which is ISO 8601 but for the T.
    return datetime.fromisoformat(value.decode())


class _MomentLoader(Loader):
    """Reads a `timestamptz` of a session in UTC. Django's takes one apart in Python, again for each row."""

    timezone = UTC  # By which Django sees that it need not register its own.

    def load(self, data: Any) -> datetime:
        return _read_moment(bytes(data))


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        connection.adapters.register_loader("timestamptz", _MomentLoader)
        self._prepared = PreparedStatements(connection)
        return connection

    def fetch(self, sql: str, given: Sequence[Any]) -> list[tuple[Any, ...]]:
        """What a compiled statement finds with these values. Raises psycopg.Error."""
        found = self._prepared.fetch(sql, given)
        return self.create_cursor().execute(sql, given).fetchall() if found is None else found

    def change(self, sql: str, given: Sequence[Any]) -> int:
        """How many rows a compiled statement changes with these values. Raises psycopg.Error."""
        changed = self._prepared.change(sql, given)
        return int(self.create_cursor().execute(sql, given).rowcount) if changed is None else changed

    def _commit(self) -> None:
        if self.connection is None or self.queries_logged or not self._commit_prepared():
            super()._commit()  # type: ignore[misc]  # Not in Django's stubs.

    def _commit_prepared(self) -> bool:
        with self.wrap_database_errors:
            return self._prepared.commit()

    def is_usable(self) -> bool:
        """Whether the connection is still there: nothing has come on it since its last answer.

        A server that stops, restarts or ends a connection says so, and closes it; both make the socket readable.
        Django asks `SELECT 1` instead, at the first query of every request, which costs as much as a page's own query.
        A machine that vanished without a word is noticed by neither, but by the timeouts of `database.LOST_PEER`.
        """
        if self.connection is None or self.connection.closed:
            return False
        watched = select.poll()
        watched.register(self.connection.fileno(), select.POLLIN)
        return not watched.poll(0)
