"""Which threads take requests: one, until it is slow."""

import http.client
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse

from minitwitter import threads
from minitwitter.bodies import Bodies
from minitwitter.threads import PATIENCE, Threads
from tests.operating import DEADLINE, Running, running, wait_until
from tests.test_overload import Clock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(threads, "time", made)
    return made


@pytest.fixture
def process(clock: Clock) -> Threads:
    """The threads of a process that are looked after."""
    made = Threads()
    made._is_watched = True
    return made


class Worker:
    """A thread of the server: does what it is told, one thing after the other."""

    def __init__(self) -> None:
        self._told = threading.Semaphore(0)
        self._work: list[Callable[[], Any]] = []
        self._done: list[Any] = []
        self._is_done = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while self._told.acquire() and self._work:
            self._done.append(self._work.pop()())
            self._is_done.release()

    def tell(self, work: Callable[[], Any]) -> None:
        """Let it begin something."""
        self._work.append(work)
        self._told.release()

    def result(self) -> Any:
        """What came of it."""
        assert self._is_done.acquire(timeout=DEADLINE)
        return self._done.pop()

    def do(self, work: Callable[[], Any]) -> Any:
        """Let it do something, and wait for it."""
        self.tell(work)
        return self.result()

    def end(self) -> None:
        """Let it end."""
        self._told.release()
        self._thread.join(DEADLINE)
        assert not self._thread.is_alive()


@contextmanager
def workers(process: Threads, count: int) -> Iterator[list[Worker]]:
    """So many threads; they end, whoever is kept back."""
    made = [Worker() for _ in range(count)]
    try:
        yield made
    finally:
        while process._kept_back:
            process._kept_back.pop().release()
        for worker in made:
            worker.end()


def answer(process: Threads, response: HttpResponseBase | None = None, received: object = None) -> Any:
    """Carry out a request, and return the body of its answer."""
    process.begin()
    return process.body(_with_length() if response is None else response, received)


def _with_length() -> HttpResponse:
    return HttpResponse(b"all", headers={"Content-Length": "3"})


def test_a_thread_that_is_one_too_many_is_kept_back_until_the_other_is_slow(process: Threads, clock: Clock) -> None:
    with workers(process, 2) as (one, other):
        assert one.do(lambda: answer(process)) == [b"all"]
        last = other.do(lambda: answer(process))
        assert list(last) == [b"all"]
        other.tell(last.close)
        wait_until(lambda: len(process._kept_back) == 1)
        one.do(process.begin)
        clock.now += PATIENCE * 0.9
        process.look()
        assert len(process._kept_back) == 1
        clock.now += PATIENCE * 0.2
        process.look()
        other.result()
        assert process.running == 1
        # Now the first one is too many, when it is done, and the other one takes requests.
        assert list(one.do(lambda: process.body(_with_length(), None))) == [b"all"]
        assert other.do(lambda: type(answer(process))) is not list


def test_of_two_that_are_done_at_once_one_goes_on(process: Threads) -> None:
    with workers(process, 2) as (one, other):
        one.do(process.begin)
        bodies = [other.do(lambda: answer(process)), one.do(lambda: process.body(_with_length(), None))]
        assert [list(body) for body in bodies] == [[b"all"], [b"all"]]
        other.tell(bodies[0].close)
        wait_until(lambda: len(process._kept_back) == 1)
        one.do(bodies[1].close)


def test_each_slow_one_is_replaced_and_as_many_are_kept_back_again(process: Threads, clock: Clock) -> None:
    with workers(process, 4) as made:
        _keep_back_all_but_the_first(process, made)
        first, *others = made
        slow = [first]
        for number in range(3):
            slow[-1].do(process.begin)
            clock.now += 2 * PATIENCE
            process.look()
            process.look()
            wait_until(lambda number=number: len(process._kept_back) == 2 - number)  # type: ignore[misc]
            # Who came last goes first.
            slow.append(others[-1 - number])
            slow[-1].result()
        assert process.running == 3
        bodies = [worker.do(lambda: process.body(_with_length(), None)) for worker in slow[:-1]]
        for worker, body in zip(slow, bodies, strict=False):
            worker.tell(body.close)
        wait_until(lambda: len(process._kept_back) == 3)


def _keep_back_all_but_the_first(process: Threads, made: list[Worker]) -> None:
    for worker in made:
        worker.do(process.begin)
        worker.do(process.end)
    for count, worker in enumerate(made[1:], 1):
        worker.tell(process.keep_back)
        wait_until(lambda count=count: len(process._kept_back) == count)  # type: ignore[misc]


def test_when_a_thread_ends_another_takes_its_place(process: Threads) -> None:
    with workers(process, 2) as (one, other):
        _keep_back_all_but_the_first(process, [one, other])
        one.end()
        other.result()
        assert other.do(lambda: answer(process)) == [b"all"]


def test_nobody_is_kept_back_whom_nobody_would_call(process: Threads) -> None:
    process._is_watched = False
    with workers(process, 2) as (one, other):
        one.do(lambda: answer(process))
        assert other.do(lambda: answer(process)) == [b"all"]
        other.do(process.keep_back)


