"""Logging in and out in a browser, and everything that ends a session."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from minitwitter.accounts.models import Session, User
from minitwitter.actions import accounts, sessions
from minitwitter.core import ids
from tests.client import ApiClient
from tests.factories import PASSWORD, jpeg, make_tweet
from tests.operating import call
from tests.web.client import SentForm, WebClient, form_of, html_of, text_of

pytestmark = pytest.mark.django_db

LOG_IN_COOKIE = "minitwitter_login"  # Where no https address is configured.


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
    # Home, which looks its session up together with the feed.
    assert 'action="/compose"' not in browser.open("/")


@pytest.mark.parametrize(
    "value", ["", "x", "1", "1.", "0.{s}", "{i}", "{i}.", "{i}.{s}x", "{i}.x", "9" * 16 + ".{s}", "{i}.{s}\0"]
)
def test_no_other_cookie_is_a_session(ana: User, value: str) -> None:
    session, secret = WebClient(ana).cookies[LOG_IN_COOKIE].value.split(".")
    stranger = WebClient()
    # As a header: newer Pythons write no cookie that has control characters.
    stranger.defaults["HTTP_COOKIE"] = f"{LOG_IN_COOKIE}={value.format(i=session, s=secret)}"
    assert not stranger.is_signed_in()
    assert 'action="/compose"' not in stranger.open("/")


def test_the_session_of_an_api_client_makes_no_cookie(ana: User) -> None:
    ApiClient(ana)
    session = Session.objects.get()
    stranger = WebClient()
    stranger.cookies[LOG_IN_COOKIE] = f"{session.pk}.{(session.refresh_id * 2)[:43]}"
    assert not stranger.is_signed_in()


def test_the_cookie_is_no_token_of_the_api(browser: WebClient) -> None:
    assert browser.get("/v1/users/me/").status_code == 401
    assert browser.post("/v1/tweets/", {"text": "x"}, content_type="application/json").status_code == 401


def test_home_names_a_wrong_part_of_the_feed_to_its_reader(ana: User, browser: WebClient) -> None:
    answer: Any = browser.get("/?max_id=x")
    assert answer.status_code == 400
    assert 'href="/@ana"' in html_of(answer)


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
        "/signup": {"username": "forged", "email": "forged@example.org", "password": PASSWORD},
    }.items():
        for extra in ({}, {"csrfmiddlewaretoken": "x" * 64}):
            answer: Any = browser.post(path, data | extra)
            assert answer.status_code == 403
            assert "This page was open for too long" in text_of(html_of(answer))
    ana.refresh_from_db()
    assert (ana.display_name, ana.is_active, ana.tweets.count()) == ("", True, 0)
    assert User.objects.count() == 1
    assert browser.is_signed_in()


def test_a_log_in_without_the_token_of_its_form_starts_nothing(ana: User) -> None:
    browser = WebClient()
    browser.open("/login")
    answer: Any = browser.post("/login", {"login": "ana", "password": PASSWORD})
    assert answer.status_code == 403
    assert LOG_IN_COOKIE not in answer.cookies
    assert not Session.objects.exists()


# --- Pages that are older than the log-in -----------------------------------------------------------------------------


@pytest.fixture
def tabs(ana: User) -> tuple[WebClient, Callable[[str], SentForm]]:
    """A browser in which ana logs in once more after it has opened a page, whose form is given."""
    browser = WebClient(ana)

    def open_before(path: str) -> SentForm:
        form = form_of(browser.open(path), path)
        del browser.cookies[LOG_IN_COOKIE]
        assert browser.send("/login", login="ana", password=PASSWORD).status_code == 303
        return form

    return browser, open_before


def test_logging_in_replaces_the_token_of_forms(ana: User) -> None:
    browser = WebClient()
    form = form_of(browser.open("/login"))
    before = browser.cookies["minitwitter_csrf"].value
    refused = browser.submit(form, login="ana", password="wrong")
    assert (refused.status_code, browser.cookies["minitwitter_csrf"].value) == (401, before)
    assert browser.submit(form, login="ana", password=PASSWORD).status_code == 303
    assert browser.cookies["minitwitter_csrf"].value != before


def test_a_tweet_from_a_page_older_than_the_log_in_is_not_lost(
    ana: User, tabs: tuple[WebClient, Callable[[str], SentForm]]
) -> None:
    browser, open_before = tabs
    form = open_before("/compose")
    text = "Two lines\r\nof <a> tweet & more"
    answer = browser.submit(form, text=text, image=jpeg(), image_alt="A tree")
    assert answer.status_code == 403
    assert not ana.tweets.exists()
    page = html_of(answer)
    assert "You have logged in since, or it is too old. Post it again. Add the picture again." in text_of(page)
    anew = form_of(page, "/compose")
    assert (anew.fields["text"], anew.fields["image_alt"]) == (text, "A tree")
    assert browser.submit(anew, image_alt="").status_code == 303
    assert ana.tweets.get().text == text.replace("\r\n", "\n")


@pytest.mark.parametrize("path", ["/@ana/{tweet}/edit", "/settings"])
def test_what_else_was_written_in_an_older_page_is_shown_to_copy(
    ana: User, tabs: tuple[WebClient, Callable[[str], SentForm]], path: str
) -> None:
    browser, open_before = tabs
    path = path.format(tweet=make_tweet(ana, "As it was"))
    form = open_before(path)
    written = {name: "Much <better> & longer" for name in ("text", "bio") if name in form.fields}
    data = form.fields | written
    answer: Any = browser.post(path, data, headers={"Referer": f"http://testserver{path}"})
    assert answer.status_code == 403
    page = html_of(answer)
    assert "You have logged in since, or it is too old. Open it anew and try again." in text_of(page)
    assert "readonly>\nMuch &lt;better&gt; &amp; longer</textarea>" in page
    assert f'<a class="button primary" href="{path}">Open the page anew</a>' in page
    ana.refresh_from_db()
    assert (ana.bio, ana.tweets.get().text) == ("", "As it was")


def test_a_second_tab_of_the_log_in_goes_on_when_the_first_was_faster(ana: User) -> None:
    browser = WebClient()
    form = form_of(browser.open("/login", next="/@ana"))
    assert browser.send("/login", login="ana", password=PASSWORD).status_code == 303
    answer = browser.submit(form, login="ana", password="typed in the other tab")
    assert (answer.status_code, answer["Location"]) == (303, "/@ana")
    assert Session.objects.count() == 1


def test_a_script_of_an_older_page_is_told_in_one_sentence(browser: WebClient) -> None:
    answer: Any = browser.post("/compose", {"text": "x"}, headers={"HX-Request": "true", "Accept": "*/*"})
    assert answer.status_code == 403
    assert html_of(answer).startswith('<p class="problem" data-trouble>This page was open for too long. You have')


# --- Cookies under https ----------------------------------------------------------------------------------------------


def test_under_https_a_neighbour_can_plant_no_cookie_of_a_session(tmp_path: Path) -> None:
    names = "settings.LOG_IN_COOKIE_NAME, settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME"
    question = f"from django.conf import settings; print({names}, settings.SESSION_COOKIE_SECURE)"
    plain = "minitwitter_login minitwitter_session minitwitter_csrf False\n"
    prefixed = "__Host-minitwitter_login __Host-minitwitter_session __Host-minitwitter_csrf True\n"
    for address, expected in {"": plain, "http://a.example": plain, "https://a.example": prefixed}.items():
        shown = call(tmp_path, "manage", "shell", "--no-imports", "-c", question, MINITWITTER_PUBLIC_URL=address)
        assert shown.stdout == expected, shown.stderr


def test_cookies_of_that_name_have_what_browsers_demand_and_no_other_is_taken(
    ana: User, settings: LazySettings
) -> None:
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.LOG_IN_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "__Host-minitwitter_login", "__Host-minitwitter_csrf"
    browser = WebClient()
    answer = browser.send("/login", login="ana", password=PASSWORD)
    for name in (settings.LOG_IN_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
        cookie = answer.cookies[name]
        # RFC 6265bis section 4.1.3.2.
        assert (bool(cookie["secure"]), cookie["path"], cookie["domain"], cookie["httponly"]) == (True, "/", "", True)
    assert browser.is_signed_in()
    stranger = WebClient()
    stranger.cookies[LOG_IN_COOKIE] = browser.cookies[settings.LOG_IN_COOKIE_NAME].value
    assert not stranger.is_signed_in()
    left = browser.press("/", "/logout").cookies[settings.LOG_IN_COOKIE_NAME]
    assert (left.value, bool(left["secure"]), left["path"]) == ("", True, "/")


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
