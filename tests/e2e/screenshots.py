"""The pictures of the README: pages of a demo instance in both themes, on a desktop and on a phone.

`make screenshots` writes them anew.
"""

import os
import sys
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Literal, NamedTuple

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.operating import call, running

FOLDER = Path(__file__).resolve().parent.parent.parent / "docs" / "screenshots"
COMMUNITY = ("--people", "150", "--tweets", "1500", "--days", "14")
PASSWORD = "tweet-tweet"
SIZES = {"desktop": (1280, 800, 1.5), "phone": (390, 844, 2)}


class Shot(NamedTuple):
    """A page to take. `see`: what has to be in the middle of it."""

    name: str
    path: str
    size: Literal["desktop", "phone"]
    see: str = ""


SHOTS = [
    Shot("home", "/", "desktop", "main article:has(.picture)"),
    Shot("feed-phone", "/public", "phone", "main article:has(.picture)"),
    Shot("profile-phone", "/@maya", "phone"),
    Shot("write-phone", "/compose", "phone"),
]


def main() -> int:
    """Take all of them and return the exit code."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="mt-screenshots-") as name:
        folder = Path(name)
        print("Making a community ...", flush=True)
        made = call(folder, "demo", *COMMUNITY)
        if made.returncode:
            sys.exit(made.stderr)
        with running(folder, MINITWITTER_LIMITS="off") as server, sync_playwright() as playwright:
            options = ["--no-sandbox", "--disable-background-networking", "--hide-scrollbars"]
            browser = playwright.chromium.launch(executable_path=os.environ["E2E_BROWSER"], args=options)
            for theme in ("light", "dark"):
                for size in SIZES:
                    take(browser, f"http://127.0.0.1:{server.port}", theme, size)
            browser.close()
    return 0


def take(browser: Browser, base: str, theme: str, size: str) -> None:
    """Take what is wanted of that theme and size."""
    width, height, scale = SIZES[size]
    context = browser.new_context(
        base_url=base,
        viewport={"width": width, "height": height},
        color_scheme="dark" if theme == "dark" else "light",
        device_scale_factor=scale,
        locale="en-GB",
    )
    page = context.new_page()
    page.goto("/login")
    page.get_by_label("Username or email").fill("maya")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    page.wait_for_url("**/")
    for shot in SHOTS:
        if shot.size == size:
            show(page, shot)
            save(page, FOLDER / f"{shot.name}-{theme}.webp")
    context.close()


def show(page: Page, shot: Shot) -> None:
    """Bring the page to where it is taken."""
    page.goto(shot.path)
    page.wait_for_load_state("networkidle")
    if shot.path == "/compose":
        page.get_by_label("Your tweet").fill("Twelve joints, no screws, one splinter.\nThe chair is done. 🪑")
    if shot.see:
        page.locator(shot.see).first.evaluate("element => element.scrollIntoView({block: 'center'})")
        page.wait_for_load_state("networkidle")


def save(page: Page, path: Path) -> None:
    """A WebP is a third of the PNG."""
    Image.open(BytesIO(page.screenshot())).save(path, "WEBP", quality=82, method=6)
    print(f"{path.relative_to(FOLDER.parent.parent)}  {path.stat().st_size // 1024} kB", flush=True)


if __name__ == "__main__":
    sys.exit(main())
