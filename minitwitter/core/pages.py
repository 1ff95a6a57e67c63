"""Django's middleware for pages: what browsers with cookies need, and programs do not pay for.

Sessions, forms and messages cost 60 microseconds a request. The API has tokens instead of cookies, so that its
requests, like those for media and for health, pass all of it by.
"""

from typing import Any

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.csrf import CsrfViewMiddleware

_FOR_PROGRAMS = ("/v1/", "/media/", "/healthz", "/readyz")


class _ForPages:
    """Mixed in before a middleware: requests of programs go on to the next one."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        if request.path_info.startswith(_FOR_PROGRAMS):
            return self.get_response(request)
        return super().__call__(request)  # type: ignore[misc]  # That of the middleware.


class Sessions(_ForPages, SessionMiddleware):
    """The sessions of Django's admin."""


class Csrf(_ForPages, CsrfViewMiddleware):
    """Forms are taken only from this server's own pages. Addresses of programs take no cookies to abuse."""

    def process_view(self, request: HttpRequest, callback: Any, callback_args: Any, callback_kwargs: Any) -> Any:
        if request.path_info.startswith(_FOR_PROGRAMS):
            return None
        return super().process_view(request, callback, callback_args, callback_kwargs)


class Authentication(_ForPages, AuthenticationMiddleware):
    """`request.user` of the admin."""


class Messages(_ForPages, MessageMiddleware):
    """What the admin says after an action."""


class Frames(_ForPages, XFrameOptionsMiddleware):
    """X-Frame-Options, for browsers that do not know `frame-ancestors`."""
