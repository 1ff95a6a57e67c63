"""What browsers are told with every answer: policies, HSTS, and whose scripts may call the API."""

from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.conf import LazySettings

from minitwitter.api.headers import DATA_POLICY, PAGE_POLICY, PERMISSIONS
from minitwitter.env import ConfigurationError, load
from tests.admin.client import AdminClient
from tests.client import ApiClient, assert_problem
from tests.factories import follow, jpeg, make_admin, make_tweet, make_user

TWEETS = "/v1/tweets/"
APP = "https://app.example.org"
STATIC = "/static/admin/css/base.css"

pytestmark = pytest.mark.django_db


def _whole(answer: Any) -> Any:
    """The answer, read to its end, which closes the file it may come from."""
    if answer.streaming:
        b"".join(answer.streaming_content)
    return answer


# --- Policies ---------------------------------------------------------------------------------------------------------


class _PageReader(HTMLParser):
    """Collects a page's links, and whatever in it a policy without 'unsafe-inline' forbids."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.forbidden: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._inside = tag if tag in {"script", "style"} else ""
        self.forbidden += [f"{name}={value}" for name, value in given.items() if name.startswith("on")]
        self.forbidden += [f"<{tag} style>"] * ("style" in given)
        self.loaded += [given["src"]] if "src" in given else []
        if "href" in given:
            (self.loaded if tag == "link" else self.links).append(given["href"])

    def handle_data(self, data: str) -> None:
        if self._inside and data.strip():
            self.forbidden.append(f"<{self._inside}>{data}")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""


def _read(html: str) -> _PageReader:
    reader = _PageReader()
    reader.feed(html)
    return reader


@pytest.fixture
def pages() -> dict[str, Any]:
    """Every page of the admin that links lead to, with something in each list, and the pages of somebody outside."""
    alice, bob = make_user("alice"), make_user("bob")
    ApiClient(alice)  # Has a session.
    follow(alice, bob)
    make_tweet(alice, "Hello", image=jpeg())
    admin = AdminClient(make_admin())
    found: dict[str, Any] = {"(log in)": AdminClient().get("/admin/login/")}
    waiting = ["/admin/"]
    while waiting:
        path = waiting.pop()
        if path in found or not path.startswith("/admin/"):
            continue
        found[path] = page = admin.get(path)
        links = _read(page.content.decode()).links
        waiting += [urlsplit(urljoin(path, link)).path for link in links]
    return found


def test_every_admin_page_has_the_strict_policy_and_needs_no_other(pages: dict[str, Any]) -> None:
    assert len([path for path in pages if path.endswith("/change/")]) >= 8
    assert {"/admin/accounts/user/add/", "/admin/password_change/", "(log in)"} <= set(pages)
    assert "unsafe" not in PAGE_POLICY
    for path, page in pages.items():
        assert page["Content-Type"] == "text/html; charset=utf-8", path
        assert page.status_code in {200, 302}, path  # What cannot be deleted leads back to the first page.
        assert page["Content-Security-Policy"] == PAGE_POLICY
        assert page["Permissions-Policy"] == PERMISSIONS
        reader = _read(page.content.decode())
        assert reader.forbidden == [], path
        assert [address for address in reader.loaded if not address.startswith("/")] == []
        assert [link for link in reader.links if link.startswith(("javascript:", "data:"))] == []


def test_a_refused_form_needs_no_other_policy_either() -> None:
    page: Any = AdminClient(make_admin()).post("/admin/password_change/", {"new_password": "x"})
    assert page["Content-Security-Policy"] == PAGE_POLICY
    assert _read(page.content.decode()).forbidden == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", TWEETS, 200),
        ("GET", "/v1/users/me/", 401),
        ("GET", "/nothing", 404),
        ("POST", "/healthz", 405),
        ("GET", "/healthz", 200),
        ("GET", "/v1/openapi.json", 200),
        ("OPTIONS", TWEETS, 204),
        ("GET", STATIC, 200),
        ("GET", "/static/nothing.js", 404),
    ],
)
def test_data_can_do_nothing_in_a_browser(api: ApiClient, method: str, path: str, status: int) -> None:
    answer = _whole(api.generic(method, path))
    assert answer.status_code == status
    assert {
        name: answer[name] for name in ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy")
    } == {
        "Content-Security-Policy": DATA_POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
    }
    assert {"Permissions-Policy", "Strict-Transport-Security", "Access-Control-Allow-Origin"}.isdisjoint(answer.headers)


def test_a_refused_host_gets_the_headers_as_well(api: ApiClient) -> None:
    answer = api.get(TWEETS, headers={"Host": "evil.example"})
    assert_problem(answer, 400, "unknown_host")
    assert answer["Content-Security-Policy"] == DATA_POLICY
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_pages_and_files_with_a_policy_of_their_own_keep_it(alice: ApiClient) -> None:
    assert "worker-src blob:" in alice.get("/v1/docs/")["Content-Security-Policy"]
    picture = alice.tweet("", jpeg())["image"].removeprefix("http://testserver")
    answer = _whole(alice.get(picture))
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_nothing_under_the_api_redirects(alice: ApiClient) -> None:
    for path in ("/v1", "/v1/tweets", "/v1/users/me", "//v1/tweets/", "/v1//tweets/", "/V1/tweets/"):
        for method in ("GET", "POST", "PUT", "DELETE"):
            assert alice.generic(method, path).status_code == 404, (method, path)


# --- HSTS -------------------------------------------------------------------------------------------------------------


def test_hsts_is_told_with_every_answer_when_it_is_chosen(api: ApiClient, settings: LazySettings) -> None:
    settings.HSTS_SECONDS = 300
    for path in ("/healthz", TWEETS, "/nothing", "/admin/login/", STATIC):
        answer = _whole(api.get(path))
        assert answer["Strict-Transport-Security"] == "max-age=300"


def test_hsts_needs_an_https_address() -> None:
    chosen = {"MINITWITTER_HSTS_SECONDS": "300", "MINITWITTER_PUBLIC_URL": "https://tweets.example.org"}
    assert load(chosen).hsts_seconds == 300
    for address in ("", "http://tweets.example.org"):
        with pytest.raises(ConfigurationError, match="MINITWITTER_HSTS_SECONDS needs an https address"):
            load({**chosen, "MINITWITTER_PUBLIC_URL": address})


# --- Scripts of other origins -----------------------------------------------------------------------------------------


@pytest.fixture
def shared(settings: LazySettings) -> None:
    settings.CORS_ORIGINS = (APP, "http://localhost:3000")


def _preflight(client: ApiClient, path: str, origin: str = APP, method: str = "POST") -> Any:
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    return client.options(path, headers={**headers, "Access-Control-Request-Headers": "authorization,content-type"})


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("origin", [APP, "http://localhost:3000"])
@pytest.mark.parametrize("path", [TWEETS, "/v1/users/me/", "/v1/users/login/", "/v1/nothing/"])
def test_a_preflight_is_answered_without_a_token(api: ApiClient, origin: str, path: str) -> None:
    answer = _preflight(api, path, origin)
    assert (answer.status_code, answer.content) == (204, b"")
    assert {name: value for name, value in answer.items() if name.startswith("Access-Control-")} == {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
        "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, If-None-Match, X-Request-Id",
        "Access-Control-Expose-Headers": answer["Access-Control-Expose-Headers"],
        "Access-Control-Max-Age": "7200",
    }
    assert "Origin" in answer["Vary"]
    assert answer["X-Request-Id"]


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize(("path", "status"), [(TWEETS, 200), ("/v1/users/me/", 401), ("/v1/tweets/1/", 404)])
def test_answers_and_failures_can_be_read_by_an_allowed_origin(api: ApiClient, path: str, status: int) -> None:
    answer = api.get(path, headers={"Origin": APP})
    assert answer.status_code == status
    assert answer["Access-Control-Allow-Origin"] == APP
    exposed = set(answer["Access-Control-Expose-Headers"].split(", "))
    assert {"Link", "X-Request-Id", "Location", "Retry-After", "RateLimit", "RateLimit-Policy"} <= exposed
    assert "Access-Control-Allow-Credentials" not in answer
    assert "Origin" in answer["Vary"]
    if path == TWEETS:
        assert set(answer["Vary"].split(", ")) == {"Authorization", "Origin"}


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "*",
        "https://evil.example",
        "http://app.example.org",
        "https://app.example.org:8443",
        "https://app.example.org.evil.example",
        "https://sub.app.example.org",
        "https://app.example.org/",
        "HTTPS://APP.EXAMPLE.ORG",
        f"{APP}, https://evil.example",
    ],
)
def test_any_other_origin_is_told_nothing(api: ApiClient, origin: str) -> None:
    for answer in (api.get(TWEETS, headers={"Origin": origin}), _preflight(api, TWEETS, origin)):
        assert [name for name in answer.headers if name.startswith("Access-Control-")] == []
        assert "Origin" in answer["Vary"]


@pytest.mark.usefixtures("shared")
def test_only_the_api_is_shared(api: ApiClient) -> None:
    for path in ("/admin/login/", "/healthz", STATIC):
        answer = _whole(api.get(path, headers={"Origin": APP}))
        assert "Access-Control-Allow-Origin" not in answer
    assert _preflight(api, "/admin/login/").status_code != 204


def test_without_the_option_no_origin_is_allowed(api: ApiClient) -> None:
    for answer in (api.get(TWEETS, headers={"Origin": APP}), _preflight(api, TWEETS)):
        assert [name for name in answer.headers if name.startswith("Access-Control-")] == []
        assert "Origin" not in answer.get("Vary", "")


def test_origins_are_read_as_browsers_write_them() -> None:
    name = "MINITWITTER_CORS_ORIGINS"
    assert load({name: f"{APP}, http://[::1]:3000,"}).cors_origins == (APP, "http://[::1]:3000")
    for wrong in ("*", "null", "app.example.org", f"{APP}/", "https://App.example.org", f"{APP}:443", "http://a:80"):
        with pytest.raises(ConfigurationError, match=rf"^{name} is .+, but it must be origins"):
            load({name: wrong})
