"""Who may do what: every address and method, called by everyone, with the exact status that each gets.

The tables are held against the URL configuration: a new address or method without a row fails, and so does a row of
one that is gone. Each cell is called for itself, and what it changed is rolled back before the next.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson
import pytest
from django.conf import LazySettings
from django.db import transaction
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import URLPattern, URLResolver, get_resolver

from minitwitter.accounts.mails import token_of
from minitwitter.accounts.models import Mail, User
from minitwitter.actions import accounts, emails, sessions
from minitwitter.api.v1.endpoint import Endpoint
from tests.admin.client import BACKEND
from tests.client import ApiClient
from tests.factories import PASSWORD, follow, jpeg, make_admin, make_user
from tests.mailing import configure_mail
from tests.working import run_tasks

pytestmark = pytest.mark.django_db

# "other" follows the owner; "owner" owns what the address names; "staff" administers; "former" is signed in to an
# account that was deactivated since; "spent" has the token of a session of the owner's that was logged out.
CALLERS = ("anonymous", "other", "owner", "staff", "former", "spent")
# The last column is the anonymous caller with MINITWITTER_PUBLIC_READ=off.
TABLE = """
GET     /healthz                                   200 200 200 200 200 200 200
GET     /readyz                                    200 200 200 200 200 200 200
GET     /v1/openapi.json                           200 200 200 200 200 200 200
GET     /v1/docs/                                  200 200 200 200 200 200 200
GET     /v1/docs/redoc/                            200 200 200 200 200 200 200
GET     /v1/docs/errors/                           200 200 200 200 200 200 200
POST    /v1/users/register/                        201 201 201 201 201 201 201
POST    /v1/users/login/                           401 200 200 200 401 200 401
POST    /v1/users/refresh/                         401 200 200 200 401 401 401
POST    /v1/users/token/refresh/                   401 200 200 200 401 401 401
POST    /v1/users/password-reset/                  202 202 202 202 202 202 202
POST    /v1/users/password-reset/confirm/          204 204 204 204 204 204 204
POST    /v1/users/email/confirm/                   204 204 204 204 204 204 204
POST    /v1/users/logout/                          401 204 204 204 401 401 401
POST    /v1/users/logout-all/                      401 204 204 204 401 401 401
GET     /v1/users/me/                              401 200 200 200 401 401 401
PATCH   /v1/users/me/                              401 200 200 200 401 401 401
DELETE  /v1/users/me/                              401 204 204 204 401 401 401
PUT     /v1/users/me/avatar/                       401 200 200 200 401 401 401
DELETE  /v1/users/me/avatar/                       401 200 200 200 401 401 401
POST    /v1/users/me/password/                     401 204 204 204 401 401 401
POST    /v1/users/me/email/                        401 202 202 202 401 401 401
GET     /v1/users/me/sessions/                     401 200 200 200 401 401 401
DELETE  /v1/users/me/sessions/<id:session_id>/     401 404 204 404 401 401 401
POST    /v1/users/follow/<username:username>/      401 409 400 200 401 401 401
POST    /v1/users/unfollow/<username:username>/    401 200 409 409 401 401 401
GET     /v1/users/<username:username>/             200 200 200 200 401 401 401
GET     /v1/users/<username:username>/tweets/      200 200 200 200 401 401 401
GET     /v1/users/<username:username>/followers/   200 200 200 200 401 401 401
GET     /v1/users/<username:username>/following/   200 200 200 200 401 401 401
GET     /v1/tweets/                                200 200 200 200 401 401 401
POST    /v1/tweets/                                401 201 201 201 401 401 401
POST    /v1/tweets/like/<id:tweet_id>/             401 200 200 200 401 401 401
GET     /v1/tweets/<id:tweet_id>/                  200 200 200 200 401 401 401
PUT     /v1/tweets/<id:tweet_id>/                  401 403 200 403 401 401 401
PATCH   /v1/tweets/<id:tweet_id>/                  401 403 200 403 401 401 401
DELETE  /v1/tweets/<id:tweet_id>/                  401 403 204 403 401 401 401
PUT     /v1/tweets/<id:tweet_id>/like/             401 200 200 200 401 401 401
DELETE  /v1/tweets/<id:tweet_id>/like/             401 200 200 200 401 401 401
GET     /v1/tweets/<id:tweet_id>/likes/            200 200 200 200 401 401 401
GET     /v1/feed/                                  401 200 200 200 401 401 401
GET     /media/<path:name>                         200 200 200 200 200 200 200
GET     /admin                                     302 302 302 302 302 302 302
"""
# Methods that have a rule instead of rows: HEAD is as GET, and OPTIONS tells everyone the methods.
RULED = {"HEAD", "OPTIONS"}
# Below each of these every address and method leads to the log-in, but for staff; the others say what they do.
ADMIN_SECTIONS = {
    "/admin/accounts/user/",
    "/admin/accounts/session/",
    "/admin/audit/auditentry/",
    "/admin/core/task/",
    "/admin/media/image/",
    "/admin/relationships/follow/",
    "/admin/tweets/tweet/",
}
ADMIN_PAGES = {
    "/admin/": 200,
    "/admin/password_change/": 200,
    "/admin/password_change/done/": 200,
    "/admin/autocomplete/": 403,  # No list of choices is offered.
    "/admin/jsi18n/": 200,
    "/admin/r/<path:content_type_id>/<path:object_id>/": 404,  # Nothing has an address of its own outside the admin.
    "/admin/<app_label>/": 200,
    "/admin/(?P<url>.*)$": 404,
}
ADMIN_DOORS = {"/admin/login/", "/admin/logout/"}


class Row(NamedTuple):
    """What each caller gets for a method of an address."""

    method: str
    route: str
    statuses: dict[str, int]


def _rows() -> Iterator[Row]:
    for line in TABLE.strip().splitlines():
        method, route, *statuses = line.split()
        yield Row(method, route, dict(zip((*CALLERS, "private"), map(int, statuses), strict=True)))


ROWS = list(_rows())


# --- What there is ----------------------------------------------------------------------------------------------------


def _routes(resolver: URLResolver, prefix: str = "/") -> Iterator[tuple[str, Any]]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield re.sub(r"\^\(\?P<app_label>.+\)/\$$", "<app_label>/", route), pattern.callback
        else:
            yield from _routes(pattern, route)


# The pages of the web client have a table of their own (tests/web/test_permissions.py).
ROUTES = {route: view for route, view in _routes(get_resolver()) if not view.__module__.startswith("minitwitter.web.")}


def _methods(route: str, view: Any) -> set[str]:
    """The methods of an address. What is none of the API's views is asked, by a method that it does not know."""
    view_class: Any = getattr(view, "view_class", object)
    if not issubclass(view_class, Endpoint):
        allowed: str = ApiClient().generic("TRACE", route).headers["Allow"]
        return set(allowed.split(", ")) - RULED
    return {name.upper() for name in view_class.http_method_names if hasattr(view_class, name)} - RULED


