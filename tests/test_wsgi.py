"""The WSGI application itself, below what the test client can reach."""

import gc
import threading
from io import BytesIO
from typing import Any

import orjson
import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.core.signals import request_finished, request_started
from django.db import connection
from django.test import RequestFactory

from minitwitter import wsgi
from minitwitter.bodies import Body
from minitwitter.handler import Handler, Request, _resolve
from minitwitter.wsgi import application
from tests.client import ApiClient
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def call(**environ: Any) -> tuple[str, dict[str, str], bytes]:
    """The status, the headers and the body of a request with this environment."""
    started: list[Any] = []
    base = RequestFactory().post("/v1/users/login/", headers={"Host": "localhost"}).environ

    def start(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
        started.extend([status, headers])

    body = application({**base, **environ}, start)
    content = b"".join(body)
    if not isinstance(body, list):
        body.close()  # type: ignore[attr-defined]  # PEP 3333 has it where it is needed.
    return started[0], dict(started[1]), content


@pytest.mark.parametrize("content_type", ["application/json; charset*=x''y", "multipart/form-data; boundary*=foo''bar"])
@pytest.mark.parametrize("path", ["/v1/users/login/", "/healthz", "/nothing"])
def test_a_content_type_that_cannot_be_read_is_no_failure(content_type: str, path: str) -> None:
    status, headers, body = call(CONTENT_TYPE=content_type, CONTENT_LENGTH="2", PATH_INFO=path, **_body(b"{}"))
    assert status.split()[0] in {"400", "404", "405", "415"}
    assert headers["Content-Type"] == "application/problem+json"
    assert orjson.loads(body)["request_id"] == headers["X-Request-Id"]


def test_a_body_of_unknown_length_is_read() -> None:
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": ""}
    status, _, body = call(**chunked, **_body(b'{"username": "a", "password": 5}'))
    assert status == "400 Bad Request"
    assert [entry["field"] for entry in orjson.loads(body)["errors"]] == ["password"]


@pytest.mark.parametrize(
    ("environ", "is_read"),
    [
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, False),
        ({"HTTP_TRANSFER_ENCODING": "gzip, chunked"}, False),
        ({"HTTP_TRANSFER_ENCODING": "chunked,chunked"}, False),
        ({"CONTENT_LENGTH": "2"}, False),
        ({"CONTENT_LENGTH": "0"}, True),
    ],
)
def test_a_body_that_nobody_read_is_known_as_such(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], *, is_read: bool
) -> None:
    received: list[Any] = []

    def answered(_: Any, body: Any) -> list[bytes]:
        received.append(body)
        return []

    monkeypatch.setattr(wsgi.threads, "body", answered)
    call(PATH_INFO="/nothing", CONTENT_TYPE="", **{"CONTENT_LENGTH": "", **environ}, **_body(b"{}"))
    wsgi.threads.end()
    assert (not isinstance(received[0], Body) or received[0].is_read) == is_read


def test_an_answer_that_did_not_read_the_body_says_that_the_connection_ends() -> None:
    unread = call(CONTENT_TYPE="application/json", CONTENT_LENGTH="2", PATH_INFO="/v1/feed/", **_body(b"{}"))
    assert (unread[0], unread[1].get("Connection")) == ("401 Unauthorized", "close")
    read = call(CONTENT_TYPE="application/json", CONTENT_LENGTH="2", **_body(b"{}"))
    assert (read[0], read[1].get("Connection")) == ("400 Bad Request", None)


