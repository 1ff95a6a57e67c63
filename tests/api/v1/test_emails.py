"""What is done by mail: a forgotten password, confirming and changing an address."""

from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from minitwitter.accounts.models import Mail, User
from minitwitter.actions import accounts, sweeping
from minitwitter.audit.models import AuditEntry
from minitwitter.core.models import Task
from minitwitter.core.tasks import enqueue
from tests.client import ApiClient, assert_invalid, assert_problem
from tests.factories import PASSWORD, make_user
from tests.mailing import BASE, configure_mail, sent, sent_token, token_in
from tests.working import Clock, run_tasks

LOGIN, REGISTER, ME = "/v1/users/login/", "/v1/users/register/", "/v1/users/me/"
FORGOT, RESET = "/v1/users/password-reset/", "/v1/users/password-reset/confirm/"
CHANGE, CONFIRM = "/v1/users/me/email/", "/v1/users/email/confirm/"
NEW_PASSWORD = "staple of a better horse"
NEW_ADDRESS = "alice@new.example.org"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _mail(settings: LazySettings, request: pytest.FixtureRequest) -> None:
    """Mails are sent, but not yet while the accounts of fixtures are made."""
    for name in {"alice", "bob"} & set(request.fixturenames):
        request.getfixturevalue(name)
    configure_mail(settings)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def forget(api: ApiClient, email: str = "alice@example.org") -> None:
    """Ask for a new password."""
    response = api.call("POST", FORGOT, {"email": email})
    assert (response.status_code, response.content) == (202, b"")


def reset(api: ApiClient, token: str, password: str = NEW_PASSWORD) -> Any:
    return api.call("POST", RESET, {"token": token, "new_password": password})


def change(client: ApiClient, email: str = NEW_ADDRESS) -> None:
    """Ask for another address."""
    response = client.call("POST", CHANGE, {"email": email, "current_password": PASSWORD})
    assert (response.status_code, response.content) == (202, b"")


def confirm(api: ApiClient, token: str) -> Any:
    return api.call("POST", CONFIRM, {"token": token})


def log_in(api: ApiClient, password: str) -> int:
    status: int = api.call("POST", LOGIN, {"username": "alice", "password": password}).status_code
    return status


# A forgotten password -------------------------------------------------------------------------------------------------


def test_a_forgotten_password_is_replaced_and_every_session_ends(alice: ApiClient, api: ApiClient) -> None:
    forget(api, "ALICE@example.org")
    (message,) = sent()
    assert (message.to, message.subject) == (["alice@example.org"], "Choose a new password for tweets.example.org")
    token = token_in(message)
    assert f"{BASE}/reset/#{token}" in message.body
    assert f'href="{BASE}/reset/#{token}"' in message.alternatives[0].content

    response = reset(api, token)
    assert (response.status_code, response.content) == (204, b"")
    assert [log_in(api, PASSWORD), log_in(api, NEW_PASSWORD)] == [401, 200]
    assert alice.get(ME).status_code == 401
    assert api.call("POST", "/v1/users/refresh/", {"refresh": alice.refresh}).status_code == 401
    assert alice.me.email_verified
    assert AuditEntry.objects.filter(event="account.password_reset", subject_id=alice.me.pk).count() == 1


def test_a_token_is_good_once(alice: ApiClient, api: ApiClient) -> None:
    forget(api)
    token = sent_token()
    assert reset(api, token).status_code == 204
    assert_invalid(reset(api, token, "a third good password"), ("token", "wrong_token"))
    assert log_in(api, NEW_PASSWORD) == 200


def test_a_token_is_good_for_an_hour(alice: ApiClient, api: ApiClient, clock: Clock) -> None:
    forget(api)
    token = sent_token()
    clock.advance(minutes=60)
    assert_invalid(reset(api, token), ("token", "wrong_token"))
    assert log_in(api, PASSWORD) == 200
    clock.advance(seconds=-1)
    assert reset(api, token).status_code == 204


