"""What scripts add, and what happens when the connection, the session or the patience is lost."""

import base64
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.world import PHONE, Person, Screen, World
from tests.factories import PASSWORD, jpeg
from tests.operating import wait_until


def _likes(person: Person, path: str) -> int:
    count: int = person.call("GET", f"/v1/tweets/{path.rpartition('/')[2]}/")["like_count"]
    return count


def test_a_like_comes_without_a_reload_and_a_double_click_is_one(world: World, ana: Person) -> None:
    path = ana.tweet("Like me")
    page = world.open().log_in(ana)
    page.evaluate("window.still = true")
    button = page.locator("main article").get_by_role("button", name=re.compile("^Like"))
    button.dblclick()
    expect(button).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("window.still")
    assert page.evaluate("document.activeElement.id").startswith("like-")
    assert _likes(ana, path) == 1
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    assert _likes(ana, path) == 0


def test_the_second_of_a_double_click_does_not_take_a_like_back_that_was_answered_in_between(
    world: World, ana: Person
) -> None:
    path = ana.tweet("Like me")
    page = world.open().log_in(ana)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    button = page.locator("main article").get_by_role("button", name=re.compile("^Like"))
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    page.mouse.down(click_count=2)
    page.mouse.up(click_count=2)
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    assert _likes(ana, path) == 0
    assert len(sent) == 2


def test_two_clicks_send_a_form_once(world: World, ana: Person) -> None:
    path = ana.tweet("A mistake")
    page = world.open().log_in(ana)
    page.goto(f"{path}/delete")
    sent = page.get_by_role("button", name="Delete", exact=True).evaluate(
        """button => {
            let sent = 0;
            addEventListener("submit", event => { sent += !event.defaultPrevented; event.preventDefault(); });
            button.click();
            button.click();
            return sent;
        }"""
    )
    assert sent == 1


def test_a_lost_connection_is_told_and_changes_nothing(world: World, ana: Person) -> None:
    path = ana.tweet("Like me")
    screen = world.open()
    page = screen.log_in(ana)
    screen.expect_complaint("ERR_INTERNET_DISCONNECTED")
    screen.expect_complaint("htmx:")
    screen.context.set_offline(True)
    button = page.locator("main article").get_by_role("button", name=re.compile("^Like"))
    button.click()
    expect(page.locator("#toasts")).to_contain_text("No connection.")
    expect(button).to_have_attribute("aria-pressed", "false")
    screen.context.set_offline(False)
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    assert _likes(ana, path) == 1


def test_a_refusal_is_told_in_words(world: World, ana: Person) -> None:
    path = ana.tweet("Soon gone")
    screen = world.open()
    page = screen.log_in(ana)
    ana.call("DELETE", f"/v1/tweets/{path.rpartition('/')[2]}/")
    screen.expect_complaint("404")
    screen.expect_complaint("Response Status Error Code 404")
    page.locator("main article").get_by_role("button", name="Like").click()
    expect(page.locator("#toasts")).to_contain_text("This tweet is not here")


