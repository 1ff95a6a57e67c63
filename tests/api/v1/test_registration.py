"""POST /v1/users/register/"""

from typing import Any

import pytest
from django.conf import LazySettings

from minitwitter.accounts import rules
from minitwitter.accounts.models import AccountStats, User
from minitwitter.core.errors import FieldProblem
from tests.client import ApiClient, assert_invalid, assert_problem
from tests.factories import PASSWORD, make_user
from tests.threads import at_once

ADDRESS = "/v1/users/register/"
GOOD = {"username": "alice", "email": "alice@example.org", "password": PASSWORD}

pytestmark = pytest.mark.django_db


def test_answers_the_own_account_and_stores_it(api: ApiClient) -> None:
    response = api.call("POST", ADDRESS, {**GOOD, "username": "Alice_1", "is_staff": True, "id": 5})

    assert response.status_code == 201
    user = User.objects.get()
    assert response.json() == {
        "id": user.pk,
        "username": "Alice_1",
        "display_name": "",
        "avatar_url": None,
        "bio": "",
        "location": "",
        "website": "",
        "created_at": user.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "followers_count": 0,
        "following_count": 0,
        "tweets_count": 0,
        "following": False,
        "followed_by": False,
        "email": "alice@example.org",
        "email_verified": False,
    }
    assert not user.is_staff
    assert user.check_password(PASSWORD)
    assert user.password.startswith("argon2$argon2id$")
    assert 0 < user.pk < 2**53


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        ({"username": ""}, [("username", "blank")]),
        ({"username": " alice"}, [("username", "invalid")]),
        ({"username": "a" * 31}, [("username", "max_length")]),
        ({"username": "a" * 100_000}, [("username", "max_length")]),
        ({"username": "al\x00ice"}, [("username", "invalid")]),
        ({"username": "аlice"}, [("username", "invalid")]),  # A Cyrillic homoglyph.
        ({"username": "al\u200bice"}, [("username", "invalid")]),
        ({"username": "\u202ealice"}, [("username", "invalid")]),
        ({"username": "ａlice"}, [("username", "invalid")]),  # Full width.
        ({"username": "../alice"}, [("username", "invalid")]),
        ({"username": "alice\n"}, [("username", "invalid")]),
        ({"username": "٣"}, [("username", "invalid")]),
        ({"username": "Me"}, [("username", "reserved")]),
        ({"username": "ADMIN"}, [("username", "reserved")]),
        ({"username": None}, [("username", "null")]),
        ({"username": 5}, [("username", "invalid")]),
        ({"username": True}, [("username", "invalid")]),
        ({"username": ["alice"]}, [("username", "invalid")]),
        ({"email": ""}, [("email", "blank")]),
        ({"email": "alice"}, [("email", "invalid")]),
        ({"email": "a@example.org\r\nBcc: b@example.org"}, [("email", "invalid")]),
        ({"email": "a\x00@example.org"}, [("email", "invalid")]),
        ({"email": "ålice@example.org"}, [("email", "invalid")]),
        ({"email": f"{'a' * 250}@example.org"}, [("email", "max_length")]),
        ({"password": "short"}, [("password", "min_length")]),
        ({"password": "x" * 129}, [("password", "max_length")]),
        ({"password": "x" * 200_000}, [("password", "max_length")]),
        ({"password": "password123"}, [("password", "password_too_common")]),
        ({"password": "my-ALICE-secret"}, [("password", "password_too_similar")]),
        ({"password": 12345678}, [("password", "invalid")]),
        ({"password": None}, [("password", "null")]),
        (
            {"username": "a b", "email": "x", "password": "1"},
            [("username", "invalid"), ("email", "invalid"), ("password", "min_length")],
        ),
        ({"username": 1, "email": "x"}, [("username", "invalid"), ("email", "invalid")]),
    ],
)
def test_refuses_bad_fields_with_one_entry_each(
    api: ApiClient, change: dict[str, Any], problems: list[tuple[str, str]]
) -> None:
    assert_invalid(api.call("POST", ADDRESS, {**GOOD, **change}), *problems)
    assert User.objects.count() == 0


def test_names_every_missing_field(api: ApiClient) -> None:
    assert_invalid(
        api.call("POST", ADDRESS, {}), ("username", "required"), ("email", "required"), ("password", "required")
    )


def test_a_missing_field_does_not_hide_what_is_wrong_with_the_others(api: ApiClient) -> None:
    make_user("taken")
    body = {"username": "TAKEN", "email": "Taken@Example.org"}
    assert_invalid(
        api.call("POST", ADDRESS, body),
        ("username", "username_taken"),
        ("email", "email_taken"),
        ("password", "required"),
    )


@pytest.mark.parametrize("password", ["  pass  word  ", "пароль-мой-длинный", "🐎" * 8, "x" * 127 + "é"])
def test_takes_any_characters_in_a_password_and_keeps_spaces(api: ApiClient, password: str) -> None:
    assert api.call("POST", ADDRESS, {**GOOD, "password": password}).status_code == 201
    login = {"username": "alice", "password": password}
    assert api.call("POST", "/v1/users/login/", login).status_code == 200
    assert api.call("POST", "/v1/users/login/", {**login, "password": password.strip() + "x"}).status_code in {400, 401}


def test_names_and_addresses_are_unique_without_case(api: ApiClient) -> None:
    make_user("alice")
    body = {**GOOD, "username": "ALICE", "email": "ALICE@EXAMPLE.ORG"}
    assert_invalid(api.call("POST", ADDRESS, body), ("username", "username_taken"), ("email", "email_taken"))
    assert User.objects.count() == 1


def test_is_refused_when_the_operator_closed_it(api: ApiClient, settings: LazySettings) -> None:
    settings.REGISTRATION_OPEN = False
    assert_problem(api.call("POST", ADDRESS, GOOD), 403, "registration_closed")
    assert User.objects.count() == 0


def test_takes_a_form_as_well(api: ApiClient) -> None:
    assert api.form("POST", ADDRESS, GOOD).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_of_many_sign_ups_with_one_name_at_once_one_wins() -> None:
    def sign_up(number: int) -> int:
        name = "".join(c.upper() if number >> i & 1 else c for i, c in enumerate("alice"))
        body = {**GOOD, "username": name, "email": f"{number}@example.org"}
        status: int = ApiClient().call("POST", ADDRESS, body).status_code
        return status

    answers = at_once(12, sign_up)
    assert sorted(answers) == [201] + [400] * 11
    assert (User.objects.count(), AccountStats.objects.count()) == (1, 1)


def test_the_rules_are_asked_once(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Among them are a list of 20,000 passwords and two look-ups in the database."""
    asked = []
    real = rules.registration_problems

    def ask(**fields: str) -> list[FieldProblem]:
        asked.append(fields)
        return real(**fields)

    monkeypatch.setattr(rules, "registration_problems", ask)
    assert api.call("POST", ADDRESS, GOOD).status_code == 201
    assert asked == [GOOD]