def test_every_address_and_method_has_a_row_and_every_row_is_there() -> None:
    there = {
        (method, route)
        for route, view in ROUTES.items()
        if not route.startswith("/admin/")
        for method in _methods(route, view)
    }
    assert {(row.method, row.route) for row in ROWS} == there
    assert len(ROWS) == len(there)


def test_every_address_of_the_admin_is_in_one_of_the_lists() -> None:
    there = {route for route in ROUTES if route.startswith("/admin/")}
    singles = {route for route in there if not route.startswith(tuple(ADMIN_SECTIONS))}
    assert singles == set(ADMIN_PAGES) | ADMIN_DOORS
    assert {section for section in ADMIN_SECTIONS if section in there} == ADMIN_SECTIONS


# --- The API ----------------------------------------------------------------------------------------------------------


class Caller(NamedTuple):
    """Somebody, with what they would put into a request."""

    token: str
    refresh: str
    username: str


class World(NamedTuple):
    """The callers, and what the variable parts of addresses name."""

    callers: dict[str, Caller]
    parts: dict[str, str]


@pytest.fixture
def world(settings: LazySettings) -> World:
    configure_mail(settings)
    owner, other, former = (make_user(name) for name in ("the_owner", "the_other", "the_former"))
    clients = {name: ApiClient(user) for name, user in (("other", other), ("owner", owner), ("former", former))}
    clients["staff"], clients["spent"] = ApiClient(make_admin("the_staff")), ApiClient(owner)
    callers = {name: Caller(client.access, client.refresh, client.me.username) for name, client in clients.items()}
    follow(other, owner)
    tweet = clients["owner"].tweet("Mine", jpeg())
    device = sessions.log_in(login=owner.username, password=PASSWORD, device="another")
    clients["spent"].call("POST", "/v1/users/logout/")
    accounts.deactivate(user=former)
    emails.ask_for_password_reset(email=owner.email or "")
    run_tasks()
    parts = {
        "<id:tweet_id>": str(tweet["id"]),
        "<username:username>": owner.username,
        "<id:session_id>": str(_session_id(device.access)),
        "<path:name>": tweet["image"].partition("/media/")[2],
    }
    return World({"anonymous": Caller("", "", "nobody"), **callers}, parts)


