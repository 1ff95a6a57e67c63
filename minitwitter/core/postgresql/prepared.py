"""Statements prepared on a connection, run by libpq's own calls.

psycopg's cursor runs a query without blocking: it sends, waits for the socket and receives by generators, which can be
interrupted and serve asyncio as well. For a query of a few rows that is two thirds of its processor time: a session is
found for 22 microseconds instead of 64, a page of tweets for 45 instead of 101. A thread of this server waits for its
own connection anyway, so `PQexecPrepared` (https://www.postgresql.org/docs/current/libpq-exec.html) serves it as well.
Rows are read by psycopg's loaders, failures are psycopg's.
"""

import re
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection, DataError, OperationalError, capabilities, errors
from psycopg.adapt import Transformer
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult
from psycopg.types.numeric import Int2, Int4, Int8

# So many stay prepared on a connection, as with psycopg: each takes memory of the database.
_KEPT = 100
_PLACE = re.compile("%s|%%")
_GOOD = frozenset({ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK})


class PreparedStatements:
    """Those of one connection."""

    def __init__(self, connection: "Connection[Any]") -> None:
        self._connection = connection
        self._libpq = connection.pgconn
        self._transformer = Transformer(connection)
        self._names: OrderedDict[str, bytes] = OrderedDict()
        self._prepared = 0

    def fetch(self, sql: str, given: Sequence[Any]) -> list[tuple[Any, ...]] | None:
        """The rows that a query finds with these values in the places of its `%s`. Raises psycopg.Error.

        None when it was not run: that is left to a cursor where psycopg has more to do, and for values of other types.
        """
        result = self._run(sql, given)
        if result is None:
            return None
        self._transformer.set_pgresult(result)
        return self._transformer.load_rows(0, result.ntuples, tuple)

    def change(self, sql: str, given: Sequence[Any]) -> int | None:
        """The number of rows that a statement changed. As `fetch`."""
        result = self._run(sql, given)
        return None if result is None else result.command_tuples

    def commit(self) -> bool:
        """Commit, if there is anything to. Raises psycopg.Error. False when that is left to psycopg."""
        if self._libpq.transaction_status != TransactionStatus.INTRANS:
            return False
        self._checked(self._libpq.exec_(b"COMMIT"))
        return True

    def _run(self, sql: str, given: Sequence[Any]) -> PGresult | None:
        try:
            values = [b"%d" % value if type(value) is int else _WRITERS[type(value)](value) for value in given]
        except KeyError:
            return None
        status = self._libpq.transaction_status
        if status == TransactionStatus.IDLE:
            # As psycopg does before the first statement of a transaction, of which Django asks nothing special.
            if not self._connection.autocommit:
                self._checked(self._libpq.exec_(b"BEGIN"))
        elif status != TransactionStatus.INTRANS:
            return None
        return self._checked(self._libpq.exec_prepared(self._name(sql), values))

    def _name(self, sql: str) -> bytes:
        """The name under which it is prepared, which it is from now on."""
        if sql in self._names:
            self._names.move_to_end(sql)
            return self._names[sql]
        if len(self._names) == _KEPT:
            _, oldest = self._names.popitem(last=False)
            self._checked(self._close(oldest))
        self._prepared += 1
        name = b"_statement_%d" % self._prepared
        self._checked(self._libpq.prepare(name, _numbered(sql).encode()))
        self._names[sql] = name
        return name

    def _close(self, name: bytes) -> PGresult:
        # By the protocol, which a PgBouncer in between understands, where the library has it (since version 17).
        if capabilities.has_send_close_prepared():
            return self._libpq.close_prepared(name)
        return self._libpq.exec_(b"DEALLOCATE " + name)

    def _checked(self, result: PGresult) -> PGresult:
        if result.status in _GOOD:
            return result
        if self._libpq.status != ConnStatus.OK:
            raise OperationalError(self._libpq.get_error_message())
        raise errors.error_from_result(result)


def _numbered(sql: str) -> str:
    """The statement with `$1`, `$2`, ... in the places of its `%s`."""
    count = 0

    def replaced(match: re.Match[str]) -> str:
        nonlocal count
        if match.group() == "%%":
            return "%"
        count += 1
        return f"${count}"

    return _PLACE.sub(replaced, sql)


def _write_text(value: str) -> bytes:
    written = value.encode()
    if b"\0" in written:  # libpq would take what is before it.
        raise DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
    return written


# Values in PostgreSQL's text form. Of which type one is, the database sees from where it stands.
_WRITERS: dict[type, Any] = {
    # As the ORM marks constants by the size of their column.
    **dict.fromkeys((Int2, Int4, Int8), b"%d".__mod__),
    str: _write_text,
    bool: lambda value: b"t" if value else b"f",
    datetime: lambda value: value.isoformat().encode(),
    type(None): lambda _: None,
}
