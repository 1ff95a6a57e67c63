"""axe-core finds nothing on any page, in both themes, on a desktop and on a phone; nothing is wider than the screen."""

from pathlib import Path
from typing import Any, Literal

import axe_playwright_python
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.world import DESKTOP, PHONE, SMALLEST, Person, World

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OUTSIDE = [
    "/",
    "/public",
    "/people",
    "/login",
    "/signup",
    "/forgot",
    "/reset/",
    "/confirm/",
    "/settings/looks",
    "/nothing",
    "/@{ana}",
    "{tweet}",
]
INSIDE = [
    "/",
    "/public",
    "/people",
    "/compose",
    "/@{ana}",
    "/@{ana}/pictures",
    "/@{ana}/likes",
    "/@{ana}/followers",
    "/@{ana}/following",
    "{tweet}",
    "{tweet}/edit",
    "{tweet}/delete",
    "{tweet}/likes",
    "/settings",
    "/settings/account",
    "/settings/devices",
    "/settings/looks",
    "/settings/delete",
    "/nothing",
]


@pytest.fixture
def tweet(world: World, ana: Person) -> str:
    """Something of everything: a tweet of ana's with a picture, another's, a like, followers."""
    ben = world.person("ben")
    ben.follow(ana)
    ana.follow(ben)
    ben.tweet(f"@{ana.name} https://example.org/a-page")
    ana.tweet("No picture")
    path = ana.tweet("With a picture", picture=True, alt="Teal")
    for person in (ana, ben):
        person.call("PUT", f"/v1/tweets/{path.rpartition('/')[2]}/like/")
    return path


def violations(page: Page) -> list[str]:
    """What axe finds, in short."""
    page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    return [
        f"{page.url}: {one['id']}: {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_no_page_keeps_anybody_out(
    world: World, ana: Person, tweet: str, theme: Literal["light", "dark"], size: dict[str, int]
) -> None:
    outside, inside = world.open(theme=theme, size=size), world.open(theme=theme, size=size)
    for screen in (outside, inside):
        screen.expect_complaint("404 (Not Found)")
    inside.log_in(ana)
    found: list[str] = []
    for screen, paths in ((outside, OUTSIDE), (inside, INSIDE)):
        for path in paths:
            page = screen.open(path.format(ana=ana.name, tweet=tweet))
            page.wait_for_selector("html[data-scripts=on]")
            found += violations(page)
    assert found == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_opens_keeps_nobody_out_either(
    world: World, ana: Person, tweet: str, theme: Literal["light", "dark"]
) -> None:
    page = world.open(theme=theme).log_in(ana)
    page.get_by_label("More for this tweet").first.click()
    found = violations(page)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    found += violations(page)
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Teal").click()
    expect(page.get_by_role("dialog", name="Picture")).to_be_visible()
    found += violations(page)
    page.goto("/signup")
    page.goto("/compose")
    page.get_by_label("Your tweet").fill("x" * 300)
    found += violations(page)
    page.goto("/compose?text=Shared")
    expect(page.get_by_role("button", name="Bring it back")).to_be_visible()
    found += violations(page)
    assert found == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_refused_form_keeps_nobody_out(world: World, theme: Literal["light", "dark"]) -> None:
    screen = world.open(theme=theme)
    screen.expect_complaint("400 (Bad Request)")
    screen.expect_complaint("401 (Unauthorized)")
    page = screen.open("/signup")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Email").fill("x@example.org")
    page.get_by_label("Password").fill("password1")
    page.get_by_role("button", name="Make an account").click()
    expect(page.get_by_text("This name is reserved.")).to_be_visible()
    found = violations(page)
    page.goto("/login")
    page.get_by_label("Username or email").fill("nobody")
    page.get_by_label("Password").fill("wrong words here")
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert found + violations(page) == []


@pytest.mark.parametrize("language", ["en-GB", "pt-BR"])
def test_nothing_is_wider_than_the_smallest_phone(world: World, ana: Person, tweet: str, language: str) -> None:
    screen = world.open(size=SMALLEST, language=language)
    screen.expect_complaint("404 (Not Found)")
    screen.log_in(ana)
    ana.tweet("w" * 200 + " https://example.org/" + "x" * 50)
    for path in INSIDE:
        page = screen.open(path.format(ana=ana.name, tweet=tweet))
        assert page.evaluate("document.documentElement.scrollWidth") <= SMALLEST["width"], path


@pytest.mark.parametrize("language", ["en-GB", "pt-BR"])
def test_nothing_is_wider_than_the_smallest_phone_of_a_stranger(
    world: World, ana: Person, tweet: str, language: str
) -> None:
    screen = world.open(size=SMALLEST, language=language)
    screen.expect_complaint("404 (Not Found)")
    for path in OUTSIDE:
        page = screen.open(path.format(ana=ana.name, tweet=tweet))
        assert page.evaluate("document.documentElement.scrollWidth") <= SMALLEST["width"], path


@pytest.mark.parametrize("language", ["en-GB", "pt-BR"])
@pytest.mark.parametrize("width", [320, 699, 700, 1019, 1020, 1240])
def test_a_stranger_finds_the_way_in_on_every_width(world: World, ana: Person, width: int, language: str) -> None:
    page = world.open(size={"width": width, "height": 800}, language=language).page
    for path in ("/public", f"/@{ana.name}"):
        page.goto(path)
        for target in ("/signup", "/login"):
            link = page.locator(f'a.button[href="{target}"]:visible').first
            expect(link).to_be_in_viewport(ratio=1)
            assert link.evaluate("link => link.scrollWidth <= link.clientWidth"), (path, target)


def test_a_phone_has_the_log_out_on_top_of_every_tab_of_the_settings(world: World, ana: Person) -> None:
    page = world.open(size=SMALLEST).log_in(ana)
    for tab in ("/settings", "/settings/account", "/settings/devices", "/settings/looks"):
        page.goto(tab)
        expect(page.get_by_role("button", name="Log out").first).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("link", name="Administration")).to_have_count(0)
    page.get_by_role("button", name="Log out").first.click()
    expect(page.get_by_role("main").get_by_role("link", name="Log in")).to_be_visible()