def _session_id(access: str) -> int:
    client = ApiClient()
    client.sign_in(access)
    rows = client.call("GET", "/v1/users/me/sessions/").json()["results"]
    return next(int(row["id"]) for row in rows if row["current"])


def _mailed_token(kind: Mail.Kind) -> str:
    """What somebody has read in a mail of the owner's: whoever has it may use it, from wherever."""
    return token_of(Mail.objects.get(kind=kind, user__username="the_owner"))


def _body(method: str, route: str, caller: Caller) -> tuple[bytes, str]:
    """A good body for the address, and its content type."""
    if route.endswith("/avatar/"):
        return encode_multipart(BOUNDARY, {"image": _picture()}), MULTIPART_CONTENT
    fields = {
        "/v1/users/register/": {"username": "newcomer", "email": "new@example.org", "password": PASSWORD},
        "/v1/users/login/": {"username": caller.username, "password": PASSWORD},
        "/v1/users/refresh/": {"refresh": caller.refresh},
        "/v1/users/token/refresh/": {"refresh": caller.refresh},
        "/v1/users/me/": {"bio": "Mine", "password": PASSWORD},
        "/v1/users/me/email/": {"email": "new@example.org", "current_password": PASSWORD},
        "/v1/users/password-reset/": {"email": "the_owner@example.org"},
        "/v1/users/password-reset/confirm/": {
            "token": _mailed_token(Mail.Kind.RESET),
            "new_password": "staple of a better horse",
        },
        "/v1/users/email/confirm/": {"token": _mailed_token(Mail.Kind.CONFIRM)},
        "/v1/users/me/password/": {"current_password": PASSWORD, "new_password": "staple of a better horse"},
    }
    return orjson.dumps(fields.get(route, {"text": "Text"})), "application/json"


def _picture() -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile("picture.jpg", jpeg(), "image/jpeg")


def _status(world: World, method: str, route: str, caller: Caller) -> int:
    """What the caller gets. Nothing stays changed."""
    path = route
    for name, value in world.parts.items():
        path = path.replace(name, value)
    assert "<" not in path, f"no value for a part of {route}"
    body, content_type = (b"", "") if method in {"GET", "HEAD"} else _body(method, route, caller)
    headers = {"Authorization": f"Bearer {caller.token}"} if caller.token else None
    with transaction.atomic():
        answer: Any = Client(raise_request_exception=False).generic(method, path, body, content_type, headers=headers)
        if answer.streaming:
            b"".join(answer.streaming_content)  # Closes the file.
        transaction.set_rollback(True)
    status: int = answer.status_code
    return status


