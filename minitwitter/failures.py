"""Failures outside of any view: a page for people at the web client's addresses, problem details for everybody else."""

import sys

from django.http import HttpRequest, HttpResponse

from minitwitter.api import errors as api
from minitwitter.core.errors import UnknownHost
from minitwitter.web import errors as web


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if web.wants_page(request):
        return _answer(request, exception)
    return api.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    return _answer(request, sys.exc_info()[1])


def _answer(request: HttpRequest, exception: BaseException | None) -> HttpResponse:
    error = api.report(exception, request)
    # A page needs to know its own address.
    if web.wants_page(request) and not isinstance(error, UnknownHost):
        return web.failure_page(request, error)
    return api.problem_response(error, request)
