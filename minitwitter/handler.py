"""Django's request handler, without what it does anew for each request though nothing of it changes.

Its own way from the server to a view costs 75 microseconds, of which its signals are thirty: they look over the
connections to the database twice, over caches that nobody has, and over addresses that nobody replaced. Here a request
looks over its thread's connection once, and a path that was asked for before is found at once.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.core.cache import close_caches
from django.core.handlers.base import reset_urlconf
from django.core.handlers.wsgi import LimitedStream, WSGIHandler, WSGIRequest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connections, reset_queries
from django.http import HttpRequest, HttpResponseBase
from django.urls import ResolverMatch, get_resolver

from minitwitter.core.pages import FOR_PROGRAMS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# About 500 bytes each.
_PATHS_REMEMBERED = 1024
# What Django does at both ends of a request. The handler sees to the connection, and no view sets the rest.
_NEEDLESS: tuple[tuple[Any, Callable[..., Any]], ...] = (
    (request_started, reset_queries),
    (request_started, close_old_connections),
    (request_finished, close_old_connections),
    (request_finished, close_caches),
    (request_finished, reset_urlconf),
)


class Request(WSGIRequest):
    """Reads a Content-Type that Python's own parser stumbles over as none, instead of failing outside of everything."""

    def __init__(self, environ: "WSGIEnvironment") -> None:
        """What Django's makes of a path in ASCII without anything before it, which it looks at in many ways."""
        path: str = environ["PATH_INFO"]
        if environ.get("SCRIPT_NAME") or not path.isascii() or not path.startswith("/"):
            super().__init__(environ)
            return
        self.environ = self.META = environ
        environ["SCRIPT_NAME"] = ""
        self.path = self.path_info = path
        self.method = environ["REQUEST_METHOD"].upper()
        self._set_content_type_params(environ)
        length = environ.get("CONTENT_LENGTH") or "0"
        self._stream: Any = LimitedStream(environ["wsgi.input"], int(length) if length.isdecimal() else 0)
        self._read_started = False
        self.resolver_match = None

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        if not meta.get("CONTENT_TYPE"):
            self.content_type, self.content_params = "", {}
            return
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]  # Not in Django's stubs.
        except ValueError:
            self.content_type, self.content_params = "", {}


class Handler(WSGIHandler):
    """The way from the server to a view, through the middleware of the settings."""

    request_class = Request

    def __init__(self) -> None:
        super().__init__()
        for signal, receiver in _NEEDLESS:
            signal.disconnect(receiver)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> HttpResponseBase:
        """Begin the answer to a request (PEP 3333); the caller sends its body.

        The connection that a request before it broke, or that is too old, is closed.
        """
        connections["default"].close_if_unusable_or_obsolete()
        response: Any = self.get_response(self.request_class(environ))
        headers = list(response.headers._store.values())  # noqa: SLF001  (`items` makes the same pairs again)
        headers += [("Set-Cookie", cookie.OutputString()) for cookie in response.cookies.values()]
        start_response(f"{response.status_code} {response.reason_phrase}", headers)
        return response  # type: ignore[no-any-return]

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        """The answer. Failures were logged where they happened (`api.errors`); Django logs them again here."""
        response: Any = self._middleware_chain(request)  # type: ignore[attr-defined]  # Not in Django's stubs.
        response._resource_closers.append(request.close)  # noqa: SLF001  # As Django does it.
        return response  # type: ignore[no-any-return]

    def _get_response(self, request: HttpRequest) -> HttpResponseBase:
        """The answer of the view. Django first looks whether a view is a coroutine, wants a transaction, or renders
        later; those for programs are none of that.
        """
        if not request.path_info.startswith(FOR_PROGRAMS):
            return super()._get_response(request)  # type: ignore[misc,no-any-return]  # Not in Django's stubs.
        view, arguments, named = self.resolve_request(request)
        return view(request, *arguments, **named)  # type: ignore[no-any-return]

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        """The view of the request's path. Raises Resolver404."""
        request.resolver_match = _resolve(request.path_info)
        return request.resolver_match


@lru_cache(maxsize=_PATHS_REMEMBERED)
def _resolve(path: str) -> ResolverMatch:
    """All requests have the same addresses, and a view is given its own copy of what stands in the path."""
    return get_resolver().resolve(path)
