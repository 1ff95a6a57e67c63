"""The request limits hold for the web client's forms, and are counted together with the API's."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from minitwitter.accounts.models import Session, User
from minitwitter.core import limits
from minitwitter.option import Rate
from minitwitter.tweets.models import Tweet
from tests.client import ApiClient, assert_problem
from tests.factories import PASSWORD, jpeg
from tests.limiting import Clock, make_limiter
from tests.mailing import configure_mail, sent
from tests.web.client import WebClient, form_of, html_of

pytestmark = pytest.mark.django_db

RATES = {
    "account": Rate(4, 300),
    "address": Rate(6, 300),
    "refresh": Rate(100, 300),
    "upload": Rate(1, 1800),
    "sign-up": Rate(1, 3600),
    "log-in-address": Rate(3, 300),
    "log-in-account": Rate(2, 3600),
    "mail-address": Rate(100, 3600),
    "mail-account": Rate(3, 3600),
    "known-log-in": Rate(1, 86400),
}


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that stands still, and limits that it rules."""
    clock = Clock()
    limiter = make_limiter(tmp_path, clock, RATES)
    monkeypatch.setattr(limits, "current", lambda: limiter)
    return clock


def _refused(answer: Any) -> bool:
    if answer.status_code != 429:
        return False
    assert int(answer["Retry-After"]) > 0
    assert "That was a little fast" in html_of(answer) or "Try again in" in html_of(answer)
    return True


def test_posts_of_an_account_are_counted_with_its_requests_of_the_api(ana: User, clock: Clock) -> None:
    browser = WebClient(ana)
    api = ApiClient(ana)
    form = form_of(browser.open("/compose"), "/compose")
    for number in range(3):
        assert browser.submit(form, text=f"tweet {number}", key="").status_code == 303
    assert api.call("GET", "/v1/users/me/").status_code == 200
    assert _refused(browser.submit(form, text="one too many", key=""))
    assert_problem(api.call("GET", "/v1/users/me/"), 429, "rate_limited")
    assert Tweet.objects.count() == 3
    for _ in range(10):  # Reading pages is not counted.
        browser.open("/public")
    clock.now += 301
    assert browser.submit(form, text="again", key="").status_code == 303


def test_guessing_a_password_is_slowed_down_and_does_not_lock_out_who_is_known(ana: User, clock: Clock) -> None:
    browser = WebClient()
    form = form_of(browser.open("/login"))
    assert [browser.submit(form, login="ana", password="wrong").status_code for _ in range(2)] == [401, 401]
    assert _refused(browser.submit(form, login="ana", password=PASSWORD))
    assert not Session.objects.exists()
    elsewhere = WebClient()
    answer = elsewhere.post(
        "/login",
        {**form_of(elsewhere.open("/login")).fields, "login": "ana", "password": PASSWORD},
        REMOTE_ADDR="192.0.2.7",
    )
    assert _refused(answer)  # Strangers share one count for a name.


def test_sign_ups_of_an_address_are_counted_but_not_its_slips(visitor: WebClient, clock: Clock) -> None:
    form = form_of(visitor.open("/signup"))
    fields = {"email": "carla@example.org", "password": PASSWORD}
    assert visitor.submit(form, username="a b", **fields).status_code == 400
    assert visitor.submit(form, username="carla", **fields).status_code == 303
    visitor.cookies.clear()
    form = form_of(visitor.open("/signup"))
    assert _refused(visitor.submit(form, username="dora", email="dora@example.org", password=PASSWORD))
    assert not User.objects.filter(username="dora").exists()


def test_pictures_of_an_account_are_counted(ana: User, clock: Clock) -> None:
    browser = WebClient(ana)
    form = form_of(browser.open("/compose"), "/compose")
    assert browser.submit(form, text="", image=jpeg(), key="").status_code == 303
    assert _refused(browser.submit(form, text="", image=jpeg(), key=""))
    assert browser.submit(form, text="without one", key="").status_code == 303
    assert _refused(browser.send("/settings", "/settings/avatar", image=jpeg()))


def test_mails_to_an_address_are_counted_with_those_that_the_api_was_asked_for(
    ana: User, visitor: WebClient, clock: Clock, settings: LazySettings
) -> None:
    configure_mail(settings)
    form = form_of(visitor.open("/forgot"))
    assert [visitor.submit(form, email="ana@example.org").status_code for _ in range(2)] == [303, 303]
    assert ApiClient().call("POST", "/v1/users/password-reset/", {"email": "ANA@example.org"}).status_code == 202
    assert _refused(visitor.submit(form, email="ana@example.org"))
    assert len(sent()) == 1  # The newer replaced the older.


def test_who_guesses_a_password_is_slowed_down_before_it_counts_as_a_mail(
    ana: User, clock: Clock, settings: LazySettings
) -> None:
    configure_mail(settings)
    browser = WebClient(ana)
    form = form_of(browser.open("/settings/account"), "/settings/email")
    wrong = [browser.submit(form, email="new@example.org", current_password="wrong") for _ in range(2)]
    assert [answer.status_code for answer in wrong] == [400, 400]
    assert _refused(browser.submit(form, email="new@example.org", current_password=PASSWORD))
    counted = limits.count("mail-account", f"account {ana.pk}")
    assert counted is not None
    assert (counted.passed, counted.remaining) == (True, 0)  # The third; the refused attempt was none.
    assert sent() == []


def test_new_addresses_of_an_account_are_counted(
    ana: User, tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure_mail(settings)
    limiter = make_limiter(tmp_path, Clock(), RATES | {"log-in-account": Rate(100, 3600), "account": Rate(100, 300)})
    monkeypatch.setattr(limits, "current", lambda: limiter)
    browser = WebClient(ana)
    form = form_of(browser.open("/settings/account"), "/settings/email")
    for number in range(3):
        answer = browser.submit(form, email=f"new{number}@example.org", current_password=PASSWORD)
        assert answer.status_code == 303
    assert _refused(browser.submit(form, email="new3@example.org", current_password=PASSWORD))
    assert [mail.to for mail in sent()] == [["new2@example.org"]]  # The newest replaced the others.


def test_the_code_of_the_first_start_cannot_be_guessed(db: None, clock: Clock) -> None:
    browser = WebClient()
    form = form_of(browser.open("/setup"))
    fields = {"username": "carla", "email": "carla@example.org", "password": PASSWORD}
    assert [browser.submit(form, code="AAAAAAAAAA", **fields).status_code for _ in range(3)] == [400] * 3
    assert _refused(browser.submit(form, code="AAAAAAAAAA", **fields))


def test_a_script_is_told_in_one_sentence(ana: User, ben: User, clock: Clock) -> None:
    browser = WebClient(ana)
    answers = [browser.fragment("POST", "/@ben/follow", {"following": "1"}) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 4 + [429]
    assert "data-trouble" in html_of(answers[-1])
