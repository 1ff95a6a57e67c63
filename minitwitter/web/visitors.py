"""Who looks at a page, in which language and theme, and the cookies that say so.

A signed-in browser holds the id of a `Session` row and a secret. Every request looks the row up, so that ending the
session anywhere (another device, a new password, a deactivation) ends it here with the next click.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from minitwitter.accounts.models import User
from minitwitter.accounts.queries import BrowserSession, browser_session
from minitwitter.accounts.tokens import REFRESH_LIFETIME
from minitwitter.actions.sessions import BrowserLogIn
from minitwitter.core.ids import MAX_ID

# How a page finds the session of a request whose cookie has that id and that secret.
FindSession = Callable[[HttpRequest, int, str], BrowserSession | None]
THEME_COOKIE = "minitwitter_theme"
THEMES = ("auto", "light", "dark")
_LOG_IN = re.compile(r"([1-9][0-9]{0,15})\.([A-Za-z0-9_-]{43})")
_PREFERENCE_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whose request it is. `base` is the address of this server, without a slash at its end."""

    session: BrowserSession | None
    language: str
    theme: str
    base: str

    @property
    def user(self) -> User | None:
        return self.session.user if self.session else None

    @property
    def member(self) -> User:
        """The signed-in user. Precondition: the page is for members."""
        return cast("User", self.user)

    @property
    def device(self) -> BrowserSession:
        """The session of this browser. Precondition: the page is for members."""
        return cast("BrowserSession", self.session)

    @property
    def viewer_id(self) -> int | None:
        return self.session.user_id if self.session else None


class WebRequest(HttpRequest):
    """A request whose visitor is known (`pages.page`)."""

    visitor: Visitor


def look_up(_: HttpRequest, session_id: int, secret: str) -> BrowserSession | None:
    """The session of a cookie with those two, if it may still be used. One query."""
    return browser_session(session_id, secret)


def find_visitor(request: HttpRequest, find_session: FindSession = look_up) -> Visitor:
    """The visitor, by one query at most."""
    theme = request.COOKIES.get(THEME_COOKIE, "")
    match = _LOG_IN.fullmatch(request.COOKIES.get(settings.LOG_IN_COOKIE_NAME, ""))
    return Visitor(
        session=find_session(request, int(match[1]), match[2]) if match and int(match[1]) <= MAX_ID else None,
        language=translation.get_language_from_request(request),
        theme=theme if theme in THEMES else THEMES[0],
        base=settings.PUBLIC_URL or f"{request.scheme}://{request.get_host()}",
    )


def remember_log_in(response: HttpResponse, log_in: BrowserLogIn) -> None:
    """Give the browser the cookie of its session."""
    _set_log_in(response, f"{log_in.session_id}.{log_in.secret}")


def renew_log_in(request: HttpRequest, response: HttpResponse) -> None:
    """Start the time of the cookie that the request came with anew."""
    _set_log_in(response, request.COOKIES[settings.LOG_IN_COOKIE_NAME])


def _set_log_in(response: HttpResponse, value: str) -> None:
    response.set_cookie(
        settings.LOG_IN_COOKIE_NAME,
        value,
        max_age=int(REFRESH_LIFETIME.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def forget_log_in(response: HttpResponse) -> None:
    """Take the cookie away."""
    response.delete_cookie(settings.LOG_IN_COOKIE_NAME, samesite="Lax")


def remember_preference(response: HttpResponse, cookie: str, value: str) -> None:
    """Keep a choice of looks or language in this browser."""
    response.set_cookie(
        cookie,
        value,
        max_age=_PREFERENCE_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
