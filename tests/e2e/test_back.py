"""Back: the arrow of a page, and what a page shows that the browser brings up again."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.world import Person, World
from tests.operating import wait_until


def _arrow(page: Page) -> None:
    page.locator("main").get_by_role("link", name="Back", exact=True).click()


def _long_list(world: World) -> tuple[Page, Person]:
    ana = world.person("ana")
    for number in range(30):
        ana.tweet(f"tweet {number:02}")
    return world.open().log_in(ana), ana


def test_the_arrow_leads_back_to_the_same_place_of_the_list(world: World) -> None:
    page, _ = _long_list(world)
    articles = page.locator("main article")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(articles).to_have_count(30)
    target = articles.filter(has_text="tweet 07")
    target.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    assert before > 500
    target.locator(".when").click()
    expect(page.get_by_role("heading", name="Tweet", exact=True)).to_be_visible()
    _arrow(page)
    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    wait_until(lambda: abs(page.evaluate("scrollY") - before) < 5)
    expect(target).to_be_in_viewport()
    assert page.evaluate("navigation.canGoForward")


def test_the_arrow_passes_over_the_forms_of_the_tweet(world: World, ana: Person) -> None:
    path = ana.tweet("Helo")
    page = world.open().log_in(ana)
    page.goto("/public")
    page.locator("main article").filter(has_text="Helo").locator(".when").click()
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Your tweet").fill("Hello")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your tweet was changed.")).to_be_visible()
    assert page.url == world.base + path
    _arrow(page)
    expect(page).to_have_url(f"{world.base}/public")


@pytest.mark.parametrize("javascript", [True, False])
def test_who_came_from_elsewhere_is_led_to_the_author(world: World, ana: Person, javascript: bool) -> None:
    path = ana.tweet()
    page = world.open(javascript=javascript).open(path)
    _arrow(page)
    expect(page).to_have_url(f"{world.base}/@{ana.name}")


def test_without_the_history_of_the_browser_the_arrow_goes_by_the_page_before(world: World, ana: Person) -> None:
    path = ana.tweet("Hello")
    screen = world.open()
    screen.context.add_init_script("delete window.navigation; delete Window.prototype.navigation;")
    page = screen.log_in(ana)
    page.goto("/public")
    page.locator("main article").filter(has_text="Hello").locator(".when").first.click()
    expect(page.get_by_role("heading", name="Tweet", exact=True)).to_be_visible()
    _arrow(page)
    expect(page).to_have_url(f"{world.base}/public")
    page.goto(path)
    _arrow(page)
    expect(page).to_have_url(f"{world.base}/@{ana.name}")


def test_tabs_are_one_step_for_the_arrow(world: World, ana: Person) -> None:
    page = world.open().open("/public")
    page.goto(f"/@{ana.name}")
    page.get_by_role("link", name="0 followers").click()
    page.get_by_role("main").get_by_role("link", name="Following").click()
    expect(page).to_have_url(re.compile("/following$"))
    _arrow(page)
    expect(page).to_have_url(f"{world.base}/@{ana.name}")
    assert page.evaluate("navigation.canGoForward")


def test_a_like_is_still_there_after_back(world: World, ana: Person) -> None:
    page, _ = _long_list(world)
    article = page.locator("main article").filter(has_text="tweet 29")
    article.locator(".when").click()
    heart = page.locator("main").get_by_role("button", name=re.compile("^Like"))
    heart.click()
    expect(heart).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("link", name="1 like", exact=True)).to_be_visible()
    page.go_back()
    expect(article.get_by_role("button", name="Like. 1 like")).to_have_attribute("aria-pressed", "true")
    article.get_by_role("button", name="Like. 1 like").click()
    expect(article.get_by_role("button", name="Like", exact=True)).to_have_attribute("aria-pressed", "false")
    page.go_forward()
    expect(heart).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".whole-likes")).to_be_hidden()


def test_a_follow_shows_in_every_button_of_the_page_and_after_back(world: World, ana: Person) -> None:
    ben = world.person("ben")
    ben.tweet()
    for _ in range(3):  # So that he is among those who are suggested.
        world.person("fan").follow(ben)
    page = world.open().log_in(ana)
    page.goto(f"/@{ben.name}")
    beside, main = page.get_by_role("complementary"), page.get_by_role("main")
    beside.get_by_role("button", name=f"Follow @{ben.name}", exact=True).click()
    following = f"Following @{ben.name}. Unfollow"
    expect(beside.get_by_role("button", name=following)).to_be_focused()
    expect(main.get_by_role("button", name=following)).to_be_visible()
    page.goto(f"/@{ben.name}/likes")
    main.get_by_role("button", name=following).click()
    expect(main.get_by_role("button", name=f"Follow @{ben.name}", exact=True)).to_be_visible()
    page.go_back()
    expect(main.get_by_role("button", name=f"Follow @{ben.name}", exact=True)).to_be_visible()


def test_who_asks_for_more_by_the_keyboard_goes_on_where_it_came(world: World) -> None:
    ana = world.person("ana")
    for number in range(25):
        ana.tweet(f"tweet {number:02}")
    screen = world.open()
    page = screen.log_in(ana)
    # Without the automatic one, which would be first.
    page.evaluate(
        "() => { const link = document.querySelector('a.more'); link.setAttribute('hx-trigger', 'click');"
        " const fresh = link.cloneNode(true); link.replaceWith(fresh); htmx.process(fresh); fresh.focus(); }"
    )
    page.keyboard.press("Enter")
    expect(page.locator("main article")).to_have_count(25)
    expect(page.locator("main article").filter(has_text="tweet 04").locator(".when")).to_be_focused()


def test_what_was_changed_or_deleted_is_so_after_back(world: World, ana: Person) -> None:
    ana.tweet("Helo")
    ana.tweet("A mistake")
    screen = world.open()
    screen.expect_complaint("404 (Not Found)")  # The form of what is gone, on the way back.
    page = screen.log_in(ana)
    articles = page.locator("main article")
    articles.filter(has_text="Helo").locator(".when").click()
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Your tweet").fill("Hello")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your tweet was changed.")).to_be_visible()
    _arrow(page)
    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    expect(articles.nth(1).locator(".text")).to_have_text("Hello")
    articles.filter(has_text="A mistake").get_by_label("More for this tweet").click()
    page.get_by_role("link", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("Your tweet was deleted.")).to_be_visible()
    page.go_back()
    page.go_back()
    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    expect(articles).to_have_count(1)


def test_what_another_device_took_back_stays_so(world: World, ana: Person) -> None:
    path = ana.tweet("Like me")
    page = world.open().log_in(ana)
    heart = page.locator("main article").get_by_role("button", name=re.compile("^Like"))
    heart.click()
    expect(heart).to_have_attribute("aria-pressed", "true")
    ana.call("DELETE", f"/v1/tweets/{path.rpartition('/')[2]}/like/")
    page.reload()
    expect(heart).to_have_attribute("aria-pressed", "false")
    page.goto("/people")
    page.go_back()
    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    expect(heart).to_have_attribute("aria-pressed", "false")