def test_a_newer_mail_replaces_the_older(alice: ApiClient, api: ApiClient) -> None:
    forget(api)
    first = sent_token()
    forget(api)
    second = sent_token()
    assert_invalid(reset(api, first), ("token", "wrong_token"))
    assert reset(api, second).status_code == 204


def test_mails_that_wait_for_their_server_are_replaced_too(alice: ApiClient, api: ApiClient) -> None:
    forget(api)
    forget(api)
    assert reset(api, sent_token()).status_code == 204


@pytest.mark.parametrize("token", ["", "x", "a" * 32, "\ud83d", "Ä", "x" * 100_000])
def test_a_wrong_token_is_refused_and_changes_nothing(alice: ApiClient, api: ApiClient, token: str) -> None:
    forget(api)
    right = sent_token()
    for path, fields in ((RESET, {"new_password": NEW_PASSWORD}), (CONFIRM, {})):
        body = {**fields, "token": token.encode("utf-16", "surrogatepass").decode("utf-16", "replace")}
        assert_invalid(api.call("POST", path, body), ("token", "wrong_token"))
    assert log_in(api, PASSWORD) == 200
    assert reset(api, right).status_code == 204


def test_a_token_may_be_pasted_with_space_and_capitals(alice: ApiClient, api: ApiClient) -> None:
    forget(api)
    assert reset(api, f" {sent_token().upper()}\n").status_code == 204


@pytest.mark.parametrize(
    ("password", "code"),
    [("short", "min_length"), ("password123", "password_too_common"), ("i-am-alice!", "password_too_similar")],
)
def test_a_bad_password_does_not_spend_the_token(alice: ApiClient, api: ApiClient, password: str, code: str) -> None:
    forget(api)
    token = sent_token()
    assert_invalid(reset(api, token, password), ("new_password", code))
    assert log_in(api, PASSWORD) == 200
    assert reset(api, token).status_code == 204


def test_all_that_is_wrong_is_told_at_once(api: ApiClient) -> None:
    assert_invalid(reset(api, "nonsense", "short"), ("token", "wrong_token"), ("new_password", "min_length"))


def test_a_stranger_learns_nothing_about_an_address(alice: ApiClient, api: ApiClient) -> None:
    accounts.deactivate(user=make_user("carol"))
    run_tasks()
    answers, queries = [], []
    for email in ("alice@example.org", "nobody@example.org", "carol@example.org"):
        with CaptureQueriesContext(connection) as captured:
            response = api.call("POST", FORGOT, {"email": email})
        answers.append((response.status_code, response.content, sorted(response.headers)))
        queries.append([query["sql"].partition(" ")[0] for query in captured.captured_queries])
    assert answers == [answers[0]] * 3
    assert queries == [["SELECT", "INSERT"]] * 3


def test_nobody_else_gets_a_mail(alice: ApiClient, api: ApiClient, settings: LazySettings) -> None:
    settings.MAIL_SERVER = None
    accounts.deactivate(user=make_user("carol"))
    configure_mail(settings)
    for email in ("nobody@example.org", "carol@example.org"):
        forget(api, email)
    assert sent() == []
    assert not Mail.objects.exists()


@pytest.mark.parametrize("email", ["", "nobody", "a@example.org\r\nBcc: b@example.org", "a\x00@example.org"])
def test_what_is_no_address_is_refused(api: ApiClient, email: str) -> None:
    code = "invalid" if email else "blank"
    assert_invalid(api.call("POST", FORGOT, {"email": email}), ("email", code))
    assert not Task.objects.exists()


def test_the_token_of_a_mail_is_in_no_table_and_no_log(
    alice: ApiClient, api: ApiClient, capfd: pytest.CaptureFixture[str], settings: LazySettings
) -> None:
    settings.ACCESS_LOG = True
    forget(api)
    token = sent_token()
    assert reset(api, token).status_code == 204
    assert reset(api, token).status_code == 400
    stored = [str(list(model.objects.values_list())) for model in (Mail, Task, AuditEntry, User)]
    assert token not in "".join(stored)
    assert token not in "".join(capfd.readouterr())


