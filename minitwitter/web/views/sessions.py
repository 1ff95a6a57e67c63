"""Logging in and out."""

from django.conf import settings
from django.http import HttpResponse
from django.middleware.csrf import rotate_token

from minitwitter.actions import sessions
from minitwitter.core import limits, mail
from minitwitter.core.errors import DomainError
from minitwitter.core.limits import client_address, count_log_in, remember_log_in
from minitwitter.web import forms
from minitwitter.web.forms import Form
from minitwitter.web.pages import FORM, SEND, Access, next_path, page, redirect, respond
from minitwitter.web.visitors import WebRequest, forget_log_in
from minitwitter.web.visitors import remember_log_in as remember_in_browser


@page(methods=FORM, access=Access.ANYONE)
def log_in(request: WebRequest) -> HttpResponse:
    """Log in with a username or an address."""
    if request.visitor.user is not None:
        return redirect(request, next_path(request))
    form = forms.read(request, ("login", "password"))
    if request.method == "POST":
        try:
            return start_session(request, form, login=form.values["login"], go_to=next_path(request))
        except DomainError as error:
            form.refuse(error)
    context = {
        "form": form,
        "next": next_path(request),
        "active": "login",
        "can_join": settings.REGISTRATION_OPEN,
        "has_mail": mail.is_configured(),
    }
    return respond(request, "login", context, status=form.status)


def start_session(request: WebRequest, form: Form, *, login: str, go_to: str, said: str = "") -> HttpResponse:
    """Sign the browser in with the form's password, and go on. Raises InvalidCredentials and RateLimited."""
    forms.require_hashable(form, "password")
    address = client_address(request.META)
    limits.require_room(*count_log_in(address, login))
    started = sessions.log_in_browser(
        login=login, password=form.values["password"], device=request.META.get("HTTP_USER_AGENT", "")
    )
    remember_log_in(address, login)
    # What was known of the browser before, its token of forms too, is worth nothing in the new session.
    rotate_token(request)
    response = redirect(request, go_to, said=said)
    remember_in_browser(response, started)
    return response


@page(methods=SEND, access=Access.ANYONE)
def log_out(request: WebRequest) -> HttpResponse:
    """End this browser's session."""
    if request.visitor.session is not None:
        sessions.log_out(session=request.visitor.session)
    return signed_out(request, "logged-out")


def signed_out(request: WebRequest, said: str) -> HttpResponse:
    """Leave nothing of the session in the browser, its Back included, nor a log-in to the admin.

    That one is apart, but whoever gives a browser away thinks of one log-out, and not of two.
    """
    if settings.SESSION_COOKIE_NAME in request.COOKIES:
        request.session.flush()
    response = redirect(request, "/", said=said)
    forget_log_in(response)
    response["Clear-Site-Data"] = '"cache"'
    return response
