"""Failures at addresses that people open: pages that look like the rest. Machines get problem details."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from minitwitter.core.errors import DomainError, InternalError, ServiceUnavailable
from minitwitter.web import words
from minitwitter.web.pages import (
    came_from,
    error_page,
    finish,
    is_browser,
    is_fragment,
    next_path,
    recognise,
    redirect,
    trouble_page,
)
from minitwitter.web.views.tweets import compose_anew
from minitwitter.web.visitors import WebRequest

# What begins so has its own form of failures.
_MACHINES = ("/v1/", "/media/", "/static/", "/assets/", "/admin/", "/healthz", "/readyz")


def wants_page(request: HttpRequest) -> bool:
    """Whether a browser asks for a page; `curl /nothing` is better served with problem details."""
    return is_browser(request) and not request.path.startswith(_MACHINES)


def failure_page(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The page of a failure that no view has met."""
    if isinstance(error, InternalError | ServiceUnavailable):
        # Whoever is signed in is not asked for: the database may be what is away.
        request.COOKIES.pop(settings.LOG_IN_COOKIE_NAME, None)
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
        return finish(known, _outdated_page(known))


def _outdated_page(request: WebRequest) -> HttpResponse:
    """The way on from a form that was not taken. What was written in it is still there."""
    if request.path == "/login" and request.visitor.user is not None:
        return redirect(request, next_path(request))  # In another tab, somebody was faster.
    if request.path == "/compose" and not is_fragment(request):
        return compose_anew(request)
    kept = request.POST.get("text") or request.POST.get("bio") or ""
    before = came_from(request)
    context = {"kept": kept, "again": before if before != "/" else ""}
    return trouble_page(request, words.form_outdated(), status=403, context=context)
