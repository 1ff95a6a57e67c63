"""Every failure as problem details (RFC 9457): one conversion, one form, whichever part of the stack failed."""

import errno
import sys
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from django.core import exceptions as django_exceptions
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.template.loader import render_to_string
from rest_framework import exceptions as drf_exceptions

from minitwitter.core import errors
from minitwitter.core.errors import DomainError, ValidationFailed

CONTENT_TYPE = "application/problem+json"
DOCUMENTATION = "/v1/docs/errors/"
ADMIN_PATH = "/admin/"
_DISK_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO})

log = structlog.get_logger(__name__)


# What the frameworks raise, and what a caller is told of it. The first line that fits counts.
_CONVERSIONS: tuple[tuple[type[Exception], type[DomainError]], ...] = (
    (Http404, errors.NotFound),
    (drf_exceptions.NotFound, errors.NotFound),
    (drf_exceptions.MethodNotAllowed, errors.MethodNotAllowed),
    (drf_exceptions.UnsupportedMediaType, errors.UnsupportedMediaType),
    (drf_exceptions.PermissionDenied, errors.PermissionDenied),
    (drf_exceptions.ParseError, errors.MalformedRequest),
    (django_exceptions.PermissionDenied, errors.PermissionDenied),
    (django_exceptions.DisallowedHost, errors.UnknownHost),
    (django_exceptions.RequestDataTooBig, errors.PayloadTooLarge),
    (django_exceptions.SuspiciousOperation, errors.MalformedRequest),
    (UnreadablePostError, errors.MalformedRequest),
    (OperationalError, errors.ServiceUnavailable),
    (InterfaceError, errors.ServiceUnavailable),
)


def domain_error(exception: BaseException | None) -> DomainError:
    """The error that a caller is told of for any exception; InternalError for one that nobody expected."""
    if isinstance(exception, DomainError):
        return exception
    for raised, told in _CONVERSIONS:
        if isinstance(exception, raised):
            return told()
    if isinstance(exception, OSError) and exception.errno in _DISK_ERRORS:
        return errors.StorageUnavailable()
    return errors.InternalError()


def problem_body(error: DomainError, request: HttpRequest) -> dict[str, Any]:
    """The body of a problem. A rule of the input that is broken stands in `errors`."""
    body: dict[str, Any] = {
        "type": f"{DOCUMENTATION}#{error.code}",
        "title": error.title(),
        "status": error.status,
        "code": error.code,
        "detail": error.message,
        "request_id": getattr(request, "request_id", None),
    }
    if isinstance(error, ValidationFailed):
        body["errors"] = [
            {"field": problem.field, "code": problem.code, "detail": problem.detail} for problem in error.problems
        ]
    return body


def problem_response(error: DomainError, request: HttpRequest) -> HttpResponse:
    """The answer to a request that failed with `error`: problem details, and a page in the admin.

    Under a host name that is not this server's there is no admin.
    """
    is_page = request.path.startswith(ADMIN_PATH) and not isinstance(error, errors.UnknownHost)
    response = HttpResponse(
        _page(error, request) if is_page else orjson.dumps(problem_body(error, request)),
        status=error.status,
        content_type="text/html; charset=utf-8" if is_page else CONTENT_TYPE,
        headers={"Cache-Control": "no-store"},
    )
    if error.status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = "Bearer"
    if error.status == HTTPStatus.SERVICE_UNAVAILABLE:
        response["Retry-After"] = str(errors.ServiceUnavailable.retry_after)
    if isinstance(error, errors.RateLimited):
        response["Retry-After"] = str(error.retry_after)
    return response


def _page(error: DomainError, request: HttpRequest) -> str:
    # Without the admin's own frame, which asks the database who is looking; that may be what failed.
    context = {"title": error.title(), "message": error.message, "request_id": getattr(request, "request_id", None)}
    return render_to_string("operator/failure.html", context)


def answer(exception: BaseException | None, request: HttpRequest) -> HttpResponse:
    """Convert, log what is the server's own fault, and answer."""
    return problem_response(report(exception, request), request)


def report(exception: BaseException | None, request: HttpRequest) -> DomainError:
    """Convert, and log what is the server's own fault."""
    error = domain_error(exception)
    if error.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("request failed", method=request.method, path=request.path, exc_info=exception)
    elif error.status == HTTPStatus.SERVICE_UNAVAILABLE:
        log.warning("request not served", method=request.method, path=request.path, reason=str(exception))
    return error


def handle_exception(exception: Exception, context: dict[str, Any]) -> HttpResponse:
    """What DRF calls for an exception in a view (EXCEPTION_HANDLER)."""
    return answer(exception, context["request"]._request)


# What Django calls outside of DRF's views (see urls.py).


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(exception, request)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(exception, request)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith("/v1/") and not request.path.endswith("/"):
        return problem_response(
            errors.NotFound("There is no such thing here. Is the slash at the end missing?"), request
        )
    return answer(exception, request)


def server_error(request: HttpRequest) -> HttpResponse:
    return answer(sys.exc_info()[1], request)
