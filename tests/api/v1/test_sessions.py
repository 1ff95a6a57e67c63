"""Logging in, tokens, sessions."""

import time
import warnings
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from django.conf import LazySettings, settings

from minitwitter.accounts import tokens
from minitwitter.accounts.models import Session
from minitwitter.actions import accounts
from tests.client import ApiClient, assert_invalid, assert_problem
from tests.factories import PASSWORD, make_user

LOGIN, REFRESH, ME = "/v1/users/login/", "/v1/users/refresh/", "/v1/users/me/"

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "who",
    [
        {"username": "alice"},
        {"username": "ALICE"},
        {"username": "alice@example.org"},
        {"email": "Alice@Example.org"},
        {"username": "", "email": "alice@example.org"},
    ],
)
def test_logs_in_by_name_or_address(api: ApiClient, who: dict[str, str]) -> None:
    make_user("alice")
    response = api.call("POST", LOGIN, {**who, "password": PASSWORD})
    assert response.status_code == 200
    body = response.json()
    assert body == {"access": body["access"], "refresh": body["refresh"], "token_type": "Bearer", "expires_in": 600}
    assert [body["access"].count("."), body["refresh"].count(".")] == [2, 2]
    api.sign_in(body["access"])
    assert api.call("GET", ME).json()["username"] == "alice"


def test_every_failed_log_in_gets_the_same_answer(api: ApiClient) -> None:
    make_user("alice")
    accounts.deactivate(user=make_user("gone"))
    accounts.delete_account(user=make_user("deleted"))
    bodies = [
        {"username": "alice", "password": "wrong password"},
        {"username": "nobody", "password": PASSWORD},
        {"username": "gone", "password": PASSWORD},
        {"username": "deleted", "password": PASSWORD},
        {"email": "nobody@example.org", "password": PASSWORD},
        {"username": "älice", "password": PASSWORD},
        {"username": "älice@example.org", "password": PASSWORD},
    ]
    answers = [assert_problem(api.call("POST", LOGIN, body), 401, "invalid_credentials") for body in bodies]
    assert len({answer["detail"] for answer in answers}) == 1
    assert Session.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"username": "alice"}, ("password", "required")),
        ({"password": PASSWORD}, ("username", "required")),
        ({"username": "", "password": PASSWORD}, ("username", "required")),
        ({"username": "alice", "password": "x" * 129}, ("password", "max_length")),
        ({"username": "alice", "password": 1}, ("password", "invalid")),
        ({"username": ["alice"], "password": PASSWORD}, ("username", "invalid")),
        ({"username": "al\x00ice", "password": PASSWORD}, ("username", "invalid")),
    ],
)
def test_refuses_a_malformed_log_in(api: ApiClient, body: Any, problem: tuple[str, str]) -> None:
    make_user("alice")
    assert_invalid(api.call("POST", LOGIN, body), problem)


@pytest.mark.parametrize("address", [REFRESH, "/v1/users/token/refresh/"])
def test_a_refresh_token_is_good_once(alice: ApiClient, address: str) -> None:
    first = alice.refresh
    pair = alice.call("POST", address, {"refresh": first}).json()
    assert set(pair) == {"access", "refresh", "token_type", "expires_in"}
    assert pair["refresh"] != first
    alice.sign_in(pair["access"])
    assert alice.call("GET", ME).status_code == 200


def test_using_a_spent_refresh_token_ends_the_session(alice: ApiClient) -> None:
    first = alice.refresh
    pair = alice.call("POST", REFRESH, {"refresh": first}).json()
    assert_problem(alice.call("POST", REFRESH, {"refresh": first}), 401, "token_reused")
    alice.sign_in(pair["access"])
    assert_problem(alice.call("GET", ME), 401, "token_invalid")
    assert_problem(alice.call("POST", REFRESH, {"refresh": pair["refresh"]}), 401, "token_invalid")


def test_a_spent_token_of_one_session_leaves_the_others_alone(alice: ApiClient) -> None:
    other = ApiClient(alice.user)
    alice.call("POST", REFRESH, {"refresh": alice.refresh})
    alice.call("POST", REFRESH, {"refresh": alice.refresh})
    assert other.call("GET", ME).status_code == 200


def test_an_old_access_token_stays_good_while_its_session_lives(alice: ApiClient) -> None:
    alice.call("POST", REFRESH, {"refresh": alice.refresh})
    assert alice.call("GET", ME).status_code == 200


