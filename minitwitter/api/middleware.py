"""What surrounds every request."""

import random
import re
import time
from collections.abc import Callable
from functools import partial
from http import HTTPStatus

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import get_language_from_request

from minitwitter.accounts.queries import LiveSession
from minitwitter.api.errors import ADMIN_PATH, CONTENT_TYPE, problem_response
from minitwitter.core import errors
from minitwitter.core.caller import Caller, called_by
from minitwitter.core.limits import client_address

GetResponse = Callable[[HttpRequest], HttpResponseBase]

_REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_ERROR_OF_STATUS: dict[int, type[errors.DomainError]] = {
    HTTPStatus.BAD_REQUEST: errors.MalformedRequest,
    HTTPStatus.FORBIDDEN: errors.PermissionDenied,
    HTTPStatus.NOT_FOUND: errors.NotFound,
    HTTPStatus.METHOD_NOT_ALLOWED: errors.MethodNotAllowed,
}

_HOSTS_REMEMBERED = 64
_BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})

log = structlog.get_logger("minitwitter.access")


def request_context(get_response: GetResponse) -> GetResponse:
    """Gives the request an id (the caller's own X-Request-Id if it is a plain one), in logs and in the answer."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        given = request.META.get("HTTP_X_REQUEST_ID")
        # Made of chance only so that no two are the same (Python sees to that in forked processes); it guards nothing.
        request_id = given if given and _REQUEST_ID.fullmatch(given) else f"{random.getrandbits(64):016x}"
        request.request_id = request_id  # type: ignore[attr-defined]  # Django's request takes what middleware adds.
        caller = Caller(
            request_id=request_id,
            address=client_address(request.META),
            find_language=partial(get_language_from_request, request),
        )
        with called_by(caller):
            response = get_response(request)
            response["X-Request-Id"] = request_id
            _tell_length(response)
            if _has_unread_body(request):
                # The server hangs up behind such an answer; a client that is not told sends its next request in vain.
                response["Connection"] = "close"
            if settings.ACCESS_LOG:
                _log_access(request, response, time.perf_counter() - started)
        return response

    return middleware


def failures_as_problems(get_response: GetResponse) -> GetResponse:
    """Gives the failures of Django's own views (a 405 without a body) the form that all others have.

    The web client keeps its pages, and the admin those that it has.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        return _as_problem(request, get_response(request))

    return middleware


def _as_problem(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    kind = _ERROR_OF_STATUS.get(response.status_code)
    if kind is None:
        return response
    is_page = getattr(response, "is_web_page", False) or (
        request.path.startswith(ADMIN_PATH) and isinstance(response, HttpResponse) and response.content
    )
    if response.get("Content-Type") == CONTENT_TYPE or is_page:
        return response
    problem = problem_response(kind(), request)
    for name, value in response.items():  # Allow, and what the middleware further in added.
        problem.headers.setdefault(name, value)
    return problem


def _tell_length(response: HttpResponseBase) -> None:
    """Set Content-Length where the answer has a body of its own that is known (RFC 9110 section 8.6)."""
    if (
        isinstance(response, HttpResponse)
        and response.status_code not in _BODILESS
        and "Content-Length" not in response
    ):
        response["Content-Length"] = str(len(response.content))


def _has_unread_body(request: HttpRequest) -> bool:
    return request.META.get("CONTENT_LENGTH") not in {None, "", "0"} and not getattr(request, "_read_started", True)


def _log_access(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    log.info(
        "request",
        method=request.method,
        path=request.path,
        status=response.status_code,
        milliseconds=round(seconds * 1000, 2),
        user_id=_signed_in_user_id(request),
    )


def _signed_in_user_id(request: HttpRequest) -> int | None:
    """The user of the access token. Whoever uses the admin stays lazy there: logging asks nothing of the database."""
    visitor = getattr(request, "visitor", None)  # Of the web client's pages.
    session = getattr(request, "user", None) if visitor is None else visitor.session
    return session.user_id if isinstance(session, LiveSession) else None


def check_host_and_body(get_response: GetResponse) -> GetResponse:
    """Refuses an unknown host and an oversized body before anything else looks at the request."""
    limit = settings.MAX_BODY_BYTES
    # What Host headers were found good: looking at one costs more than the rest of what is done here.
    good: set[str] = set()

    def middleware(request: HttpRequest) -> HttpResponseBase:
        host = request.META.get("HTTP_HOST", "")
        if host not in good:
            host = request.get_host()  # Raises DisallowedHost.
            if len(good) < _HOSTS_REMEMBERED:
                good.add(host)
        request.host = host  # type: ignore[attr-defined]  # As request_id.
        if int(request.META.get("CONTENT_LENGTH") or 0) > limit:
            return _too_large(request, limit)
        return get_response(request)

    return middleware


def _too_large(request: HttpRequest, limit: int) -> HttpResponse:
    if "text/html" in request.META.get("HTTP_ACCEPT", ""):
        raise RequestDataTooBig  # The handler of such errors shows a browser a page.
    return problem_response(errors.PayloadTooLarge(f"A request body has at most {limit:,} bytes."), request)
