"""An instance as its people meet it: through browser windows, and through the API where a test needs a quick hand."""

import re
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal

from playwright.sync_api import APIRequestContext, Browser, BrowserContext, ConsoleMessage, Page, Playwright, expect

from tests.factories import PASSWORD, jpeg

DESKTOP = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
SMALLEST = {"width": 320, "height": 640}
# How long a page may take, in milliseconds: the machine may be busy with other tests.
PATIENCE = 15_000
_numbers = count(1)


@dataclass
class Person:
    """Somebody with an account, and their hand in the API."""

    name: str
    api: APIRequestContext
    token: str

    def call(self, method: str, path: str, **arguments: Any) -> Any:
        """An API request of theirs that succeeds; its answer."""
        answer = self.api.fetch(path, method=method, headers={"Authorization": f"Bearer {self.token}"}, **arguments)
        assert answer.ok, answer.text()
        return answer.json() if answer.body() else None

    def tweet(
        self, text: str = "Hello", *, picture: bool = False, size: tuple[int, int] = (900, 600), alt: str = ""
    ) -> str:
        """The path of a new tweet's page."""
        form: dict[str, Any] = {"text": text}
        if picture:
            form |= {"image": {"name": "x.jpg", "mimeType": "image/jpeg", "buffer": jpeg(*size)}, "image_alt": alt}
        url: str = self.call("POST", "/v1/tweets/", multipart=form)["url"]
        return "/" + url.split("/", 3)[3]

    def follow(self, other: "Person") -> None:
        self.call("POST", f"/v1/users/follow/{other.name}/")


@dataclass
class Screen:
    """A browser window."""

    page: Page
    context: BrowserContext
    expected: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Go to a page, and wait until its scripts are there, if it has any."""
        self.page.goto(path)
        return self.page

    def log_in(self, person: Person) -> Page:
        self.open("/login")
        # By their names, which are the same in every language.
        self.page.locator("main [name=login]").fill(person.name)
        self.page.locator("main [name=password]").fill(PASSWORD)
        self.page.locator("main form button").click()
        expect(self.page).to_have_url(re.compile(r"/$"))
        return self.page

    def expect_complaint(self, text: str) -> None:
        """What the browser will rightly complain about in this test."""
        self.expected.append(text)


class World:
    """One instance and all who use it."""

    def __init__(self, base: str, browser: Browser, playwright: Playwright) -> None:
        self.base = base
        self.complaints: list[str] = []
        self._browser = browser
        self._api = playwright.request.new_context(base_url=base)
        self._screens: list[Screen] = []

    def set_up(self, banner: str) -> None:
        """Make the administrator at the address that the server printed."""
        address = re.search(r"/setup\?code=[A-Z0-9-]+", banner)
        assert address is not None, banner
        screen = self.open(javascript=False)
        page = screen.open("/")
        expect(page).to_have_url(f"{self.base}/setup")
        page = screen.open(address[0])
        page.get_by_label("Username").fill("head")
        page.get_by_label("Email").fill("head@example.org")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Make my account").click()
        expect(page.get_by_role("status").first).to_contain_text("Your instance is ready.")
        self.close_screens()

    def open(
        self,
        *,
        size: dict[str, int] | None = None,
        theme: Literal["light", "dark"] = "light",
        javascript: bool = True,
        language: str = "en-GB",
    ) -> Screen:
        """A new browser window, in which nobody is signed in."""
        context = self._browser.new_context(
            base_url=self.base,
            viewport=size or DESKTOP,  # type: ignore[arg-type]  # A dictionary of the two.
            color_scheme=theme,
            java_script_enabled=javascript,
            locale=language,
            timezone_id="Europe/Lisbon",
        )
        context.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        screen = Screen(context.new_page(), context)
        screen.page.on("console", lambda message: self._hear(screen, message))
        screen.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self._screens.append(screen)
        return screen

    def _hear(self, screen: Screen, message: ConsoleMessage) -> None:
        """Errors and warnings in the console; violations of the security policy are among them."""
        is_expected = any(text in message.text for text in screen.expected)
        if message.type in {"error", "warning"} and not is_expected:
            self.complaints.append(f"{screen.page.url}: {message.text}")

    def person(self, beginning: str) -> Person:
        """A new account."""
        name = f"{beginning}{next(_numbers)}"
        fields = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
        made = self._api.post("/v1/users/register/", data=fields)
        assert made.ok, made.text()
        pair = self._api.post("/v1/users/login/", data={"username": name, "password": PASSWORD}).json()
        return Person(name, self._api, pair["access"])

    def close_screens(self) -> None:
        for screen in self._screens:
            screen.context.close()
        self._screens.clear()

    def close(self) -> None:
        self.close_screens()
        self._api.dispose()
