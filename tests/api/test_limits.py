"""The request limits as callers meet them: who is counted for what, 429, and what a refused request changes."""

import os
import signal
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from minitwitter.accounts.models import Mail, User
from minitwitter.accounts.queries import live_sessions
from minitwitter.core import limits
from minitwitter.core.limits import Limiter
from minitwitter.core.models import Task
from minitwitter.env import load
from minitwitter.media.models import Image
from minitwitter.option import Rate
from minitwitter.tweets.models import Tweet
from tests.client import ApiClient, assert_invalid, assert_problem
from tests.factories import PASSWORD, jpeg, make_admin, make_user
from tests.limiting import Clock, make_limiter
from tests.mailing import configure_mail
from tests.operating import DEADLINE, Running, running, wait_until
from tests.threads import at_once

LOGIN, REGISTER, REFRESH, TWEETS, FEED = (
    "/v1/users/login/",
    "/v1/users/register/",
    "/v1/users/refresh/",
    "/v1/tweets/",
    "/v1/feed/",
)
RATES = {
    "account": Rate(12, 300),
    "address": Rate(9, 300),
    "refresh": Rate(4, 300),
    "upload": Rate(2, 1800),
    "sign-up": Rate(2, 3600),
    "log-in-address": Rate(4, 300),
    "log-in-account": Rate(3, 3600),
    "mail-address": Rate(4, 3600),
    "mail-account": Rate(3, 3600),
    "known-log-in": Rate(1, 20 * 24 * 3600),
}

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def limiter(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Limiter:
    """Small limits, with counts of this test's own."""
    made = make_limiter(tmp_path, clock, RATES)
    monkeypatch.setattr(limits, "current", lambda: made)
    return made


def statuses(call: Callable[[], Any], times: int) -> list[int]:
    """The statuses of the same call, so often."""
    return [call().status_code for _ in range(times)]


def test_the_answers_tell_how_one_stands_and_the_one_too_many_is_429(alice: ApiClient, clock: Clock) -> None:
    seen = []
    for _ in range(12):
        response = alice.get(FEED)
        assert response.status_code == 200
        assert response["RateLimit-Policy"] == '"account";q=12;w=300'
        assert "Retry-After" not in response
        seen.append(response["RateLimit"])
        clock.now += 2
    assert seen == [f'"account";r={11 - number};t={300 - 2 * number}' for number in range(12)]

    response = alice.get(FEED)
    body = assert_problem(response, 429, "rate_limited")
    assert body["title"] == "Too Many Requests"
    assert body["detail"] == "Too many requests. Try again in 276 seconds."
    assert response["Retry-After"] == "276"
    assert response["RateLimit"] == '"account";r=0;t=276'
    assert response["RateLimit-Policy"] == '"account";q=12;w=300'
    assert response["Cache-Control"] == "no-store"

    clock.now += 275.5
    assert alice.get(FEED)["Retry-After"] == "1"
    clock.now += 0.5
    assert statuses(lambda: alice.get(FEED), 2) == [200, 429]


def test_a_refused_request_changes_nothing(alice: ApiClient) -> None:
    tweet = alice.tweet("before")
    statuses(lambda: alice.get(FEED), 11)

    assert_problem(alice.call("POST", TWEETS, {"text": "after"}), 429, "rate_limited")
    assert_problem(alice.call("PATCH", f"/v1/tweets/{tweet['id']}/", {"text": "after"}), 429, "rate_limited")
    assert_problem(alice.call("PATCH", "/v1/users/me/", {"bio": "after"}), 429, "rate_limited")
    assert_problem(alice.call("POST", "/v1/users/logout/"), 429, "rate_limited")
    assert list(Tweet.objects.values_list("text", flat=True)) == ["before"]
    assert alice.me.bio == ""
    assert live_sessions(alice.me.pk).count() == 1


def test_accounts_and_addresses_are_counted_apart(alice: ApiClient, bob: ApiClient, api: ApiClient) -> None:
    assert statuses(lambda: alice.get(TWEETS), 13) == [200] * 12 + [429]
    assert statuses(lambda: bob.get(TWEETS), 12) == [200] * 12
    assert statuses(lambda: api.get(TWEETS), 10) == [200] * 9 + [429]
    assert api.get(TWEETS)["RateLimit-Policy"] == '"address";q=9;w=300'
    assert api.get(TWEETS, REMOTE_ADDR="127.0.0.2").status_code == 200


def test_an_account_has_one_count_whatever_the_session_and_the_address(alice: ApiClient) -> None:
    other = ApiClient(alice.me)
    statuses(lambda: alice.get(FEED), 6)
    assert statuses(lambda: other.get(FEED, REMOTE_ADDR="198.51.100.1"), 7) == [200] * 6 + [429]


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_requests_that_are_refused_for_another_reason_count_too(api: ApiClient, method: str) -> None:
    call = lambda: api.call(method, FEED)  # noqa: E731
    assert statuses(call, 10) == [401] * 9 + [429]


def test_a_bad_token_counts_for_its_address(api: ApiClient) -> None:
    api.sign_in("not.a.token")
    assert statuses(lambda: api.get(FEED), 10) == [401] * 9 + [429]
    assert statuses(lambda: ApiClient().get(TWEETS), 1) == [429]


def test_what_is_no_api_is_not_limited(api: ApiClient, alice: ApiClient) -> None:
    image = alice.tweet("x", jpeg())["image"]
    statuses(lambda: api.get(TWEETS), 10)
    for path in ("/healthz", "/readyz", "/v1/docs/", "/v1/docs/errors/", "/v1/openapi.json", "/admin/login/"):
        response = api.get(path)
        assert response.status_code == 200, path
        assert "RateLimit" not in response, path
    assert api.media(image)[0] == api.media("/static/api/docs.css")[0] == 200


# X-Forwarded-For ------------------------------------------------------------------------------------------------------


def test_whatever_x_forwarded_for_says_a_stranger_is_counted_for_the_own_address(api: ApiClient) -> None:
    numbers = iter(range(100))

    def call() -> Any:
        return api.get(TWEETS, headers={"X-Forwarded-For": f"198.51.100.{next(numbers)}"})

    assert statuses(call, 10) == [200] * 9 + [429]


def test_behind_a_trusted_proxy_everybody_has_a_count_of_their_own(api: ApiClient, settings: LazySettings) -> None:
    settings.TRUSTED_PROXIES = load({"MINITWITTER_TRUSTED_PROXIES": "127.0.0.1"}).trusted_proxies

    def status(forwarded: str) -> int:
        code: int = api.get(TWEETS, headers={"X-Forwarded-For": forwarded}).status_code
        return code

    assert [status(f"{number}.1.1.1, 198.51.100.1") for number in range(1, 11)] == [200] * 9 + [429]
    assert status("198.51.100.2") == 200
    # One customer of an IPv6 network may use any address of its /64.
    assert [status(f"2001:db8::{number:x}") for number in range(1, 11)] == [200] * 9 + [429]
    assert status("2001:db8:0:1::1") == 200
    assert status("::ffff:198.51.100.1") == 429


# Logging in -----------------------------------------------------------------------------------------------------------


def log_in(login: str = "alice", password: str = PASSWORD, address: str = "203.0.113.1") -> Any:
    return _from(address, {"username": login, "password": password})


def _from(address: str, fields: dict[str, str]) -> Any:
    client = ApiClient()
    client.defaults["REMOTE_ADDR"] = address
    return client.call("POST", LOGIN, fields)


def test_one_address_may_try_so_many_log_ins_for_whatever_names(clock: Clock) -> None:
    make_user("alice")
    tried = [log_in(f"name{number}", "wrong password") for number in range(4)]
    assert [response.status_code for response in tried] == [401] * 4
    assert tried[0]["RateLimit-Policy"] == (
        '"address";q=9;w=300, "log-in-address";q=4;w=300, "log-in-account";q=3;w=3600'
    )
    assert tried[0]["RateLimit"] == '"address";r=8;t=300, "log-in-address";r=3;t=300, "log-in-account";r=2;t=3600'

    refused = log_in("alice")
    assert_problem(refused, 429, "rate_limited")
    assert refused["Retry-After"] == "300"
    assert refused["RateLimit"] == '"address";r=4;t=300, "log-in-address";r=0;t=300'
    assert live_sessions(User.objects.get(username="alice").pk).count() == 0
    assert log_in("alice", address="203.0.113.2").status_code == 200
    clock.now += 300
    assert log_in("alice").status_code == 200


@pytest.mark.parametrize("name", ["alice", "nobody", "alice@example.org", "nobody@example.org", "no such name \x01"])
def test_a_name_may_be_tried_so_often_whether_there_is_such_an_account_or_not(name: str) -> None:
    make_user("alice")
    tried = [log_in(name.upper() if number % 2 else name, "wrong password", f"10.1.1.{number}") for number in range(4)]
    assert [response.status_code for response in tried] == [401, 401, 401, 429]
    assert tried[3]["Retry-After"] == "3600"
    assert tried[3]["RateLimit"] == '"address";r=8;t=300, "log-in-address";r=3;t=300, "log-in-account";r=0;t=3600'


def test_the_right_password_is_not_tried_either_once_a_name_was_tried_too_often(clock: Clock) -> None:
    user = make_user("alice")
    statuses(lambda: log_in(password="wrong password"), 3)
    assert log_in(address="203.0.113.9").status_code == 429
    assert live_sessions(user.pk).count() == 0
    clock.now += 3600
    assert log_in(address="203.0.113.9").status_code == 200


def test_strangers_who_guess_do_not_lock_the_owner_out(clock: Clock) -> None:
    make_user("alice")
    assert log_in(address="192.0.2.1").status_code == 200
    clock.now += 19 * 24 * 3600
    assert [log_in("alice", "wrong", f"10.1.1.{number}").status_code for number in range(6)] == [401] * 3 + [429] * 3
    assert log_in(address="192.0.2.1").status_code == 200
    # Nor may they guess without end from where the owner is.
    assert statuses(lambda: log_in("alice", "wrong", "192.0.2.1"), 3) == [401, 401, 429]


def test_a_log_in_that_is_no_attempt_is_not_counted_as_one() -> None:
    assert statuses(lambda: _from("203.0.113.1", {"username": "alice"}), 6) == [400] * 6
    assert log_in("alice", "wrong").status_code == 401


@pytest.mark.parametrize("path", ["/v1/users/me/", "/v1/users/me/password/", "/v1/users/me/email/"])
def test_whoever_has_a_token_cannot_guess_the_password(alice: ApiClient, path: str, settings: LazySettings) -> None:
    configure_mail(settings)
    fields = {
        "password": "wrong",
        "current_password": "wrong",
        "new_password": "another good password",
        "email": "new@example.org",
    }
    method = "DELETE" if path.endswith("me/") else "POST"
    assert statuses(lambda: alice.call(method, path, fields), 4) == [400, 400, 400, 429]
    right = {**fields, "password": PASSWORD, "current_password": PASSWORD}
    assert_problem(alice.call(method, path, right), 429, "rate_limited")
    assert alice.me.check_password(PASSWORD)


def test_the_admins_log_in_shares_the_limits_of_the_api() -> None:
    make_admin("operator")
    form = {"username": "operator", "password": "wrong password"}
    client = ApiClient()
    statuses(lambda: log_in("operator", "wrong password", "127.0.0.1"), 1)
    assert statuses(lambda: client.post("/admin/login/", form), 2) == [200, 200]

    response = client.post("/admin/login/", {**form, "password": PASSWORD})
    assert (response.status_code, response["Retry-After"]) == (429, "3600")
    assert "Too many requests. Try again in 3600 seconds." in response.content.decode()
    assert "_auth_user_id" not in client.session
    assert log_in("operator", PASSWORD, "127.0.0.9").status_code == 429


def test_a_log_in_to_the_admin_makes_its_address_known(clock: Clock) -> None:
    make_admin("operator")
    assert ApiClient().post("/admin/login/", {"username": "operator", "password": PASSWORD}).status_code == 302
    assert [log_in("operator", "wrong", f"10.1.1.{number}").status_code for number in range(4)][-2:] == [429, 429]
    assert log_in("operator", PASSWORD, "127.0.0.1").status_code == 200


def forget(email: str, address: str = "203.0.113.1") -> Any:
    client = ApiClient()
    client.defaults["REMOTE_ADDR"] = address
    return client.call("POST", "/v1/users/password-reset/", {"email": email})


# The other limits -----------------------------------------------------------------------------------------------------


def test_so_many_accounts_of_one_address(api: ApiClient) -> None:
    def register(name: str, address: str = "203.0.113.1") -> Any:
        api.defaults["REMOTE_ADDR"] = address
        return api.call("POST", REGISTER, {"username": name, "email": f"{name}@example.org", "password": PASSWORD})

    assert_invalid(register("not a name"), ("username", "invalid"), ("email", "invalid"))  # Costs no place.
    assert [register(name).status_code for name in ("alice", "bob", "carol")] == [201, 201, 429]
    refused = register("carol")
    assert refused["Retry-After"] == "3600"
    assert refused["RateLimit-Policy"] == '"address";q=9;w=300, "sign-up";q=2;w=3600'
    assert not User.objects.filter(username="carol").exists()
    assert register("carol", "203.0.113.2").status_code == 201


def test_so_many_pictures_of_one_account_and_texts_go_on(alice: ApiClient, media_folder: Path) -> None:
    def files() -> int:
        return sum(path.is_file() for path in media_folder.rglob("*"))

    alice.tweet("one", jpeg())
    assert alice.form("PUT", "/v1/users/me/avatar/", {"image": jpeg()}).status_code == 200
    before = files()
    for response in (
        alice.form("POST", TWEETS, {"text": "two", "image": jpeg()}),
        alice.form("PUT", "/v1/users/me/avatar/", {"image": jpeg()}),
    ):
        assert_problem(response, 429, "rate_limited")
        assert response["Retry-After"] == "1800"
        assert response["RateLimit-Policy"] == '"account";q=12;w=300, "upload";q=2;w=1800'
    assert (Tweet.objects.count(), Image.objects.count(), files()) == (1, 2, before)
    assert alice.form("POST", TWEETS, {"text": "text in a form"}).status_code == 201
    assert alice.tweet("text")["text"] == "text"


def test_so_many_mails_of_one_network_address(settings: LazySettings) -> None:
    configure_mail(settings)
    tried = [forget(f"name{number}@example.org") for number in range(5)]
    assert [response.status_code for response in tried] == [202] * 4 + [429]
    assert tried[4]["RateLimit-Policy"] == '"address";q=9;w=300, "mail-address";q=4;w=3600'
    assert tried[4]["Retry-After"] == "3600"
    assert Task.objects.count() == 4
    assert forget("name4@example.org", "203.0.113.2").status_code == 202


@pytest.mark.parametrize("email", ["alice@example.org", "nobody@example.org"])
def test_so_many_mails_to_one_address_whether_it_is_an_accounts_or_not(settings: LazySettings, email: str) -> None:
    make_user("alice")
    configure_mail(settings)
    tried = [forget(email.upper() if number % 2 else email, f"203.0.113.{number}") for number in range(4)]
    assert [response.status_code for response in tried] == [202, 202, 202, 429]
    assert tried[0]["RateLimit"] == '"address";r=8;t=300, "mail-address";r=3;t=3600, "mail-account";r=2;t=3600'
    assert Task.objects.count() == 3


def test_so_many_new_addresses_of_one_account_and_mails_to_one_stranger(
    alice: ApiClient,
    bob: ApiClient,
    settings: LazySettings,
    tmp_path: Path,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configure_mail(settings)
    rates = RATES | {"log-in-account": Rate(20, 3600), "mail-address": Rate(20, 3600)}
    monkeypatch.setattr(limits, "current", partial(make_limiter, tmp_path, clock, rates))

    def change(client: ApiClient, email: str) -> int:
        fields = {"email": email, "current_password": PASSWORD}
        code: int = client.call("POST", "/v1/users/me/email/", fields).status_code
        return code

    assert [change(alice, f"new{number}@example.org") for number in range(4)] == [202, 202, 202, 429]
    assert Mail.objects.get().address == "new2@example.org"
    assert [change(bob, "new2@example.org") for _ in range(3)] == [202, 202, 429]


def test_exchanging_tokens_has_a_count_of_its_own(alice: ApiClient, api: ApiClient) -> None:
    statuses(lambda: api.get(TWEETS), 10)
    response = api.call("POST", REFRESH, {"refresh": alice.refresh})
    assert (response.status_code, response["RateLimit"]) == (200, '"refresh";r=3;t=300')
    newest = response.json()["refresh"]
    assert statuses(lambda: api.call("POST", REFRESH, {"refresh": "x"}), 4) == [401] * 3 + [429]
    assert_problem(api.call("POST", REFRESH, {"refresh": newest}), 429, "rate_limited")
    assert live_sessions(alice.me.pk).count() == 1


def test_without_limits_there_are_no_headers_and_no_429(
    alice: ApiClient, api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "current", lambda: None)
    for client in (alice, api):
        responses = [client.get(TWEETS) for _ in range(30)]
        assert {response.status_code for response in responses} == {200}
        assert not any("RateLimit" in response or "RateLimit-Policy" in response for response in responses)
    assert statuses(lambda: log_in("alice", "wrong"), 20) == [401] * 20


def test_counts_that_cannot_be_kept_stop_nobody(
    alice: ApiClient, api: ApiClient, limiter: Limiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(limiter, "_take", fail)
    assert statuses(lambda: alice.get(FEED), 15) == [200] * 15
    assert statuses(lambda: api.get(TWEETS), 15) == [200] * 15
    assert log_in().status_code == 200


# The real server ------------------------------------------------------------------------------------------------------


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path, "--workers", "2", MINITWITTER_LIMIT_ADDRESS="60/5m", DATABASE_URL="") as started:
        yield started


def _get(server: Running, forwarded: str) -> tuple[int, str, str]:
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}{TWEETS}", headers={"X-Forwarded-For": forwarded})
    try:
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
            return answer.status, answer.headers["RateLimit"], ""
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["RateLimit"], error.headers["Retry-After"]


def test_two_workers_let_exactly_as_many_requests_pass_and_a_killed_one_forgets_none(server: Running) -> None:
    def hammer(number: int) -> list[tuple[int, str, str]]:
        return [_get(server, f"198.51.100.{number}, 192.0.2.{each}") for each in range(15)]

    answers = [answer for each in at_once(8, hammer) for answer in each]
    assert Counter(status for status, *_ in answers) == {200: 60, 429: 60}
    left = sorted(int(limit.partition("r=")[2].partition(";")[0]) for status, limit, _ in answers if status == 200)
    assert left == list(range(60))
    assert all(1 <= int(seconds) <= 300 for status, _, seconds in answers if status == 429)

    for worker in server.workers():
        os.kill(worker, signal.SIGKILL)
    wait_until(lambda: server.answers("/healthz"), server)
    assert _get(server, "")[0] == 429
