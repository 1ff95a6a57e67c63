"""What reaches the server over a socket that no well-behaved client would send.

Everything ends in a clean refusal or a closed connection, at once and never as a 5xx, and the server answers the next
request. What the application itself refuses is problem JSON; what the HTTP server cannot read is a bare 400 or 431.
"""

import json
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from tests.operating import DEADLINE, Running, running

HOST = b"Host: 127.0.0.1\r\n"
END = HOST + b"Connection: close\r\n"
JSON = END + b"Content-Type: application/json\r\n"
LOGIN = b"POST /v1/users/login/ HTTP/1.1\r\n"
HEALTH = b"GET /healthz HTTP/1.1\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
HUGE = b"a" * 200_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server with one worker, so that what harms a worker harms the next request."""
    folder = tmp_path_factory.mktemp("transport")
    with running(
        folder, "--workers", "1", "--threads", "4", MINITWITTER_LIMITS="off", MINITWITTER_TASK_WORKERS="0"
    ) as server:
        yield server


def _connect(server: Running) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE)


def _all(connection: socket.socket) -> bytes:
    """What comes until the server closes. A refusal may end in a reset when more was sent than was read."""
    received = b""
    try:
        while chunk := connection.recv(65536):
            received += chunk
    except ConnectionResetError:
        pass
    return received


def _exchange(server: Running, data: bytes, *, ends: bool = False) -> bytes:
    """Everything the server answers to the bytes, until it closes. `ends`: the client sends no more, and says so."""
    with closing(_connect(server)) as connection:
        try:
            connection.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return b""  # Refused before all was sent.
        if ends:
            connection.shutdown(socket.SHUT_WR)
        return _all(connection)


def _statuses(answer: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] ([1-5]\d\d) ", answer)]


UNREADABLE: dict[str, bytes] = {
    "no request": b"garbage\r\n\r\n",
    "binary": bytes(range(256)) * 4 + b"\r\n\r\n",
    "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 500,
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no version": b"GET /healthz\r\n" + END + b"\r\n",
    "another version": b"GET /healthz HTTP/9.9\r\n" + END + b"\r\n",
    "space in the target": b"GET /health z HTTP/1.1\r\n" + END + b"\r\n",
    "NUL in the target": b"GET /\x00 HTTP/1.1\r\n" + END + b"\r\n",
    "NUL in a header": HEALTH + b"X: a\x00b\r\n" + END + b"\r\n",
    "CR in a header": HEALTH + b"X: a\rb\r\n" + END + b"\r\n",
    "header without colon": HEALTH + b"NoColon\r\n" + END + b"\r\n",
    "space before the colon": HEALTH + b"X : a\r\n" + END + b"\r\n",
    "folded header": HEALTH + b"X: a\r\n b\r\n" + END + b"\r\n",
    "huge header": HEALTH + b"X: " + HUGE + b"\r\n" + END + b"\r\n",
    "many headers": HEALTH + b"".join(b"X%d: a\r\n" % number for number in range(2000)) + END + b"\r\n",
    "huge address": b"GET /" + HUGE + b" HTTP/1.1\r\n" + END + b"\r\n",
    "two lengths": LOGIN + b"Content-Length: 2\r\nContent-Length: 3\r\n" + JSON + b"\r\n{}",
    "a list of lengths": LOGIN + b"Content-Length: 2, 2\r\n" + JSON + b"\r\n{}",
    "negative length": LOGIN + b"Content-Length: -1\r\n" + JSON + b"\r\n{}",
    "signed length": LOGIN + b"Content-Length: +2\r\n" + JSON + b"\r\n{}",
    "no number for a length": LOGIN + b"Content-Length: abc\r\n" + JSON + b"\r\n{}",
    "length beyond 64 bits": LOGIN + b"Content-Length: 99999999999999999999999\r\n" + JSON + b"\r\n{}",
    "unknown transfer encoding": LOGIN + b"Transfer-Encoding: xchunked\r\n" + JSON + b"\r\n2\r\n{}\r\n0\r\n\r\n",
    "chunked not last": LOGIN + b"Transfer-Encoding: chunked, identity\r\n" + JSON + b"\r\n2\r\n{}\r\n0\r\n\r\n",
    "disguised chunked": LOGIN + b"Transfer-Encoding: \x0bchunked\r\n" + JSON + b"\r\n2\r\n{}\r\n0\r\n\r\n",
    "chunks in HTTP/1.0": b"POST /v1/users/login/ HTTP/1.0\r\n" + CHUNKED + JSON + b"\r\n2\r\n{}\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_refused_bare_or_cut_off(server: Running, name: str) -> None:
    answer = _exchange(server, UNREADABLE[name])
    assert _statuses(answer) in ([], [400], [431])
    assert answer == b"" or answer.endswith(b"\r\n\r\n")
    assert server.get("/healthz")[0] == 200


# What can be read, and what becomes of it: the status of the one answer.
REFUSED: dict[str, tuple[bytes, int]] = {
    "no host": (b"GET /v1/tweets/ HTTP/1.1\r\nConnection: close\r\n\r\n", 400),
    "empty host": (b"GET /v1/tweets/ HTTP/1.1\r\nHost: \r\nConnection: close\r\n\r\n", 400),
    "two hosts": (b"GET /v1/tweets/ HTTP/1.1\r\nHost: evil.example\r\n" + END + b"\r\n", 400),
    "no host in HTTP/1.0": (b"GET /healthz HTTP/1.0\r\n\r\n", 400),
    "another host in the target alone": (
        b"GET http://evil.example/v1/tweets/ HTTP/1.1\r\nConnection: close\r\n\r\n",
        400,
    ),
    "unknown method": (b"BREW /v1/tweets/ HTTP/1.1\r\n" + END + b"\r\n", 405),
    "long method": (b"A" * 5000 + b" /v1/tweets/ HTTP/1.1\r\n" + END + b"\r\n", 405),
    "TRACE": (b"TRACE /v1/tweets/ HTTP/1.1\r\nX-Secret: 1\r\n" + END + b"\r\n", 405),
    "CONNECT": (b"CONNECT example.org:443 HTTP/1.1\r\n" + END + b"\r\n", 405),
    "no path": (b"OPTIONS * HTTP/1.1\r\n" + END + b"\r\n", 404),
    "long address": (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n" + END + b"\r\n", 404),
    "address in UTF-8": ("GET /ü HTTP/1.1\r\n".encode() + END + b"\r\n", 404),
    "address in nothing": (b"GET /%ff%fe HTTP/1.1\r\n" + END + b"\r\n", 404),
    "out of the folder": (b"GET /static/../../secret_key HTTP/1.1\r\n" + END + b"\r\n", 404),
    "out of the folder, encoded": (b"GET /static/%2e%2e/%2e%2e/secret_key HTTP/1.1\r\n" + END + b"\r\n", 404),
    "many parameters": (b"GET /v1/tweets/?" + b"a=1&" * 2000 + b" HTTP/1.1\r\n" + END + b"\r\n", 400),
    "token in no alphabet": (b"GET /v1/users/me/ HTTP/1.1\r\nAuthorization: Bearer \xff\xfe\r\n" + END + b"\r\n", 401),
    "length over the cap": (LOGIN + b"Content-Length: 1073741824\r\n" + JSON + b"\r\n{}", 413),
    "length beyond 63 bits": (LOGIN + b"Content-Length: 9223372036854775808\r\n" + JSON + b"\r\n{}", 413),
    "charset": (LOGIN + b"Content-Length: 2\r\nContent-Type: application/json; charset=x\r\n" + END + b"\r\n{}", 400),
    "content type in no alphabet": (LOGIN + b"Content-Length: 2\r\n" + END + b"Content-Type: \xff\xff\r\n\r\n{}", 415),
    "no chunk": (LOGIN + CHUNKED + JSON + b"\r\nZZ\r\n{}\r\n0\r\n\r\n", 400),
    "endless chunk": (LOGIN + CHUNKED + JSON + b"\r\nffffffffffffffffff\r\n{}\r\n0\r\n\r\n", 400),
    "deep nesting": (LOGIN + b"Content-Length: 100000\r\n" + JSON + b"\r\n" + b"[" * 100_000, 400),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_can_be_read_is_refused_with_a_problem(server: Running, name: str) -> None:
    data, status = REFUSED[name]
    answer = _exchange(server, data)
    assert _statuses(answer) == [status]
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head.lower()
    assert json.loads(body)["status"] == status
    assert server.get("/healthz")[0] == 200


@pytest.mark.parametrize(
    "body", [b"Content-Length: 100\r\n%b\r\n{", CHUNKED + b"%b\r\n20\r\n{"], ids=["length", "chunks"]
)
def test_a_body_that_ends_early_is_refused(server: Running, body: bytes) -> None:
    answer = _exchange(server, LOGIN + body % JSON, ends=True)
    assert _statuses(answer) in ([], [400])
    assert server.get("/healthz")[0] == 200


@pytest.mark.parametrize(
    "data",
    [
        HEALTH + END + b"X: \xff\xfe\r\n\r\n",
        b"\r\n\r\n" + HEALTH + END + b"\r\n",
        b"GET http://127.0.0.1/healthz HTTP/1.1\r\n" + END + b"\r\n",
        b"GET /healthz HTTP/1.0\r\n" + HOST + b"\r\n",
        HEALTH + END + b"Cookie: minitwitter_session=\xff; a=x;\r\n\r\n",
        HEALTH + END + b"Range: bytes=0-99999999999999999999\r\n\r\n",
        HEALTH + END + b"Upgrade: websocket\r\n\r\n",
        HEALTH + END + b"Content-Length: 5\r\n\r\nhello",
    ],
    ids=["other bytes", "empty lines first", "absolute", "HTTP/1.0", "odd cookie", "range", "upgrade", "body of a GET"],
)  # fmt: skip
def test_what_is_only_unusual_is_answered(server: Running, data: bytes) -> None:
    assert _statuses(_exchange(server, data)) == [200]


def test_pipelined_requests_are_answered_one_by_one(server: Running) -> None:
    answer = _exchange(server, (HEALTH + HOST + b"\r\n") * 3 + b"GET /nothing HTTP/1.1\r\n" + END + b"\r\n")
    assert _statuses(answer) == [200, 200, 200, 404]


@pytest.mark.parametrize(
    "lengths",
    [b"Content-Length: 2\r\n" + CHUNKED, CHUNKED + b"Content-Length: 44\r\n", CHUNKED + b"content-length: 44\r\n"],
    ids=range(3),
)
def test_no_request_is_smuggled_in_another_ones_body(server: Running, lengths: bytes) -> None:
    """Both lengths at once: chunks count, and the connection ends with the answer (RFC 9112 section 6.3)."""
    inner = b"GET /smuggled HTTP/1.1\r\n" + HOST + b"\r\n"
    head = LOGIN + lengths + HOST + b"Content-Type: application/json\r\n\r\n"
    assert _statuses(_exchange(server, head + b"0\r\n\r\n" + inner)) == [400]


def test_a_refusal_before_the_body_ends_the_connection(server: Running) -> None:
    """Else the body would be read as the next request."""
    body = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"
    head = b"POST /v1/tweets/ HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % len(body)
    assert _statuses(_exchange(server, head + body)) == [401]


def test_slow_bodies_do_not_starve_others_and_are_cut_off(server: Running) -> None:
    head = LOGIN + HOST + b"Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n{"
    with ExitStack() as stack:
        slow = [stack.enter_context(closing(_connect(server))) for _ in range(8)]
        for connection in slow:
            connection.sendall(head)
        answers = [_first_after(server, path) for path in ("/v1/tweets/", "/healthz", "/v1/tweets/")]
        ends = [_trickle(connection) for connection in slow]
    assert answers == [200, 200, 200]
    # Of four threads three wait, until the others' refusals put them under pressure.
    assert sorted(ends) == [408] * 3 + [503] * 5
    login = b'{"username": "nobody", "password": "a good password"}'
    assert _statuses(_exchange(server, LOGIN + JSON + b"Content-Length: %d\r\n\r\n" % len(login) + login)) == [401]


def test_slow_uploads_do_not_keep_others_from_writing(server: Running) -> None:
    head = LOGIN + HOST + b"Content-Type: application/json\r\nContent-Length: 200000\r\n\r\n{"
    login = b'{"username": "nobody", "password": "a good password"}'
    with ExitStack() as stack:
        slow = [stack.enter_context(closing(_connect(server))) for _ in range(8)]
        for connection in slow:
            connection.sendall(head)
        answers = [
            _exchange(server, LOGIN + JSON + b"Content-Length: %d\r\n\r\n" % len(login) + login) for _ in range(3)
        ]
        ends = [_trickle(connection) for connection in slow]
    assert [_statuses(answer) for answer in answers] == [[401]] * 3
    # Of four threads two wait for large bodies.
    assert sorted(ends) == [408] * 2 + [503] * 6


def _first_after(server: Running, path: str) -> int:
    """The status, from a request that would fail if it took long."""
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=8)) as connection:
        connection.sendall(b"GET " + path.encode() + b" HTTP/1.1\r\n" + END + b"\r\n")
        return _statuses(_all(connection))[0]


def _trickle(connection: socket.socket) -> int:
    """Send a byte a second until the server has had enough; the status it gave."""
    connection.settimeout(1)
    received = b""
    for _ in range(int(DEADLINE)):
        try:
            chunk = connection.recv(65536)
        except TimeoutError:
            connection.sendall(b" ")
            continue
        received += chunk
        if not chunk:
            break
    return _statuses(received)[0]
