"""One's profile, account, devices and looks."""

from django.conf import settings as options
from django.http import HttpResponse

from minitwitter.accounts.hydration import hydrate_sessions
from minitwitter.accounts.models import BIO_LENGTH, DISPLAY_NAME_LENGTH, LOCATION_LENGTH, WEBSITE_LENGTH, User
from minitwitter.accounts.queries import sessions_page
from minitwitter.actions import accounts, sessions
from minitwitter.core import ids, limits, mail
from minitwitter.core.errors import DomainError
from minitwitter.core.limits import count_password
from minitwitter.core.pagination import load_page
from minitwitter.media.errors import InvalidImage
from minitwitter.web import forms, presenters
from minitwitter.web.forms import Form
from minitwitter.web.lists import asked_page
from minitwitter.web.pages import FORM, SEND, Access, next_path, page, redirect, respond
from minitwitter.web.presenters import Shown
from minitwitter.web.views.sessions import signed_out
from minitwitter.web.visitors import THEME_COOKIE, THEMES, WebRequest, remember_preference

_PROFILE = ("display_name", "bio", "location", "website")
_LENGTHS = {
    "display_name_length": DISPLAY_NAME_LENGTH,
    "bio_length": BIO_LENGTH,
    "location_length": LOCATION_LENGTH,
    "website_length": WEBSITE_LENGTH,
}


def _respond(request: WebRequest, tab: str, context: Shown, form: Form | None = None) -> HttpResponse:
    whole = {"active": "settings", "tab": tab, "form": form, **context}
    response = respond(request, f"settings_{tab}", whole, status=form.status if form else 200)
    # Not for a browser's Back after somebody signed out.
    response["Cache-Control"] = "no-store"
    return response


@page(methods=FORM, access=Access.MEMBERS)
def profile(request: WebRequest) -> HttpResponse:
    """What people read about oneself."""
    user = request.visitor.member
    form = _profile_form(user)
    if request.method == "POST":
        form = forms.read(request, _PROFILE)
        try:
            accounts.update_profile(user=user, fields=form.values)
        except DomainError as error:
            form.refuse(error)
        else:
            return redirect(request, "/settings", said="profile")
    return _respond(request, "profile", {**_LENGTHS, "avatar_form": Form()}, form)


@page(methods=SEND, access=Access.MEMBERS)
def avatar(request: WebRequest) -> HttpResponse:
    """Change or remove one's picture."""
    user = request.visitor.member
    if "remove" in request.POST:
        accounts.remove_avatar(user=user)
        return redirect(request, "/settings", said="no-avatar")
    form = Form()
    try:
        file = forms.sent_file(request, "image")
        if file is None:
            raise InvalidImage
        limits.require_room(limits.count("upload", str(user.pk)))
        accounts.change_avatar(user=user, file=file)
    except DomainError as error:
        form.refuse(error)
    else:
        return redirect(request, "/settings", said="avatar")
    page_form = _profile_form(user)
    page_form.status = form.status
    return _respond(request, "profile", {**_LENGTHS, "avatar_form": form}, page_form)


def _profile_form(user: User) -> Form:
    user.refresh_from_db(fields=_PROFILE)
    return Form({name: getattr(user, name) for name in _PROFILE})


@page(access=Access.MEMBERS)
def account(request: WebRequest) -> HttpResponse:
    """One's name and address, and the way to the rest."""
    return account_page(request)


def account_page(
    request: WebRequest, *, password_form: Form | None = None, email_form: Form | None = None
) -> HttpResponse:
    """The page, with one of its forms as it was sent."""
    user = request.visitor.member
    context = {
        "email": user.email,
        "email_verified": user.email_verified,
        "has_mail": mail.is_configured(),
        "email_form": email_form or Form({"email": user.email or "", "current_password": ""}),
        "password_form": password_form or Form({"current_password": "", "new_password": ""}),
    }
    return _respond(request, "account", context, password_form or email_form)


@page(methods=SEND, access=Access.MEMBERS)
def password(request: WebRequest) -> HttpResponse:
    """Choose a new password. Every other device is signed out."""
    user = request.visitor.member
    form = forms.read(request, ("current_password", "new_password"))
    try:
        forms.require_hashable(form, "current_password", "new_password")
        limits.require_room(count_password(user.pk))
        accounts.change_password(user=user, keep_session_id=request.visitor.device.pk, **form.values)
    except DomainError as error:
        form.refuse(error)
        return account_page(request, password_form=form)
    return redirect(request, "/settings/account", said="password")


@page(access=Access.MEMBERS)
def devices(request: WebRequest) -> HttpResponse:
    """Where one is signed in."""
    member, now = request.visitor.member, ids.now()
    found = load_page(asked_page(request), lambda asked: sessions_page(member.pk, asked), hydrate_sessions)
    shown = [presenters.device(session, request.visitor.device.pk, now) for session in found.items]
    return _respond(request, "devices", {"devices": shown, "older": presenters.page_query(found.next)})


@page(methods=SEND, access=Access.MEMBERS)
def end_device(request: WebRequest, session_id: int) -> HttpResponse:
    """Sign a device out."""
    if session_id == request.visitor.device.pk:
        sessions.log_out(session=request.visitor.device)
        return signed_out(request, "logged-out")
    sessions.end_session(user=request.visitor.member, session_id=session_id)
    return redirect(request, "/settings/devices", said="device")


@page(methods=SEND, access=Access.MEMBERS)
def end_all_devices(request: WebRequest) -> HttpResponse:
    """Sign out everywhere, here too."""
    sessions.log_out_everywhere(user=request.visitor.member)
    return signed_out(request, "everywhere")


@page(access=Access.ANYONE)
def looks(request: WebRequest) -> HttpResponse:
    """Language and theme of this browser, signed in or not."""
    return _respond(request, "looks", {"themes": THEMES})


@page(methods=SEND, access=Access.ANYONE)
def preferences(request: WebRequest) -> HttpResponse:
    """Keep the language and the theme in this browser."""
    response = redirect(request, next_path(request), said="preferences")
    language, theme = request.POST.get("language", ""), request.POST.get("theme", "")
    if language in dict(options.LANGUAGES):
        remember_preference(response, options.LANGUAGE_COOKIE_NAME, language)
    if theme in THEMES:
        remember_preference(response, THEME_COOKIE, theme)
    return response


@page(methods=FORM, access=Access.MEMBERS)
def delete_account(request: WebRequest) -> HttpResponse:
    """Delete one's account for good, with the password."""
    user = request.visitor.member
    form = forms.read(request, ("password",))
    if request.method == "POST":
        try:
            forms.require_hashable(form, "password")
            limits.require_room(count_password(user.pk))
            accounts.delete_own_account(user=user, password=form.values["password"])
        except DomainError as error:
            form.refuse(error)
        else:
            return signed_out(request, "account-deleted")
    return _respond(request, "delete", {}, form)
