"""Whatever goes wrong, on whatever path: one form of answer."""

import errno
import re
from io import BytesIO
from typing import Any

import orjson
import pytest
from django.conf import LazySettings
from django.db import InterfaceError, OperationalError

from minitwitter.core.errors import PROBLEM_CODES, all_errors
from minitwitter.tweets.models import Tweet
from tests.client import ApiClient, assert_invalid, assert_problem
from tests.operating import ROOT

TWEETS = "/v1/tweets/"

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/nothing", "/v1/", "/v1/tweets", "/v1/users/login", "/v1/nothing/", "/%ff/%00"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_an_unknown_path_is_404_and_never_a_redirect(api: ApiClient, path: str, method: str) -> None:
    assert_problem(api.generic(method, path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/users/login/", "POST, OPTIONS"),
        ("GET", "/v1/users/follow/alice/", "POST, OPTIONS"),
        ("DELETE", "/v1/tweets/", "GET, POST, HEAD, OPTIONS"),
        ("POST", "/v1/openapi.json", "GET, HEAD"),
        ("POST", "/v1/docs/errors/", "GET, HEAD"),
        ("POST", "/healthz", "GET, HEAD"),
        ("POST", "/readyz", "GET, HEAD"),
        ("POST", "/media/aa/x.jpg", "GET, HEAD"),
        ("TRACE", "/v1/tweets/", "GET, POST, HEAD, OPTIONS"),
    ],
)
def test_a_wrong_method_is_405_and_names_the_right_ones(alice: ApiClient, method: str, path: str, allowed: str) -> None:
    response = alice.generic(method, path)
    assert_problem(response, 405, "method_not_allowed")
    assert sorted(response["Allow"].split(", ")) == sorted(allowed.split(", "))


def test_options_names_the_methods(api: ApiClient) -> None:
    response = api.options(TWEETS)
    assert (response.status_code, response.content) == (204, b"")
    assert "POST" in response["Allow"]


def test_head_is_get_without_a_body(alice: ApiClient) -> None:
    response = alice.head(TWEETS)
    assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize(
    "path", ["/", TWEETS, "/healthz", "/static/nothing.js", "/static/admin/css/base.css", "/admin/"]
)
def test_an_unknown_host_is_400(api: ApiClient, path: str) -> None:
    assert_problem(api.get(path, headers={"Host": "evil.example"}), 400, "unknown_host")


BAD_JSON: list[bytes] = [
    b"{",
    b"{'text': 'x'}",
    b'{"text": NaN}',
    b'{"text": Infinity}',
    b'{"text": 1e999}',
    b'{"text": "\xff"}',
    b'{"text": "\\ud800"}',
    b'{"text": "a',
    b"[" * 3000,
    b'{"a":' * 2000 + b"1" + b"}" * 2000,
    b"\xef\xbb\xbf" + b'{"text": "x"}',
    '{"text": "x"}'.encode("utf-16"),
    b"\x00",
]


@pytest.mark.parametrize("body", BAD_JSON, ids=range(len(BAD_JSON)))
def test_malformed_json_is_400(alice: ApiClient, body: bytes) -> None:
    assert_problem(alice.raw("POST", TWEETS, body), 400, "malformed_request")
    assert Tweet.objects.count() == 0


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"5", b"true", b'[{"text": "x"}]'])
def test_a_body_that_is_no_object_is_400(alice: ApiClient, body: bytes) -> None:
    assert_invalid(alice.raw("POST", TWEETS, body), ("body", "invalid"))


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "*/*", "application/*", ""]
)
def test_another_content_type_is_415(alice: ApiClient, content_type: str) -> None:
    assert_problem(alice.raw("POST", TWEETS, b"text=x", content_type), 415, "unsupported_media_type")


@pytest.mark.parametrize("charset", ["klingon", "utf-16", "latin-1", ""])
def test_another_character_set_is_400(alice: ApiClient, charset: str) -> None:
    body = orjson.dumps({"text": "x"})
    response = alice.raw("POST", TWEETS, body, f"application/json; charset={charset}")
    assert_problem(response, 400, "malformed_request")


