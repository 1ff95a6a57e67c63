"""Operators make, change, deactivate and delete accounts, and end sessions."""

from io import BytesIO
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.admin.models import LogEntry

from minitwitter.accounts.models import Session, User
from minitwitter.actions import accounts
from minitwitter.media.models import Image
from tests.admin.client import AdminClient, form_errors, messages, text_of
from tests.client import ApiClient
from tests.factories import PASSWORD, follow, jpeg, make_admin, make_tweet, make_user
from tests.working import run_tasks

USERS = "/admin/accounts/user/"
pytestmark = pytest.mark.django_db


def _page(user: User, name: str = "change") -> str:
    return f"{USERS}{user.pk}/{name}/"


def _row(user: User) -> dict[str, Any]:
    """Everything in the account's row."""
    return dict(User.objects.filter(pk=user.pk).values().get())


# --- Making ---


def test_makes_an_account_although_registration_is_closed(admin: AdminClient, settings: LazySettings) -> None:
    settings.REGISTRATION_OPEN = False
    response = admin.send(f"{USERS}add/", username="Alice", email="Alice@example.org", password=" pass phrase ")
    assert messages(response) == ["The user “Alice” was added successfully."]
    alice = User.objects.get(username="Alice")
    assert (alice.email, alice.is_active, alice.is_staff, alice.is_superuser) == (
        "Alice@example.org",
        True,
        False,
        False,
    )
    assert alice.stats.followers_count == 0
    assert ApiClient(alice, password=" pass phrase ").access
    entry = LogEntry.objects.get()
    assert (entry.object_id, entry.object_repr, entry.is_addition()) == (str(alice.pk), "Alice", True)


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"username": "BOB"}, {"username"}),
        ({"email": "BOB@example.org"}, {"email"}),
        ({"username": "admin"}, {"username"}),
        ({"username": " alice"}, {"username"}),
        ({"username": ""}, {"username"}),
        ({"username": "a" * 31, "email": "none", "password": "short"}, {"username", "email", "password"}),
        ({"username": "al\0ice"}, {"username"}),
        ({"password": "alice@example.org"}, {"password"}),
    ],
)
def test_a_refused_account_is_not_made(changes: dict[str, str], fields: set[str], admin: AdminClient) -> None:
    make_user("bob")
    given = {"username": "alice", "email": "alice@example.org", "password": PASSWORD} | changes
    response = admin.send(f"{USERS}add/", **given)
    assert set(form_errors(response)) == fields
    assert User.objects.count() == 2
    assert not LogEntry.objects.exists()


# --- Changing ---


def test_changes_a_profile(admin: AdminClient) -> None:
    alice = make_user("alice")
    before = _row(alice)
    response = admin.send(_page(alice), display_name="Alice A.", bio="Line\r\nline", website="https://example.org")
    assert messages(response) == ["The user “alice” was changed successfully."]
    assert _row(alice) == before | {
        "display_name": "Alice A.",
        "bio": "Line\nline",
        "website": "https://example.org",
    }


def test_saving_without_a_change_changes_nothing(admin: AdminClient) -> None:
    alice = make_user("alice")
    accounts.update_profile(user=alice, fields={"bio": "\nOne\n\nTwo ", "display_name": "A"})
    phone = ApiClient(alice)
    before = _row(alice)
    assert admin.send(_page(alice)).redirect_chain
    assert _row(alice) == before
    assert phone.call("GET", "/v1/users/me/").status_code == 200


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"website": "javascript:alert(1)"}, "website"),
        ({"display_name": "x" * 51}, "display_name"),
        ({"display_name": "\u202eevil"}, "display_name"),
        ({"bio": "x" * 501}, "bio"),
        ({"bio": "nul\0"}, "bio"),
        ({"role": "emperor"}, "role"),
    ],
)
def test_a_refused_change_changes_nothing(changes: dict[str, str], field: str, admin: AdminClient) -> None:
    alice = make_user("alice")
    before = _row(alice)
    response = admin.send(_page(alice), **{"location": "Here", "is_active": None} | changes)
    assert set(form_errors(response)) == {field}
    assert "Here" in response.content.decode()  # What was typed is not lost.
    assert _row(alice) == before
    assert not LogEntry.objects.exists()


