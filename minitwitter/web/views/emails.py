"""What is done by mail: a forgotten password, confirming an address, choosing another one.

None of these pages is there where the operator has named no mail server. The links in mails carry their token behind a
#, which only a script can read; without one, the token is copied from the mail into its field.
"""

from django.http import HttpResponse

from minitwitter.actions import emails
from minitwitter.core import limits, mail
from minitwitter.core.errors import DomainError, NotFound
from minitwitter.core.limits import client_address, count_email_change, count_password_reset
from minitwitter.web import forms
from minitwitter.web.pages import FORM, SEND, Access, page, redirect, respond
from minitwitter.web.views.settings import account_page
from minitwitter.web.visitors import WebRequest


@page(methods=FORM, access=Access.ANYONE)
def forgot(request: WebRequest) -> HttpResponse:
    """Ask for a mail with which to choose a new password."""
    _require_mail()
    form = forms.read(request, ("email",))
    if request.method == "POST":
        try:
            limits.require_room(*count_password_reset(client_address(request.META), form.values["email"]))
            emails.ask_for_password_reset(email=form.values["email"])
        except DomainError as error:
            form.refuse(error)
        else:
            return redirect(request, "/login", said="mail-sent")
    return respond(request, "forgot", {"form": form, "active": "login"}, status=form.status)


@page(methods=FORM, access=Access.ANYONE)
def reset(request: WebRequest) -> HttpResponse:
    """Choose a new password with the token of a mail."""
    _require_mail()
    form = forms.read(request, ("token", "new_password"))
    if request.method == "POST":
        try:
            forms.require_hashable(form, "new_password")
            emails.reset_password(token=form.values["token"], new_password=form.values["new_password"])
        except DomainError as error:
            form.refuse(error)
        else:
            return redirect(request, "/login", said="password-reset")
    return respond(request, "reset", {"form": form, "active": "login"}, status=form.status)


@page(methods=FORM, access=Access.ANYONE)
def confirm(request: WebRequest) -> HttpResponse:
    """Confirm an address with the token of a mail."""
    _require_mail()
    form = forms.read(request, ("token",))
    if request.method == "POST":
        try:
            emails.confirm_email(token=form.values["token"])
        except DomainError as error:
            form.refuse(error)
        else:
            return redirect(request, "/", said="confirmed")
    return respond(request, "confirm", {"form": form, "active": ""}, status=form.status)


@page(methods=SEND, access=Access.MEMBERS)
def change(request: WebRequest) -> HttpResponse:
    """Ask for a mail to a new address, or to the present one, to confirm it."""
    _require_mail()
    user = request.visitor.member
    form = forms.read(request, ("email", "current_password"))
    try:
        forms.require_hashable(form, "current_password")
        limits.require_room(*count_email_change(client_address(request.META), form.values["email"], user.pk))
        emails.ask_for_email_change(user=user, **form.values)
    except DomainError as error:
        form.refuse(error)
        return account_page(request, email_form=form)
    return redirect(request, "/settings/account", said="confirmation-sent")


def _require_mail() -> None:
    if not mail.is_configured():
        raise NotFound
