"""Request bodies that come slowly: none may hold a thread for long, and not all threads at once.

Granian reads a body when the application asks for it, and then waits for as long as the client likes; the thread that
asked cannot be woken, nor can another one wait in its place (Granian ends a request only after its reads). So there
are three rules. All but one of the threads may wait for bodies; the last one stays free for requests without any. A
quarter of the threads, rounded up, waits for small bodies only, so that uploads over slow lines do not keep others from
posting. And a body that takes longer than its size allows is cut off at its socket, which wakes the thread; that part
needs Linux (TCP_INFO of the sockets in /proc/self/fd).
"""

import contextlib
import os
import socket
import struct
import threading
import time
from collections.abc import Iterator
from io import UnsupportedOperation
from math import ceil
from pathlib import Path
from typing import Any

from minitwitter.core.errors import RequestTimeout, ServiceUnavailable

# A body may take this many seconds, and one more for each so many bytes (256 kbit/s) that have come.
SECONDS = 10.0
# Instead, for as long after a body could not be waited for at all.
PRESSED_SECONDS, PRESSED_FOR = 2.0, 5.0
BYTES_A_SECOND = 32 * 1024
# How long the last thread waits for another to be done with its body, in seconds.
PATIENCE = 0.25
CHECK_INTERVAL = 1.0
# Of a small body, which mostly comes in one piece with the headers. One of unknown length counts as a large one.
SMALL_BYTES = 64 * 1024
# linux/tcp.h, struct tcp_info: the state, the milliseconds since something was last sent, the bytes received.
_TCP_INFO = struct.Struct("=B43xI80xQ")
_TCP_INFO_OPTION, _ESTABLISHED = 11, 1


class Bodies:
    """The bodies that this process reads now."""

    def __init__(self, *, threads: int) -> None:
        self._slots = threading.BoundedSemaphore(max(threads - 1, 1))
        self._large_slots = threading.BoundedSemaphore(max(threads - 1 - ceil(threads / 4), 1))
        self._begun: dict[Body, float] = {}
        self._refused_at = -PRESSED_FOR

    def open(self, source: Any, *, length: int | None) -> "Body":
        """A stream for the application to read, in place of the server's. A body in chunks has no known length."""
        return Body(source, self, length=length)

    def watch(self, port: int) -> None:
        """Cut off what takes too long, for as long as the process lives. `port` is the one the server listens on."""
        while True:
            time.sleep(CHECK_INTERVAL)
            now = time.monotonic()
            seconds = PRESSED_SECONDS if now - self._refused_at < PRESSED_FOR else SECONDS
            if any(now - begun > seconds for begun in list(self._begun.values())):
                cut_off_slow_connections(port, seconds)

    @contextlib.contextmanager
    def waiting(self, body: "Body") -> Iterator[None]:
        """Count this thread as one that waits for a body. Raises ServiceUnavailable when too many do."""
        with contextlib.ExitStack() as held:
            if body.is_large:
                self._take(self._large_slots, held)
            self._take(self._slots, held)
            self._begun[body] = body.begun
            held.callback(self._begun.pop, body)
            yield

    def _take(self, slots: threading.BoundedSemaphore, held: contextlib.ExitStack) -> None:
        if not slots.acquire(timeout=PATIENCE):
            self._refused_at = time.monotonic()
            raise ServiceUnavailable("Too many slow requests are on their way. Try again in a moment.")
        held.callback(slots.release)


class Body:
    """The body of one request (`wsgi.input`), for reading by size; no parser here reads lines.

    `is_read` is whether it was read to its end.
    """

    def __init__(self, source: Any, bodies: Bodies, *, length: int | None) -> None:
        self.begun = time.monotonic()
        self.is_large = length is None or length > SMALL_BYTES
        self.is_read = length == 0
        self._source = source
        self._bodies = bodies
        self._left = length

    def read(self, size: int) -> bytes:
        """The next `size` bytes; fewer where the body ends. Raises RequestTimeout and ServiceUnavailable.

        Django never asks for more than the length that was told, so a late body that has less was cut off. The end of
        one in chunks looks the same either way (Granian keeps the error to itself), and the parsers find out: multipart
        lacks its last boundary, and no beginning of a JSON object is one. What they cannot tell is that only the last,
        empty chunk is missing; then the whole text is there, and is taken.
        """
        with self._bodies.waiting(self):
            data = bytes(self._source.read(size))
        if self._left is None:
            self.is_read = len(data) < size
            return data
        self._left -= len(data)
        self.is_read = self._left == 0
        if len(data) < size and time.monotonic() - self.begun > PRESSED_SECONDS:
            raise RequestTimeout
        return data

    def readline(self, _: int = -1) -> bytes:
        """Django looks for this when it takes the stream, and calls it for nothing."""
        raise UnsupportedOperation


def cut_off_slow_connections(port: int, seconds: float) -> None:
    """End the reading from those clients of the port that take longer than `seconds` and what they sent allows.

    Which socket belongs to which body Granian does not tell. But to the client of an overdue body nothing was sent for
    as long as that body takes, and a connection without a request is closed after ten seconds (HEADER_TIMEOUT).
    """
    for file in _open_files():
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(int(file.name))) as connection:
            if connection.getsockname()[1:2] == (port,) and _is_slow(connection, seconds):
                # The thread that reads from it meets the end of the body; the answer can still be sent.
                connection.shutdown(socket.SHUT_RD)


def _open_files() -> list[Path]:
    try:
        return list(Path("/proc/self/fd").iterdir())
    except OSError:  # Not Linux.
        return []


def _is_slow(connection: socket.socket, seconds: float) -> bool:
    state, silent_for, received = _TCP_INFO.unpack(
        connection.getsockopt(socket.IPPROTO_TCP, _TCP_INFO_OPTION, _TCP_INFO.size)
    )
    return bool(state == _ESTABLISHED and silent_for / 1000 > seconds + received / BYTES_A_SECOND)
