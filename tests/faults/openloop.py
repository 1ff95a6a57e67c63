"""Requests that are sent at their time, whether or not the ones before them have been answered.

One thread and plain sockets: the caller must stay far cheaper than the server that it shares the machine with.
"""

import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

CONNECT_PAUSE = 0.01
ANSWER_TIMEOUT = 30.0


@dataclass
class OpenLoop:
    """Sends one request, on a new connection each time. `outcomes` counts the statuses, and what else came of them."""

    port: int
    request: bytes
    max_open: int
    outcomes: Counter[str] = field(default_factory=Counter)
    # The seconds that each answer took, by its status.
    seconds: dict[str, list[float]] = field(default_factory=dict)
    _open: dict[socket.socket, float] = field(default_factory=dict)
    _answers: dict[socket.socket, bytes] = field(default_factory=dict)
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def run(self, rate: float, duration: float, meanwhile: Callable[[], None]) -> None:
        """Send `rate` a second for so many seconds, then wait for what is open. `meanwhile` is called now and then."""
        began = time.monotonic()
        sent = 0
        while (elapsed := time.monotonic() - began) < duration:
            due = int(elapsed * rate) - sent
            for _ in range(due):
                self._send()
            sent += due
            self._receive(CONNECT_PAUSE)
            meanwhile()
        while self._open:
            self._receive(CONNECT_PAUSE)
            self._give_up_late_ones()

    def _send(self) -> None:
        if len(self._open) >= self.max_open:
            self.outcomes["not sent"] += 1
            return
        connection = socket.socket()
        connection.settimeout(0)
        connection.connect_ex(("127.0.0.1", self.port))
        self._open[connection] = time.monotonic()
        self._selector.register(connection, selectors.EVENT_WRITE)

    def _receive(self, timeout: float) -> None:
        for key, events in self._selector.select(timeout):
            connection = key.fileobj
            assert isinstance(connection, socket.socket)
            try:
                if events & selectors.EVENT_WRITE:
                    connection.send(self.request)
                    self._selector.modify(connection, selectors.EVENT_READ)
                else:
                    self._read(connection)
            except OSError as error:
                self._close(connection, type(error).__name__)

    def _read(self, connection: socket.socket) -> None:
        data = connection.recv(256 * 1024)
        if data:
            # Of the answer only its beginning is of interest, and that it ends.
            self._answers.setdefault(connection, data[:16])
            return
        self._close(connection, self._answers.get(connection, b"")[9:12].decode() or "closed without an answer")

    def _close(self, connection: socket.socket, outcome: str) -> None:
        self._selector.unregister(connection)
        connection.close()
        self._answers.pop(connection, None)
        self.outcomes[outcome] += 1
        self.seconds.setdefault(outcome, []).append(time.monotonic() - self._open.pop(connection))

    def _give_up_late_ones(self) -> None:
        latest = time.monotonic() - ANSWER_TIMEOUT
        for connection in [connection for connection, sent in self._open.items() if sent < latest]:
            self._close(connection, "no answer in time")