def test_the_queue_names_nobody(alice: ApiClient, api: ApiClient) -> None:
    forget(api)
    forget(api, "nobody@example.org")
    change(alice)
    run_tasks()
    rows = str(list(Task.objects.values_list()))
    assert "example.org" not in rows
    assert Task.objects.count() == 4


@pytest.mark.parametrize("what", ["password", "admin", "address", "deactivated", "deleted", "row", "row's address"])
def test_the_token_dies_with_whatever_else_changes_the_account(alice: ApiClient, api: ApiClient, what: str) -> None:
    forget(api)
    token = sent_token()
    user = alice.me
    if what == "password":
        fields = {"current_password": PASSWORD, "new_password": "another good password"}
        assert alice.call("POST", f"{ME}password/", fields).status_code == 204
    elif what == "admin":
        accounts.set_password(user=user, new_password="another good password")
    elif what == "address":
        change(alice)
        assert confirm(api, sent_token()).status_code == 204
    elif what == "deleted":
        assert alice.call("DELETE", ME, {"password": PASSWORD}).status_code == 204
    elif what == "deactivated":
        accounts.deactivate(user=user)
        accounts.reactivate(user=user)
    elif what == "row":
        User.objects.filter(pk=user.pk).update(is_active=False)
    else:
        User.objects.filter(pk=user.pk).update(email=NEW_ADDRESS)
    password = alice.me.password

    assert_invalid(reset(api, token), ("token", "wrong_token"))
    assert alice.me.password == password
    assert Mail.objects.filter(kind="reset").exists() == what.startswith("row")


