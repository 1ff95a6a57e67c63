"""Answers of the API, which are made without asking Django."""

from typing import Any

import pytest
from django.http import HttpResponse
from django.http.response import BadHeaderError

from minitwitter.api.responses import Headers, Response


def test_an_answer_has_all_that_djangos_has() -> None:
    own, django = (
        Response({"a": 1}, status=201, headers={"Location": "/v1/tweets/1/"}),
        HttpResponse(b'{"a":1}', status=201, content_type="application/json", headers={"Location": "/v1/tweets/1/"}),
    )
    assert {name: _plain(value) for name, value in vars(own).items()} == {
        name: _plain(value) for name, value in vars(django).items()
    }
    assert (own.content, own.reason_phrase, own.serialize_headers()) == (
        django.content,
        "Created",
        b"Location: /v1/tweets/1/\r\nContent-Type: application/json",
    )


def test_an_answer_without_a_body_has_no_type_of_content() -> None:
    answer = Response(status=204)
    assert (answer.content, dict(answer.headers)) == (b"", {})


@pytest.mark.parametrize(
    ("value", "sent"),
    [("plain", "plain"), ("naïve", "naïve"), ("雪", "=?utf-8?b?6Zuq?="), (b"by", "by"), (7, "7"), ("a\tb", "a\tb")],
)
def test_headers_are_written_as_django_writes_them(value: Any, sent: str) -> None:
    own, django = Headers({}), HttpResponse().headers
    own["X-Test"] = django["X-Test"] = value
    assert own["x-test"] == django["x-test"] == sent
    assert "X-TEST" in own
    assert "X-Other" not in own


@pytest.mark.parametrize(
    ("name", "value"), [("X-Test", "a\r\nb"), ("X-Test", "a\nb"), ("X\nTest", "a"), ("X-Tést", "a")]
)
def test_no_header_breaks_a_line(name: str, value: str) -> None:
    headers = Headers({})
    with pytest.raises((BadHeaderError, UnicodeError)):
        headers[name] = value
    assert dict(headers) == {}


def _plain(value: object) -> object:
    return dict(value) if isinstance(value, (Headers, type(HttpResponse().headers))) else value