def test_fields_that_are_not_on_the_page_are_not_applied(admin: AdminClient) -> None:
    alice = make_user("alice")
    before = _row(alice)
    fields = {
        "role": "member",
        "is_active": "on",
        "is_staff": "on",
        "is_superuser": "on",
        "username": "x",
        "password": "x",
    }
    response = admin.post(_page(alice), fields | {"email": "x@example.org", "id": 1})
    assert response.status_code == 302
    assert _row(alice) == before


def test_gives_and_takes_a_role(admin: AdminClient) -> None:
    alice = make_user("alice")
    for role, expected in (("moderator", (True, False)), ("administrator", (True, True)), ("member", (False, False))):
        assert admin.send(_page(alice), role=role).redirect_chain
        alice.refresh_from_db()
        assert (alice.is_staff, alice.is_superuser) == expected


def test_deactivates_and_reactivates_on_the_page(admin: AdminClient, api: ApiClient) -> None:
    alice = make_user("alice")
    tweet_id = make_tweet(alice, image=jpeg())
    phone = ApiClient(alice)
    image = api.call("GET", f"/v1/tweets/{tweet_id}/").json()["image"]

    assert admin.send(_page(alice), is_active=None).redirect_chain
    assert phone.call("GET", "/v1/users/me/").status_code == 401
    assert api.call("GET", f"/v1/tweets/{tweet_id}/").status_code == 404
    assert api.media(image)[0] == 404

    assert admin.send(_page(alice), is_active="on").redirect_chain
    assert api.call("GET", f"/v1/tweets/{tweet_id}/").status_code == 200
    assert api.media(image)[0] == 200


def test_deactivates_and_reactivates_from_the_list(admin: AdminClient, api: ApiClient) -> None:
    alice, bob = make_user("alice"), make_user("bob")
    phone = ApiClient(alice)
    assert messages(admin.act("users", "deactivate", alice.pk, bob.pk)) == ["Deactivated 2 users."]
    assert phone.call("GET", "/v1/users/me/").status_code == 401
    assert api.call("GET", "/v1/users/alice/").status_code == 404
    assert messages(admin.act("users", "reactivate", alice.pk)) == ["Reactivated 1 user."]
    assert api.call("GET", "/v1/users/alice/").status_code == 200
    assert api.call("GET", "/v1/users/bob/").status_code == 404
    assert [entry.change_message for entry in LogEntry.objects.order_by("id")] == [
        "Deactivated.",
        "Deactivated.",
        "Reactivated.",
    ]


def test_signs_accounts_out_everywhere(admin: AdminClient) -> None:
    alice, bob = ApiClient(make_user("alice")), ApiClient(make_user("bob"))
    assert messages(admin.act("users", "end_sessions", alice.me.pk)) == ["Signed out 1 user."]
    assert alice.call("GET", "/v1/users/me/").status_code == 401
    assert bob.call("GET", "/v1/users/me/").status_code == 200


def test_removes_an_avatar(admin: AdminClient, api: ApiClient) -> None:
    alice = make_user("alice")
    accounts.change_avatar(user=alice, file=BytesIO(jpeg()))
    address = api.call("GET", "/v1/users/alice/").json()["avatar_url"]
    assert address.removeprefix("http://testserver") in admin.open(_page(alice))
    assert messages(admin.act("users", "remove_avatar", alice.pk)) == ["Removed the avatars of 1 user."]
    assert api.call("GET", "/v1/users/alice/").json()["avatar_url"] is None
    assert api.media(address)[0] == 404


# --- Passwords ---


def test_sets_a_password_which_ends_all_sessions(admin: AdminClient) -> None:
    alice = make_user("alice")
    phone, window = ApiClient(alice), AdminClient(alice)
    new = {"new_password": "another good one", "new_password_again": "another good one"}
    response = admin.send(_page(alice, "password"), **new)
    assert messages(response) == ["alice has the new password and was signed out everywhere."]
    assert phone.call("GET", "/v1/users/me/").status_code == 401
    assert window.get("/admin/").status_code == 302
    assert ApiClient(alice, password="another good one").access
    assert "another good one" not in "".join(LogEntry.objects.values_list("change_message", flat=True))


