"""One sentence for the page behind a redirect. The cookie has its key, so nobody can put words into our mouth."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

COOKIE = "minitwitter_said"
SAYINGS: dict[str, Promise] = {
    "posted": _("Your tweet is out."),
    "edited": _("Your tweet was changed."),
    "deleted": _("Your tweet was deleted."),
    "profile": _("Your profile was saved."),
    "avatar": _("Your picture was saved."),
    "no-avatar": _("Your picture was removed."),
    "password": _("Your password was changed. Every other device was signed out."),
    "mail-sent": _("If an account has this address, a mail is on its way. It is good for an hour."),
    "password-reset": _("Your password was changed. Log in with the new one."),
    "confirmed": _("Your address is confirmed."),
    "confirmation-sent": _("A mail is on its way to this address. Follow its link to confirm."),
    "preferences": _("Your choice was saved."),
    "device": _("The device was signed out."),
    "everywhere": _("You were signed out everywhere."),
    "logged-out": _("You are signed out."),
    "account-deleted": _("Your account is deleted. Goodbye."),
    "welcome": _("Welcome! Find people to follow, or write your first tweet."),
    "set-up": _("Your instance is ready. Write the first tweet, and invite your people."),
}


def say(response: HttpResponse, key: str) -> None:
    """Tell the saying of that key with the next page."""
    response.set_cookie(COOKIE, key, max_age=60, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)


def said(request: HttpRequest) -> Promise | None:
    """What the page before wants to be told."""
    return SAYINGS.get(request.COOKIES.get(COOKIE, ""))


def forget(response: HttpResponse) -> None:
    """It was told."""
    response.delete_cookie(COOKIE, samesite="Lax")
