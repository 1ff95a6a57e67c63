"""The WSGI application itself, below what the test client can reach."""

import threading
from io import BytesIO
from typing import Any

import orjson
import pytest
from django.test import RequestFactory

from minitwitter.wsgi import application

pytestmark = pytest.mark.django_db


def call(**environ: Any) -> tuple[str, dict[str, str], bytes]:
    """The status, the headers and the body of a request with this environment."""
    started: list[Any] = []
    base = RequestFactory().post("/v1/users/login/", headers={"Host": "localhost"}).environ

    def start(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
        started.extend([status, headers])

    body = application({**base, **environ}, start)
    return started[0], dict(started[1]), b"".join(body)


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
