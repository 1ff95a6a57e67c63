"""What is true of every page: who gets it, its headers, its failures, and what other programs read of this site."""

import json
import re
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.conf import LazySettings
from django.db import OperationalError
from django.utils.http import http_date

from minitwitter.accounts.models import User
from minitwitter.actions import accounts, likes, tweets
from minitwitter.tweets.models import Tweet
from minitwitter.web import urls
from minitwitter.web.views import profiles, timelines
from tests.client import ApiClient, assert_problem
from tests.factories import follow, jpeg, make_tweet, make_user
from tests.web.client import WebClient, form_of, html_of, text_of

pytestmark = pytest.mark.django_db

# The statuses of: anonymous, a member, the owner; then anonymous with MINITWITTER_PUBLIC_READ=off. 303 leads on.
TABLE = """
GET  /                                        200 200 200 200
GET  /public                                  200 200 200 303
GET  /compose                                 303 200 200 303
POST /compose                                 303 400 400 303
GET  /people                                  200 200 200 303
GET  /signup                                  200 303 303 200
POST /signup                                  400 303 303 400
GET  /setup                                   200 200 200 200
POST /setup                                   400 400 400 400
GET  /forgot                                  404 404 404 404
POST /forgot                                  404 404 404 404
GET  /reset/                                  404 404 404 404
POST /reset/                                  404 404 404 404
GET  /confirm/                                404 404 404 404
POST /confirm/                                404 404 404 404
POST /settings/email                          303 404 404 303
GET  /login                                   200 303 303 200
POST /login                                   401 303 303 401
POST /logout                                  303 303 303 303
POST /preferences                             303 303 303 303
GET  /settings                                303 200 200 303
POST /settings                                303 303 303 303
POST /settings/avatar                         303 400 400 303
GET  /settings/account                        303 200 200 303
POST /settings/password                       303 400 400 303
GET  /settings/devices                        303 200 200 303
POST /settings/devices/<id:session_id>        303 404 303 303
POST /settings/devices/all                    303 303 303 303
GET  /settings/looks                          200 200 200 200
GET  /settings/delete                         303 200 200 303
POST /settings/delete                         303 400 400 303
GET  /@<username:username>                    200 200 200 303
GET  /@<username:username>/pictures           200 200 200 303
GET  /@<username:username>/likes              200 200 200 303
GET  /@<username:username>/followers          200 200 200 303
GET  /@<username:username>/following          200 200 200 303
POST /@<username:username>/follow             303 303 400 303
GET  /@<username:username>/feed.atom          200 200 200 303
GET  /@<username:username>/<id:tweet_id>      200 200 200 303
GET  /@<username:username>/<id:tweet_id>/edit 303 403 200 303
POST /@<username:username>/<id:tweet_id>/edit 303 403 303 303
GET  /@<username:username>/<id:tweet_id>/delete  303 403 200 303
POST /@<username:username>/<id:tweet_id>/delete  303 403 303 303
POST /@<username:username>/<id:tweet_id>/like    303 303 303 303
GET  /@<username:username>/<id:tweet_id>/likes   200 200 200 303
GET  /assets/<str:digest>/<path:name>         404 404 404 404
GET  /favicon.ico                             200 200 200 200
GET  /apple-touch-icon.png                    200 200 200 200
GET  /robots.txt                              200 200 200 200
GET  /manifest.webmanifest                    200 200 200 200
"""
ROWS = [(line.split()[0], line.split()[1], tuple(map(int, line.split()[2:]))) for line in TABLE.strip().splitlines()]


class World:
    """The owner of everything that addresses name, and a member who owns nothing of it."""

    def __init__(self) -> None:
        self.owner, self.member = make_user("olga"), make_user("milo")
        self.tweet = make_tweet(self.owner, "Hello", image=jpeg())
        self.browsers = (WebClient(), WebClient(self.member), WebClient(self.owner))

    def address(self, route: str) -> str:
        session = self.browsers[2].cookies["minitwitter_login"].value.split(".")[0]
        parts = {"username:username": "olga", "id:tweet_id": self.tweet, "id:session_id": session}
        parts |= {"str:digest": "0" * 12, "path:name": "style.css"}
        return re.sub(r"<([a-z_:]+)>", lambda match: str(parts[match[1]]), route)


def test_every_address_and_method_has_a_row_and_every_row_is_there() -> None:
    browser = WebClient()
    there = set()
    for pattern in urls.urlpatterns:
        route = f"/{pattern.pattern}"
        answer: Any = browser.generic("TRACE", re.sub(r"<id:\w+>", "1", route).replace("<username:username>", "a"))
        assert answer.status_code == 405, route
        there |= {(method, route) for method in answer["Allow"].split(", ") if method != "HEAD"}
    assert {(method, route) for method, route, _ in ROWS} == there
    assert len(ROWS) == len(there)


