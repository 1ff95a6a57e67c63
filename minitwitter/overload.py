"""More requests than the threads can answer: those that waited too long are refused at once, which costs little.

Granian puts every request in one line for its threads, without bound, and does not tell how long one has stood there
(docs/adr/0012-overload.md). So each worker process stands in its own line: over connections to itself it sends requests
that carry nothing, and remembers when it sent them. The line is first come, first served. Hence whatever is taken from
it while such a probe is on its way was there before the probe: it has waited longer than that, and behind more.
"""

import contextlib
import math
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from minitwitter.threads import Threads
from minitwitter.work import start_without_signals

# Requests are refused when one has waited for longer than this many seconds: many at once may take that long ...
PATIENCE = 5.0
# ... or has come when so many others were in line, however fast the line moves: a worker takes so many connections at
# once (server.CONNECTIONS) and no more, and what waits for one of those no probe sees.
LONGEST = 200
# They are, until the line is as short as this again: refusing only what is over the limit would keep it at the limit,
# and what waits for a connection waiting.
SHORT = 50
# So many probes can be in the line at once. One that comes out goes in again at the end; with few, much of the line
# would have no probe behind it yet.
PROBES = 4
# While the process is busy, each goes in again after so many seconds.
INTERVAL = 0.05
# It is busy when half of its threads are, or when so many requests have come out since the last probe did.
MANY = 10
# At other times, for the server ends connections on which nothing happens for ten (server.HEADER_TIMEOUT).
IDLE_INTERVAL = 5.0
# A connection that was lost is made anew after so many seconds.
RETRY_INTERVAL = 1.0
# A probe without an answer for so long is given up.
TIMEOUT = 30.0
PROBED = 204
# The operator is told that requests are refused at most once in so many seconds.
REPORT_INTERVAL = 10.0

_NOT_SENT: tuple[float, float] = (math.inf, math.inf)

log = structlog.get_logger(__name__)


class Line:
    """The requests of this process: those that its threads carry out now, and those that stand in line for one."""

    def __init__(self, threads: Threads, *, count: int) -> None:
        self.probe_paths: dict[str, int] = {}
        self._threads = threads
        # Some of the threads wait for the interpreter's lock between two requests, where they are not counted.
        self._busy_from = (count + 1) // 2
        self._is_busy = threading.Event()
        self._refused: list[None] = []
        self._reported_at = -math.inf
        self._is_too_long = False
        # How many requests have come out. Threads that count at the same moment may lose one; nothing hangs on it.
        self._taken = self._taken_when_quiet = 0
        # When each of the probes went in, and after how many; neither comes for those that are not in the line.
        self._sent = [_NOT_SENT] * PROBES

    def begun(self) -> None:
        """A request that has come out is being carried out."""
        if self._is_busy.is_set():
            return
        if self._threads.running >= self._busy_from or self._taken - self._taken_when_quiet >= MANY:
            self._is_busy.set()

    def waited_too_long(self) -> bool:
        """Whether to refuse a request that has just come out of the line. To be asked once for each."""
        self._taken += 1
        if not self._is_too_long:
            sent, taken = min(self._sent)
            if time.monotonic() - sent <= PATIENCE and self._taken - taken <= LONGEST:
                return False
            self._is_too_long = True
        if not self._is_busy.is_set():
            self._is_busy.set()  # For the probes, which find out when this ends.
        return True

    def refused(self) -> None:
        """A request was refused because it waited too long."""
        self._refused.append(None)
        now = time.monotonic()
        if now - self._reported_at > REPORT_INTERVAL:
            self._reported_at = now
            log.warning(
                "more requests come than this server can answer; some were refused (docs/operations.md, Overload)",
                refused=len(self._refused),
            )
            self._refused.clear()

    def probe_arrived(self, path: str) -> None:
        """A thread has taken the probe of this path."""
        number = self.probe_paths[path]
        sent, taken = self._sent[number]
        self._sent[number] = _NOT_SENT
        if time.monotonic() - sent <= PATIENCE and self._taken - taken <= SHORT:
            self._is_too_long = False

    def draw_paths(self) -> None:
        """Only this process knows the paths, so a probe that reaches another one on the same port is a mere 404 there.

        To be called in the process itself: one that is forked has whatever was drawn before.
        """
        self.probe_paths = {f"/{secrets.token_hex(16)}": number for number in range(PROBES)}

    def watch(self, host: str, port: int) -> None:
        """Send probes for as long as the process lives. Host and port are where the server can be reached."""
        self.draw_paths()
        for path in self.probe_paths:
            start_without_signals(threading.Thread(target=self._watch, args=(host, port, path), daemon=True))

    def _watch(self, host: str, port: int, path: str) -> None:
        while True:
            with contextlib.suppress(OSError), _own_connection(host, port, path) as connection:
                while self._probe(connection, path):
                    time.sleep(INTERVAL)
                    self._be_quiet()
                    self._is_busy.wait(IDLE_INTERVAL)
            # It was lost, and with it what might have been known.
            self._sent[self.probe_paths[path]] = _NOT_SENT
            self._is_too_long = False
            time.sleep(RETRY_INTERVAL)

    def _be_quiet(self) -> None:
        self._taken_when_quiet = self._taken
        self._is_busy.clear()

    def _probe(self, connection: socket.socket, path: str) -> bool:
        self._sent[self.probe_paths[path]] = time.monotonic(), self._taken
        return _ask(connection, path)


@contextmanager
def _own_connection(host: str, port: int, path: str) -> Iterator[socket.socket]:
    """A connection that this process has accepted, and not another worker on the same port. Raises OSError."""
    while True:
        with socket.create_connection((host, port), TIMEOUT) as connection:
            if _ask(connection, path):
                yield connection
                return
        time.sleep(INTERVAL)


def _ask(connection: socket.socket, path: str) -> bool:
    """Send a probe, and wait until it is answered. Returns whether it was this process that did."""
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return connection.recv(256).startswith(f"HTTP/1.1 {PROBED}".encode())