def test_setting_ones_own_password_keeps_this_window(admin: AdminClient, operator: User) -> None:
    new = {"new_password": "another good one", "new_password_again": "another good one"}
    admin.send(_page(operator, "password"), **new)
    assert admin.get("/admin/").status_code == 200


@pytest.mark.parametrize(
    ("new", "again", "field"),
    [
        ("short", "short", "new_password"),
        ("the name alice", "the name alice", "new_password"),
        ("another good one", "another good two", "new_password_again"),
        ("", "", "new_password"),
    ],
)
def test_a_refused_password_changes_nothing(new: str, again: str, field: str, admin: AdminClient) -> None:
    alice = make_user("alice")
    phone = ApiClient(alice)
    response = admin.send(_page(alice, "password"), new_password=new, new_password_again=again)
    assert field in form_errors(response)
    assert phone.call("GET", "/v1/users/me/").status_code == 200
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


# --- Deleting ---


def test_deletes_an_account(admin: AdminClient, api: ApiClient) -> None:
    alice, bob = make_user("alice"), make_user("bob")
    follow(bob, alice)
    tweet_id = make_tweet(alice, image=jpeg())
    image = api.call("GET", f"/v1/tweets/{tweet_id}/").json()["image"]
    phone = ApiClient(alice)

    question = text_of(admin.open(_page(alice, "delete")))
    assert "Tweets: 1" in question
    assert "Follows: 1" in question
    response = admin.post(_page(alice, "delete"), {"post": "yes"}, follow=True)
    assert messages(response) == ["The user “alice” was deleted successfully."]

    row = _row(alice)
    assert (row["email"], row["is_active"], row["username"]) == (None, False, "alice")
    assert row["deleted_at"] is not None
    assert phone.call("GET", "/v1/users/me/").status_code == 401
    assert api.call("GET", "/v1/users/alice/").status_code == 404
    assert api.call("GET", f"/v1/tweets/{tweet_id}/").status_code == 404
    assert api.media(image)[0] == 404


def test_deletes_several_accounts_after_asking(admin: AdminClient) -> None:
    alice, bob, carol = make_user("alice"), make_user("bob"), make_user("carol")
    page = admin.act("users", "delete_selected", alice.pk, bob.pk)
    assert "Are you sure you want to delete the selected users?" in text_of(page.content.decode())
    assert not User.objects.exclude(deleted_at=None).exists()
    response = admin.act("users", "delete_selected", alice.pk, bob.pk, post="yes")
    assert messages(response) == ["Deleted 2 users."]
    assert set(User.objects.exclude(deleted_at=None)) == {alice, bob}
    assert _row(carol)["is_active"]


def test_asking_costs_the_same_whatever_hangs_on_the_account(
    admin: AdminClient, django_assert_num_queries: Any
) -> None:
    alice = make_user("alice")
    for number in range(20):
        make_tweet(alice, f"Tweet {number}")
    admin.open(_page(alice, "delete"))  # From here on Django knows its content types.
    # The log-in, the operator, the account, its counters.
    with django_assert_num_queries(4):
        admin.open(_page(alice, "delete"))


def test_a_deleted_account_is_shown_as_such_and_cannot_be_changed(admin: AdminClient) -> None:
    alice = make_user("alice")
    accounts.delete_account(user=alice)
    before = _row(alice)
    html = admin.open(_page(alice))
    assert "deleted" in text_of(html)
    assert 'name="display_name"' not in html
    assert 'name="_save"' not in html
    assert "Set a password" not in html
    for path in (_page(alice), _page(alice, "password"), _page(alice, "delete")):
        assert admin.post(path, {"post": "yes", "display_name": "x"}).status_code == 403
    for action in ("deactivate", "reactivate", "end_sessions", "remove_avatar", "delete_selected"):
        response = admin.act("users", action, alice.pk, post="yes")
        assert "deleted" in messages(response)[0]
    assert _row(alice) == before


# --- Oneself, and other operators ---