@pytest.mark.parametrize(("read", "is_kept"), [(0, False), (4, False), (5, True)])
def test_a_body_that_was_not_read_to_its_end_keeps_nobody_back(process: Threads, read: int, *, is_kept: bool) -> None:
    received = Bodies(threads=2).open(BytesIO(b"abcde"), length=5)
    received.read(read)
    with workers(process, 2) as (one, other):
        one.do(lambda: answer(process))
        assert (other.do(lambda: type(answer(process, received=received))) is not list) == is_kept


@pytest.mark.parametrize(("size", "is_read"), [(5, False), (6, True)])
def test_the_end_of_a_body_of_unknown_length_is_seen_by_what_is_missing(size: int, *, is_read: bool) -> None:
    received = Bodies(threads=2).open(BytesIO(b"abcde"), length=None)
    received.read(size)
    assert received.is_read == is_read


@pytest.mark.parametrize(("response", "is_kept"), [(HttpResponse(b"x"), False), (HttpResponse(status=204), True)])
def test_an_answer_without_a_known_end_keeps_nobody_back(
    process: Threads, response: HttpResponse, *, is_kept: bool
) -> None:
    with workers(process, 2) as (one, other):
        one.do(lambda: answer(process))
        assert (other.do(lambda: type(answer(process, response))) is not list) == is_kept


def test_a_streamed_answer_lasts_until_it_is_closed(process: Threads, clock: Clock) -> None:
    response = StreamingHttpResponse(iter([b"a", b"b"]))
    with workers(process, 2) as (one, other):
        _keep_back_all_but_the_first(process, [one, other])
        body = one.do(lambda: answer(process, response))
        assert list(body) == [b"a", b"b"]
        clock.now += 2 * PATIENCE
        process.look()
        other.result()
        one.do(body.close)
        assert (process.running, response.closed) == (0, True)


def test_what_was_answered_is_closed_and_not_kept(process: Threads) -> None:
    with workers(process, 2) as (one, other):
        one.do(lambda: answer(process))
        response = _with_length()
        body = other.do(lambda: answer(process, response))
        assert response.closed
        assert list(body) == [b"all"]
        assert body._content == []


@pytest.mark.parametrize("failure", [None, OperationalError])
def test_who_is_not_needed_for_long_closes_its_connection(
    process: Threads, monkeypatch: pytest.MonkeyPatch, failure: type[Exception] | None
) -> None:
    closed: list[int] = []

    class Connections:
        def close_all(self) -> None:
            closed.append(threading.get_ident())
            if failure:
                raise failure

    monkeypatch.setattr(threads, "IDLE", 0.0)
    monkeypatch.setattr(threads, "connections", Connections())
    with workers(process, 2) as (one, other):
        _keep_back_all_but_the_first(process, [one, other])
        wait_until(lambda: bool(closed))
        assert len(process._kept_back) == 1
        one.end()
        other.result()
        assert closed == [other.do(threading.get_ident)]


def test_when_nobody_watches_any_more_nobody_is_kept_back(process: Threads, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise MemoryError

    monkeypatch.setattr(process, "look", fail)
    with workers(process, 2) as (one, other):
        _keep_back_all_but_the_first(process, [one, other])
        with pytest.raises(MemoryError):
            process.watch()
        other.result()
        one.do(lambda: answer(process))
        assert other.do(lambda: answer(process)) == [b"all"]


def test_whoever_is_not_slow_yet_is_looked_at_again(process: Threads, clock: Clock) -> None:
    with workers(process, 1) as (one,):
        one.do(process.begin)
        process._begun.clear()
        process.look()
        assert process._begun.is_set()
        process._begun.clear()
        clock.now += 2 * PATIENCE
        process.look()
        assert not process._begun.is_set()


# --- The server -------------------------------------------------------------------------------------------------------


def test_all_threads_of_a_server_answer_after_they_were_kept_back(tmp_path: Path) -> None:
    with running(tmp_path, MINITWITTER_THREADS="4", MINITWITTER_WORKERS="1", MINITWITTER_LIMITS="off") as server:
        for _ in range(2):
            _ask_at_once(server, 8)
            # Each waits for a body that does not come; then the last one answers what has none.
            with ExitStack() as held:
                for _ in range(3):
                    held.enter_context(_begun_post(server))
                    assert server.get("/healthz")[0] == 200
        assert server.stop(signal.SIGTERM) == 0


def _ask_at_once(server: Running, count: int) -> None:
    """Send requests over so many connections that stay open, one after the other over each."""

    def ask() -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=DEADLINE)) as connection:
            for path, method in [("/v1/tweets/", "GET"), ("/v1/users/login/", "POST"), ("/v1/tweets/", "HEAD")] * 10:
                body = b'{"username": 5}' if method == "POST" else None
                connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
                answer = connection.getresponse()
                answer.read()
                statuses.append(answer.status)

    statuses: list[int] = []
    clients = [threading.Thread(target=ask) for _ in range(count)]
    for client in clients:
        client.start()
    for client in clients:
        client.join(DEADLINE)
    assert sorted(statuses) == [200] * 20 * count + [400] * 10 * count


@contextmanager
def _begun_post(server: Running) -> Iterator[None]:
    """A request whose body does not come."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE) as connection:
        head = (
            "POST /v1/users/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 9"
        )
        connection.sendall(f"{head}\r\n\r\n{{".encode())
        yield
