"""A browser without JavaScript, for tests: it opens pages, fills in their forms and sends them, with their tokens."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.html import strip_tags

from minitwitter.accounts.models import User
from minitwitter.actions import sessions
from tests.factories import PASSWORD

Response = Any  # Django's test client adds `context` and more to its responses.
ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@dataclass
class SentForm:
    """A form of a page, as a browser would send it."""

    id: str
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[str] = field(default_factory=list)


class WebClient(Client):
    """Signed in as `user`, if one is given. The check of forms is on, as in the product."""

    def __init__(self, user: User | None = None, *, language: str = "en") -> None:
        headers = {
            "Accept": ACCEPT,
            "Accept-Language": language,
            "User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0",
        }
        super().__init__(enforce_csrf_checks=True, raise_request_exception=False, headers=headers)
        if user is not None:
            started = sessions.log_in_browser(login=user.username, password=PASSWORD, device="tests")
            self.cookies[settings.LOG_IN_COOKIE_NAME] = f"{started.session_id}.{started.secret}"

    def open(self, path: str, **parameters: Any) -> str:
        """The page's HTML. Precondition: it is there."""
        response: Response = self.get(path, parameters)
        assert response.status_code == 200, (path, response.status_code, response.get("Location"))
        assert response["Content-Type"] == "text/html; charset=utf-8"
        return html_of(response)

    def send(self, path: str, action: str = "", /, **changes: Any) -> Response:
        """Open a page, fill in the form with that action (else its only one) and send it, without following."""
        return self.submit(form_of(self.open(path), action), path, **changes)

    def submit(self, form: SentForm, path: str = "/", **changes: Any) -> Response:
        """Send a form of the page at the path."""
        unknown = set(changes) - set(form.fields) - set(form.buttons)
        assert not unknown, f"the form {form.action} has no field {unknown}, only {sorted(form.fields)}"
        assert form.method == "post"
        data = {name: _as_file(value) for name, value in (form.fields | changes).items() if value is not None}
        return self.post(urljoin(path, form.action), data)

    def press(self, path: str, action: str) -> Response:
        """Open a page and press the button that leads to the action, wherever it stands. Without following."""
        html = self.open(path)
        button = buttons_of(html)[action]
        form = next(form for form in forms_of(html) if form.id == "act")
        return self.post(action, {**form.fields, **button})

    def fragment(self, method: str, path: str, data: dict[str, Any] | None = None) -> Response:
        """What a script of the page asks for."""
        headers = {"HX-Request": "true", "Accept": "*/*"}
        if method == "GET":
            return self.get(path, data or {}, headers=headers)
        token = form_of(self.open("/settings/looks"), "/preferences").fields["csrfmiddlewaretoken"]
        return self.post(path, {**(data or {}), "csrfmiddlewaretoken": token}, headers=headers)

    def is_signed_in(self) -> bool:
        """Whether the server still knows this browser."""
        return bool(self.get("/settings").status_code == 200)


def _as_file(value: Any) -> Any:
    return SimpleUploadedFile("picture.jpg", value, "image/jpeg") if isinstance(value, bytes) else value


def html_of(response: Response) -> str:
    """The body as text."""
    html: str = response.content.decode()
    return html


def text_of(html: str) -> str:
    """What a reader sees of a page."""
    return " ".join(strip_tags(html).split())


def forms_of(html: str) -> list[SentForm]:
    """Every form of a page that posts."""
    reader = _FormReader()
    reader.feed(html)
    return reader.forms


def form_of(html: str, action: str = "") -> SentForm:
    """The form with that action; without one, the only form of the page that is not about logging out."""
    found = [form for form in forms_of(html) if form.id != "act" and action in {"", form.action}]
    assert len(found) == 1, [form.action for form in forms_of(html)]
    return found[0]


def buttons_of(html: str) -> dict[str, dict[str, str]]:
    """The buttons that send the page's common form, by where they lead, with what each adds to it."""
    reader = _FormReader()
    reader.feed(html)
    return reader.common_buttons


class _FormReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[SentForm] = []
        self.common_buttons: dict[str, dict[str, str]] = {}
        self._form: SentForm | None = None
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and given.get("method") == "post":
            self._form = SentForm(given.get("id", ""), given.get("action", ""), "post")
            self.forms.append(self._form)
        elif tag == "button" and given.get("form") == "act":
            name = given.get("name")
            self.common_buttons[given["formaction"]] = {name: given["value"]} if name else {}
        elif self._form is None:
            return
        elif tag == "input" and given.get("name"):
            self._take(self._form, given)
        elif tag == "button" and given.get("name"):
            self._form.buttons.append(given["name"])
        elif tag == "textarea":
            self._area = given["name"]
            self._form.fields[self._area] = ""

    def _take(self, form: SentForm, given: dict[str, str]) -> None:
        match given.get("type"):
            case "radio" | "checkbox":
                if "checked" in given:
                    form.fields[given["name"]] = given["value"]
            case _:
                form.fields[given["name"]] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._form is not None and self._area:
            # Browsers drop the first line break of a text area, and send every other as CR LF.
            self._form.fields[self._area] += data.removeprefix("\n").replace("\n", "\r\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""
        elif tag == "form":
            self._form = None
