"""Making accounts in a browser, settings, people and following."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from minitwitter import setup_code
from minitwitter.accounts.models import Session, User
from minitwitter.actions import accounts
from minitwitter.core import ids
from minitwitter.relationships.models import Follow
from minitwitter.web import first_run
from tests.client import ApiClient
from tests.factories import PASSWORD, follow, jpeg, make_admin, make_tweet, make_user
from tests.threads import at_once
from tests.web.client import WebClient, buttons_of, form_of, html_of, text_of

pytestmark = pytest.mark.django_db

NEW = {"username": "carla", "email": "carla@example.org", "password": PASSWORD}


# --- Signing up -------------------------------------------------------------------------------------------------------


def test_whoever_signs_up_is_signed_in_and_shown_people(visitor: WebClient) -> None:
    answer = visitor.send("/signup", **NEW)
    assert (answer.status_code, answer["Location"]) == (303, "/people")
    assert "Welcome!" in text_of(visitor.open("/people"))
    assert visitor.is_signed_in()
    user = User.objects.get(username="carla")
    assert (user.email, user.is_staff, user.is_superuser) == ("carla@example.org", False, False)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"username": "Somebody"}, "This name is taken."),
        ({"username": "admin"}, "This name is reserved."),
        ({"username": "an na"}, "Use only the letters A to Z"),
        ({"username": ""}, "Fill this in."),
        ({"email": "SOMEBODY@example.org"}, "There is an account with this address already."),
        ({"email": "x"}, "is incomplete"),
        ({"password": "short"}, "Use 8 to 128 characters."),
        ({"password": "x" * 129}, "Use 8 to 128 characters."),
        ({"password": "password1"}, "Many people use this password"),
        ({"password": "carla-1234"}, "too close to your name"),
    ],
)
def test_a_sign_up_that_breaks_a_rule_says_which(visitor: WebClient, changes: dict[str, str], told: str) -> None:
    answer = visitor.send("/signup", **{**NEW, **changes})
    assert answer.status_code == 400
    page = html_of(answer)
    assert told in text_of(page)
    fields = form_of(page).fields
    assert (fields["username"], fields["password"]) == ({**NEW, **changes}["username"].strip(), "")
    assert not User.objects.filter(username="carla").exists()


def test_nobody_signs_up_where_registration_is_closed(visitor: WebClient, settings: LazySettings) -> None:
    form = form_of(visitor.open("/signup"))
    settings.REGISTRATION_OPEN = False
    assert "/signup" not in visitor.open("/")
    assert visitor.get("/signup").status_code == 403
    answer = visitor.submit(form, **NEW)
    assert answer.status_code == 403
    assert "takes no new accounts" in html_of(answer)
    assert not User.objects.filter(username="carla").exists()


# --- The first administrator ------------------------------------------------------------------------------------------


@pytest.fixture
def code(settings: LazySettings) -> str:
    """The code that the server printed."""
    return setup_code.offer(settings.OPTIONS.data_dir)


def test_an_instance_without_accounts_leads_to_its_setting_up(db: None, code: str) -> None:
    for path in ("/", "/signup"):
        answer: Any = WebClient().get(path)
        assert (answer.status_code, answer["Location"]) == (303, "/setup")


@pytest.mark.parametrize("written", ["{0}", "{1}", " {1} ", "{2}"])
def test_the_printed_code_makes_the_first_administrator(db: None, code: str, written: str) -> None:
    typed = written.format(code, code.replace("-", ""), code.lower().replace("-", " "))
    browser = WebClient()
    answer = browser.send("/setup", **NEW, code=typed)
    assert (answer.status_code, answer["Location"]) == (303, "/compose")
    user = User.objects.get()
    assert (user.username, user.is_staff, user.is_superuser) == ("carla", True, True)
    assert browser.is_signed_in()
    assert 'href="/admin/"' in browser.open("/")


def test_the_code_in_the_printed_address_is_filled_in(db: None, code: str) -> None:
    assert form_of(WebClient().open("/setup", code=code)).fields["code"] == code


@pytest.mark.parametrize("wrong", ["", "AAAAA-AAAAA", "{}X", "0000000000"])
def test_another_code_makes_nobody(db: None, code: str, wrong: str) -> None:
    answer = WebClient().send("/setup", **NEW, code=wrong.format(code))
    assert answer.status_code == 400
    assert "This is not the code" in text_of(html_of(answer))
    assert not User.objects.exists()


def test_the_code_is_good_once_and_only_while_nobody_administers(db: None, code: str, settings: LazySettings) -> None:
    form = form_of(WebClient().open("/setup"))
    late = WebClient()
    late_form = form_of(late.open("/setup"))
    browser = WebClient()
    browser.send("/setup", **NEW, code=code)
    assert not setup_code.is_right(settings.OPTIONS.data_dir, code)
    setup_code.offer(settings.OPTIONS.data_dir)
    answer = late.submit(late_form, username="dora", email="dora@example.org", password=PASSWORD, code=code)
    assert answer.status_code == 404
    assert WebClient().get("/setup").status_code == 404
    assert User.objects.count() == 1
    assert form.action == "/setup"


def test_accounts_of_others_do_not_end_the_setting_up(db: None, code: str) -> None:
    browser = WebClient()
    form = form_of(browser.open("/setup"))
    api = ApiClient()
    first = {"username": "first", "email": "first@example.org", "password": PASSWORD}
    assert api.call("POST", "/v1/users/register/", first).status_code == 201
    for path in ("/", "/signup"):
        assert WebClient().get(path).status_code == 200
    assert "nobody administers it yet" in text_of(WebClient().open("/setup"))
    assert browser.submit(form, **NEW, code=code)["Location"] == "/compose"
    assert list(User.objects.filter(is_superuser=True).values_list("username", flat=True)) == ["carla"]
    assert WebClient().get("/setup").status_code == 404


def test_an_administrator_made_elsewhere_ends_the_setting_up(db: None, code: str) -> None:
    browser = WebClient()
    form = form_of(browser.open("/setup"))
    make_admin("operator")
    assert browser.submit(form, **NEW, code=code).status_code == 404
    assert WebClient().get("/setup").status_code == 404
    assert User.objects.get().username == "operator"


def test_a_moderator_is_no_administrator(ana: User, code: str) -> None:
    accounts.set_role(user=ana, is_staff=True, is_superuser=False)
    assert WebClient().get("/setup").status_code == 200


def test_after_the_last_administrator_went_the_next_start_sets_up_again(db: None, code: str) -> None:
    operator = make_admin("operator")
    assert WebClient().get("/setup").status_code == 404
    accounts.deactivate(user=operator)
    assert WebClient().get("/setup").status_code == 404
    first_run.known.clear()
    assert WebClient().send("/setup", **NEW, code=code)["Location"] == "/compose"
    assert set(User.objects.filter(is_superuser=True, is_active=True).values_list("username")) == {("carla",)}


def test_nothing_to_log_in_to_is_offered_before_there_is_an_account(db: None, code: str) -> None:
    links = ('href="/login"', 'href="/signup"')
    page = WebClient().open("/setup")
    assert not any(link in page for link in links)
    make_user("first")
    page = WebClient().open("/setup")
    assert all(link in page for link in links)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_round", range(3))
def test_of_several_who_set_up_at_once_one_administers_and_those_who_sign_up_are_none(code: str, _round: int) -> None:
    def send(number: int) -> int:
        fields = {"username": f"p{number}", "email": f"p{number}@example.org", "password": PASSWORD}
        if number % 2:
            return int(ApiClient().call("POST", "/v1/users/register/", fields).status_code)
        browser, form = opened[number]
        return int(browser.submit(form, **fields, code=code).status_code)

    browsers = [WebClient() for _ in range(8)]
    opened = [(browser, form_of(browser.open("/setup"))) for browser in browsers]
    statuses = at_once(8, send)
    assert (statuses.count(201), statuses.count(303)) == (4, 1)
    assert set(statuses) <= {201, 303, 400, 404}
    assert User.objects.filter(is_superuser=True).count() == 1
    assert User.objects.count() == 5


def test_the_code_is_for_the_owner_of_the_data_folder_alone(tmp_path: Path) -> None:
    code = setup_code.offer(tmp_path)
    assert (tmp_path / setup_code.FILE).stat().st_mode & 0o777 == 0o600
    assert setup_code.is_right(tmp_path, code)
    assert setup_code.offer(tmp_path) != code
    assert not setup_code.is_right(tmp_path, code)
    setup_code.withdraw(tmp_path)
    setup_code.withdraw(tmp_path)
    assert not setup_code.is_right(tmp_path, "")


# --- People -----------------------------------------------------------------------------------------------------------


def test_following_and_unfollowing_lead_back(ana: User, ben: User, browser: WebClient) -> None:
    answer = browser.press("/@ben", "/@ben/follow")
    assert (answer.status_code, answer["Location"]) == (303, "/@ben")
    assert Follow.objects.filter(follower=ana, followee=ben).exists()
    assert buttons_of(browser.open("/@ben"))["/@ben/follow"] == {"following": "0"}
    assert "1 follower" in text_of(browser.open("/@ben"))
    browser.press("/@ben", "/@ben/follow")
    assert not Follow.objects.exists()


def test_following_twice_by_a_double_click_is_following_once(ben: User, browser: WebClient) -> None:
    for wanted, count in (("1", 1), ("1", 1), ("0", 0), ("0", 0)):
        answer = browser.fragment("POST", "/@ben/follow", {"following": wanted})
        assert answer.status_code == 200
        assert Follow.objects.count() == count


def test_nobody_is_offered_to_follow_themselves(ana: User, browser: WebClient) -> None:
    assert "/@ana/follow" not in buttons_of(browser.open("/@ana"))
    answer = browser.fragment("POST", "/@ana/follow", {"following": "1"})
    assert answer.status_code == 400
    assert "That is you" in html_of(answer)


def test_people_who_wrote_lately_are_suggested_unless_they_are_followed(
    ana: User, ben: User, browser: WebClient
) -> None:
    carla, dora = make_user("carla"), make_user("dora")
    make_tweet(carla)
    follow(ben, carla)
    follow(ana, dora)
    page = browser.open("/people")
    assert list(buttons_of(page)) == ["/logout", "/@carla/follow", "/@ben/follow"]
    brief = html_of(browser.fragment("GET", "/people"))
    assert "<html" not in brief
    assert "@carla" in brief


def test_followers_and_followed_are_listed(ana: User, ben: User, browser: WebClient) -> None:
    follow(ben, ana)
    assert "@ben" in browser.open("/@ana/followers")
    assert "Follows you" in browser.open("/@ana/followers")
    assert "@ana" in browser.open("/@ben/following")


def test_a_profile_has_tweets_pictures_likes_and_its_own_way_of_writing_the_name(
    ana: User, ben: User, browser: WebClient
) -> None:
    text, picture = make_tweet(ana, "only text"), make_tweet(ana, "with picture", image=jpeg())
    browser.press(f"/@ana/{text}", f"/@ana/{text}/like")
    assert text_of(browser.open("/@ana")).count("only text") == 1
    assert f'href="/@ana/{picture}"' in browser.open("/@ana/pictures")
    assert f'href="/@ana/{text}"' not in browser.open("/@ana/pictures")
    assert "only text" in browser.open("/@ana/likes")
    assert "with picture" not in browser.open("/@ana/likes")
    answer: Any = browser.get("/@ANA/likes?max_id=5")
    assert (answer.status_code, answer["Location"]) == (303, "/@ana/likes?max_id=5")
    assert browser.get("/@nobody").status_code == 404


# --- Settings ---------------------------------------------------------------------------------------------------------


def test_a_profile_is_changed(ana: User, browser: WebClient) -> None:
    fields = {
        "display_name": "Ana",
        "bio": "Reads.\r\nRuns.",
        "location": "Lisboa",
        "website": "https://ana.example.org",
    }
    assert browser.send("/settings", "/settings", **fields)["Location"] == "/settings"
    ana.refresh_from_db()
    assert (ana.display_name, ana.bio, ana.location) == ("Ana", "Reads.\nRuns.", "Lisboa")
    assert "Your profile was saved." in text_of(browser.open("/settings"))
    page = browser.open("/@ana")
    assert 'href="https://ana.example.org" rel="me nofollow noopener noreferrer ugc"' in page


def test_a_profile_that_breaks_a_rule_changes_nothing(ana: User, browser: WebClient) -> None:
    answer = browser.send("/settings", "/settings", display_name="x" * 51, website="javascript:alert(1)")
    assert answer.status_code == 400
    assert "Use at most 50 characters." in text_of(html_of(answer))
    assert "begins with http:// or https://" in text_of(html_of(answer))
    ana.refresh_from_db()
    assert (ana.display_name, ana.website) == ("", "")


def test_a_picture_of_oneself_comes_and_goes(ana: User, browser: WebClient) -> None:
    assert browser.send("/settings", "/settings/avatar", image=jpeg(50, 50)).status_code == 303
    assert '<img class="avatar" src="/media/' in browser.open("/")
    assert browser.send("/settings", "/settings/avatar", remove="1").status_code == 303
    assert '<img class="avatar"' not in browser.open("/")
    refused = browser.send("/settings", "/settings/avatar", image=b"no picture")
    assert refused.status_code == 415
    assert "Choose a JPEG" in html_of(refused)
    assert browser.send("/settings", "/settings/avatar").status_code == 400


def test_a_new_password_ends_every_other_session(ana: User, browser: WebClient) -> None:
    other, app = WebClient(ana), ApiClient(ana)
    wrong = browser.send(
        "/settings/account", "/settings/password", current_password="wrong", new_password="better words"
    )
    assert wrong.status_code == 400
    assert "This is not your password." in html_of(wrong)
    assert other.is_signed_in()
    fields = {"current_password": PASSWORD, "new_password": "staple of a better horse"}
    assert browser.send("/settings/account", "/settings/password", **fields)["Location"] == "/settings/account"
    assert browser.is_signed_in()
    assert not other.is_signed_in()
    assert app.call("GET", "/v1/users/me/").status_code == 401


def test_devices_are_listed_and_signed_out(ana: User, browser: WebClient) -> None:
    other = WebClient(ana)
    ApiClient(ana)
    page = browser.open("/settings/devices")
    assert page.count("<li>") == 3
    assert text_of(page).count("This one") == 1
    session = Session.objects.get(pk=other.cookies["minitwitter_login"].value.split(".")[0])
    Session.objects.filter(pk=session.pk).update(refreshed_at=ids.now() - timedelta(days=2, hours=1))
    page = browser.open("/settings/devices")
    assert re.search(r'Signed in <time datetime="[0-9T:.-]+Z" data-whole>[^<]+ UTC</time> · last used today', page)
    assert re.search(r'last used <time datetime="[0-9T:.-]+Z" title="[^"]+ UTC">2d</time>', page)
    assert re.search(r'aria-label="Sign out [^"<]+, signed in [^"<]+ UTC"', page)
    assert browser.send("/settings/devices", f"/settings/devices/{session.pk}").status_code == 303
    assert not other.is_signed_in()
    assert browser.open("/settings/devices").count("<li>") == 2
    answer = browser.send("/settings/devices", "/settings/devices/all")
    assert answer["Location"] == "/"
    assert not browser.is_signed_in()
    assert not Session.objects.filter(ended_at=None).exists()


def test_signing_out_this_very_device_forgets_the_cookie(browser: WebClient) -> None:
    session = Session.objects.get()
    answer = browser.send("/settings/devices", f"/settings/devices/{session.pk}")
    assert answer.cookies["minitwitter_login"].value == ""
    assert not browser.is_signed_in()


def test_a_device_of_somebody_else_is_not_there(browser: WebClient, ben: User) -> None:
    other = WebClient(ben)
    session = other.cookies["minitwitter_login"].value.split(".")[0]
    token = form_of(browser.open("/settings/devices"), "/settings/devices/all").fields
    assert browser.post(f"/settings/devices/{session}", token).status_code == 404
    assert other.is_signed_in()


def test_an_account_is_deleted_with_the_password(ana: User, browser: WebClient) -> None:
    make_tweet(ana)
    assert browser.send("/settings/delete", password="wrong").status_code == 400
    assert not User.objects.exclude(deleted_at=None).exists()
    answer = browser.send("/settings/delete", password=PASSWORD)
    assert (answer.status_code, answer["Location"]) == (303, "/")
    assert User.objects.exclude(deleted_at=None).get() == ana
    assert not browser.is_signed_in()
    assert WebClient().get("/@ana").status_code == 404


def test_theme_and_language_are_kept_in_the_browser(visitor: WebClient) -> None:
    assert "data-theme" not in visitor.open("/")
    visitor.send("/settings/looks", "/preferences", theme="dark", language="pt-br")
    page = visitor.open("/")
    assert '<html lang="pt-br" data-theme="dark">' in page
    assert "Entrar" in page
    visitor.send("/settings/looks", "/preferences", theme="neon", language="xx")
    assert '<html lang="pt-br" data-theme="dark">' in visitor.open("/")
    for cookie in ("minitwitter_theme", "minitwitter_language"):
        assert visitor.cookies[cookie]["samesite"] == "Lax"


@pytest.mark.parametrize(
    ("asked", "language"), [("pt-BR,pt;q=0.9", "pt-br"), ("pt", "pt-br"), ("en-GB", "en"), ("de", "en"), ("", "en")]
)
def test_the_language_is_the_browsers(db: None, ana: User, asked: str, language: str) -> None:
    assert f'<html lang="{language}">' in WebClient(language=asked).open("/")