@pytest.mark.parametrize(("method", "route", "statuses"), ROWS, ids=[f"{row[0]} {row[1]}" for row in ROWS])
def test_everybody_gets_what_the_table_says(
    method: str, route: str, statuses: tuple[int, ...], settings: LazySettings
) -> None:
    world = World()
    path = world.address(route)
    found = [_status(browser, method, path) for browser in world.browsers]
    settings.PUBLIC_READ = False
    found.append(_status(WebClient(), method, path))
    assert tuple(found) == statuses


def _status(browser: WebClient, method: str, path: str) -> int:
    if method == "GET":
        head: Any = browser.head(path)
        answer: Any = browser.get(path)
        assert head.status_code == answer.status_code
        return int(answer.status_code)
    browser.handler.enforce_csrf_checks = False
    try:
        return int(browser.post(path, {}).status_code)
    finally:
        browser.handler.enforce_csrf_checks = True


# --- Headers ----------------------------------------------------------------------------------------------------------


class _PageReader(HTMLParser):
    """Collects whatever in a page a policy without 'unsafe-inline' forbids, and what is loaded from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.forbidden: list[str] = []
        self.ids: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._inside = tag if tag in {"script", "style"} else ""
        self.forbidden += [f"{name}={value}" for name, value in given.items() if name.startswith(("on", "hx-on"))]
        self.forbidden += [f"<{tag} style>"] * ("style" in given)
        loads = given.get("src", "") if tag != "link" else given.get("href", "")
        if loads and not loads.startswith(("/", "http://testserver/", "data:image/png;base64,")):
            self.forbidden.append(loads)
        if given.get("href", "").lower().startswith(("javascript:", "data:")):
            self.forbidden.append(given["href"])
        self.ids += [given["id"]] if "id" in given else []

    def handle_data(self, data: str) -> None:
        if self._inside and data.strip():
            self.forbidden.append(f"<{self._inside}>{data}")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""


def _pages() -> list[tuple[str, Any]]:
    world = World()
    follow(world.member, world.owner)
    paths = [world.address(route) for method, route, _ in ROWS if method == "GET" and "." not in route]
    found = [(path, browser.get(path)) for browser in world.browsers for path in paths]
    return [(path, answer) for path, answer in found if answer.status_code != 303]


def test_every_page_has_the_strict_policy_and_needs_no_other() -> None:
    pages = _pages()
    assert len(pages) > 50
    for path, page in pages:
        if path.startswith("/assets/"):
            continue
        policy = page["Content-Security-Policy"]
        assert "script-src 'self'; style-src 'self'; img-src 'self' data: blob:;" in policy, path
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert page["Cache-Control"] in {"private, no-cache", "no-store"}
        assert {"Cookie", "Accept-Language", "Accept-Encoding"} <= set(page["Vary"].split(", "))
        assert page["X-Content-Type-Options"] == "nosniff"
        reader = _PageReader()
        reader.feed(html_of(page))
        assert reader.forbidden == [], path
        assert len(reader.ids) == len(set(reader.ids)), path


def test_settings_are_not_kept_by_the_browser(browser: WebClient) -> None:
    for refused in (
        browser.send("/settings", "/settings/avatar", image=b"no picture"),
        browser.send("/settings", "/settings", website="nowhere"),
        browser.send("/settings/account", "/settings/password", current_password="x", new_password="y"),
    ):
        assert (refused.status_code >= 400, refused["Cache-Control"]) == (True, "no-store")
    for path in ("/settings", "/settings/account", "/settings/devices", "/settings/delete"):
        answer: Any = browser.get(path, headers={"Accept-Encoding": "gzip"})
        assert answer["Cache-Control"] == "no-store"
        assert "Content-Encoding" not in answer


def test_a_timeline_is_compressed_and_small(ana: User, browser: WebClient) -> None:
    for number in range(20):
        make_tweet(ana, f"{number} " + "Some words that a tweet of the usual length has in it, more or less. " * 3)
    whole: Any = browser.get("/")
    packed: Any = browser.get("/", headers={"Accept-Encoding": "gzip, br"})
    assert packed["Content-Encoding"] == "gzip"
    assert int(packed["Content-Length"]) == len(packed.content) < 12_000 < len(whole.content) < 50_000


# --- Failures ---------------------------------------------------------------------------------------------------------


def test_a_browser_gets_a_page_for_what_is_not_there_and_a_program_a_problem(visitor: WebClient) -> None:
    for path in ("/nothing", "/@nobody", "/@somebody/12", "/@x/y/z"):
        page: Any = visitor.get(path)
        assert page.status_code == 404
        assert page["Content-Type"] == "text/html; charset=utf-8"
        assert "Go home" in html_of(page)
    assert_problem(ApiClient().get("/nothing"), 404, "not_found")
    assert_problem(WebClient().get("/v1/nothing/"), 404, "not_found")
    for path in ("/@nobody", "/@somebody/12"):
        assert_problem(ApiClient().get(path, headers={"Accept-Encoding": "gzip"}), 404, "not_found")


@pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "CONNECT", "POST"])
def test_a_wrong_method_names_the_right_ones(browser: WebClient, method: str) -> None:
    answer: Any = browser.generic(method, "/public")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
    assert "This address cannot do that" in html_of(answer)


def test_a_defect_is_told_as_ours_with_the_id_for_the_operator(
    browser: WebClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(timelines, "merged", fail)
    answer: Any = browser.get("/", headers={"X-Request-Id": "abc-1"})
    assert answer.status_code == 500
    assert "Something broke" in html_of(answer)
    assert "abc-1" in html_of(answer)


@pytest.mark.parametrize("path", ["/", "/public"])
def test_while_the_database_is_away_a_page_says_so(
    browser: WebClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def away(*_: object) -> None:
        raise OperationalError

    monkeypatch.setattr("minitwitter.web.visitors.browser_session", away)
    monkeypatch.setattr("minitwitter.web.views.timelines.open_home_in_browser", away)
    answer: Any = browser.get(path)
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert "One moment" in html_of(answer)


def test_too_large_a_picture_is_told_in_a_page(browser: WebClient) -> None:
    answer: Any = browser.post("/compose", data=b"x", content_type="text/plain", CONTENT_LENGTH=str(11 * 1024 * 1024))
    assert answer.status_code == 413
    assert "Choose a smaller picture" in html_of(answer)


def test_an_unknown_host_gets_a_problem(visitor: WebClient) -> None:
    assert_problem(visitor.get("/", headers={"Host": "evil.example"}), 400, "unknown_host")


@pytest.mark.parametrize(
    "rest",
    [
        "", "?max_id=5", "/pictures", "/likes", "/followers?max_id=5", "/following", "/feed.atom", "/{tweet}",
        "/{tweet}/likes", "/{tweet}/edit", "/{tweet}/delete",
    ],
)  # fmt: skip
def test_every_page_of_somebody_leads_to_the_name_as_they_write_it(ana: User, browser: WebClient, rest: str) -> None:
    rest = rest.format(tweet=make_tweet(ana))
    for method in (browser.get, browser.head):
        answer: Any = method(f"/@ANA{rest}")
        assert (answer.status_code, answer["Location"]) == (303, f"/@ana{rest}")
    assert browser.get(f"/@ana{rest}").status_code == 200


def test_a_form_under_another_spelling_is_taken(ana: User, ben: User, browser: WebClient) -> None:
    tweet = make_tweet(ana)
    token = form_of(browser.open("/settings/looks"), "/preferences").fields["csrfmiddlewaretoken"]
    data = {"csrfmiddlewaretoken": token, "text": "Changed"}
    assert browser.post(f"/@ANA/{tweet}/edit", data)["Location"] == f"/@ana/{tweet}"
    assert Tweet.objects.get().text == "Changed"
    assert browser.post(f"/@ANA/{tweet}/delete", data)["Location"] == "/@ana"
    assert Tweet.objects.get().deleted_at is not None


@pytest.mark.parametrize("path", ["/settings", "/settings/account", "/settings/devices", "/settings/looks"])
def test_every_tab_of_the_settings_leads_administrators_to_their_pages(ana: User, path: str) -> None:
    link = '<a class="button small" href="/admin/">'
    assert link not in WebClient(ana).open(path)
    assert link not in WebClient().open("/settings/looks")
    User.objects.filter(pk=ana.pk).update(is_staff=True)
    assert WebClient(ana).open(path).count(link) == 1


# --- For other programs -----------------------------------------------------------------------------------------------


def test_a_profile_has_a_feed_for_readers_of_feeds(ana: User, visitor: WebClient) -> None:
    accounts.update_profile(user=ana, fields={"display_name": "Ana", "bio": "Reads & runs"})
    tweet = make_tweet(ana, "Hello <b> & https://example.org/x", image=jpeg())
    assert 'rel="alternate" type="application/atom+xml" href="/@ana/feed.atom"' in visitor.open("/@ana")
    answer: Any = visitor.get("/@ana/feed.atom")
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    root = ET.fromstring(answer.content)  # noqa: S314  # Our own.
    atom = "{http://www.w3.org/2005/Atom}"
    assert root.findtext(f"{atom}title") == "Ana (@ana)"
    assert root.findtext(f"{atom}subtitle") == "Reads & runs"
    (entry,) = root.findall(f"{atom}entry")
    assert entry.findtext(f"{atom}id") == f"http://testserver/@ana/{tweet}"
    content = entry.findtext(f"{atom}summary") or ""
    assert "Hello &lt;b&gt; &amp; <a href=" in content
    assert '<img src="http://testserver/media/' in content


def test_a_reader_that_has_the_feed_is_told_so_without_making_it(
    ana: User, visitor: WebClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    tweet = make_tweet(ana, "Hello")
    first: Any = visitor.get("/@ana/feed.atom")
    validators = {name: first[name] for name in ("ETag", "Last-Modified")}
    assert re.fullmatch(r'W/"[0-9a-f]{32}"', validators["ETag"])
    created_at = Tweet.objects.get().created_at
    assert validators["Last-Modified"] == http_date(created_at.timestamp())

    monkeypatch.setattr(profiles, "_feed_document", None)
    likes.like(user=ana, tweet_id=tweet)  # Not a part of the feed.
    both = {"If-None-Match": first["ETag"], "If-Modified-Since": first["Last-Modified"]}
    for asked in (
        {"If-None-Match": f'"x", {first["ETag"]}'},
        {"If-None-Match": first["ETag"].removeprefix("W/")},
        {"If-None-Match": "*"},
        {"If-Modified-Since": first["Last-Modified"]},
        both,
        {**both, "If-Modified-Since": "Mon, 01 Jan 2024 00:00:00 GMT"},
    ):
        known: Any = visitor.get("/@ana/feed.atom", headers=asked)
        assert (known.status_code, known.content) == (304, b"")
        assert {name: known[name] for name in validators} == validators
        assert known["Cache-Control"] == first["Cache-Control"]
        assert set(known["Vary"].split(", ")) == set(first["Vary"].split(", "))
        assert "Content-Type" not in known


@pytest.mark.parametrize("change", ["a tweet", "an edit", "a deletion", "a name", "another address of the server"])
def test_a_feed_that_changed_is_sent_whole(ana: User, visitor: WebClient, settings: LazySettings, change: str) -> None:
    tweet = make_tweet(ana, "Hello")
    before: Any = visitor.get("/@ana/feed.atom")
    match change:
        case "a tweet":
            make_tweet(ana, "Another")
        case "an edit":
            tweets.edit_tweet(tweet_id=tweet, text="Changed", editor=ana)
        case "a deletion":
            tweets.delete_tweet(tweet_id=tweet, editor=ana)
        case "a name":
            accounts.update_profile(user=ana, fields={"display_name": "Ana Maria"})
        case _:
            settings.PUBLIC_URL = "https://elsewhere.example"
    # The tag decides, whatever the other header says (RFC 9110 section 13.2.2).
    asked = {"If-None-Match": before["ETag"], "If-Modified-Since": before["Last-Modified"]}
    after: Any = visitor.get("/@ana/feed.atom", headers=asked)
    assert after.status_code == 200
    assert after["ETag"] != before["ETag"]
    assert after.content != before.content
    ET.fromstring(after.content)  # noqa: S314  # Our own.


def test_an_older_copy_is_not_taken_for_the_feed(ana: User, visitor: WebClient) -> None:
    make_tweet(ana, "Hello")
    for asked in (
        {"If-None-Match": '"x"'},
        {"If-Modified-Since": "Mon, 01 Jan 2024 00:00:00 GMT"},
        {"If-None-Match": ""},
    ):
        assert visitor.get("/@ana/feed.atom", headers=asked).status_code == 200


@pytest.mark.parametrize("forbidden", ["\x08", "\x0b", "\x1f", "\ufffe", "\uffff"])
def test_a_feed_leaves_out_what_xml_cannot_say(ana: User, visitor: WebClient, forbidden: str) -> None:
    allowed = "\x7f\ud7ff\ue000\ufffd\U00010000\U0010ffff"
    User.objects.filter(pk=ana.pk).update(display_name=f"A{forbidden}na", bio=f"Re{forbidden}ads")
    make_tweet(ana, f"Hel{forbidden}lo{allowed}\t&\n{forbidden}")
    answer: Any = visitor.get("/@ana/feed.atom")
    assert answer.status_code == 200
    root = ET.fromstring(answer.content)  # noqa: S314  # Our own.
    atom = "{http://www.w3.org/2005/Atom}"
    assert root.findtext(f"{atom}title") == "Ana (@ana)"
    assert root.findtext(f"{atom}subtitle") == "Reads"
    assert root.findtext(f"{atom}author/{atom}name") == "Ana (@ana)"
    (entry,) = root.findall(f"{atom}entry")
    assert entry.findtext(f"{atom}title") == f"Hello{allowed} &"
    assert entry.findtext(f"{atom}summary") == f"<p>Hello{allowed}\t&amp;<br></p>"


@pytest.mark.parametrize("text", ["\x08", "\uffff"])
def test_an_entry_of_nothing_that_xml_can_say_still_has_a_title(ana: User, visitor: WebClient, text: str) -> None:
    Tweet.objects.filter(pk=make_tweet(ana)).update(text=text)
    root = ET.fromstring(html_of(visitor.get("/@ana/feed.atom")))  # noqa: S314  # Our own.
    atom = "{http://www.w3.org/2005/Atom}"
    assert root.findtext(f"{atom}entry/{atom}title") == "Mini Twitter"


def test_robots_are_told_what_to_read(visitor: WebClient, settings: LazySettings) -> None:
    lines = html_of(visitor.get("/robots.txt")).splitlines()
    assert lines[0] == "User-agent: *"
    assert "Disallow: /settings" in lines
    assert "Disallow: /" not in lines
    settings.PUBLIC_READ = False
    assert html_of(visitor.get("/robots.txt")).splitlines() == ["User-agent: *", "Disallow: /"]


def test_the_site_can_be_installed_as_an_app(visitor: WebClient) -> None:
    answer: Any = visitor.get("/manifest.webmanifest")
    assert answer["Content-Type"] == "application/manifest+json"
    manifest = json.loads(answer.content)
    assert (manifest["name"], manifest["start_url"], manifest["display"]) == ("Mini Twitter", "/", "standalone")
    sizes = set()
    for icon in manifest["icons"]:
        picture: Any = visitor.get(icon["src"])
        assert (picture.status_code, picture["Content-Type"]) == (200, "image/png")
        sizes.add((icon["sizes"], icon["purpose"]))
    assert sizes == {("192x192", "any"), ("512x512", "any"), ("512x512", "maskable")}
    assert visitor.get(manifest["share_target"]["action"]).status_code == 303


def test_everything_a_page_loads_is_there_for_ever_and_compressed(visitor: WebClient) -> None:
    page = visitor.open("/")
    loaded = set(re.findall(r'(?:src|href)="(/assets/[^"]+)"', page))
    assert {path.rpartition("/")[2] for path in loaded} >= {"style.css", "htmx.js", "app.js", "mark.svg", "180.png"}
    total = 0
    for path in loaded:
        answer: Any = visitor.get(path, headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
        is_text = path.endswith((".css", ".js", ".svg"))
        assert answer.get("Content-Encoding") == ("gzip" if is_text else None)
        total += len(answer.content) if not path.endswith("180.png") else 0
    page_bytes: Any = visitor.get("/", headers={"Accept-Encoding": "gzip"})
    assert total + len(page_bytes.content) < 50_000
    stale = min(loaded).split("/")
    assert visitor.get("/".join([*stale[:2], "0" * 12, *stale[3:]])).status_code == 404
    assert visitor.get("/".join([*stale[:3], "..%2f..%2fapps.py"])).status_code == 404


def test_scripts_import_only_each_other(visitor: WebClient) -> None:
    page = visitor.open("/")
    folder = re.search(r"/assets/[0-9a-f]{12}/", page)
    assert folder is not None
    modules = re.findall(r'"(/assets/[^"]+\.js)"', page)
    for path in modules:
        source = html_of(visitor.get(path))
        for name in re.findall(r'from "\./([a-z]+\.js)"', source):
            assert f"{folder[0]}js/{name}" in modules


def test_links_in_a_text_lead_to_people_who_are_there(ana: User, ben: User, browser: WebClient) -> None:
    make_tweet(ana, "@BEN and @nobody: see https://example.org/a_(b), (http://x.org/?a=1&b=2). me@ben.org @ben_")
    page = browser.open("/")
    assert '<a class="mention" href="/@ben"><bdi>@BEN</bdi></a> and @nobody:' in page
    attributes = 'href="https://example.org/a_(b)" rel="nofollow noopener noreferrer ugc" target="_blank"'
    assert f"<a {attributes}><bdi>example.org/a_(b)</bdi></a>," in page
    assert 'href="http://x.org/?a=1&amp;b=2"' in page
    assert "me@ben.org @ben_" in text_of(page)