def test_an_administrator_cannot_lock_themselves_out(admin: AdminClient, operator: User) -> None:
    before = _row(operator)
    assert set(form_errors(admin.send(_page(operator), role="member"))) == {"role"}
    assert set(form_errors(admin.send(_page(operator), is_active=None))) == {"is_active"}
    own = "another administrator can"
    for response in (
        admin.get(_page(operator, "delete"), follow=True),
        admin.post(_page(operator, "delete"), {"post": "yes"}, follow=True),
        admin.act("users", "deactivate", operator.pk),
        admin.act("users", "delete_selected", operator.pk),
        admin.act("users", "delete_selected", operator.pk, post="yes"),
    ):
        assert own in messages(response)[0]
    assert _row(operator) == before
    assert not LogEntry.objects.exists()


def test_what_is_allowed_of_a_selection_is_done_and_the_rest_is_told(admin: AdminClient, operator: User) -> None:
    alice = make_user("alice")
    response = admin.act("users", "deactivate", alice.pk, operator.pk)
    assert messages(response) == [
        "“operator”: This is your own account; another administrator can deactivate it.",
        "Deactivated 1 user.",
    ]
    assert (_row(alice)["is_active"], _row(operator)["is_active"]) == (False, True)


def test_an_administrator_demotes_another(admin: AdminClient) -> None:
    other = make_admin("other")
    window = AdminClient(other)
    assert admin.send(_page(other), role="member").redirect_chain
    assert window.get("/admin/").status_code == 302


def test_a_moderator_looks_after_members(moderator: AdminClient) -> None:
    alice = make_user("alice")
    assert moderator.send(_page(alice), display_name="", bio="(removed)").redirect_chain
    assert messages(moderator.act("users", "deactivate", alice.pk)) == ["Deactivated 1 user."]
    assert (_row(alice)["bio"], _row(alice)["is_active"]) == ("(removed)", False)


def test_a_moderator_gives_no_roles(moderator: AdminClient) -> None:
    alice, maud = make_user("alice"), User.objects.get(username="maud")
    assert 'name="role"' not in moderator.open(_page(alice))
    assert moderator.post(_page(alice), {"role": "administrator", "is_active": "on"}).status_code == 302
    assert moderator.post(_page(maud), {"role": "administrator", "is_active": "on"}).status_code == 403
    assert not User.objects.filter(is_superuser=True).exists()


def test_a_moderator_does_not_touch_operators(moderator: AdminClient, operator: User) -> None:
    before = _row(operator)
    assert 'name="display_name"' not in moderator.open(_page(operator))
    assert moderator.post(_page(operator), {"display_name": "x"}).status_code == 403
    for action in ("deactivate", "end_sessions", "remove_avatar"):
        assert messages(moderator.act("users", action, operator.pk)) == [
            "“operator”: Only an administrator can change an operator's account."
        ]
    ApiClient(operator)
    session = Session.objects.get()
    assert "Only an administrator" in messages(moderator.act("sessions", "end", session.pk))[0]
    session.refresh_from_db()
    assert session.ended_at is None
    assert _row(operator) == before


# --- Sessions ---


def test_ends_a_session(admin: AdminClient) -> None:
    alice = make_user("alice")
    phone, laptop = ApiClient(alice), ApiClient(alice)
    first = Session.objects.order_by("id")[0]
    assert messages(admin.act("sessions", "end", first.pk)) == ["Ended 1 session."]
    assert {phone.call("GET", "/v1/users/me/").status_code, laptop.call("GET", "/v1/users/me/").status_code} == {
        200,
        401,
    }
    assert "It is over already." in messages(admin.act("sessions", "end", first.pk))[0]


def test_a_session_is_never_changed_or_deleted(admin: AdminClient) -> None:
    ApiClient(make_user("alice"))
    session = Session.objects.get()
    page = f"/admin/accounts/session/{session.pk}/"
    assert session.refresh_id not in admin.open(f"{page}change/")
    assert admin.post(f"{page}change/", {"device": "x"}).status_code == 403
    assert admin.post(f"{page}delete/", {"post": "yes"}).status_code == 403
    assert Session.objects.filter(pk=session.pk, device="tests").exists()


def test_nothing_is_left_of_the_images_of_a_deleted_account(admin: AdminClient) -> None:
    alice = make_user("alice")
    make_tweet(alice, image=jpeg())
    admin.post(_page(alice, "delete"), {"post": "yes"})
    run_tasks()
    assert not Image.objects.exists()
    assert "alice" in admin.open(USERS)
