"""Failures at addresses that people open: pages that look like the rest. Machines get problem details."""

from django.http import HttpRequest, HttpResponse
from django.utils import translation

from minitwitter.core.errors import DomainError, InternalError, ServiceUnavailable
from minitwitter.web import words
from minitwitter.web.pages import error_page, finish, is_browser, recognise, trouble_page
from minitwitter.web.visitors import LOG_IN_COOKIE

# What begins so has its own form of failures.
_MACHINES = ("/v1/", "/media/", "/static/", "/assets/", "/admin/", "/healthz", "/readyz")


def wants_page(request: HttpRequest) -> bool:
    """Whether a browser asks for a page; `curl /nothing` is better served with problem details."""
    return is_browser(request) and not request.path.startswith(_MACHINES)


def failure_page(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The page of a failure that no view has met."""
    if isinstance(error, InternalError | ServiceUnavailable):
        # Whoever is signed in is not asked for: the database may be what is away.
        request.COOKIES.pop(LOG_IN_COOKIE, None)
    known = recognise(request)
    with translation.override(known.visitor.language):
        return finish(known, error_page(known, error))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """What Django calls for a form without this site's own token (CSRF_FAILURE_VIEW)."""
    if request.path.startswith("/admin/"):
        from django.views.csrf import csrf_failure as django_page

        return django_page(request, reason)
    known = recognise(request)
    with translation.override(known.visitor.language):
        return finish(known, trouble_page(known, words.form_outdated(), status=403))