def test_an_ended_session_leads_to_the_log_in_and_the_draft_survives(world: World, ana: Person) -> None:
    ana.tweet("Like me")
    page = world.open().log_in(ana)
    page.get_by_label("Your tweet").fill("Half a thought")
    ana.call("POST", "/v1/users/logout-all/")
    page.locator("main article").get_by_role("button", name="Like").click()
    expect(page).to_have_url(re.compile("/login"))
    page.get_by_label("Username or email").fill(ana.name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    expect(page.get_by_label("Your tweet")).to_have_value("Half a thought")


def test_a_text_that_was_sent_with_an_ended_session_is_not_lost(world: World) -> None:
    ana = world.person("ana")
    page = world.open(javascript=False).log_in(ana)
    page.get_by_label("Your tweet").fill("Half a thought")
    ana.call("POST", "/v1/users/logout-all/")
    page.get_by_role("button", name="Post").click()
    page.get_by_label("Username or email").fill(ana.name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    expect(page.get_by_label("Your tweet")).to_have_value("Half a thought")


def _long_list(world: World) -> tuple[Page, Person]:
    ana = world.person("ana")
    for number in range(45):
        ana.tweet(f"tweet {number:02}")
    return world.open().log_in(ana), ana


def test_a_list_goes_on_by_itself_and_back_finds_the_same_place(world: World) -> None:
    page, _ = _long_list(world)
    articles = page.locator("main article")
    expect(articles).to_have_count(20)
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(articles).to_have_count(40)
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(articles).to_have_count(45)
    target = articles.filter(has_text="tweet 12")
    target.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    target.locator(".text").click()
    expect(page).to_have_url(re.compile(r"/@ana\d+/\d+$"))
    page.go_back()
    expect(articles).to_have_count(45)
    wait_until(lambda: abs(page.evaluate("scrollY") - before) < 5)
    expect(articles.filter(has_text="tweet 12")).to_be_in_viewport()
    # What was brought back still works.
    articles.filter(has_text="tweet 12").get_by_role("button", name="Like").click()
    expect(articles.filter(has_text="tweet 12").get_by_role("button")).to_have_attribute("aria-pressed", "true")


def test_a_list_that_could_not_go_on_does_when_it_is_asked_again(world: World) -> None:
    ana = world.person("ana")
    for number in range(25):
        ana.tweet(f"tweet {number:02}")
    screen = world.open()
    page = screen.log_in(ana)
    screen.expect_complaint("ERR_FAILED")
    screen.expect_complaint("htmx:")

    def fail(route: Route) -> None:
        route.abort()

    page.route("**/?max_id=*", fail)
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(page.locator("#toasts")).to_contain_text("No connection.")
    page.unroute("**/?max_id=*", fail)
    page.get_by_role("link", name="Older tweets").click()
    expect(page.locator("main article")).to_have_count(25)
    assert page.url.endswith("/")


def test_new_tweets_wait_above_until_they_are_wanted(world: World) -> None:
    page, ana = _long_list(world)
    page.evaluate("scrollTo(0, 900)")
    for number in range(2):
        ana.tweet(f"fresh {number}")
    page.evaluate("document.dispatchEvent(new Event('minitwitter:ask'))")
    pill = page.get_by_role("button", name="2 new tweets")
    expect(pill).to_be_visible()
    assert page.evaluate("scrollY") == 900
    pill.click()
    expect(page.locator("main article").first).to_contain_text("fresh 1")
    expect(page.locator("main article")).to_have_count(22)
    expect(pill).to_have_count(0)
    wait_until(lambda: page.evaluate("scrollY") == 0)


def test_following_beside_a_page_needs_no_reload(world: World, ana: Person) -> None:
    world.person("ben").tweet()
    page = world.open().log_in(ana)
    button = page.get_by_role("complementary").get_by_role("button").first
    expect(button).to_have_attribute("aria-label", re.compile("^Follow @"))
    button.click()
    expect(button).to_have_attribute("aria-label", re.compile("^Following @.* Unfollow$"))


def test_the_counter_counts_as_the_server_does(world: World, ana: Person) -> None:
    page = world.open().log_in(ana)
    text, post = page.get_by_label("Your tweet"), page.get_by_role("button", name="Post")
    counter = page.locator(".counter")
    expect(post).to_be_disabled()
    text.fill("👩‍👩‍👧" * 270)
    expect(counter).to_have_text("10 left")
    text.fill("👩‍👩‍👧" * 281)
    expect(counter).to_have_text("1 too many")
    expect(post).to_be_disabled()
    text.fill("🇧🇷" * 279 + "é")
    expect(counter).to_have_text("0 left")
    post.click()
    expect(page.get_by_text("Your tweet is out.")).to_be_visible()
    expect(text).to_have_value("")


def test_a_draft_is_kept_and_goes_when_it_is_posted(world: World, ana: Person) -> None:
    page = world.open().log_in(ana)
    page.get_by_label("Your tweet").fill("Not yet")
    page.goto("/public")
    page.goto("/compose")
    expect(page.get_by_label("Your tweet")).to_have_value("Not yet")
    page.get_by_role("button", name="Post").dblclick()
    expect(page.get_by_text("Your tweet is out.")).to_be_visible()
    expect(page.locator("main article")).to_have_count(1)
    page.goto("/compose")
    expect(page.get_by_label("Your tweet")).to_have_value("")


def test_a_picture_is_pasted_seen_and_removed(world: World, ana: Person) -> None:
    page = world.open().log_in(ana)
    expect(page.get_by_label("What the picture shows")).to_be_hidden()
    data = base64.b64encode(jpeg(300, 200)).decode()
    page.get_by_label("Your tweet").focus()
    page.evaluate(
        """data => {
            const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], "x.jpg", {type: "image/jpeg"}));
            const options = {clipboardData: transfer, bubbles: true, cancelable: true};
            document.activeElement.dispatchEvent(new ClipboardEvent("paste", options));
        }""",
        data,
    )
    preview = page.locator(".composer-preview img")
    expect(preview).to_be_visible()
    page.get_by_role("button", name="Remove the picture").click()
    expect(preview).to_have_count(0)
    page.locator("input[type=file]").set_input_files({"name": "x.txt", "mimeType": "text/plain", "buffer": b"x"})
    expect(page.locator("#toasts")).to_contain_text("This is no picture.")
    page.locator("input[type=file]").set_input_files(
        {"name": "x.jpg", "mimeType": "image/jpeg", "buffer": jpeg(300, 200)}
    )
    page.get_by_label("What the picture shows").fill("Teal")
    page.get_by_role("button", name="Post").click()
    expect(page.locator("main article").get_by_role("img", name="Teal")).to_be_visible()


def test_a_picture_opens_over_the_page_and_escape_leads_back(world: World, ana: Person) -> None:
    ana.tweet("Look", picture=True, alt="A teal square")
    page = world.open().log_in(ana)
    link = page.get_by_role("link", name="A teal square")
    link.click()
    dialog = page.get_by_role("dialog", name="Picture")
    expect(dialog.get_by_role("img", name="A teal square")).to_be_visible()
    expect(dialog.get_by_text("A teal square")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(link).to_be_focused()


def test_the_keyboard_alone_is_enough(world: World, ana: Person) -> None:
    for number in range(3):
        ana.tweet(f"tweet {number}")
    page = world.open().log_in(ana)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("l")
    liked = page.locator("main article").filter(has_text="tweet 1").get_by_role("button", name=re.compile("^Like"))
    expect(liked).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet).to_be_visible()
    sheet.get_by_label("Use shortcuts of single keys").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(page.get_by_label("Your tweet")).not_to_be_focused()
    page.keyboard.press("?")
    sheet.get_by_label("Use shortcuts of single keys").check()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(page.get_by_label("Your tweet")).to_be_focused()


def test_a_menu_closes_by_escape_and_by_a_click_elsewhere(world: World, ana: Person) -> None:
    ana.tweet()
    page = world.open().log_in(ana)
    menu = page.get_by_label("More for this tweet")
    delete = page.get_by_role("link", name="Delete", exact=True)
    closings: list[Callable[[], None]] = [
        lambda: page.keyboard.press("Escape"),
        lambda: page.get_by_role("heading", name="Home").click(),
    ]
    for close in closings:
        menu.click()
        expect(delete).to_be_visible()
        close()
        expect(delete).to_be_hidden()


def test_the_token_of_a_mail_goes_into_its_field_and_out_of_the_address(world: World) -> None:
    token = "a2b3" * 8
    for path in ("/reset/", "/confirm/"):
        page = world.open().open(f"{path}#{token}")
        expect(page.get_by_label("Code")).to_have_value(token)
        assert page.url == f"{world.base}{path}"


@pytest.mark.parametrize("path", ["/reset/", "/confirm/"])
def test_a_damaged_link_is_told_and_the_next_one_works(world: World, path: str) -> None:
    page = world.open().open(f"{path}#%")
    expect(page.get_by_role("alert")).to_have_text("This code is wrong, was used, or is too old. Ask for a new mail.")
    expect(page.get_by_label("Code")).to_have_value("")
    page.evaluate("location.hash = 'a2b3'")
    expect(page.get_by_label("Code")).to_have_value("a2b3")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_times_are_the_readers_own(world: World, ana: Person) -> None:
    path = ana.tweet()
    page = world.open().open(path)
    expect(page.locator("time").first).not_to_contain_text("UTC")
    page.goto(f"/@{ana.name}")
    expect(page.locator("time").first).to_have_text(re.compile(r"^(now|\dm)$"))


def test_nothing_jumps_while_pictures_load(world: World, ana: Person) -> None:
    for number in range(6):
        ana.tweet(f"picture {number}", picture=True)
    for size in (None, PHONE):
        screen: Screen = world.open(size=size)
        screen.context.add_init_script(
            "window.shifts = 0; new PerformanceObserver(list => { for (const entry of list.getEntries())"
            " if (!entry.hadRecentInput) window.shifts += entry.value; })"
            ".observe({type: 'layout-shift', buffered: true});"
        )
        page = screen.log_in(ana)
        page.goto("/")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("window.shifts") < 0.02
