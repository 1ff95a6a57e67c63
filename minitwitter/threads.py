"""Which of a process's threads take requests: one, as long as it is quick about them.

Threads of one interpreter that answer requests at the same time hand its lock to each other at every statement of the
database, and each finds the processor's caches and its own connection's cold: with six of them a page costs a third
more than with one. So one thread takes requests, and the others are kept back until it is slow about one; then another
takes its place. (The Leader/Followers pattern: Schmidt and others, "Pattern-Oriented Software Architecture", volume 2;
docs/adr/0023-one-thread-takes-requests.md.)

Granian gives a request to any thread that is not in the application, so a thread is kept back in there: in the `close`
of an answer's body, which a server calls when it is done with that (PEP 3333). By then the answer is sent.
"""

import contextlib
import threading
import time
from collections.abc import Iterable, Iterator

from django.db import Error, connections
from django.http import HttpResponse, HttpResponseBase

from minitwitter.bodies import Body

# Another thread takes requests when one has been at the same for so many seconds; it is noticed by twice that.
PATIENCE = 0.005
# A thread that was not needed for so many seconds closes its connection to the database: both sides keep memory for it.
IDLE = 5.0
# Of these the client knows without a length that no body follows (RFC 9110 sections 15.3.5 and 15.4.5).
_BODILESS = frozenset({204, 304})


class Threads:
    """Those of this process that carry out requests. A thread is slow, or kept back, or takes requests."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._own = threading.local()
        self._known: set[int] = set()
        # Which of them have a request, and since when.
        self._running: dict[int, float] = {}
        self._slow: set[int] = set()
        self._kept_back: list[threading.Lock] = []
        self._begun = threading.Event()
        self._is_watched = False

    @property
    def running(self) -> int:
        """How many requests are being carried out."""
        return len(self._running)

    def begin(self) -> None:
        """This thread carries out a request from now on."""
        thread = threading.get_ident()
        if not hasattr(self._own, "presence"):
            self._own.presence = _Presence(thread, self)
        with self._guard:
            self._known.add(thread)
            self._running[thread] = time.monotonic()
        if not self._begun.is_set():
            self._begun.set()

    def end(self) -> None:
        """It is done with it."""
        thread = threading.get_ident()
        with self._guard:
            del self._running[thread]
            self._slow.discard(thread)

    def body(self, response: HttpResponseBase, received: object) -> Iterable[bytes]:
        """What the server is to send, when this thread has begun its request; it ends with it.

        `received` is the body of the request. A thread is only kept back when that was read to its end: the server
        would wait for the rest of it. Likewise the client, where it is not told how long the answer is.
        """
        if not isinstance(response, HttpResponse):
            return _Streamed(response, self)
        try:
            content = response.content
            response.close()
        finally:
            self.end()
        if not self._has_spare():
            return [content]
        is_read = received.is_read if isinstance(received, Body) else True
        has_end = response.has_header("Content-Length") or response.status_code in _BODILESS
        return _Last(content, self) if is_read and has_end else [content]

    def keep_back(self) -> None:
        """Wait until this thread is needed, unless it is. Precondition: it has no request."""
        with self._guard:
            if not self._has_spare():
                return
            place = threading.Lock()
            place.acquire()
            self._kept_back.append(place)
        if not place.acquire(timeout=IDLE):
            with contextlib.suppress(Error):
                connections.close_all()
            place.acquire()

    def watch(self) -> None:
        """See to it that one takes requests, for as long as the process lives. Until this is called, all do."""
        self._is_watched = True
        try:
            while True:
                self._begun.wait()
                self._begun.clear()
                time.sleep(PATIENCE)
                self.look()
        finally:
            self._release_all()

    def look(self) -> None:
        """Find who is slow."""
        now = time.monotonic()
        with self._guard:
            self._slow = {thread for thread, begun in self._running.items() if now - begun >= PATIENCE}
            self._replace()
            is_done = len(self._slow) == len(self._running)
        if not is_done:
            self._begun.set()

    def ended(self, thread: int) -> None:
        """The thread is no more."""
        with self._guard:
            self._known.discard(thread)
            self._running.pop(thread, None)
            self._slow.discard(thread)
            self._replace()

    def _replace(self) -> None:
        if self._kept_back and self._taking() < 1:
            # Who was kept back last has the most of what it needs at hand.
            self._kept_back.pop().release()

    def _release_all(self) -> None:
        with self._guard:
            self._is_watched = False
            while self._kept_back:
                self._kept_back.pop().release()

    def _has_spare(self) -> bool:
        return self._is_watched and self._taking() > 1

    def _taking(self) -> int:
        return len(self._known) - len(self._slow) - len(self._kept_back)


class _Presence:
    """Belongs to a thread, and goes with it: the server ends threads that had nothing to do for long."""

    def __init__(self, thread: int, threads: Threads) -> None:
        self._thread = thread
        self._threads = threads

    def __del__(self) -> None:
        self._threads.ended(self._thread)


class _Last:
    """The body of the answer after which this thread is kept back."""

    def __init__(self, content: bytes, threads: Threads) -> None:
        self._content = [content]
        self._threads = threads

    def __iter__(self) -> Iterator[bytes]:
        while self._content:  # Not kept any longer than that.
            yield self._content.pop()

    def close(self) -> None:
        self._threads.keep_back()


class _Streamed:
    """The body of an answer that is made while it is sent; the request lasts until then."""

    def __init__(self, response: HttpResponseBase, threads: Threads) -> None:
        self._response = response
        self._threads = threads

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._response)

    def close(self) -> None:
        try:
            self._response.close()
        finally:
            self._threads.end()