def test_a_session_that_was_not_used_for_thirty_days_is_over(alice: ApiClient) -> None:
    Session.objects.update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert_problem(alice.call("GET", ME), 401, "token_invalid")
    assert_problem(alice.call("POST", REFRESH, {"refresh": alice.refresh}), 401, "token_invalid")


def test_logging_out_ends_this_session_at_once(alice: ApiClient) -> None:
    other = ApiClient(alice.user)
    assert alice.call("POST", "/v1/users/logout/").status_code == 204
    assert_problem(alice.call("GET", ME), 401, "token_invalid")
    assert_problem(alice.call("POST", REFRESH, {"refresh": alice.refresh}), 401, "token_invalid")
    assert other.call("GET", ME).status_code == 200


def test_logging_out_everywhere_ends_all_sessions_of_this_account_only(alice: ApiClient, bob: ApiClient) -> None:
    other = ApiClient(alice.user)
    assert alice.call("POST", "/v1/users/logout-all/").status_code == 204
    assert [client.call("GET", ME).status_code for client in (alice, other, bob)] == [401, 401, 200]


def test_deactivation_refuses_the_next_request(alice: ApiClient) -> None:
    accounts.deactivate(user=alice.me)
    assert_problem(alice.call("GET", ME), 401, "token_invalid")
    assert_problem(alice.call("POST", REFRESH, {"refresh": alice.refresh}), 401, "token_invalid")
    accounts.reactivate(user=alice.me)
    assert_problem(alice.call("GET", ME), 401, "token_invalid")


def test_lists_the_devices_and_ends_one(alice: ApiClient, bob: ApiClient) -> None:
    login = {"username": "alice", "password": PASSWORD}
    phone = ApiClient()
    phone.sign_in(phone.call("POST", LOGIN, login, **{"User-Agent": "Phone/1"}).json()["access"])

    results = phone.call("GET", "/v1/users/me/sessions/").json()["results"]
    assert [(row["device"], row["current"]) for row in results] == [("Phone/1", True), ("tests", False)]
    assert set(results[0]) == {"id", "device", "created_at", "refreshed_at", "expires_at", "current"}

    address = f"/v1/users/me/sessions/{results[1]['id']}/"
    assert_problem(bob.call("DELETE", address), 404, "session_not_found")
    assert alice.call("GET", ME).status_code == 200
    assert phone.call("DELETE", address).status_code == 204
    assert_problem(alice.call("GET", ME), 401, "token_invalid")
    assert_problem(phone.call("DELETE", address), 404, "session_not_found")
    assert len(phone.call("GET", "/v1/users/me/sessions/").json()["results"]) == 1


# --- Tokens that must not pass ----------------------------------------------------------------------------------------


