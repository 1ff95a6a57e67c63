"""What has been written is not lost, and not shown to others who use the same browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.world import Person, World
from tests.factories import PASSWORD

# All but who has left, and the address of this page, which htmx writes down.
KEPT = (
    "JSON.stringify([localStorage, sessionStorage].flatMap(kept => Object.entries(kept)"
    ".filter(([key]) => key !== 'left' && !key.startsWith('htmx-'))))"
)


def _text(page: Page) -> str:
    return page.get_by_label("Your tweet").input_value()


def _log_in_here(page: Page, person: Person) -> None:
    page.goto("/login")
    page.get_by_label("Username or email").fill(person.name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    expect(page).to_have_url(re.compile("/$"))


def test_a_shared_text_sets_the_draft_aside_and_it_comes_back(world: World, ana: Person) -> None:
    page = world.open().log_in(ana)
    page.get_by_label("Your tweet").fill("Half a thought")
    page.goto("/compose?text=Look+at+this&url=https://example.org/")
    expect(page.get_by_label("Your tweet")).to_have_value("Look at this\nhttps://example.org/")
    offer = page.locator(".composer-aside")
    expect(offer).to_contain_text("Half a thought")
    page.get_by_role("button", name="Bring it back").click()
    expect(page.get_by_label("Your tweet")).to_have_value("Half a thought")
    expect(offer).to_contain_text("Look at this")
    page.get_by_role("button", name="Bring it back").click()
    page.get_by_role("button", name="Post").click()
    # The shared text is out; the draft is where it was.
    expect(page.locator("main article").first).to_contain_text("Look at this")
    expect(page.get_by_label("Your tweet")).to_have_value("Half a thought")
    expect(offer).to_be_hidden()


def test_a_text_that_was_set_aside_goes_when_it_is_thrown_away(world: World, ana: Person) -> None:
    page = world.open().log_in(ana)
    page.get_by_label("Your tweet").fill("Half a thought")
    page.goto("/compose?text=Shared")
    page.get_by_role("button", name="Throw it away").click()
    expect(page.locator(".composer-aside")).to_be_hidden()
    page.get_by_label("Your tweet").fill("")
    page.goto("/")
    assert not _text(page)


def test_a_change_that_was_not_saved_is_offered_again(world: World, ana: Person) -> None:
    path = ana.tweet("Helo")
    page = world.open().log_in(ana)
    page.goto(f"{path}/edit")
    page.get_by_label("Your tweet").fill("Hello, and more")
    page.goto("/")
    assert not _text(page)
    page.goto(f"{path}/edit")
    expect(page.get_by_label("Your tweet")).to_have_value("Hello, and more")
    expect(page.locator(".composer-aside")).to_contain_text("Helo")
    page.get_by_role("link", name="Cancel").click()
    page.goto(f"{path}/edit")
    expect(page.get_by_label("Your tweet")).to_have_value("Helo")
    page.get_by_label("Your tweet").fill("Hello")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your tweet was changed.")).to_be_visible()
    page.goto(f"{path}/edit")
    expect(page.locator(".composer-aside")).to_be_hidden()


def test_what_was_posted_is_not_in_the_form_again_after_back(world: World, ana: Person) -> None:
    page = world.open().log_in(ana)
    page.goto("/compose")
    page.get_by_label("Your tweet").fill("Once")
    page.get_by_role("button", name="Post").click()
    expect(page.get_by_text("Your tweet is out.")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="New tweet")).to_be_visible()
    expect(page.get_by_label("Your tweet")).to_have_value("")
    page.get_by_label("Your tweet").fill("Twice")
    page.get_by_role("button", name="Post").click()
    expect(page.locator("main article")).to_have_count(2)


def test_two_windows_share_a_draft(world: World, ana: Person) -> None:
    screen = world.open()
    one = screen.log_in(ana)
    other = screen.context.new_page()
    other.goto("/compose")
    one.get_by_label("Your tweet").fill("In one")
    expect(other.get_by_label("Your tweet")).to_have_value("In one")
    one.get_by_role("button", name="Post").click()
    expect(one.get_by_text("Your tweet is out.")).to_be_visible()
    expect(other.get_by_label("Your tweet")).to_have_value("")


# The page with the button, and the button.
LEAVES = {
    "log-out": ("/compose", "header .log-out"),
    "this device": ("/settings/devices", "li:has(.badge) button"),
    "everywhere": ("/settings/devices", "main button.danger"),
    "for good": ("/settings/delete", "main button.danger"),
}


@pytest.mark.parametrize("way", LEAVES)
def test_logging_out_takes_along_what_the_browser_keeps(world: World, way: str) -> None:
    ana = world.person("ana")
    for number in range(25):
        ana.tweet(f"tweet {number:02}")
    screen = world.open()
    page = screen.log_in(ana)
    other = screen.context.new_page()
    other.goto("/")
    page.get_by_label("Your tweet").fill("My secret")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(page.locator("main article")).to_have_count(25)
    page.goto("/compose?text=Another+secret")
    assert "My secret" in page.evaluate(KEPT)
    assert "tweet 03" in page.evaluate(KEPT)
    path, button = LEAVES[way]
    page.goto(path)
    if way == "for good":
        page.get_by_label("Your password").fill(PASSWORD)
    page.locator(button).click()
    expect(page.get_by_role("main").get_by_role("link", name="Log in").first).to_be_visible()
    assert page.evaluate(KEPT) == "[]"
    # The other window is nobody's, too.
    expect(other.get_by_role("main").get_by_role("link", name="Log in").first).to_be_visible()
    assert other.evaluate(KEPT) == "[]"


def test_a_refused_log_out_and_an_ended_session_keep_the_draft(world: World, ana: Person) -> None:
    page = world.open().log_in(ana)
    page.get_by_label("Your tweet").fill("Half a thought")
    # The session ends elsewhere, and the next click is one that would have ended it here.
    page.goto("/settings/devices")
    ana.call("POST", "/v1/users/logout-all/")
    page.get_by_role("button", name="Sign out everywhere").click()
    expect(page).to_have_url(re.compile("/login"))
    _log_in_here(page, ana)
    assert _text(page) == "Half a thought"


def test_a_draft_is_not_shown_to_the_next_one_who_logs_in(world: World, ana: Person) -> None:
    ben = world.person("ben")
    page = world.open().log_in(ana)
    page.get_by_label("Your tweet").fill("My secret")
    ana.call("POST", "/v1/users/logout-all/")
    _log_in_here(page, ben)
    assert not _text(page)
    page.get_by_label("Your tweet").fill("Ben's")
    page.get_by_role("button", name="Log out").first.click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    _log_in_here(page, ana)
    assert _text(page) == "My secret"


def test_a_text_that_is_too_long_is_not_sent_by_the_keyboard(world: World, ana: Person) -> None:
    page = world.open().log_in(ana)
    page.get_by_label("Your tweet").fill("x" * 281)
    page.evaluate("window.still = true")
    page.keyboard.press("Control+Enter")
    page.get_by_label("Your tweet").fill("x" * 280)
    assert page.evaluate("window.still")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Your tweet is out.")).to_be_visible()


def test_a_tweet_is_not_sent_into_a_dead_line(world: World, ana: Person) -> None:
    screen = world.open()
    page = screen.log_in(ana)
    page.get_by_label("Your tweet").fill("From the train")
    screen.context.set_offline(True)
    page.get_by_role("button", name="Post").click()
    expect(page.locator("#toasts")).to_contain_text("No connection.")
    screen.context.set_offline(False)
    page.get_by_role("button", name="Post").click()
    expect(page.locator("main article")).to_contain_text("From the train")


def test_a_browser_that_keeps_nothing_still_does_the_rest(world: World, ana: Person) -> None:
    path = ana.tweet("Like me")
    screen = world.open()
    screen.context.add_init_script(
        "for (const name of ['localStorage', 'sessionStorage'])"
        " Object.defineProperty(window, name, {get() { throw new DOMException('no', 'SecurityError'); }});"
    )
    page = screen.log_in(ana)
    page.locator("main article").get_by_role("button", name="Like", exact=True).click()
    expect(page.locator("main article").get_by_role("button", name="Like. 1 like")).to_be_visible()
    page.goto(f"{path}/edit")
    page.get_by_label("Your tweet").fill("Changed")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main article")).to_contain_text("Changed")
    page.goto("/")
    page.get_by_label("Your tweet").fill("Written")
    page.get_by_role("button", name="Post").click()
    expect(page.locator("main article").first).to_contain_text("Written")
