"""What every page goes through: who looks, whether they may, the headers, and failures that look like the rest."""

import functools
import gzip
from collections.abc import Callable, Mapping
from enum import Enum
from functools import lru_cache
from typing import Any, Concatenate, ParamSpec, cast
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from minitwitter.accounts.errors import TokenInvalid
from minitwitter.actions.sessions import keep_browser_session
from minitwitter.core import limits
from minitwitter.core.errors import DomainError, MethodNotAllowed, RateLimited, ServiceUnavailable
from minitwitter.core.limits import client_address
from minitwitter.web import assets, flash, words
from minitwitter.web.forms import Form
from minitwitter.web.presenters import chrome
from minitwitter.web.visitors import FindSession, WebRequest, find_visitor, look_up, renew_log_in

Arguments = ParamSpec("Arguments")
View = Callable[Concatenate[WebRequest, Arguments], HttpResponse]

READ = ("GET", "HEAD")
FORM = (*READ, "POST")
SEND = ("POST",)
_LEAST_COMPRESSED = 500


class Access(Enum):
    """Who may open a page."""

    ANYONE = "anyone"
    READERS = "anyone, unless the operator reserved reading for members (MINITWITTER_PUBLIC_READ=off)"
    MEMBERS = "signed-in people"


def page(
    *, methods: tuple[str, ...] = READ, access: Access = Access.READERS, find_session: FindSession = look_up
) -> Callable[[View[Arguments]], Callable[Concatenate[HttpRequest, Arguments], HttpResponse]]:
    """Makes a view of a function that parses, makes one domain call, and answers.

    The request gets its visitor, with the session that `find_session` finds, and the page its headers; a DomainError
    becomes a page that says what went wrong.
    """

    def decorate(view: View[Arguments]) -> Callable[Concatenate[HttpRequest, Arguments], HttpResponse]:
        # Checked here instead of by the middleware, which would answer 403 to a method that the address does not know.
        checked: Any = csrf_protect(view)

        def answer(request: HttpRequest, *args: Arguments.args, **kwargs: Arguments.kwargs) -> HttpResponse:
            known = recognise(request, find_session)
            chosen = checked if request.method == "POST" else view
            with translation.override(known.visitor.language):
                try:
                    response = _refusal(known, methods, access) or chosen(known, *args, **kwargs)
                except DomainError as error:
                    response = error_page(known, error)
                    if isinstance(error, MethodNotAllowed):
                        response["Allow"] = ", ".join(methods)
                return compressed(known, finish(known, response))

        functools.update_wrapper(answer, view)
        return csrf_exempt(cast("Callable[Concatenate[HttpRequest, Arguments], HttpResponse]", answer))

    return decorate


def recognise(request: HttpRequest, find_session: FindSession = look_up) -> WebRequest:
    """The request with its visitor."""
    known = cast("WebRequest", request)
    known.visitor = find_visitor(request, find_session)
    return known


def _refusal(request: WebRequest, methods: tuple[str, ...], access: Access) -> HttpResponse | None:
    """Raises MethodNotAllowed and RateLimited."""
    if request.method not in methods:
        raise MethodNotAllowed
    visitor = request.visitor
    if request.method == "POST":
        rule, key = (
            ("address", client_address(request.META)) if visitor.user is None else ("account", str(visitor.viewer_id))
        )
        limits.require_room(limits.count(rule, key))
    closed = access is Access.MEMBERS or (access is Access.READERS and not settings.PUBLIC_READ)
    return log_in_first(request) if closed and visitor.user is None else None


def log_in_first(request: WebRequest, back: str = "") -> HttpResponse:
    """Lead to the log-in, and from there back to the page, or to the one from which a form was sent."""
    if not back:
        back = request.get_full_path() if request.method in READ else came_from(request)
    return redirect(request, f"/login?{urlencode({'next': back})}" if back != "/" else "/login")


def came_from(request: HttpRequest) -> str:
    """The path of the page that the request was made from, if it is one of ours."""
    referrer = urlsplit(request.META.get("HTTP_REFERER", ""))
    path = referrer.path + (f"?{referrer.query}" if referrer.query else "")
    return path if referrer.netloc == request.get_host() and is_own_path(path) else "/"


