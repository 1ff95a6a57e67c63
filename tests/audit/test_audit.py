"""The audit log: what is written, by whom, and that nobody can change it."""

from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, transaction

from minitwitter.accounts.models import Session, User
from minitwitter.actions import accounts, tweets
from minitwitter.audit.models import AuditEntry, Event
from tests.admin.client import AdminClient
from tests.client import ApiClient
from tests.factories import PASSWORD, make_admin, make_tweet, make_user

pytestmark = pytest.mark.django_db

LOGIN = "/v1/users/login/"


def _new_entries(since: int = 0) -> list[tuple[str, int | None, int | None, int | None]]:
    rows = AuditEntry.objects.filter(pk__gt=since).order_by("pk")
    return list(rows.values_list("event", "subject_id", "operator_id", "object_id"))


def _last() -> int:
    return AuditEntry.objects.order_by("pk").values_list("pk", flat=True).last() or 0


def test_an_account_and_its_sessions_leave_their_trace(api: ApiClient) -> None:
    body = {"username": "alice", "email": "alice@example.org", "password": PASSWORD}
    api.call("POST", "/v1/users/register/", body)
    user = User.objects.get()
    pair = api.call("POST", LOGIN, {"username": "alice", "password": PASSWORD}).json()
    session = Session.objects.get().pk
    api.call("POST", LOGIN, {"username": "alice", "password": "wrong password"})
    api.call("POST", LOGIN, {"username": "nobody", "password": "wrong password"})
    api.call("POST", "/v1/users/refresh/", {"refresh": pair["refresh"]})
    api.call("POST", "/v1/users/refresh/", {"refresh": pair["refresh"]})
    assert _new_entries() == [
        (Event.ACCOUNT_MADE, user.pk, None, None),
        (Event.LOGGED_IN, user.pk, None, session),
        (Event.LOGIN_FAILED, user.pk, None, None),
        (Event.LOGIN_FAILED, None, None, None),
        (Event.TOKEN_REUSED, user.pk, None, session),
    ]


def test_an_entry_tells_the_request_and_where_it_came_from(api: ApiClient) -> None:
    api.call("POST", LOGIN, {"username": "nobody", "password": "wrong password"}, **{"X-Request-Id": "mine"})
    entry = AuditEntry.objects.get()
    assert (entry.request_id, entry.address) == ("mine", "127.0.0.1")


def test_no_name_mail_address_password_or_token_is_written(alice: ApiClient) -> None:
    alice.call("POST", LOGIN, {"email": "alice@example.org", "password": "a-secret-thing"})
    alice.call("POST", "/v1/users/me/password/", {"current_password": PASSWORD, "new_password": "a-secret-thing"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM audit_auditentry")
        written = repr(cursor.fetchall())
    assert len(AuditEntry.objects.all()) >= 3
    for secret in ("alice", "example.org", "a-secret-thing", alice.access, alice.refresh):
        assert secret not in written


ACTIONS: dict[str, tuple[Callable[[ApiClient], object], Event]] = {
    "log out": (lambda client: client.call("POST", "/v1/users/logout/"), Event.LOGGED_OUT),
    "log out everywhere": (lambda client: client.call("POST", "/v1/users/logout-all/"), Event.LOGGED_OUT_EVERYWHERE),
    "deactivate": (lambda client: accounts.deactivate(user=client.me), Event.ACCOUNT_DEACTIVATED),
    "reactivate": (lambda client: accounts.reactivate(user=client.me), Event.ACCOUNT_REACTIVATED),
    "delete": (lambda client: accounts.delete_account(user=client.me), Event.ACCOUNT_DELETED),
    "password": (
        lambda client: accounts.set_password(user=client.me, new_password="another password"),
        Event.PASSWORD_CHANGED,
    ),
    "role": (lambda client: accounts.set_role(user=client.me, is_staff=True, is_superuser=False), Event.ROLE_CHANGED),
}


@pytest.mark.parametrize("name", ACTIONS)
def test_each_action_is_recorded_once(alice: ApiClient, name: str) -> None:
    user, before = alice.me, _last()
    action, event = ACTIONS[name]
    action(alice)
    assert [(entry, subject) for entry, subject, _, _ in _new_entries(before)] == [(event, user.pk)]


def test_what_an_operator_does_in_the_admin_is_recorded_as_theirs() -> None:
    operator, member = make_admin(), make_user("member")
    tweet = make_tweet(member)
    client = AdminClient()
    client.post("/admin/login/", {"username": "operator", "password": PASSWORD})
    assert _new_entries()[-1] == (Event.LOGGED_IN, operator.pk, None, None)

    client.post(f"/admin/tweets/tweet/{tweet}/delete/", {"post": "yes"})
    assert _new_entries()[-1] == (Event.TWEET_REMOVED, member.pk, operator.pk, tweet)
    client.post("/admin/accounts/user/", {"action": "deactivate", "_selected_action": [member.pk]})
    assert _new_entries()[-1] == (Event.ACCOUNT_DEACTIVATED, member.pk, operator.pk, None)

    # The next request of this thread is nobody's.
    ApiClient().call("POST", LOGIN, {"username": "member", "password": PASSWORD})
    assert _new_entries()[-1] == (Event.LOGIN_FAILED, member.pk, None, None)


def test_an_author_who_edits_is_no_moderator() -> None:
    author = make_user("author")
    tweet = make_tweet(author)
    before = _last()
    tweets.edit_tweet(tweet_id=tweet, text="New", editor=author)
    tweets.delete_tweet(tweet_id=tweet, editor=author)
    assert _new_entries(before) == []


def test_an_action_that_fails_leaves_no_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_user("alice")
    before = _last()

    def fail(**_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("minitwitter.actions.accounts.end_all_sessions", fail)
    with pytest.raises(RuntimeError):
        accounts.deactivate(user=user)
    assert _new_entries(before) == []


def test_entries_cannot_be_changed() -> None:
    make_user("alice")
    entry = AuditEntry.objects.get()
    with pytest.raises(TypeError, match="only added to"):
        AuditEntry.objects.update(subject_id=1)
    with pytest.raises(TypeError, match="only added to"):
        AuditEntry.objects.all().delete()
    with pytest.raises(DatabaseError, match="only added to"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE audit_auditentry SET subject_id = 1")
    assert AuditEntry.objects.get().subject_id == entry.subject_id


def test_only_administrators_read_it() -> None:
    make_admin()
    moderator = make_user("helper")
    accounts.set_role(user=moderator, is_staff=True, is_superuser=False)
    answers = []
    for name in ("operator", "helper"):
        client = AdminClient()
        client.post("/admin/login/", {"username": name, "password": PASSWORD})
        answers.append(client.get("/admin/audit/auditentry/").status_code)
    assert answers == [200, 403]
