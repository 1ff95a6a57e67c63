"""What surrounds pages: static files, and Django's middleware for browsers with cookies.

Sessions, forms and messages cost 60 microseconds a request, and passing each of them by still costs ten. The API has
tokens instead of cookies, so that its requests, like those for media and for health, pass all of it by at once. What is
here stands behind the look at the host: static files, like all else, are served under this server's names only.
"""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from whitenoise.middleware import WhiteNoiseMiddleware

FOR_PROGRAMS = ("/v1/", "/media/", "/healthz", "/readyz")


class Pages:
    """From the outside in: static files, the sessions of Django's admin, forms (taken only from this server's own
    pages), `request.user` and the messages of the admin, X-Frame-Options for browsers without `frame-ancestors`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._for_programs = get_response
        framed = XFrameOptionsMiddleware(get_response)
        known = AuthenticationMiddleware(MessageMiddleware(framed))
        self._forms = CsrfViewMiddleware(known)
        self._for_pages = WhiteNoiseMiddleware(SessionMiddleware(self._forms))

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(FOR_PROGRAMS):
            return self._for_programs(request)
        response: HttpResponseBase = self._for_pages(request)
        return response

    def process_view(self, *asked: Any) -> Any:
        """Django asks before it calls a view. The addresses of programs take no cookies to abuse, and are exempt."""
        return self._forms.process_view(*asked)
