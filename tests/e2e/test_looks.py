"""Names, words and pictures that are longer, wider or other than most, on screens of every size."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.world import DESKTOP, PHONE, SMALLEST, World
from tests.operating import wait_until

SIZES = pytest.mark.parametrize("size", [SMALLEST, PHONE, DESKTOP], ids=["smallest", "phone", "desktop"])


def _shown(page: Page) -> list[list[int]]:
    sizes: list[list[int]] = page.locator(".picture .photo").evaluate_all(
        "photos => photos.map(photo => [photo.offsetWidth, photo.offsetHeight])"
    )
    return sizes


@SIZES
def test_a_picture_is_never_a_line_nor_longer_than_the_screen(world: World, size: dict[str, int]) -> None:
    ana = world.person("ana")
    for dimensions in ((200, 4000), (4000, 150), (30, 3000), (20, 20), (900, 600)):
        ana.tweet(picture=True, size=dimensions)
    page = world.open(size=size).open(f"/@{ana.name}")
    photos = page.locator(".picture .photo")
    photos.evaluate_all("photos => photos.forEach(photo => photo.loading = 'eager')")
    wait_until(lambda: bool(photos.evaluate_all("photos => photos.every(photo => photo.naturalWidth)")))
    normal, tiny, narrow, wide, tall = _shown(page)
    room = page.locator(".tweet-body").first.evaluate("body => body.clientWidth")
    assert tall == [160, 510]
    assert wide == [min(600, room), 90]
    assert narrow == [30, 510]
    assert tiny == [20, 20]
    assert normal[0] == min(600, room)
    assert abs(normal[1] - normal[0] * 2 / 3) <= 1


@SIZES
def test_the_badge_leaves_the_handle_its_room(world: World, size: dict[str, int]) -> None:
    ana, ben = world.person("ana"), world.person("benjamin_lop")
    ben.follow(ana)
    page = world.open(size=size).log_in(ana)
    page.goto(f"/@{ana.name}/followers")
    handle = page.locator("main .person .handle")
    expect(handle).to_have_text(f"@{ben.name}")
    assert handle.evaluate("handle => handle.scrollWidth <= handle.clientWidth")
    expect(page.locator("main .person .badge")).to_be_in_viewport(ratio=1)


NAMES = [
    "W" * 50,
    "محمد بن عبد الله القرشي العربي الطويل جدا هنا",
    "🦄🌈🔥👩‍👩‍👧‍👦🏳️‍🌈💃🏽" * 3,
    "これはとても長い名前です" * 4,
]
# Where the first letter of an element is.
FIRST_LETTER = (
    "element => { const range = document.createRange(); range.setStart(element.firstChild, 0);"
    " range.setEnd(element.firstChild, 1); return range.getBoundingClientRect(); }"
)


@pytest.mark.parametrize("size", [SMALLEST, DESKTOP], ids=["smallest", "desktop"])
def test_a_long_name_is_cut_at_its_own_end(world: World, size: dict[str, int]) -> None:
    screen = world.open(size=size)
    for name in NAMES:
        ana = world.person("ana")
        ana.call("PATCH", "/v1/users/me/", data={"display_name": name, "bio": "w" * 300, "location": "x" * 50})
        path = ana.tweet("y" * 280)
        for address in (f"/@{ana.name}", f"/@{ana.name}/followers", path):
            page = screen.open(address)
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], address
        page = screen.open(f"/@{ana.name}")
        # Where it starts to read is inside of what is seen.
        letter = page.locator("main .tweet-head .name").evaluate(FIRST_LETTER)
        box = page.locator("main .tweet-head .author").bounding_box()
        assert box is not None
        assert letter["left"] >= box["x"] - 1
        assert letter["right"] <= box["x"] + box["width"] + 1
        when = page.locator("main .when").bounding_box()
        assert when is not None
        assert when["x"] + when["width"] <= size["width"]