def _expected(column: str) -> dict[tuple[str, str], int]:
    rows = {(row.method, row.route): row.statuses[column] for row in ROWS}
    return rows | {("HEAD", route): status for (method, route), status in rows.items() if method == "GET"}


@pytest.mark.parametrize("name", CALLERS)
def test_everyone_gets_what_the_table_says(world: World, name: str) -> None:
    expected = _expected(name)
    assert {(method, route): _status(world, method, route, world.callers[name]) for method, route in expected} == (
        expected
    )


@pytest.mark.parametrize("name", ["anonymous", "other", "spent"])
def test_without_public_reading_only_anonymous_callers_get_less(
    world: World, name: str, settings: LazySettings
) -> None:
    settings.PUBLIC_READ = False
    expected = _expected("private" if name == "anonymous" else name)
    assert {(method, route): _status(world, method, route, world.callers[name]) for method, route in expected} == (
        expected
    )


@pytest.mark.parametrize("name", CALLERS)
def test_everyone_is_told_the_methods(world: World, name: str, settings: LazySettings) -> None:
    settings.PUBLIC_READ = False
    described = {row.route for row in ROWS if row.route.startswith(("/v1/users/", "/v1/tweets/", "/v1/feed/"))}
    assert len(described) > 20
    assert {route: _status(world, "OPTIONS", route, world.callers[name]) for route in described} == dict.fromkeys(
        described, 204
    )


# --- The admin --------------------------------------------------------------------------------------------------------


@pytest.fixture
def browsers(world: World) -> dict[str, Client]:
    """Browsers with the cookies of each caller, but for the last: an API token opens no page of the admin."""
    browsers = {name: Client(raise_request_exception=False) for name in (*CALLERS, "token of staff")}
    users = {name: caller.username for name, caller in world.callers.items() if name != "anonymous"}
    for name, username in users.items():
        browsers[name].force_login(User.objects.get(username=username), backend=BACKEND)
    browsers["spent"].post("/admin/logout/")
    browsers["token of staff"].defaults["HTTP_AUTHORIZATION"] = f"Bearer {world.callers['staff'].token}"
    return browsers


def _admin_path(route: str) -> str:
    parts = {"<path:object_id>": "1", "<path:content_type_id>": "1", "<app_label>": "accounts", "(?P<url>.*)$": "none/"}
    path = route
    for name, value in parts.items():
        path = path.replace(name, value)
    assert not set("<^$(") & set(path), f"no value for a part of {route}"
    return path


@pytest.mark.parametrize("name", [*CALLERS, "token of staff"])
def test_only_staff_gets_past_the_log_in_of_the_admin(browsers: dict[str, Client], name: str) -> None:
    for route in ROUTES:
        if not route.startswith("/admin/") or route in ADMIN_DOORS:
            continue
        path = _admin_path(route)
        for method in ("GET", "HEAD", "POST"):
            answer = browsers[name].generic(method, path)
            shut_out = answer.status_code == 302 and answer["Location"] == f"/admin/login/?next={path}"
            assert shut_out == (name != "staff"), (method, path, answer.status_code)
            if name == "staff" and method != "POST" and route in ADMIN_PAGES:
                assert answer.status_code == ADMIN_PAGES[route], (method, path)


def test_everyone_may_come_to_the_doors_of_the_admin(browsers: dict[str, Client]) -> None:
    for name, browser in browsers.items():
        assert browser.get("/admin/login/").status_code == (302 if name == "staff" else 200), name
        assert browser.get("/admin/logout/").status_code == (405 if name == "staff" else 302)
        assert browser.post("/admin/logout/").status_code == (200 if name == "staff" else 302)
        assert browser.get("/admin/").status_code == 302
