"""Requests that waited too long: how that is known, and what they are answered."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from django.http import HttpResponse
from structlog.testing import capture_logs

from minitwitter import overload, wsgi
from minitwitter.overload import PROBES, Line
from minitwitter.threads import Threads
from tests.operating import wait_until
from tests.test_wsgi import call


class Clock:
    """Stands in for the module `time`."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(overload, "time", made)
    return made


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Line:
    """The application's line, with nothing in it."""
    monkeypatch.setattr(wsgi, "threads", Threads())
    made = Line(wsgi.threads, count=8)
    made.draw_paths()
    monkeypatch.setattr(wsgi, "line", made)
    return made


def send_probe(line: Line, number: int = 0) -> str:
    """As the thread that sends probes does, over a connection that swallows them."""
    path = list(line.probe_paths)[number]
    ours, theirs = socket.socketpair()
    theirs.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
    with ours, theirs:
        assert line._probe(ours, path)
        assert theirs.recv(100).startswith(f"GET {path} HTTP/1.1\r\n".encode())
    return path


def test_without_a_probe_in_the_line_nothing_has_waited(line: Line, clock: Clock) -> None:
    clock.now += 3600
    assert not line.waited_too_long()


def test_what_comes_out_before_an_old_probe_has_waited_longer_than_it(line: Line, clock: Clock) -> None:
    send_probe(line)
    clock.now += overload.PATIENCE
    assert not line.waited_too_long()
    clock.now += 0.001
    assert line.waited_too_long()


def test_a_long_line_is_refused_however_fast_it_moves(line: Line) -> None:
    for _ in range(1000):
        assert not line.waited_too_long()
    send_probe(line)
    answers = [line.waited_too_long() for _ in range(overload.LONGEST + 5)]
    assert answers == [False] * overload.LONGEST + [True] * 5


def test_refusing_ends_when_a_probe_finds_the_line_short(line: Line) -> None:
    first = send_probe(line, 0)
    for _ in range(overload.LONGEST):
        line.waited_too_long()
    second = send_probe(line, 1)
    assert line.waited_too_long()
    line._is_busy.clear()
    line.probe_arrived(first)
    for _ in range(overload.SHORT):
        assert line.waited_too_long()
    assert line._is_busy.is_set()  # Else the next probe would not be sent for a while.
    line.probe_arrived(second)
    assert line.waited_too_long()  # It was one too many.
    line.probe_arrived(send_probe(line, 1))
    assert not line.waited_too_long()


def test_refusing_goes_on_while_the_line_is_slow(line: Line, clock: Clock) -> None:
    first, second = send_probe(line, 0), send_probe(line, 1)
    clock.now += overload.PATIENCE + 1
    assert line.waited_too_long()
    line.probe_arrived(first)
    assert line.waited_too_long()
    line.probe_arrived(second)
    assert line.waited_too_long()
    line.probe_arrived(send_probe(line, 0))
    assert not line.waited_too_long()


def test_refusing_ends_when_probes_are_lost(line: Line, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stop(Exception):
        """Leaves the loop."""

    def sleep(_: float) -> None:
        raise Stop

    path = send_probe(line)
    clock.now += 60
    assert line.waited_too_long()
    monkeypatch.setattr(clock, "sleep", sleep, raising=False)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Stop):
        line._watch("127.0.0.1", port, path)
    assert not line.waited_too_long()


@pytest.mark.django_db
def test_a_request_that_waited_too_long_is_refused(line: Line, clock: Clock) -> None:
    send_probe(line)
    clock.now += 2 * overload.PATIENCE
    status, headers, body = call(PATH_INFO="/v1/users/login/", CONTENT_LENGTH="2")
    assert status == "503 Service Unavailable"
    problem = orjson.loads(body)
    assert problem == {
        "type": "/v1/docs/errors/#overloaded",
        "title": "Service Unavailable",
        "status": 503,
        "code": "overloaded",
        "detail": "The server has more requests than it can answer. Try again in a moment.",
        "request_id": headers["X-Request-Id"],
    }
    assert headers == {
        "Content-Type": "application/problem+json",
        "Content-Length": str(len(body)),
        "Cache-Control": "no-store",
        "Retry-After": "2",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "X-Request-Id": problem["request_id"],
        "Connection": "close",  # The body was not read.
    }