def test_a_content_encoding_is_415(alice: ApiClient) -> None:
    response = alice.raw("POST", TWEETS, b"x", headers={"Content-Encoding": "gzip"})
    assert_problem(response, 415, "unsupported_media_type")


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_body_that_ended_early_is_400_though_it_reads_as_whole(alice: ApiClient, method: str) -> None:
    path = TWEETS if method == "POST" else f"{TWEETS}{alice.tweet('Before')['id']}/"
    texts = list(Tweet.objects.values_list("text", flat=True))
    body = b'{"text": "half"}'
    # A stream that simply ends, as the server's does; the test client's own would complain.
    ending: dict[str, Any] = {"CONTENT_LENGTH": "50", "wsgi.input": BytesIO(body)}
    response = alice.raw(method, path, body, **ending)
    assert_problem(response, 400, "malformed_request")
    assert list(Tweet.objects.values_list("text", flat=True)) == texts


def test_a_missing_slash_is_told(api: ApiClient) -> None:
    assert "slash" in assert_problem(api.get("/v1/tweets"), 404, "not_found")["detail"]
    assert "slash" not in assert_problem(api.get("/v1/nothing/"), 404, "not_found")["detail"]


def test_a_body_over_the_caps_is_413(alice: ApiClient) -> None:
    assert_problem(alice.raw("POST", TWEETS, b'{"text": "' + b"x" * 300_000 + b'"}'), 413, "payload_too_large")
    assert_problem(alice.raw("POST", TWEETS, b"x", CONTENT_LENGTH=str(2**40)), 413, "payload_too_large")
    assert_problem(alice.form("POST", TWEETS, {"text": "x" * 300_000}), 413, "payload_too_large")
    assert_problem(alice.form("POST", TWEETS, {"image": b"x" * 10_485_761}), 413, "image_too_large")
    assert Tweet.objects.count() == 0


def test_the_token_is_looked_at_before_the_body(api: ApiClient) -> None:
    assert_problem(api.raw("POST", TWEETS, b"{"), 401, "not_authenticated")
    assert_problem(api.raw("POST", TWEETS, b"x", "text/plain"), 401, "not_authenticated")


def _multipart(*parts: bytes, closing: bytes = b"--B--\r\n") -> bytes:
    return b"".join(b"--B\r\n" + part + b"\r\n" for part in parts) + closing


TEXT_PART = b'Content-Disposition: form-data; name="text"\r\n\r\nhello'


@pytest.mark.parametrize(
    "body",
    [
        _multipart(TEXT_PART, closing=b""),
        _multipart(TEXT_PART, closing=b"--B"),
        _multipart(TEXT_PART)[:-10],
        b'--B\r\nContent-Disposition: form-data; name="text"\r\n\r\nhel',
        b"garbage",
        b"",
        _multipart(b'Content-Disposition: form-data; name="text"\r\n\r\n\xff\xfe'),
        _multipart(*[b'Content-Disposition: form-data; name="a%d"\r\n\r\nx' % number for number in range(60)]),
        _multipart(
            *[b'Content-Disposition: form-data; name="f"; filename="a"\r\n\r\nx' for _ in range(20)],
        ),
        _multipart(
            b'Content-Disposition: form-data; name="text"\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!',
        ),
    ],
    ids=range(10),
)
def test_a_malformed_form_is_400_and_posts_nothing(alice: ApiClient, body: bytes) -> None:
    response = alice.raw("POST", TWEETS, body, "multipart/form-data; boundary=B")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert Tweet.objects.count() == 0


@pytest.mark.parametrize(
    "content_type", ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\xe9"]
)
def test_a_form_without_a_usable_boundary_is_400(alice: ApiClient, content_type: str) -> None:
    assert_problem(alice.raw("POST", TWEETS, _multipart(TEXT_PART), content_type), 400, "malformed_request")


def test_a_whole_form_passes_even_with_an_epilogue(alice: ApiClient) -> None:
    body = b"preamble\r\n" + _multipart(TEXT_PART) + b"epilogue"
    response = alice.raw("POST", TWEETS, body, "multipart/form-data; boundary=B")
    assert (response.status_code, response.json()["text"]) == (201, "hello")


