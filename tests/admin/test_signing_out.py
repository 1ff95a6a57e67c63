"""What ends log-ins to the admin, beside its own button."""

from collections.abc import Callable

import pytest
from django.conf import LazySettings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from minitwitter.accounts.credentials import check_credentials
from minitwitter.accounts.models import Session, User
from minitwitter.actions import accounts, emails, sessions
from tests.admin.client import BACKEND, AdminClient
from tests.client import ApiClient
from tests.factories import PASSWORD, make_admin, make_user
from tests.mailing import configure_mail, sent, sent_token
from tests.web.client import WebClient

pytestmark = pytest.mark.django_db

NEW = "another good one"
COOKIE = "minitwitter_session"


def _log_in(login: str, password: str = PASSWORD) -> AdminClient:
    """A browser in which somebody logged in by the admin's own form."""
    window = AdminClient()
    response = window.post("/admin/login/?next=/admin/", {"username": login, "password": password})
    assert (response.status_code, response["Location"]) == (302, "/admin/")
    return window


def _is_in(window: Client) -> bool:
    """Whether the next request of the window is answered; if not, it must lead to the log-in."""
    response = window.get("/admin/")
    if response.status_code == 200:
        return True
    assert (response.status_code, response["Location"]) == (302, "/admin/login/?next=/admin/")
    return False


def _reset_password(user: User) -> None:
    sent()  # Those that confirm addresses.
    emails.ask_for_password_reset(email=user.email or "")
    emails.reset_password(token=sent_token(), new_password=NEW)


def _deactivate_and_bring_back(user: User) -> None:
    accounts.deactivate(user=user)
    accounts.reactivate(user=user)


ENDINGS: dict[str, Callable[[User], object]] = {
    "the API's logout-all": lambda user: ApiClient(user).call("POST", "/v1/users/logout-all/"),
    "the web client's button": lambda user: WebClient(user).send("/settings/devices", "/settings/devices/all"),
    "another administrator": lambda user: _log_in("chief").act("users", "end_sessions", user.pk),
    "the command line": lambda user: sessions.log_out_everywhere(user=user),
    "a new password, by the API": lambda user: ApiClient(user).call(
        "POST", "/v1/users/me/password/", {"current_password": PASSWORD, "new_password": NEW}
    ),
    "a new password, by mail": _reset_password,
    "a new password, from an administrator": lambda user: accounts.set_password(user=user, new_password=NEW),
    "a deactivation that was undone": _deactivate_and_bring_back,
    "deletion": lambda user: accounts.delete_account(user=user),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_log_in_of_the_account_and_no_other_ends_with(
    ending: str, operator: User, settings: LazySettings
) -> None:
    configure_mail(settings)
    make_admin("chief")
    computer, laptop, chief = _log_in("operator"), _log_in("operator@example.org"), _log_in("chief")
    assert [_is_in(window) for window in (computer, laptop, chief)] == [True, True, True]
    ENDINGS[ending](operator)
    assert [_is_in(window) for window in (computer, laptop, chief)] == [False, False, True]


def test_who_was_signed_out_logs_in_again_and_can_be_signed_out_again(operator: User) -> None:
    for _ in range(2):
        window = _log_in("operator")
        assert _is_in(window)
        sessions.log_out_everywhere(user=operator)
        assert not _is_in(window)


def test_an_administrator_who_signs_themself_out_everywhere_is_out_here_as_well(operator: User) -> None:
    window, member = _log_in("operator"), ApiClient(make_user("alice"))
    response = window.act("users", "end_sessions", operator.pk)
    assert [path for path, _ in response.redirect_chain] == [
        "/admin/accounts/user/",
        "/admin/login/?next=/admin/accounts/user/",
    ]
    assert not _is_in(window)
    assert member.call("GET", "/v1/users/me/").status_code == 200


def test_a_log_in_whose_password_was_being_checked_meanwhile_is_over_at_once(
    operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check_slowly(*, login: str, password: str) -> User | None:
        found = check_credentials(login=login, password=password)
        sessions.log_out_everywhere(user=operator)
        return found

    monkeypatch.setattr("minitwitter.accounts.backends.check_credentials", check_slowly)
    assert not _is_in(_log_in("operator"))


def test_ending_one_session_leaves_log_ins_to_the_admin_alone(operator: User) -> None:
    window, phone = _log_in("operator"), ApiClient(operator)
    assert phone.call("POST", "/v1/users/logout/").status_code == 204
    assert _is_in(window)


def test_log_ins_outlive_a_new_secret_key_while_the_old_one_is_a_fallback_and_end_all_the_same(
    operator: User, settings: LazySettings
) -> None:
    sessions.log_out_everywhere(user=operator)  # So that there is something to bind log-ins to.
    window, idle = _log_in("operator"), _log_in("operator")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another " * 8, [settings.SECRET_KEY]
    assert _is_in(window)
    sessions.log_out_everywhere(user=operator)
    assert [_is_in(each) for each in (window, idle)] == [False, False]


def test_without_its_secret_key_a_log_in_is_worth_nothing(operator: User, settings: LazySettings) -> None:
    window = _log_in("operator")
    settings.SECRET_KEY = "another " * 8
    assert not _is_in(window)


def test_log_ins_from_before_the_server_kept_when_accounts_signed_out_stay_good(operator: User) -> None:
    window = AdminClient()
    window.force_login(operator, backend=BACKEND)
    session = window.session
    session["_auth_user_hash"] = AbstractBaseUser.get_session_auth_hash(operator)
    session.save()
    assert _is_in(window)
    sessions.log_out_everywhere(user=operator)
    assert not _is_in(window)


# --- The web client in the same browser ---


def _sign_in_to_both(user: User) -> WebClient:
    browser = WebClient(user)
    browser.force_login(user, backend=BACKEND)
    assert browser.is_signed_in()
    assert browser.get("/admin/").status_code == 200
    return browser


@pytest.mark.parametrize("by", ["the menu", "the list of devices"])
def test_logging_out_of_the_web_client_leaves_no_log_in_to_the_admin_in_this_browser(by: str, operator: User) -> None:
    elsewhere, browser, thief = _log_in("operator"), _sign_in_to_both(operator), AdminClient()
    thief.cookies[COOKIE] = browser.cookies[COOKIE].value
    assert _is_in(thief)
    if by == "the menu":
        answer = browser.press("/", "/logout")
    else:
        answer = browser.send("/settings/devices", f"/settings/devices/{Session.objects.get().pk}")
    assert (answer.status_code, answer["Location"], answer.cookies[COOKIE].value) == (303, "/", "")
    assert not browser.is_signed_in()
    assert [_is_in(window) for window in (browser, thief, elsewhere)] == [False, False, True]


def test_logging_out_of_the_admin_leaves_the_web_client_signed_in(operator: User) -> None:
    browser = _sign_in_to_both(operator)
    token = browser.get("/admin/").context["csrf_token"]
    assert browser.post("/admin/logout/", {"csrfmiddlewaretoken": str(token)}).status_code == 200
    assert browser.get("/admin/").status_code == 302
    assert browser.is_signed_in()


def test_a_browser_that_never_was_in_the_admin_pays_nothing_for_it_when_it_logs_out(operator: User) -> None:
    browser = WebClient(operator)
    with CaptureQueriesContext(connection) as queries:
        browser.press("/", "/logout")
    assert not [query for query in queries if "django_session" in query["sql"]]
