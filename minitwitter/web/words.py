"""What people are told when something is wrong, in their language. The domain's own messages are for developers."""

from typing import NamedTuple

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from minitwitter.accounts.models import (
    BIO_LENGTH,
    DISPLAY_NAME_LENGTH,
    LOCATION_LENGTH,
    USERNAME_LENGTH,
    WEBSITE_LENGTH,
)
from minitwitter.accounts.rules import PASSWORD_MAX_LENGTH, PASSWORD_MIN_LENGTH
from minitwitter.core.errors import DomainError, FieldProblem, RateLimited
from minitwitter.tweets.models import ALT_LENGTH

_LENGTHS = {
    "username": USERNAME_LENGTH,
    "display_name": DISPLAY_NAME_LENGTH,
    "bio": BIO_LENGTH,
    "location": LOCATION_LENGTH,
    "website": WEBSITE_LENGTH,
    "image_alt": ALT_LENGTH,
}


class Trouble(NamedTuple):
    """A failure in words: a heading, and a sentence that says what to do."""

    title: str
    text: str


def of_error(error: DomainError) -> Trouble:
    """The words for an error."""
    if isinstance(error, RateLimited):
        text = ngettext("Try again in %(n)d second.", "Try again in %(n)d seconds.", error.retry_after)
        return Trouble(_("That was a little fast"), text % {"n": error.retry_after})
    return _troubles().get(error.code) or _trouble_of_status(error.status)


def form_outdated() -> Trouble:
    """The words for a form of a page that is older than the log-in, or came from another site."""
    return Trouble(
        _("This page was open for too long"),
        _("You have logged in since, or it is too old. Open it anew and try again. Nothing was changed."),
    )


def tweet_outdated(*, with_picture: bool) -> list[str]:
    """The same, where what was written stands in the new form. Browsers let no page fill in a file."""
    said = [_("This page was open for too long."), _("You have logged in since, or it is too old. Post it again.")]
    return [*said, _("Add the picture again.")] if with_picture else said


def _troubles() -> dict[str, Trouble]:
    return {
        "not_found": _not_here(),
        "user_not_found": Trouble(
            _("There is nobody here"), _("There is no account of this name, or it is gone. Is it spelled right?")
        ),
        "tweet_not_found": Trouble(
            _("This tweet is not here"), _("It was deleted, or the address is not quite right.")
        ),
        "session_not_found": Trouble(_("This device is signed out already"), _("There is nothing left to do.")),
        "not_owner": Trouble(_("This is somebody else's tweet"), _("Only its author can change or delete it.")),
        "permission_denied": Trouble(_("This is not yours to do"), _("You are signed in, but you may not do that.")),
        "registration_closed": Trouble(
            _("No new accounts here"), _("This instance takes no new accounts. Ask its operator for one.")
        ),
        "self_follow": Trouble(_("That is you"), _("You cannot follow yourself.")),
        "invalid_credentials": Trouble(
            _("That did not work"), _("The name and the password do not match. Both may be mistyped.")
        ),
        "method_not_allowed": Trouble(_("This address cannot do that"), _("Go back and use the buttons of the page.")),
        "validation_error": Trouble(_("This address is not quite right"), _("Go back and follow a link of the page.")),
        "malformed_request": Trouble(_("This could not be read"), _("Go back and send it again.")),
        "request_timeout": Trouble(_("This took too long"), _("Send it again over a better connection.")),
        "payload_too_large": Trouble(_("This is too large"), _("Choose a smaller picture, at most 10 MB.")),
        "image_too_large": Trouble(_("This picture is too large"), _("Choose one of at most 10 MB and 33 megapixels.")),
        "unsupported_image": Trouble(_("This is no picture"), _("Choose a JPEG, PNG, WebP or GIF.")),
        "invalid_image": Trouble(_("This picture cannot be read"), _("It is damaged or incomplete. Save it anew.")),
        "media_quota_exceeded": Trouble(
            _("Your pictures take all the room there is"), _("Delete some of your tweets with pictures to make room.")
        ),
        "service_unavailable": Trouble(_("One moment"), _("The server is busy or catching its breath. Try again.")),
        "storage_unavailable": Trouble(
            _("There is no room for pictures right now"), _("The operator of this instance has to make some.")
        ),
    }


def _not_here() -> Trouble:
    return Trouble(_("There is nothing here"), _("The page is gone, or the address is not quite right."))


def _trouble_of_status(status: int) -> Trouble:
    if status >= 500:
        return Trouble(
            _("Something broke"), _("It is our fault, not yours. It was written down; try again in a moment.")
        )
    return Trouble(_("That did not work"), _("Go back and try again."))


def of_problem(problem: FieldProblem) -> str:
    """What is wrong with a field of a form."""
    name = problem.field.removeprefix("new_").removeprefix("current_")
    if problem.code == "max_length":
        return _too_long(name)
    special = _problems_of_one_field().get((name, problem.code))
    return special or _problems().get(problem.code) or _("This is not valid.")


def _problems_of_one_field() -> dict[tuple[str, str], str]:
    return {
        ("username", "invalid"): _("Use only the letters A to Z, digits and underscores."),
        ("website", "invalid"): _("Enter an address that begins with http:// or https://."),
        ("code", "invalid"): _("This is not the code that the server has printed."),
        ("text", "blank"): _("Write something, or add a picture."),
        ("token", "wrong_token"): _("This code is wrong, was used, or is too old. Ask for a new mail."),
    }


def _too_long(name: str) -> str:
    if name == "password":
        return _password_length()
    longest = settings.TWEET_LENGTH if name == "text" else _LENGTHS.get(name, 254)
    return ngettext("Use at most %(n)d character.", "Use at most %(n)d characters.", longest) % {"n": longest}


def _password_length() -> str:
    return _("Use %(least)d to %(most)d characters.") % {"least": PASSWORD_MIN_LENGTH, "most": PASSWORD_MAX_LENGTH}


def _problems() -> dict[str, str]:
    return {
        "blank": _("Fill this in."),
        "required": _("Fill this in."),
        "invalid": _("This has characters that are not allowed here, or is incomplete."),
        "min_length": _password_length(),
        "reserved": _("This name is reserved. Choose another."),
        "username_taken": _("This name is taken. Choose another."),
        "email_taken": _("There is an account with this address already."),
        "password_too_common": _("Many people use this password, so it is guessed first. Choose another."),
        "password_too_similar": _("This is too close to your name or address. Choose another."),
        "wrong_password": _("This is not your password."),
    }