def test_a_field_that_is_sent_twice_is_400(alice: ApiClient) -> None:
    response = alice.form("POST", TWEETS, {"text": ["one", "two"]})
    assert_invalid(response, ("text", "too_many"))
    assert Tweet.objects.count() == 0


@pytest.mark.parametrize("failure", [OperationalError("server closed"), InterfaceError("gone")])
@pytest.mark.parametrize("path", [TWEETS, "/readyz"])
def test_a_database_that_is_away_is_503(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch, failure: Exception, path: str
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise failure

    monkeypatch.setattr("minitwitter.api.v1.views.tweets.public_page", fail)
    monkeypatch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.cursor", fail)
    response = api.get(path)
    assert_problem(response, 503, "service_unavailable")
    assert int(response["Retry-After"]) > 0
    assert api.get("/healthz").status_code == 200


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_disk_that_cannot_be_written_is_503(alice: ApiClient, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr("minitwitter.api.v1.views.tweets.tweets.create_tweet", fail)
    assert_problem(alice.call("POST", TWEETS, {"text": "x"}), 503, "storage_unavailable")


def test_an_unexpected_failure_is_500_and_tells_nothing(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("minitwitter.api.v1.views.tweets.public_page", fail)
    response = api.get(TWEETS, headers={"X-Request-Id": "my-request.1"})
    body = assert_problem(response, 500, "internal_error")
    assert body["request_id"] == "my-request.1"
    assert b"secret" not in response.content
    (line,) = [orjson.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (line["event"], line["level"], line["request_id"]) == ("request failed", "error", "my-request.1")
    assert (line["method"], line["path"]) == ("GET", TWEETS)
    assert "RuntimeError: a secret detail" in line["exception"]


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "a\tb", "é"])
def test_a_request_id_that_is_no_plain_one_is_replaced(api: ApiClient, given: str) -> None:
    made = api.get("/healthz", headers={"X-Request-Id": given})["X-Request-Id"]
    assert made != given
    assert len(made) == 16


def test_every_error_is_explained_on_the_errors_page(api: ApiClient) -> None:
    page = api.get("/v1/docs/errors/").content.decode()
    errors = all_errors()
    assert len(errors) > 25
    for error in errors:
        assert f'<section id="{error.code}">' in page
        assert error.__doc__


def test_every_entry_code_is_explained_on_the_errors_page(api: ApiClient) -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "minitwitter").rglob("*.py"))
    used = set(re.findall(r'FieldProblem\(\s*[\w".-]+,\s*"(\w+)"', source)) - {"not_allowed"}  # The admin's own.
    used |= set(re.findall(r'ValidationError\([^)]*code="(\w+)"', source))
    assert {"max_length", "username_taken", "too_many", "required"} <= used
    assert used <= set(PROBLEM_CODES)
    page = api.get("/v1/docs/errors/").content.decode()
    for code in PROBLEM_CODES:
        assert f'<section id="entry-{code}">' in page


def test_absolute_addresses_follow_the_public_address(alice: ApiClient, settings: LazySettings) -> None:
    settings.PUBLIC_URL = "https://tweets.example.org"
    assert alice.tweet()["url"].startswith("https://tweets.example.org/@alice/")


def test_the_access_log_is_one_json_line_a_request_and_an_option(
    alice: ApiClient, settings: LazySettings, capsys: pytest.CaptureFixture[str]
) -> None:
    alice.get("/v1/feed/?limit=1")
    assert capsys.readouterr().err == ""
    settings.ACCESS_LOG = True
    alice.get("/v1/feed/?limit=1\n{}", headers={"X-Request-Id": "mine"})
    (line,) = [orjson.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert isinstance(line.pop("milliseconds"), float)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "request",
        "logger": "minitwitter.access",
        "level": "info",
        "request_id": "mine",
        "method": "GET",
        "path": "/v1/feed/",
        "status": 400,
        "user_id": alice.me.pk,
    }