@pytest.mark.parametrize("path", ["/v1/feed/", "/healthz", "/login", "/v1/users/login/"])
def test_from_the_signal_to_stop_on_every_answer_is_the_last_of_its_connection(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": "2", "PATH_INFO": path}
    before = call(**request, **_body(b"{}"))
    stopping = threading.Event()
    stopping.set()
    monkeypatch.setattr("minitwitter.stopping.begun", stopping)
    status, headers, _ = call(**request, **_body(b"{}"))
    assert status == before[0]
    assert headers.keys() == {*before[1], "Connection"}
    assert headers["Connection"] == "close"


def _body(content: bytes) -> dict[str, Any]:
    return {"wsgi.input": BytesIO(content)}


def get(path: str, **environ: Any) -> tuple[str, dict[str, str], bytes]:
    return call(REQUEST_METHOD="GET", PATH_INFO=path, CONTENT_TYPE="", CONTENT_LENGTH="", **environ)


@pytest.mark.django_db(transaction=True)
def test_a_path_that_was_asked_for_before_leads_to_the_same_view_with_its_own_parts() -> None:
    names = ["alice", "bob"]
    for name in names:
        make_user(name)
    answers = [orjson.loads(get(f"/v1/users/{name}/")[2]) for name in names * 2]
    assert [answer["username"] for answer in answers] == names * 2


def test_a_path_without_a_view_stays_without_one_and_is_not_remembered() -> None:
    before = _resolve.cache_info().currsize
    assert [get("/v1/nothing/")[0] for _ in range(2)] == ["404 Not Found"] * 2
    assert _resolve.cache_info().currsize == before


def test_a_host_that_was_refused_is_refused_again_after_a_good_one() -> None:
    hosts = ["localhost", "evil host", "localhost", "evil host"]
    statuses = [get("/healthz", HTTP_HOST=host)[0] for host in hosts]
    assert statuses == ["200 OK", "400 Bad Request"] * 2


@pytest.mark.django_db(transaction=True)
def test_cookies_are_sent() -> None:
    make_user("alice")
    headers = get("/login")[1]
    assert "csrf" in headers["Set-Cookie"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="a connection to a file does not break")
def test_a_connection_that_broke_in_a_request_is_replaced_before_the_next_one() -> None:
    assert get("/v1/tweets/")[0] == "200 OK"
    broken: Any = connection.connection
    broken.close()
    connection.errors_occurred = True
    assert get("/v1/tweets/")[0] == "200 OK"
    assert connection.connection is not broken


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_is_too_old_is_replaced() -> None:
    assert get("/v1/tweets/")[0] == "200 OK"
    old = connection.connection
    connection.close_at = 0.0
    assert get("/v1/tweets/")[0] == "200 OK"
    assert connection.connection is not old


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"PATH_INFO": "/media/%41", "QUERY_STRING": "a=%C3%BC"},
        {"PATH_INFO": "/caf\u00c3\u00a9"},
        {"PATH_INFO": "/caf\u00e9"},
        {"PATH_INFO": ""},
        {"PATH_INFO": "nothing"},
        {"PATH_INFO": "//a//b"},
        {"SCRIPT_NAME": "/below"},
        {"REQUEST_METHOD": "post", "CONTENT_LENGTH": "2", "CONTENT_TYPE": "application/json; charset=utf-8"},
        {"REQUEST_METHOD": "PUT", "CONTENT_LENGTH": "2", "CONTENT_TYPE": ""},
        {"CONTENT_LENGTH": ""},
        {"CONTENT_LENGTH": "-1"},
        {"CONTENT_LENGTH": "many"},
    ],
    ids=str,
)
def test_a_request_is_what_it_is_to_django(environ: dict[str, str]) -> None:
    given = {**RequestFactory().get("/v1/tweets/").environ, **environ}
    own, django = (kind({**given, "wsgi.input": BytesIO(b"{}xx")}) for kind in (Request, WSGIRequest))
    assert own.read() == django.read()
    assert own.get_full_path() == django.get_full_path()
    assert _comparable(own) == _comparable(django)


def _comparable(request: WSGIRequest) -> dict[str, Any]:
    return {name: value for name, value in vars(request).items() if name not in {"environ", "META", "_stream"}}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "path",
    ["/v1/feed/", "/v1/tweets/", "/v1/tweets/{tweet}/", "/v1/users/alice/", "/v1/users/alice/tweets/", "/healthz"],
)
def test_an_answer_leaves_nothing_for_the_collector_of_garbage(path: str) -> None:
    alice = ApiClient(make_user("alice"))
    path = path.format(tweet=alice.tweet("Hello")["id"])

    def ask() -> None:
        assert get(path, HTTP_AUTHORIZATION=f"Bearer {alice.access}")[0] == "200 OK"

    ask()
    gc.collect()
    gc.disable()
    try:
        ask()
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_django_does_nothing_at_the_ends_of_a_request_that_the_handler_does() -> None:
    # Its test client connects these again, so this looks at a handler that was just made.
    Handler()
    for signal in (request_started, request_finished):
        live: Any = signal
        assert not any(live._live_receivers(None))
