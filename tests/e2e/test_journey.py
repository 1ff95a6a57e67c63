"""Two people from signing up to leaving, with and without JavaScript, on a desktop and on a phone."""

import re
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.world import DESKTOP, PHONE, World
from tests.factories import PASSWORD, jpeg

WAYS: list[tuple[bool, str, Literal["light", "dark"]]] = [
    (True, "desktop", "light"),
    (True, "phone", "dark"),
    (False, "desktop", "dark"),
    (False, "phone", "light"),
]


def sign_up(page: Page, name: str) -> None:
    page.goto("/")
    page.get_by_role("main").get_by_role("link", name="Make an account").click()
    page.get_by_label("Username").fill(name)
    page.get_by_label("Email").fill(f"{name}@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make an account").click()
    expect(page.get_by_role("status").first).to_contain_text("Welcome!")


@pytest.mark.parametrize(("javascript", "size", "theme"), WAYS)
def test_two_people_meet(world: World, javascript: bool, size: str, theme: Literal["light", "dark"]) -> None:
    viewport = DESKTOP if size == "desktop" else PHONE
    ana, ben = (world.open(size=viewport, theme=theme, javascript=javascript).page for _ in range(2))
    suffix = f"{'js' if javascript else 'plain'}_{size}"
    sign_up(ana, f"ana_{suffix}")
    sign_up(ben, f"ben_{suffix}")

    # Ana's feed is empty and says what to do; she writes, with a picture.
    ana.goto("/")
    expect(ana.get_by_role("heading", name="It is quiet here")).to_be_visible()
    ana.get_by_label("Your tweet").fill(f"Good morning from {suffix}! 🌄")
    ana.locator("input[type=file]").set_input_files(
        {"name": "x.jpg", "mimeType": "image/jpeg", "buffer": jpeg(800, 600)}
    )
    ana.get_by_label("What the picture shows").fill("Hills")
    ana.get_by_role("button", name="Post").click()
    expect(ana.get_by_text("Your tweet is out.")).to_be_visible()
    expect(ana.locator("main article")).to_have_count(1)

    # Ben finds her among the people, follows her, and likes what she wrote.
    ben.goto("/people")
    ben.get_by_role("main").get_by_role("button", name=f"Follow @ana_{suffix}", exact=True).click()
    expect(
        ben.get_by_role("main").get_by_role("button", name=f"Following @ana_{suffix}. Unfollow")
    ).to_be_visible() if (javascript) else None
    ben.goto("/")
    tweet = ben.locator("main article").filter(has_text=f"Good morning from {suffix}")
    expect(tweet.get_by_role("img", name="Hills")).to_be_visible()
    tweet.get_by_role("button", name="Like", exact=True).click()
    expect(tweet.get_by_role("button", name="Like. 1 like")).to_have_attribute("aria-pressed", "true")

    # She sees that, at the tweet's own page, and who it was.
    ana.goto("/")
    ana.locator("main article").locator("a.when").click()
    expect(ana).to_have_url(re.compile(rf"/@ana_{suffix}/\d+$"))
    ana.get_by_role("link", name="1 like", exact=True).click()
    expect(ana.get_by_role("main")).to_contain_text(f"@ben_{suffix}")
    ana.goto(f"/@ana_{suffix}/followers")
    expect(ana.get_by_role("main")).to_contain_text(f"@ben_{suffix}")

    # She mends it, and takes it back.
    ana.goto("/")
    ana.get_by_label("More for this tweet").click()
    ana.get_by_role("link", name="Edit", exact=True).click()
    ana.get_by_label("Your tweet").fill("Good evening!")
    ana.get_by_role("button", name="Save").click()
    expect(ana.locator("main article")).to_contain_text("Good evening!")
    ana.get_by_role("link", name="Delete", exact=True).click()
    ana.get_by_role("button", name="Delete", exact=True).click()
    expect(ana.get_by_text("Your tweet was deleted.")).to_be_visible()
    ben.reload()
    expect(ben.get_by_role("heading", name="It is quiet here")).to_be_visible()

    # Ben leaves.
    ben.goto("/settings/account")
    # On a phone there is one at the top of the settings as well.
    ben.get_by_role("main").get_by_role("button", name="Log out").first.click()
    expect(ben.get_by_text("You are signed out.")).to_be_visible()
    ben.goto("/settings")
    expect(ben).to_have_url(re.compile("/login"))


def test_a_profile_is_dressed_up_and_a_password_changed(world: World) -> None:
    person = world.person("dora")
    page = world.open().log_in(person)
    other = world.open().log_in(person)
    page.goto("/settings")
    page.get_by_label("Name", exact=True).fill("Dora the Builder")
    page.get_by_label("About you").fill("Sheds.\nMostly sheds.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Your profile was saved.")).to_be_visible()
    page.get_by_label("Your picture").set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": jpeg(90, 90)}
    )
    page.get_by_role("button", name="Save the picture").click()
    page.goto(f"/@{person.name}")
    expect(page.get_by_role("heading", name="Dora the Builder")).to_be_visible()
    page.goto("/settings/account")
    page.get_by_label("Your password now").fill(PASSWORD)
    page.get_by_label("New password").fill("a much better sentence")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("Your password was changed.")).to_be_visible()
    other.reload()
    expect(other.get_by_role("link", name="Log in").first).to_be_visible()


def test_theme_and_language_are_chosen_in_settings(world: World) -> None:
    page = world.open(theme="light").open("/settings/looks")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.get_by_label("Dark").check()
    page.get_by_label("Português (Brasil)").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Sua escolha foi salva.")).to_be_visible()
    assert page.evaluate(ground) != light
    page.goto("/")
    expect(page.get_by_role("main").get_by_role("link", name="Criar conta")).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "pt-br"
