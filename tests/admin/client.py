"""A browser for the admin, for tests: it opens pages, fills in their forms and sends them."""

from html.parser import HTMLParser
from typing import Any

from django.test import Client
from django.utils.html import strip_tags

from minitwitter.accounts.models import User

Response = Any  # Django's test client adds `context` and more to its responses.
BACKEND = "minitwitter.accounts.backends.UsernameOrEmailBackend"
SECTIONS = {
    "users": "/admin/accounts/user/",
    "sessions": "/admin/accounts/session/",
    "follows": "/admin/relationships/follow/",
    "tweets": "/admin/tweets/tweet/",
    "images": "/admin/media/image/",
    "tasks": "/admin/core/task/",
}


class AdminClient(Client):
    """Signed in to the admin as `user`, if one is given."""

    def __init__(self, user: User | None = None) -> None:
        super().__init__()
        if user is not None:
            self.force_login(user, backend=BACKEND)

    def open(self, path: str, **parameters: str) -> str:
        """The page's HTML. Precondition: it is there."""
        response: Response = self.get(path, parameters)
        assert response.status_code == 200, (path, response.status_code, response.get("Location"))
        html: str = response.content.decode()
        return html

    def send(self, path: str, **changes: Any) -> Response:
        """Open a page, fill in its main form and send it. Returns the page that follows."""
        fields = _FormReader.fields_of(self.open(path))
        unknown = set(changes) - set(fields) - {"_selected_action"}
        assert not unknown, f"{path} has no field {unknown}, only {sorted(fields)}"
        return self.post(
            path, {name: value for name, value in (fields | changes).items() if value is not None}, follow=True
        )

    def act(self, section: str, action: str, *ids: int, **fields: Any) -> Response:
        """Run a list's action on rows. Returns the page that follows."""
        data = {"action": action, "_selected_action": list(ids), "index": 0, **fields}
        return self.post(SECTIONS[section], data, follow=True)


def messages(response: Response) -> list[str]:
    """What the page tells the operator."""
    return [strip_tags(str(message)) for message in response.context["messages"]]


def form_errors(response: Response) -> dict[str, list[str]]:
    """The errors of the page's form, by field (`__all__` for those of none)."""
    assert response.status_code == 200
    context = response.context
    form = context["adminform"].form if "adminform" in context else context["form"]
    return {name: list(errors) for name, errors in form.errors.items()}


def text_of(html: str) -> str:
    """What a reader sees of a page."""
    return " ".join(strip_tags(html).split())


class _FormReader(HTMLParser):
    """Collects the fields of the last form with the method POST, as a browser would send them."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, Any] = {}
        self._inside = False
        self._select = self._area = ""

    @classmethod
    def fields_of(cls, html: str) -> dict[str, Any]:
        reader = cls()
        reader.feed(html)
        return reader.fields

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name") or ""
        if tag == "form":
            self._inside = given.get("method") == "post" and given.get("id") != "logout-form"
        elif not self._inside:
            return
        elif tag == "input" and name:
            self._take_input(name, given)
        elif tag == "select":
            self._select, self.fields[name] = name, ""
        elif tag == "option" and "selected" in given:
            self.fields[self._select] = given.get("value") or ""
        elif tag == "textarea":
            self._area, self.fields[name] = name, ""

    def _take_input(self, name: str, given: dict[str, str | None]) -> None:
        match given.get("type"):
            case "checkbox":
                self.fields[name] = (given.get("value") or "on") if "checked" in given else None
            case "submit":
                pass
            case _:
                self.fields[name] = given.get("value") or ""

    def handle_data(self, data: str) -> None:
        if self._area:
            # Browsers drop the first line break of a text area, and send every other as CR LF.
            self.fields[self._area] += data.removeprefix("\n").replace("\n", "\r\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""
        elif tag == "form":
            self._inside = False
