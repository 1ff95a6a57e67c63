"""Django's backend for PostgreSQL, which sees without a query whether the server has hung up."""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
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