@pytest.mark.parametrize(("path", "status"), [("/healthz", "200"), ("/readyz", "200"), ("/v1/tweets/", "503")])
def test_health_is_told_however_long_the_line_is(
    line: Line, clock: Clock, monkeypatch: pytest.MonkeyPatch, path: str, status: str
) -> None:
    monkeypatch.setattr(wsgi, "_django", lambda _, start: start("200 OK", []) or HttpResponse())
    send_probe(line)
    clock.now += 60
    assert call(PATH_INFO=path, REQUEST_METHOD="GET")[0].split()[0] == status


@pytest.mark.django_db
def test_a_probe_is_answered_by_nothing_and_ends_the_refusals(line: Line, clock: Clock) -> None:
    path = send_probe(line)
    clock.now += 60
    assert line.waited_too_long()
    assert call(PATH_INFO=path, REQUEST_METHOD="GET") == ("204 No Content", {}, b"")
    assert call(PATH_INFO=send_probe(line), REQUEST_METHOD="GET") == ("204 No Content", {}, b"")
    assert call(PATH_INFO="/nothing/", REQUEST_METHOD="GET")[0] == "404 Not Found"


def test_the_paths_of_probes_cannot_be_guessed(line: Line) -> None:
    paths = {*line.probe_paths}
    line.draw_paths()
    paths |= {*line.probe_paths}
    assert len(paths) == 2 * PROBES
    assert min(map(len, paths)) > 32


def test_a_line_is_busy_when_half_of_its_threads_are(line: Line) -> None:
    start, end = threading.Barrier(5), threading.Barrier(5)

    def carry_out() -> None:
        wsgi.threads.begin()
        start.wait(60)
        end.wait(60)
        wsgi.threads.end()

    workers = [threading.Thread(target=carry_out) for _ in range(4)]
    for worker in workers[:3]:
        worker.start()
    wait_until(lambda: wsgi.threads.running == 3)
    line.begun()
    assert not line._is_busy.is_set()
    workers[3].start()
    start.wait(60)
    line.begun()
    assert line._is_busy.is_set()
    end.wait(60)
    for worker in workers:
        worker.join()


def test_a_line_is_busy_when_much_was_taken_from_it(line: Line) -> None:
    for _ in range(2):
        for _ in range(overload.MANY - 1):
            line.waited_too_long()
            line.begun()
        assert not line._is_busy.is_set()
        line.waited_too_long()
        line.begun()
        assert line._is_busy.is_set()
        line._be_quiet()


@pytest.mark.usefixtures("line")
def test_a_request_that_fails_is_no_longer_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Any:
        assert wsgi.threads.running == 1
        raise OSError

    monkeypatch.setattr(wsgi, "_django", fail)
    with contextlib.suppress(OSError):
        call(PATH_INFO="/healthz")
    assert wsgi.threads.running == 0


def test_the_operator_is_told_now_and_then(line: Line, clock: Clock) -> None:
    with capture_logs() as logs:
        for _ in range(30):
            line.refused()
            clock.now += 0.5
    assert [entry["refused"] for entry in logs] == [1, 21]


def test_a_connection_that_another_process_took_is_given_up() -> None:
    with (
        _server("404 Not Found", "404 Not Found", "204 No Content") as (port, asked),
        overload._own_connection("127.0.0.1", port, "/the-probe"),
    ):
        pass
    assert asked == ["GET /the-probe HTTP/1.1"] * 3


@contextlib.contextmanager
def _server(*answers: str) -> Iterator[tuple[int, list[str]]]:
    """Gives one answer to each connection."""
    asked: list[str] = []

    def serve() -> None:
        for answer in answers:
            connection, _ = listener.accept()
            with connection:
                asked.append(connection.recv(1000).decode().splitlines()[0])
                connection.sendall(f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n".encode())

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1], asked
        thread.join()
