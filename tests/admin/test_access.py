"""Who gets in, and how."""

from collections.abc import Callable

import pytest

from minitwitter.accounts.models import User
from minitwitter.actions import accounts
from tests.admin.client import BACKEND, SECTIONS, AdminClient, form_errors, messages, text_of
from tests.client import ApiClient
from tests.factories import PASSWORD, follow, jpeg, make_tweet, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def row_of(admin: AdminClient) -> dict[str, int]:
    """The id of a row for each section."""
    from minitwitter.accounts.models import Session
    from minitwitter.core.models import Task
    from minitwitter.core.tasks import enqueue
    from minitwitter.media.models import Image
    from minitwitter.relationships.models import Follow

    alice, bob = make_user("alice"), make_user("bob")
    ApiClient(alice)  # Has a session.
    follow(alice, bob)
    enqueue("purge_tweet", tweet_id=1)
    return {
        "users": alice.pk,
        "tweets": make_tweet(alice, "Hello", image=jpeg()),
        "sessions": Session.objects.get().pk,
        "follows": Follow.objects.get().pk,
        "images": Image.objects.get().pk,
        "tasks": Task.objects.get().pk,
    }


@pytest.mark.parametrize("section", SECTIONS)
def test_every_page_opens(section: str, admin: AdminClient, row_of: dict[str, int]) -> None:
    home, row = SECTIONS[section], row_of[section]
    assert str(row) in admin.open(home)
    assert admin.open(f"{home}{row}/change/")
    assert admin.open(f"{home}{row}/history/")
    assert admin.get(f"{home}add/").status_code == (200 if section in {"users", "follows"} else 403)
    assert admin.get(f"{home}{row}/delete/").status_code == (200 if section in {"users", "follows", "tweets"} else 403)


@pytest.mark.parametrize("section", SECTIONS)
def test_a_row_that_is_not_there_is_a_message(section: str, admin: AdminClient) -> None:
    for row in ("1", "no-number", "9" * 40, "%00"):
        response = admin.get(f"{SECTIONS[section]}{row}/change/", follow=True)
        assert response.redirect_chain == [("/admin/", 302)]
        assert "doesn’t exist" in messages(response)[0]


def test_the_first_page_names_the_product_and_leads_to_every_list(admin: AdminClient) -> None:
    html = admin.open("/admin/")
    assert "Mini Twitter" in html
    assert all(f'href="{home}"' in html for home in SECTIONS.values())


@pytest.mark.parametrize(
    "path", ["/admin/", *SECTIONS.values(), "/admin/accounts/user/add/", "/admin/password_change/"]
)
def test_strangers_and_members_are_sent_to_the_log_in(path: str, db: None) -> None:
    for client in (AdminClient(), AdminClient(make_user("alice"))):
        response = client.get(path)
        assert (response.status_code, response["Location"]) == (302, f"/admin/login/?next={path}")
        assert client.post(path).status_code == 302


@pytest.mark.parametrize("login", ["operator", "OPERATOR", "operator@example.org", "Operator@Example.org"])
def test_logs_in_with_username_or_address(login: str, operator: User) -> None:
    response = AdminClient().post("/admin/login/?next=/admin/", {"username": login, "password": PASSWORD}, follow=True)
    assert response.redirect_chain == [("/admin/", 302)]
    assert response.context["user"] == operator


def test_the_log_in_takes_addresses_longer_than_a_username() -> None:
    html = AdminClient().open("/admin/login/")
    assert 'maxlength="254"' in html
    assert "Username or email address" in html


@pytest.mark.parametrize(
    ("login", "password"),
    [("operator", "wrong password"), ("nobody", PASSWORD), ("alice", PASSWORD), ("operator\0", PASSWORD)],
)
def test_a_refused_log_in_says_so(login: str, password: str, operator: User) -> None:
    make_user("alice")  # A member, who has no business here.
    response = AdminClient().post("/admin/login/", {"username": login, "password": password})
    assert response.status_code == 200
    assert form_errors(response)


@pytest.mark.parametrize(
    "end", [accounts.deactivate, lambda user: accounts.set_role(user=user, is_staff=False, is_superuser=False)]
)
def test_a_deactivated_or_demoted_operator_is_out_at_once(
    end: Callable[..., None], operator: User, admin: AdminClient
) -> None:
    assert admin.get("/admin/").status_code == 200
    end(user=operator)
    assert admin.get("/admin/").status_code == 302


def test_a_new_password_ends_log_ins_to_the_admin(operator: User, admin: AdminClient) -> None:
    accounts.set_password(user=operator, new_password="another good one")
    assert admin.get("/admin/").status_code == 302


def test_an_operator_changes_their_own_password_and_stays(operator: User, admin: AdminClient) -> None:
    phone, other_window = ApiClient(operator), AdminClient()
    other_window.force_login(operator, backend=BACKEND)
    response = admin.send(
        "/admin/password_change/",
        current_password=PASSWORD,
        new_password="another good one",
        new_password_again="another good one",
    )
    assert response.redirect_chain == [("/admin/password_change/done/", 302)]
    assert admin.get("/admin/").status_code == 200
    assert other_window.get("/admin/").status_code == 302
    assert phone.call("GET", "/v1/users/me/").status_code == 401
    operator.refresh_from_db()
    assert operator.check_password("another good one")


@pytest.mark.parametrize(
    ("current", "new", "again", "field"),
    [
        ("wrong password", "another good one", "another good one", "current_password"),
        (PASSWORD, "short", "short", "new_password"),
        (PASSWORD, "password123", "password123", "new_password"),
        (PASSWORD, "another good one", "something else", "new_password_again"),
        (PASSWORD, "nul\0nul\0nul", "nul\0nul\0nul", "new_password"),
    ],
)
def test_a_refused_change_of_password_changes_nothing(
    current: str, new: str, again: str, field: str, operator: User, admin: AdminClient
) -> None:
    response = admin.send(
        "/admin/password_change/", current_password=current, new_password=new, new_password_again=again
    )
    assert field in form_errors(response)
    operator.refresh_from_db()
    assert operator.check_password(PASSWORD)


def test_a_moderator_sees_everything_and_makes_nothing(moderator: AdminClient, row_of: dict[str, int]) -> None:
    for section, home in SECTIONS.items():
        assert moderator.open(home)
        assert moderator.open(f"{home}{row_of[section]}/change/")
        assert moderator.get(f"{home}add/").status_code == 403
    assert moderator.get(f"/admin/accounts/user/{row_of['users']}/delete/").status_code == 403
    assert moderator.get(f"/admin/accounts/user/{row_of['users']}/password/").status_code == 403
    assert moderator.act("users", "delete_selected", row_of["users"], post="yes").status_code == 200
    assert User.objects.get(pk=row_of["users"]).deleted_at is None


def test_no_page_shows_a_password_hash(admin: AdminClient, row_of: dict[str, int]) -> None:
    for path in ("", f"{row_of['users']}/change/", f"{row_of['users']}/password/"):
        assert "argon2" not in text_of(admin.open(f"/admin/accounts/user/{path}"))
