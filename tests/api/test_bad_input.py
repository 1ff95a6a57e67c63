"""Bad input is refused with a problem, and changes nothing.

This file has what goes through several addresses, and properties that hold for any input. The rest stands with what it
is about:

- authentication: v1/test_registration.py (names, addresses, passwords), v1/test_sessions.py (forged and broken tokens)
- accounts: v1/test_registration.py, v1/test_accounts.py (profile fields, protected fields)
- tweets: v1/test_tweets.py (text, images, ids), v1/test_idempotency.py (keys)
- images: tests/media/test_hostile.py (formats, bombs, polyglots, mutations), v1/test_tweets.py (nothing is left behind)
- likes and follows: v1/test_likes.py, v1/test_follows.py
- pages: v1/test_pages.py (limits and cursors)
- bodies, hosts, methods: test_errors.py; below HTTP: tests/test_transport.py, tests/test_bodies.py
- who may do what: test_permissions.py; requests made up from the OpenAPI description: test_fuzz.py
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import pytest
from django.conf import LazySettings
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minitwitter.accounts.models import Session, User
from minitwitter.actions import accounts
from minitwitter.core.ids import MAX_ID
from minitwitter.core.pagination import MAX_CURSOR, MAX_LIMIT
from minitwitter.tweets.models import Tweet
from tests.client import ApiClient, Response, assert_problem
from tests.factories import PASSWORD, follow, jpeg, make_user
from tests.mailing import configure_mail

TWEETS, ME, LOGIN = "/v1/tweets/", "/v1/users/me/", "/v1/users/login/"
# The database of a test is made once for all of its examples; each example is rolled back.
PROPERTY = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
# Every code point that JSON can name: NUL, lone surrogates and unassigned ones too.
ANY_TEXT = st.text(st.characters(), max_size=40)
# What is close to what is meant, which blind text hardly ever is.
NUMBERS = st.one_of(
    st.integers(-10, 2**64).map(str),
    st.integers(0, 10**6).map(lambda number: str(number).translate({48 + n: 0x660 + n for n in range(10)})),
    st.sampled_from(["007", "+1", "1_000", "1e3", "0x1f", "1.0", " 1", "1\n", "²", "９", "NaN", "-0", "9" * 5000]),
    st.text(max_size=10),
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _mail(settings: LazySettings) -> None:
    """What is done by mail is refused for its input, and not because there are no mails."""
    configure_mail(settings)


@contextmanager
def _undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _send(client: ApiClient, method: str, path: str, fields: dict[str, Any]) -> Response:
    """A JSON body in plain ASCII, which can hold even half a surrogate pair."""
    return client.raw(method, path, json.dumps(fields).encode("ascii"))


def _assert_refused(response: Response, *statuses: int) -> None:
    assert response.status_code in statuses, response.content
    assert_problem(response, response.status_code, response.json()["code"])


# --- Text -------------------------------------------------------------------------------------------------------------


@PROPERTY
@given(text=ANY_TEXT)
def test_a_tweets_text_comes_out_as_it_went_in_or_is_refused(alice: ApiClient, text: str) -> None:
    with _undone():
        posted = _send(alice, "POST", TWEETS, {"text": text})
        if posted.status_code != 201:
            _assert_refused(posted, 400)
            assert Tweet.objects.count() == 0
            return
        address = f"{TWEETS}{posted.json()['id']}/"
        assert alice.get(address).json()["text"] == posted.json()["text"] == text
        edited = _send(alice, "PATCH", address, {"text": text + "!"})
        assert (edited.status_code, alice.get(address).json()["text"]) == (200, text + "!")


@PROPERTY
@given(text=st.text(st.characters(codec="utf-8"), max_size=40))
def test_a_form_is_read_as_json_is(alice: ApiClient, text: str) -> None:
    with _undone():
        form, body = alice.form("POST", TWEETS, {"text": text}), _send(alice, "POST", TWEETS, {"text": text})
        assert (form.status_code, form.json().get("text")) == (body.status_code, body.json().get("text"))


@PROPERTY
@given(name=st.sampled_from(["display_name", "bio", "location", "website"]), value=ANY_TEXT)
def test_a_profile_field_comes_out_as_it_went_in_or_is_refused(alice: ApiClient, name: str, value: str) -> None:
    with _undone():
        before = alice.get(ME).json()
        answer = _send(alice, "PATCH", ME, {name: value})
        if answer.status_code == 200:
            assert alice.get(ME).json() == {**before, name: value}
        else:
            _assert_refused(answer, 400)
            assert alice.get(ME).json() == before


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=6,
)
WRITES = {
    "/v1/users/register/": ("POST", ["username", "email", "password"]),
    LOGIN: ("POST", ["username", "email", "password"]),
    "/v1/users/refresh/": ("POST", ["refresh"]),
    ME: ("PATCH", ["display_name", "bio", "location", "website"]),
    "/v1/users/me/password/": ("POST", ["current_password", "new_password"]),
    "/v1/users/me/email/": ("POST", ["email", "current_password"]),
    "/v1/users/email/confirm/": ("POST", ["token"]),
    "/v1/users/password-reset/": ("POST", ["email"]),
    "/v1/users/password-reset/confirm/": ("POST", ["token", "new_password"]),
    TWEETS: ("POST", ["text", "image", "image_alt"]),
}


@pytest.mark.parametrize("path", WRITES)
def test_any_json_at_all_is_taken_or_refused(alice: ApiClient, path: str) -> None:
    method, names = WRITES[path]
    bodies = st.dictionaries(st.sampled_from(names) | ANY_TEXT, JSON_VALUES, max_size=4) | JSON_VALUES

    @PROPERTY
    @given(body=bodies)
    def check(body: Any) -> None:
        with _undone():
            answer = alice.raw(method, path, json.dumps(body).encode("ascii"))
            if answer.status_code not in {200, 201, 202, 204}:
                _assert_refused(answer, 400, 401, 413)

    check()


@pytest.mark.parametrize("path", WRITES)
def test_bytes_and_types_of_any_kind_are_refused(alice: ApiClient, path: str) -> None:
    method, _ = WRITES[path]
    types = st.sampled_from(
        [
            "application/json",
            "application/json; charset=utf-8",
            "multipart/form-data; boundary=B",
            "text/plain",
            ";",
            "/",
        ]
    )

    @PROPERTY
    @given(body=st.binary(max_size=60), content_type=types)
    def check(body: bytes, content_type: str) -> None:
        with _undone():
            answer = alice.raw(method, path, body, content_type)
            if answer.status_code != 200:  # PATCH takes an empty object.
                _assert_refused(answer, 400, 415)

    check()


# --- Names, ids, cursors, keys ----------------------------------------------------------------------------------------


@PROPERTY
@given(name=st.text(st.characters(), min_size=1, max_size=35) | st.from_regex(r"\A[A-Za-z0-9_]{1,32}\Z"))
def test_a_username_is_an_account_in_any_case_or_is_refused(api: ApiClient, name: str) -> None:
    fields = {"username": name, "email": "somebody@example.org", "password": PASSWORD}
    with _undone():
        answer = _send(api, "POST", "/v1/users/register/", fields)
        if answer.status_code == 201:
            assert answer.json()["username"] == name
            assert api.get(f"/v1/users/{name.swapcase()}/").json()["username"] == name
        else:
            _assert_refused(answer, 400)
            assert User.objects.count() == 0


@PROPERTY
@given(name=st.text(st.characters(codec="utf-8"), max_size=40))
@pytest.mark.parametrize("path", ["/v1/users/{}/", "/v1/users/{}/tweets/", "/v1/users/{}/followers/"])
def test_a_name_in_a_path_that_is_nobodys_is_404(api: ApiClient, path: str, name: str) -> None:
    _assert_refused(api.get(path.format(quote(name, safe=""))), 404, 405, 401)  # The others are fixed addresses.


@PROPERTY
@given(number=NUMBERS)
def test_an_id_in_a_path_is_a_plain_number_or_404(alice: ApiClient, number: str) -> None:
    tweet = alice.tweet()["id"]
    for method, path in (("GET", f"{TWEETS}{{}}/"), ("POST", f"{TWEETS}like/{{}}/"), ("DELETE", f"{ME}sessions/{{}}/")):
        with _undone():
            _assert_refused(alice.call(method, path.format(quote(number, safe="", errors="replace"))), 404, 405)
            if method == "GET":
                assert alice.get(path.format(tweet)).status_code == 200


@pytest.mark.parametrize(
    "path", [TWEETS, "/v1/feed/", "/v1/users/alice/tweets/", "/v1/users/alice/followers/", f"{ME}sessions/"]
)
def test_a_page_is_a_page_or_names_what_is_wrong(alice: ApiClient, path: str) -> None:
    @PROPERTY
    @given(asked=st.dictionaries(st.sampled_from(["limit", "max_id", "since_id", "min_id"]), NUMBERS, max_size=3))
    def check(asked: dict[str, str]) -> None:
        answer = alice.get(
            f"{path}?" + "&".join(f"{k}={quote(v, safe='', errors='replace')}" for k, v in asked.items())
        )
        wrong = {name for name, value in asked.items() if not _is_good(name, value)}
        if answer.status_code == 200:
            assert not wrong
        else:
            _assert_refused(answer, 400)
            named = {entry["field"] for entry in answer.json()["errors"]}
            assert named == wrong | ({"min_id"} if {"since_id", "min_id"} <= set(asked) else set())

    check()


def _is_good(name: str, value: str) -> bool:
    low, high = (1, MAX_LIMIT) if name == "limit" else (0, MAX_CURSOR)
    return value.isascii() and value.isdigit() and len(value) < 30 and low <= int(value) <= high


@PROPERTY
@given(key=st.text(st.characters(max_codepoint=255), max_size=300))
def test_an_idempotency_key_is_kept_or_refused(alice: ApiClient, key: str) -> None:
    with _undone():
        answers = [alice.call("POST", TWEETS, {"text": "Once"}, **{"Idempotency-Key": key}) for _ in range(2)]
        if answers[0].status_code == 201:
            assert [answer.json() for answer in answers] == [answers[0].json()] * 2
            assert Tweet.objects.count() == 1
        else:
            for answer in answers:
                _assert_refused(answer, 400)
            assert Tweet.objects.count() == 0


# --- Passwords --------------------------------------------------------------------------------------------------------

HASHERS = "tests.hashers.CheapArgon2Hasher"


@pytest.mark.parametrize("name", ["alice", "nobody", "gone", "nobody@example.org", "älice"])
def test_every_failed_log_in_hashes_once(api: ApiClient, name: str) -> None:
    """The time of an answer is the time of its hashing, so it does not tell whether there is such an account."""
    make_user("alice")
    accounts.deactivate(user=make_user("gone"))
    api.call("POST", LOGIN, {"username": "nobody", "password": PASSWORD})  # Makes the hash that stands for nobody's.
    with patch(f"{HASHERS}.verify", autospec=True, return_value=False) as verify:
        response = api.call("POST", LOGIN, {"username": name, "password": "wrong password"})
    assert_problem(response, 401, "invalid_credentials")
    assert verify.call_count == 1


def test_a_huge_password_is_refused_before_anything_hashes_it(alice: ApiClient) -> None:
    huge = "x" * 100_000
    with patch(f"{HASHERS}.verify", autospec=True) as verify, patch(f"{HASHERS}.encode", autospec=True) as encode:
        for method, path, fields in (
            ("POST", LOGIN, {"username": "alice", "password": huge}),
            ("POST", "/v1/users/register/", {"username": "bob", "email": "bob@example.org", "password": huge}),
            ("POST", f"{ME}password/", {"current_password": huge, "new_password": "a good password"}),
            ("DELETE", ME, {"password": huge}),
        ):
            assert_problem(alice.call(method, path, fields), 400, "validation_error")
    assert (verify.call_count, encode.call_count) == (0, 0)


def test_a_new_password_that_is_huge_is_not_hashed_either(alice: ApiClient) -> None:
    with patch(f"{HASHERS}.encode", autospec=True) as encode:
        fields = {"current_password": PASSWORD, "new_password": "x" * 100_000}
        assert_problem(alice.call("POST", f"{ME}password/", fields), 400, "validation_error")
    assert encode.call_count == 0


# --- Across all addresses ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["\x00", "\ud800", "a\udfffb"])
@pytest.mark.parametrize("path", WRITES)
def test_what_no_database_keeps_is_refused_in_every_field(alice: ApiClient, path: str, value: str) -> None:
    method, names = WRITES[path]
    for name in names:
        good = {"username": "bob", "email": "bob@example.org", "password": PASSWORD, "current_password": PASSWORD}
        fields = {
            **{other: good.get(other, "text") for other in names if other not in {"image", "website"}},
            name: value,
        }
        answer = _send(alice, method, path, fields)
        _assert_refused(answer, 400, 401)
        # A token with NUL is only no good one, and a log-in by name does not look at the address.
        assert answer.status_code == 400 or path in {LOGIN, "/v1/users/refresh/"}
    assert (User.objects.count(), Tweet.objects.count(), Session.objects.count()) == (1, 0, 1)


@pytest.mark.parametrize(
    "path",
    [
        LOGIN,
        "/v1/users/register/",
        "/v1/users/refresh/",
        "/v1/users/logout/",
        "/v1/users/logout-all/",
        "/v1/users/follow/alice/",
        "/v1/users/unfollow/alice/",
        "/v1/tweets/like/1/",
        "/v1/tweets/1/like/",
        f"{ME}password/",
        f"{ME}avatar/",
        f"{ME}sessions/1/",
    ],
)
def test_reading_an_address_that_changes_things_is_405(alice: ApiClient, path: str) -> None:
    for method in ("GET", "HEAD"):
        assert alice.generic(method, path).status_code == 405
    assert alice.get(ME).status_code == 200


def test_nobody_elses_address_is_in_any_answer(alice: ApiClient, bob: ApiClient, api: ApiClient) -> None:
    follow(alice.me, bob.me)
    follow(bob.me, alice.me)
    tweet = alice.tweet("Hello", jpeg())["id"]
    alice.call("PUT", f"{TWEETS}{tweet}/like/")
    people = [f"/v1/users/alice/{part}" for part in ("", "tweets/", "followers/", "following/")]
    for path in [TWEETS, f"{TWEETS}{tweet}/", f"{TWEETS}{tweet}/likes/", "/v1/feed/", ME, f"{ME}sessions/", *people]:
        for client in (bob, api):
            assert b"alice@example.org" not in client.get(path).content
    answers = [
        bob.call("POST", "/v1/users/unfollow/alice/"),
        bob.call("POST", "/v1/users/follow/alice/"),
        bob.call("PATCH", f"{TWEETS}{tweet}/", {"text": "Mine"}),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 403]
    assert not [answer for answer in answers if b"alice@example.org" in answer.content]


def test_a_token_outlives_no_account(alice: ApiClient) -> None:
    assert alice.call("DELETE", ME, {"password": PASSWORD}).status_code == 204
    for path in (ME, TWEETS):
        assert_problem(alice.get(path), 401, "token_invalid")


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..", "a\x00b.jpg", "a" * 3000, "x.svg", "\u202egpj.exe", "C:\\x", '";x="', "CON", " "]
)
def test_the_name_of_a_file_means_nothing(alice: ApiClient, name: str) -> None:
    head = f'--B\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\nContent-Type: text/html\r\n\r\n'
    body = head.encode() + jpeg() + b"\r\n--B--\r\n"
    answer = alice.raw("POST", TWEETS, body, "multipart/form-data; boundary=B")
    if answer.status_code == 201:
        assert answer.json()["image"].endswith(".jpg")
        assert "passwd" not in answer.content.decode()
    else:
        _assert_refused(answer, 400)  # Where the name breaks the form itself.


def test_an_id_at_the_end_of_the_range_is_404(api: ApiClient) -> None:
    for number in (MAX_ID, MAX_ID + 1, 2**63, 2**64):
        _assert_refused(api.get(f"{TWEETS}{number}/"), 404)