def _forge(token: str, *, header: dict[str, Any] | None = None, key: str | None = None, **claims: Any) -> str:
    """The token with other claims (None takes one away) or headers, signed by `key`, the real one unless given."""
    payload = {**jwt.decode(token, options={"verify_signature": False}), **claims}
    payload = {name: value for name, value in payload.items() if value is not None}
    headers = {**jwt.get_unverified_header(token), **(header or {})}
    algorithm = headers.pop("alg")
    secret = key or settings.TOKEN_SIGNING_KEYS[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyJWT warns of our key being short for HS512, which is the forger's concern.
        return jwt.encode(payload, None if algorithm == "none" else secret, algorithm=algorithm, headers=headers)


NOW = int(datetime.now(UTC).timestamp())
FORGERIES: dict[str, dict[str, Any]] = {
    "algorithm none": {"header": {"alg": "none"}},
    "another algorithm": {"header": {"alg": "HS512"}},
    "another key": {"key": "x" * 43},
    "unknown kid": {"header": {"kid": "../../etc/passwd"}},
    "kid injection": {"header": {"kid": "' OR 1=1 --"}},
    "crit": {"header": {"crit": ["exp"]}},
    "expired": {"exp": NOW - 60},
    "not yet valid": {"nbf": NOW + 3600},
    "issued in the future": {"iat": NOW + 3600},
    "wrong audience": {"aud": "another"},
    "wrong issuer": {"iss": "another"},
    "no expiry": {"exp": None},
    "no session": {"sid": None},
    "no subject": {"sub": None},
    "no id": {"jti": None},
    "no kind": {"kind": None},
    "another user": {"sub": "1"},
    "subject no number": {"sub": "alice"},
    "subject foreign digits": {"sub": "٣"},
    "session as text": {"sid": "1"},
    "session as boolean": {"sid": True},
    "session as list": {"sid": [1]},
    "session too large": {"sid": 2**63},
    "session unknown": {"sid": 1},
    "negative session": {"sid": -1},
    "expiry as text": {"exp": "9999999999"},
    "expiry as float": {"exp": 1e30},
    "expiry as object": {"exp": {}},
    "audience as list": {"aud": ["minitwitter"]},
    "kind as number": {"kind": 1},
    "another kind": {"kind": "refresh"},
    "id as number": {"jti": 1},
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_access_token_is_refused_on_every_address(alice: ApiClient, name: str) -> None:
    alice.sign_in(_forge(alice.access, **FORGERIES[name]))
    for address in (ME, "/v1/tweets/"):
        response = alice.call("GET", address)
        assert_problem(response, 401, "token_invalid")
        assert response["WWW-Authenticate"] == "Bearer"


def test_the_forging_itself_makes_good_tokens(alice: ApiClient) -> None:
    alice.sign_in(_forge(alice.access))
    assert alice.call("GET", ME).status_code == 200


@pytest.mark.parametrize("name", [name for name in FORGERIES if name not in {"another kind", "no kind"}])
def test_a_forged_refresh_token_is_refused_and_ends_nothing(alice: ApiClient, name: str) -> None:
    forged = _forge(alice.refresh, **FORGERIES[name])
    assert_problem(alice.call("POST", REFRESH, {"refresh": forged}), 401, "token_invalid")
    assert alice.call("POST", REFRESH, {"refresh": alice.refresh}).status_code == 200


MALFORMED_HEADERS = ["Bearer", "Bearer ", "Bearer x", "Bearer a.b.c", "Bearer é.é.é", f"Bearer {'x' * 7000}"]
MALFORMED_HEADERS += ["bearer a b", "", "x", "Token x", "Bearerx"]


@pytest.mark.parametrize("header", MALFORMED_HEADERS)
def test_a_malformed_bearer_header_is_refused(api: ApiClient, header: str) -> None:
    assert_problem(api.get("/v1/tweets/", headers={"Authorization": header}), 401, "token_invalid")


def test_basic_credentials_are_none_of_ours(api: ApiClient) -> None:
    assert api.get("/v1/tweets/", headers={"Authorization": "Basic eDp5"}).status_code == 200
    assert_problem(api.get(ME, headers={"Authorization": "Basic eDp5"}), 401, "not_authenticated")


def test_a_token_of_the_wrong_kind_is_refused(alice: ApiClient) -> None:
    assert_problem(alice.call("POST", REFRESH, {"refresh": alice.access}), 401, "token_invalid")
    alice.sign_in(alice.refresh)
    assert_problem(alice.call("GET", ME), 401, "token_invalid")


def test_a_token_in_the_query_string_is_ignored(api: ApiClient, alice: ApiClient) -> None:
    for name in ("access", "access_token", "token"):
        assert_problem(api.get(f"{ME}?{name}={alice.access}"), 401, "not_authenticated")


def test_a_flipped_signature_is_refused(alice: ApiClient) -> None:
    head, payload, signature = alice.access.split(".")
    flipped = "A" if signature[5] != "A" else "B"
    alice.sign_in(f"{head}.{payload}.{signature[:5]}{flipped}{signature[6:]}")
    assert_problem(alice.call("GET", ME), 401, "token_invalid")


def test_a_former_signing_key_still_verifies_and_the_first_one_signs(alice: ApiClient, settings: LazySettings) -> None:
    old = settings.TOKEN_SIGNING_KEYS
    settings.TOKEN_SIGNING_KEYS = ("n" * 43, *old)
    assert alice.call("GET", ME).status_code == 200
    pair = alice.call("POST", REFRESH, {"refresh": alice.refresh}).json()
    settings.TOKEN_SIGNING_KEYS = ("n" * 43,)
    assert_problem(alice.call("GET", ME), 401, "token_invalid")
    alice.sign_in(pair["access"])
    assert alice.call("GET", ME).status_code == 200


def test_a_token_that_was_good_is_refused_when_its_time_is_over(
    alice: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    after = time.time() + (tokens.ACCESS_LIFETIME + tokens.CLOCK_LEEWAY).total_seconds() + 1
    assert alice.call("GET", ME).status_code == 200
    monkeypatch.setattr("minitwitter.accounts.tokens.time.time", lambda: after)
    assert_problem(alice.call("GET", ME), 401, "token_invalid")


@pytest.mark.parametrize("refresh", ["", "x", None, 5, ["x"], {"a": 1}])
def test_a_malformed_refresh_is_refused(api: ApiClient, refresh: Any) -> None:
    response = api.call("POST", REFRESH, {"refresh": refresh})
    assert response.status_code == (401 if isinstance(refresh, str) else 400)