def test_links_lead_to_the_address_that_the_operator_chose(
    alice: ApiClient, api: ApiClient, settings: LazySettings
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Origin": "https://evil.example"}
    assert api.call("POST", FORGOT, {"email": "alice@example.org"}, **headers).status_code == 202
    (message,) = sent()
    assert f"{BASE}/reset/#" in message.body
    assert "evil" not in str(message.message())


def test_a_token_does_not_do_what_another_is_for(alice: ApiClient, api: ApiClient) -> None:
    forget(api)
    forgotten = sent_token()
    change(alice)
    changing = sent_token()
    assert_invalid(confirm(api, forgotten), ("token", "wrong_token"))
    assert_invalid(reset(api, changing), ("token", "wrong_token"))
    assert (log_in(api, PASSWORD), alice.me.email) == (200, "alice@example.org")


def test_without_a_mail_server_nothing_begins(alice: ApiClient, api: ApiClient, settings: LazySettings) -> None:
    settings.MAIL_SERVER = None
    for email in ("alice@example.org", "nobody@example.org"):
        assert_problem(api.call("POST", FORGOT, {"email": email}), 409, "email_not_configured")
    body = {"email": NEW_ADDRESS, "current_password": PASSWORD}
    assert_problem(alice.call("POST", CHANGE, body), 409, "email_not_configured")
    assert not Task.objects.exists()


# A new account --------------------------------------------------------------------------------------------------------


def register(api: ApiClient) -> dict[str, Any]:
    body = {"username": "alice", "email": "Alice@example.org", "password": PASSWORD}
    response = api.call("POST", REGISTER, body)
    assert response.status_code == 201
    account: dict[str, Any] = response.json()
    return account


def test_a_new_account_is_asked_to_confirm_its_address_and_waits_for_nothing(api: ApiClient) -> None:
    assert register(api)["email_verified"] is False
    (message,) = sent()
    assert (message.to, message.subject) == (["Alice@example.org"], "Confirm your address for tweets.example.org")
    token = token_in(message)
    assert f"{BASE}/confirm/#{token}" in message.body
    alice = ApiClient(User.objects.get())
    assert alice.tweet("Unconfirmed")["text"] == "Unconfirmed"

    assert confirm(api, token).status_code == 204
    assert alice.get(ME).json()["email_verified"] is True
    assert_invalid(confirm(api, token), ("token", "wrong_token"))


def test_an_address_may_be_confirmed_for_three_days(api: ApiClient, clock: Clock) -> None:
    register(api)
    token = sent_token()
    clock.advance(days=3)
    assert_invalid(confirm(api, token), ("token", "wrong_token"))
    clock.advance(seconds=-1)
    assert confirm(api, token).status_code == 204


def test_another_mail_to_confirm_the_present_address(api: ApiClient) -> None:
    register(api)
    first = sent_token()
    alice = ApiClient(User.objects.get())
    change(alice, "Alice@example.org")
    second = sent_token()
    assert_invalid(confirm(api, first), ("token", "wrong_token"))
    assert confirm(api, second).status_code == 204
    assert (alice.me.email, alice.me.email_verified) == ("Alice@example.org", True)
    assert sent() == []  # Nothing was changed that an old address would be told.


def test_without_a_mail_server_an_account_is_made_all_the_same(api: ApiClient, settings: LazySettings) -> None:
    settings.MAIL_SERVER = None
    register(api)
    assert not Task.objects.exists()
    assert not Mail.objects.exists()


# Another address ------------------------------------------------------------------------------------------------------


def test_a_new_address_counts_once_it_is_confirmed_and_the_old_one_is_told(alice: ApiClient, api: ApiClient) -> None:
    change(alice)
    (message,) = sent()
    assert (message.to, message.subject) == ([NEW_ADDRESS], "Confirm your new address for tweets.example.org")
    assert alice.get(ME).json()["email"] == "alice@example.org"

    assert confirm(api, token_in(message)).status_code == 204
    body = alice.get(ME).json()  # The session goes on.
    assert (body["email"], body["email_verified"]) == (NEW_ADDRESS, True)
    (notice,) = sent()
    assert (notice.to, notice.subject) == (["alice@example.org"], "Your address for tweets.example.org was changed")
    assert NEW_ADDRESS not in notice.body
    assert AuditEntry.objects.filter(event="account.email_changed", subject_id=alice.me.pk).count() == 1
    assert not Mail.objects.exists()


def test_the_case_of_an_address_may_be_changed(alice: ApiClient, api: ApiClient) -> None:
    change(alice, "Alice@Example.org")
    assert confirm(api, sent_token()).status_code == 204
    assert alice.me.email == "Alice@Example.org"


def test_a_wrong_password_or_address_changes_nothing(alice: ApiClient) -> None:
    body = {"email": NEW_ADDRESS, "current_password": "wrong password"}
    assert_invalid(alice.call("POST", CHANGE, body), ("current_password", "wrong_password"))
    body = {"email": "a@example.org\nBcc: b@example.org", "current_password": "wrong password"}
    assert_invalid(alice.call("POST", CHANGE, body), ("email", "invalid"), ("current_password", "wrong_password"))
    assert_problem(ApiClient().call("POST", CHANGE, body), 401, "not_authenticated")
    assert sent() == []


def test_who_asks_for_a_taken_address_learns_nothing_and_its_owner_is_told(alice: ApiClient, bob: ApiClient) -> None:
    queries = []
    for email in ("free@example.org", "BOB@example.org"):
        with CaptureQueriesContext(connection) as captured:
            change(alice, email)
        queries.append(len(captured))
        run_tasks()
    assert queries == [queries[0]] * 2
    free, taken = sent()
    assert token_in(free)
    assert (taken.to, taken.subject) == (["BOB@example.org"], "You already have an account on tweets.example.org")
    assert "alice" not in taken.body
    assert not Mail.objects.exists()  # The first was replaced, the second is sent.
    assert (alice.me.email, bob.me.email) == ("alice@example.org", "bob@example.org")


def test_an_address_that_was_taken_meanwhile_is_refused(alice: ApiClient, api: ApiClient) -> None:
    change(alice)
    token = sent_token()
    make_user("bob", email=NEW_ADDRESS.upper())
    assert_invalid(confirm(api, token), ("token", "email_taken"))
    assert alice.me.email == "alice@example.org"


def test_a_pending_change_dies_with_the_password(alice: ApiClient, api: ApiClient) -> None:
    change(alice)
    token = sent_token()
    fields = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert alice.call("POST", f"{ME}password/", fields).status_code == 204
    assert_invalid(confirm(api, token), ("token", "wrong_token"))
    assert alice.me.email == "alice@example.org"


@pytest.mark.parametrize("how", ["owner", "mail", "operator"])
def test_a_new_password_is_told_to_its_owner(alice: ApiClient, api: ApiClient, how: str) -> None:
    if how == "owner":
        fields = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
        assert alice.call("POST", f"{ME}password/", fields).status_code == 204
    elif how == "mail":
        forget(api)
        assert reset(api, sent_token()).status_code == 204
    else:
        accounts.set_password(user=alice.me, new_password=NEW_PASSWORD)
    (notice,) = sent()
    assert (notice.to, notice.subject) == (
        ["alice@example.org"],
        "Your password for tweets.example.org was changed",
    )
    assert NEW_PASSWORD not in notice.body
    assert not Mail.objects.exists()


def test_an_account_that_is_deleted_is_written_to_no_more(alice: ApiClient) -> None:
    change(alice)
    assert alice.call("DELETE", ME, {"password": PASSWORD}).status_code == 204
    assert not Mail.objects.exists()
    assert sent() == []


# Clearing up ----------------------------------------------------------------------------------------------------------


def test_expired_tokens_are_removed_and_good_ones_are_not(alice: ApiClient, api: ApiClient, clock: Clock) -> None:
    forget(api)
    change(alice)
    assert len(sent()) == 2
    clock.advance(hours=25)
    list(sweeping.forget_mails())
    assert list(Mail.objects.values_list("kind", flat=True)) == ["change"]
    clock.advance(days=2)
    list(sweeping.forget_mails())
    assert not Mail.objects.exists()


@pytest.mark.parametrize(
    ("asked", "subject"),
    [
        ("pt-BR", "Escolha uma nova senha para tweets.example.org"),
        ("pt", "Escolha uma nova senha para tweets.example.org"),
        ("de;q=0.9, pt-BR;q=0.5, en;q=0.1", "Escolha uma nova senha para tweets.example.org"),
        ("en, pt-BR;q=0.5", "Choose a new password for tweets.example.org"),
        ("tlh", "Choose a new password for tweets.example.org"),
        ("", "Choose a new password for tweets.example.org"),
        ("pt-BR;q=x,,;;\x7f", "Choose a new password for tweets.example.org"),
    ],
)
def test_a_mail_speaks_the_language_that_was_asked_for(
    alice: ApiClient, api: ApiClient, asked: str, subject: str
) -> None:
    assert api.call("POST", FORGOT, {"email": "alice@example.org"}, **{"Accept-Language": asked}).status_code == 202
    (message,) = sent()
    assert message.subject == subject
    # Nothing but mails is translated.
    refused = api.call("POST", RESET, {"token": "x", "new_password": ""}, **{"Accept-Language": asked})
    assert refused.json()["title"] == "Bad Request"


def test_every_mail_that_a_change_leads_to_speaks_that_language(alice: ApiClient, api: ApiClient) -> None:
    portuguese = {"Accept-Language": "pt-BR"}
    alice.call("POST", CHANGE, {"email": NEW_ADDRESS, "current_password": PASSWORD}, **portuguese)
    (message,) = sent()
    assert message.subject == "Confirme seu novo endereço em tweets.example.org"
    api.call("POST", CONFIRM, {"token": token_in(message)}, **portuguese)
    (message,) = sent()
    assert (message.to, message.subject) == (["alice@example.org"], "Seu endereço em tweets.example.org foi mudado")
    body = {"username": "carla", "email": "carla@example.org", "password": PASSWORD}
    assert api.call("POST", "/v1/users/register/", body, **portuguese).status_code == 201
    (message,) = sent()
    assert message.subject == "Confirme seu endereço em tweets.example.org"


def test_a_reset_that_was_asked_for_before_the_upgrade_is_sent(alice: ApiClient) -> None:
    enqueue("begin_password_reset", user_id=alice.me.pk)
    (message,) = sent()
    assert message.subject == "Choose a new password for tweets.example.org"
