"""Logging in and out in a browser, and everything that ends a session."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings

from minitwitter.accounts.models import Session, User
from minitwitter.actions import accounts, sessions
from minitwitter.core import ids
from minitwitter.web.visitors import LOG_IN_COOKIE
from tests.client import ApiClient
from tests.factories import PASSWORD
from tests.web.client import WebClient, form_of, html_of, text_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("login", ["ana", "ANA", "ana@example.org", " ana "])
def test_a_member_logs_in_by_name_or_address_and_is_led_home(ana: User, login: str) -> None:
    browser = WebClient()
    answer = browser.send("/login", login=login, password=PASSWORD)
    assert (answer.status_code, answer["Location"]) == (303, "/")
    assert "ana" in browser.open("/")
    assert Session.objects.get().device.startswith("Mozilla/5.0")


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(ana: User, settings: LazySettings) -> None:
    for secure in (False, True):
        settings.SESSION_COOKIE_SECURE = secure
        answer = WebClient().send("/login", login="ana", password=PASSWORD)
        cookie = answer.cookies[LOG_IN_COOKIE]
        assert (cookie["httponly"], cookie["samesite"], bool(cookie["secure"])) == (True, "Lax", secure)
        assert cookie["max-age"] == 30 * 24 * 3600
        assert cookie["path"] == "/"


def test_the_database_does_not_hold_what_the_cookie_says(ana: User) -> None:
    browser = WebClient(ana)
    secret = browser.cookies[LOG_IN_COOKIE].value.partition(".")[2]
    row = Session.objects.values().get()
    assert secret not in str(row)
    assert len(row["refresh_id"]) == 32


@pytest.mark.parametrize(
    ("login", "password"), [("ana", "wrong"), ("nobody", PASSWORD), ("", ""), ("ana", "x" * 200), ("a\0", PASSWORD)]
)
def test_a_wrong_log_in_is_told_and_starts_nothing(ana: User, login: str, password: str) -> None:
    browser = WebClient()
    answer = browser.send("/login", login=login, password=password)
    assert answer.status_code in {400, 401}
    assert password not in html_of(answer) or not password
    assert 'role="alert"' in html_of(answer) or 'aria-invalid="true"' in html_of(answer)
    assert LOG_IN_COOKIE not in answer.cookies
    assert not Session.objects.exists()


def test_what_was_typed_as_a_name_stands_there_again_and_is_harmless(ana: User) -> None:
    answer = WebClient().send("/login", login='"><script>alert(1)</script>', password="x")
    assert "<script>alert" not in html_of(answer)
    assert form_of(html_of(answer)).fields["login"] == '"><script>alert(1)</script>'


@pytest.mark.parametrize("path", ["/compose", "/settings", "/settings/devices", "/@ana/1/edit", "/@ana/1/delete"])
def test_a_page_for_members_leads_to_the_log_in_and_back(ana: User, path: str) -> None:
    browser = WebClient()
    answer: Any = browser.get(path)
    assert answer.status_code == 303
    answer = browser.send(answer["Location"], login="ana", password=PASSWORD)
    assert (answer.status_code, answer["Location"]) == (303, path)


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "///evil.example",
        "javascript:alert(1)",
        "http:///evil.example",
        "evil",
        "/\t/evil.example",
        " //evil.example",
        "",
    ],
)
def test_no_address_leads_to_another_site_after_logging_in(ana: User, wanted: str) -> None:
    browser = WebClient()
    page = browser.open("/login", next=wanted)
    answer = browser.submit(form_of(page), login="ana", password=PASSWORD, next=wanted)
    assert answer["Location"] == "/"
    assert browser.get("/login", {"next": wanted})["Location"] == "/"


@pytest.mark.parametrize("wanted", ["/@ben", "/@ben/12?max_id=3", "/settings/devices", "/?x=//evil.example"])
def test_an_own_path_is_gone_to_after_logging_in(ana: User, wanted: str) -> None:
    browser = WebClient()
    answer = browser.submit(form_of(browser.open("/login", next=wanted)), login="ana", password=PASSWORD)
    assert answer["Location"] == wanted


def test_logging_out_ends_the_session_and_clears_what_the_browser_kept(browser: WebClient) -> None:
    answer = browser.press("/", "/logout")
    assert (answer.status_code, answer["Location"]) == (303, "/")
    assert answer["Clear-Site-Data"] == '"cache"'
    assert answer.cookies[LOG_IN_COOKIE].value == ""
    assert not Session.objects.filter(ended_at=None).exists()
    assert "You are signed out." in text_of(browser.open("/"))


def test_a_cookie_that_was_copied_is_worth_nothing_after_logging_out(ana: User, browser: WebClient) -> None:
    thief = WebClient()
    thief.cookies[LOG_IN_COOKIE] = browser.cookies[LOG_IN_COOKIE].value
    assert thief.is_signed_in()
    browser.press("/", "/logout")
    assert not thief.is_signed_in()


ENDINGS: dict[str, Callable[[User], object]] = {
    "logging out everywhere from the API": lambda user: ApiClient(user).call("POST", "/v1/users/logout-all/"),
    "a new password": lambda user: accounts.set_password(user=user, new_password="another horse staple"),
    "deactivation": lambda user: accounts.deactivate(user=user),
    "deletion": lambda user: accounts.delete_account(user=user),
    "the operator's list of sessions": lambda user: sessions.end_all_sessions(user_id=user.pk),
    "time": lambda _: Session.objects.update(expires_at=ids.now()),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_very_next_click_is_refused_after(ana: User, browser: WebClient, ending: str) -> None:
    assert browser.is_signed_in()
    ENDINGS[ending](ana)
    assert not browser.is_signed_in()
    assert browser.get("/settings")["Location"] == "/login?next=%2Fsettings"


@pytest.mark.parametrize(
    "value", ["", "x", "1", "1.", "0.{s}", "{i}", "{i}.", "{i}.{s}x", "{i}.x", "9" * 16 + ".{s}", "{i}.{s}\0"]
)
def test_no_other_cookie_is_a_session(ana: User, value: str) -> None:
    session, secret = WebClient(ana).cookies[LOG_IN_COOKIE].value.split(".")
    stranger = WebClient()
    # As a header: newer Pythons write no cookie that has control characters.
    stranger.defaults["HTTP_COOKIE"] = f"{LOG_IN_COOKIE}={value.format(i=session, s=secret)}"
    assert not stranger.is_signed_in()


def test_the_session_of_an_api_client_makes_no_cookie(ana: User) -> None:
    ApiClient(ana)
    session = Session.objects.get()
    stranger = WebClient()
    stranger.cookies[LOG_IN_COOKIE] = f"{session.pk}.{(session.refresh_id * 2)[:43]}"
    assert not stranger.is_signed_in()


def test_the_cookie_is_no_token_of_the_api(browser: WebClient) -> None:
    assert browser.get("/v1/users/me/").status_code == 401
    assert browser.post("/v1/tweets/", {"text": "x"}, content_type="application/json").status_code == 401


def test_a_browser_that_is_used_stays_signed_in(browser: WebClient) -> None:
    session = Session.objects.get()
    assert LOG_IN_COOKIE not in browser.get("/").cookies
    yesterday = ids.now() - timedelta(days=1, minutes=1)
    Session.objects.update(refreshed_at=yesterday, expires_at=ids.now() + timedelta(days=1))
    renewed: Any = browser.get("/")
    assert renewed.cookies[LOG_IN_COOKIE].value == f"{session.pk}.{browser.cookies[LOG_IN_COOKIE].value.split('.')[1]}"
    assert Session.objects.get().expires_at > ids.now() + timedelta(days=29)
    assert LOG_IN_COOKIE not in browser.get("/").cookies


def test_a_form_without_its_token_is_refused_and_changes_nothing(ana: User, browser: WebClient) -> None:
    browser.open("/")
    for path, data in {
        "/compose": {"text": "forged"},
        "/logout": {},
        "/@ana/follow": {"following": "1"},
        "/settings": {"display_name": "Forged"},
        "/settings/password": {"current_password": PASSWORD, "new_password": "forged horse staple"},
        "/settings/delete": {"password": PASSWORD},
        "/settings/devices/all": {},
        "/preferences": {"theme": "dark"},
        "/login": {"login": "ana", "password": PASSWORD},
    }.items():
        for extra in ({}, {"csrfmiddlewaretoken": "x" * 64}):
            answer: Any = browser.post(path, data | extra)
            assert answer.status_code == 403
            assert "This page was open for too long" in text_of(html_of(answer))
    ana.refresh_from_db()
    assert (ana.display_name, ana.is_active, ana.tweets.count()) == ("", True, 0)
    assert browser.is_signed_in()


def test_a_form_from_another_site_is_refused_though_it_has_the_token(browser: WebClient) -> None:
    form = form_of(browser.open("/compose"), "/compose")
    data = {**form.fields, "text": "forged"}
    answer: Any = browser.post("/compose", data, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403


def test_what_was_being_written_when_the_session_ended_is_not_lost(ana: User, browser: WebClient) -> None:
    form = form_of(browser.open("/compose"), "/compose")
    sessions.log_out_everywhere(user=ana)
    answer = browser.submit(form, text="Two lines\r\nof a tweet & more")
    assert answer.status_code == 303
    answer = browser.send(answer["Location"], login="ana", password=PASSWORD)
    assert form_of(browser.open(answer["Location"]), "/compose").fields["text"] == "Two lines\r\nof a tweet & more"


def test_a_like_after_the_session_ended_leads_to_the_log_in_and_back_to_the_page(ana: User, browser: WebClient) -> None:
    sessions.log_out_everywhere(user=ana)
    token = form_of(browser.open("/login")).fields["csrfmiddlewaretoken"]
    answer: Any = browser.post(
        "/@ana/12/like", {"csrfmiddlewaretoken": token}, headers={"Referer": "http://testserver/public?max_id=7"}
    )
    assert answer["Location"] == "/login?next=%2Fpublic%3Fmax_id%3D7"
    assert browser.fragment("POST", "/@ana/12/like")["HX-Redirect"].startswith("/login")
