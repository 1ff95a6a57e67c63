"""Making an account: by oneself, or the first of an instance by its operator."""

from functools import partial

from django.conf import settings
from django.http import HttpResponse

from minitwitter import setup_code
from minitwitter.accounts.errors import RegistrationClosed
from minitwitter.actions import accounts
from minitwitter.core import limits
from minitwitter.core.errors import DomainError, FieldProblem, NotFound, ValidationFailed
from minitwitter.core.limits import client_address
from minitwitter.web import first_run, forms
from minitwitter.web.forms import Form
from minitwitter.web.pages import FORM, Access, page, redirect, respond
from minitwitter.web.views.sessions import start_session
from minitwitter.web.visitors import WebRequest

_FIELDS = ("username", "email", "password")


@page(methods=FORM, access=Access.ANYONE)
def sign_up(request: WebRequest) -> HttpResponse:
    """Make an account, and be signed in."""
    if request.visitor.user is not None:
        return redirect(request, "/")
    if not settings.REGISTRATION_OPEN:
        raise RegistrationClosed
    if first_run.is_empty():
        return redirect(request, "/setup")
    form = forms.read(request, _FIELDS)
    if request.method == "POST":
        try:
            forms.require_hashable(form, "password")
            _register(request, form.values)
            return start_session(request, form, login=form.values["username"], go_to="/people", said="welcome")
        except DomainError as error:
            form.refuse(error)
    return respond(request, "signup", {"form": form, "active": "signup"}, status=form.status)


def _register(request: WebRequest, fields: dict[str, str]) -> None:
    username, email, password = (fields[name] for name in _FIELDS)
    # A slip costs nobody behind the same address a place.
    accounts.register(username=username, email=email, password=password, admit=partial(_count_sign_up, request))


def _count_sign_up(request: WebRequest) -> None:
    limits.require_room(limits.count("sign-up", client_address(request.META)))


@page(methods=FORM, access=Access.ANYONE)
def set_up(request: WebRequest) -> HttpResponse:
    """Make the first administrator, with the code that `minitwitter run` printed. Not here once there is one."""
    if not first_run.is_due():
        raise NotFound
    form = forms.read(request, ("code", *_FIELDS))
    if request.method == "POST":
        try:
            forms.require_hashable(form, "password")
            _make_first_admin(request, form)
            return start_session(request, form, login=form.values["username"], go_to="/compose", said="set-up")
        except DomainError as error:
            form.refuse(error)
    else:
        form.values["code"] = request.GET.get("code", "")
    # Where nobody is, there is nothing to log in to yet, and signing up leads back here.
    active = "first-run" if first_run.is_empty() else "setup"
    return respond(request, "setup", {"form": form, "active": active}, status=form.status)


def _make_first_admin(request: WebRequest, form: Form) -> None:
    limits.require_room(limits.count("log-in-address", client_address(request.META)))
    if not setup_code.is_right(settings.OPTIONS.data_dir, form.values["code"]):
        raise ValidationFailed([FieldProblem("code", "invalid", "This is not the code.")])
    accounts.create_first_admin(**{name: form.values[name] for name in _FIELDS})
    setup_code.withdraw(settings.OPTIONS.data_dir)