def next_path(request: HttpRequest, default: str = "/") -> str:
    """Where a form or address says to go next; never to another site."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    return wanted if is_own_path(wanted) else default


def is_own_path(path: str) -> bool:
    """Whether a browser takes the text for a path of this site, whatever tricks are in it."""
    return path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None)


def is_browser(request: HttpRequest) -> bool:
    """Whether a page is what is wanted, by a browser or by a script of a page; programs get problem details."""
    return "text/html" in request.META.get("HTTP_ACCEPT", "") or is_fragment(request)


def is_fragment(request: HttpRequest) -> bool:
    """Whether a script asks for the changed part only."""
    return request.META.get("HTTP_HX_REQUEST") == "true"


def canonical(request: HttpRequest, asked: str, username: str) -> HttpResponse | None:
    """The way to the same page under the name as its owner writes it, where another was asked for; None where not."""
    if asked == username or request.method not in READ:
        return None
    return redirect(request, request.get_full_path().replace(f"/@{asked}", f"/@{username}", 1))


def redirect(request: HttpRequest, path: str, *, said: str = "") -> HttpResponse:
    """Go on at another page. `said` is a key of `flash.SAYINGS`, told there."""
    response: HttpResponse
    if is_fragment(request):
        # A script's request would follow a redirect itself; this tells it to let the browser go there.
        response = HttpResponse(headers={"HX-Redirect": path})
    else:
        response = HttpResponseRedirect(path)
        response.status_code = 303
    if said:
        flash.say(response, said)
    return response


def respond(
    request: WebRequest, template: str, context: Mapping[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """A page, or a part of one, of `templates/web/`."""
    whole = {
        **chrome(request.visitor, request.get_full_path()),
        "assets": assets.prefix(),
        "modules": assets.modules(),
        # For a page: what a script of another window asks for meanwhile would take it away unseen.
        "saying": None if is_fragment(request) else flash.said(request),
        **(context or {}),
    }
    response = render(request, f"web/{template}.html", whole, status=status)
    if whole["saying"]:
        flash.forget(response)
    for form in whole.values():
        if isinstance(form, Form) and form.retry_after:
            response["Retry-After"] = str(form.retry_after)
    return response


def error_page(request: WebRequest, error: DomainError) -> HttpResponse:
    """What went wrong, in words, with a way on. A signed-in page whose session has just ended leads to the log-in."""
    if isinstance(error, TokenInvalid):
        return log_in_first(request)
    response = trouble_page(request, words.of_error(error), status=error.status)
    if isinstance(error, RateLimited | ServiceUnavailable):
        response["Retry-After"] = str(error.retry_after)
    return response


def trouble_page(
    request: WebRequest, trouble: words.Trouble, *, status: int, context: Mapping[str, str] | None = None
) -> HttpResponse:
    """The page of a failure; for a script, the one sentence that it shows.

    Of the context, `kept` is a text that would be lost, and `again` the path of the page to begin anew at.
    """
    whole = {"trouble": trouble, "status": status, "request_id": getattr(request, "request_id", ""), **(context or {})}
    return respond(request, "_trouble" if is_fragment(request) else "trouble", whole, status=status)


def finish(request: WebRequest, response: HttpResponse) -> HttpResponse:
    """Set the headers that all pages have."""
    response.headers.setdefault("Content-Security-Policy", _policy())
    # Asked for again each time, but a browser's Back may show what it has.
    response.headers.setdefault("Cache-Control", "private, no-cache")
    patch_vary_headers(response, ["Cookie", "Accept-Language", "Accept-Encoding", "HX-Request"])
    # Told to `failures_as_problems`.
    response.is_web_page = is_browser(request)  # type: ignore[attr-defined]
    session = request.visitor.session
    if (
        session is not None
        and keep_browser_session(session=session)
        and settings.LOG_IN_COOKIE_NAME not in response.cookies
    ):
        renew_log_in(request, response)
    return response


def compressed(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The answer in a fifth of its bytes, where the browser reads that.

    The fastest level: the next ones take a millisecond for a tenth less. Lengths of compressed pages tell a listener
    who can make a browser ask for chosen addresses what stands in them (the BREACH attack); the token of forms is
    another one in each page, and pages that hold what only their owner may read are not to be stored, nor compressed.
    """
    as_it_is = len(response.content) < _LEAST_COMPRESSED or not is_browser(request)
    if (
        as_it_is
        or response["Cache-Control"] == "no-store"
        or "gzip" not in request.META.get("HTTP_ACCEPT_ENCODING", "")
    ):
        return response
    response.content = gzip.compress(response.content, compresslevel=1, mtime=0)
    response["Content-Encoding"] = "gzip"
    return response


@lru_cache(maxsize=1)
def _policy() -> str:
    """Only this server's own files, and nothing that stands in the page; pictures also from where they are stored."""
    stored = urlsplit(default_storage.url("x"))
    elsewhere = f" {stored.scheme}://{stored.netloc}" if stored.netloc else ""
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:{elsewhere};"
        " connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
