"""What a username, an address, a password and a profile may be. Each function returns the problems it finds."""

import re
from functools import lru_cache
from urllib.parse import urlsplit

from django.contrib.auth.password_validation import CommonPasswordValidator, UserAttributeSimilarityValidator
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email

from minitwitter.accounts.models import (
    BIO_LENGTH,
    DISPLAY_NAME_LENGTH,
    EMAIL_LENGTH,
    LOCATION_LENGTH,
    USERNAME_LENGTH,
    WEBSITE_LENGTH,
    User,
)
from minitwitter.core.errors import FieldProblem
from minitwitter.core.text import has_control_characters, is_storable

PASSWORD_MIN_LENGTH = 8
PASSWORD_MAX_LENGTH = 128
_USERNAME = re.compile(r"[A-Za-z0-9_]+")
# For the API's description.
USERNAME_PATTERN = f"^[A-Za-z0-9_]{{1,{USERNAME_LENGTH}}}$"
# A shorter name stands in too many good passwords to be forbidden there.
_CONTAINED_NAME_MIN_LENGTH = 4

# Segments of fixed paths under / and /v1/users/, now and planned: a username must never hide one of them.
RESERVED_PATH_SEGMENTS = frozenset(
    """
    about account accounts admin api apple_touch_icon assets atom auth bookmarks compose confirm connect dashboard
    developers docs download email emails explore export favicon feed feeds files follow followers forgot following
    groups healthz help home import inbox index invite join legal likes list lists login logout manifest me media
    messages metrics moderation new notifications oauth openapi outbox password people preferences privacy profile
    public readyz redoc refresh register reports reset robots rss rules search security session sessions settings
    setup share signin signout signup sitemap static status support_us sw tag tags terms timeline timelines token
    tokens trending trends tweet tweets unfollow user users v1 v2 web webhooks welcome well_known
    """.split()
)
# Names that would lend a stranger the voice of the instance. Its operator may have them (`createadmin`).
RESERVED_TITLES = frozenset(
    """
    abuse administrator anonymous daemon everyone guest help_desk hostmaster info mail mailer minitwitter moderator
    mods nobody noreply no_reply null official owner postmaster root staff support sysadmin system team undefined
    webmaster
    """.split()
) | {"admin"}


def is_username(value: str) -> bool:
    """Whether the value has the form of a username, reserved or not."""
    return len(value) <= USERNAME_LENGTH and _USERNAME.fullmatch(value) is not None


def username_problems(username: str, *, for_operator: bool = False) -> list[FieldProblem]:
    """1 to 30 of A-Z a-z 0-9 _, not reserved. An operator's own account may have a title for its name."""
    if not username:
        return [FieldProblem("username", "blank", "Choose a username.")]
    if len(username) > USERNAME_LENGTH:
        return [FieldProblem("username", "max_length", f"A username has at most {USERNAME_LENGTH} characters.")]
    if not _USERNAME.fullmatch(username):
        return [FieldProblem("username", "invalid", "A username has only the letters A to Z, digits and underscores.")]
    name = username.lower()
    allowed = RESERVED_TITLES if for_operator else frozenset()
    if name in (RESERVED_PATH_SEGMENTS | RESERVED_TITLES) - allowed:
        return [FieldProblem("username", "reserved", "This username is reserved; choose another.")]
    return []


def email_problems(email: str) -> list[FieldProblem]:
    """An address of RFC 5321's length in ASCII (a domain in other letters in its xn-- form)."""
    if not email:
        return [FieldProblem("email", "blank", "Enter an email address.")]
    if len(email) > EMAIL_LENGTH:
        return [FieldProblem("email", "max_length", f"An email address has at most {EMAIL_LENGTH} characters.")]
    try:
        validate_email(email)
    except ValidationError:
        return [FieldProblem("email", "invalid", "Enter a valid email address.")]
    if not email.isascii():
        return [FieldProblem("email", "invalid", "Write the address in ASCII (its domain in the xn-- form).")]
    return []


@lru_cache(maxsize=1)
def _common_passwords() -> CommonPasswordValidator:
    return CommonPasswordValidator()  # Reads a list of 20,000, so it is kept.


def password_problems(
    password: str, *, username: str = "", email: str = "", field: str = "password"
) -> list[FieldProblem]:
    """8 to 128 code points of any kind, not a common password, not close to the username or the address."""
    length = f"A password has {PASSWORD_MIN_LENGTH} to {PASSWORD_MAX_LENGTH} characters."
    if len(password) < PASSWORD_MIN_LENGTH:
        return [FieldProblem(field, "min_length", length)]
    if len(password) > PASSWORD_MAX_LENGTH:
        return [FieldProblem(field, "max_length", length)]
    problems = []
    if _is_common(password):
        problems.append(FieldProblem(field, "password_too_common", "This password is too common."))
    if _is_similar(password, username, email):
        problems.append(
            FieldProblem(field, "password_too_similar", "This password is too close to your username or address.")
        )
    return problems


def _is_common(password: str) -> bool:
    try:
        _common_passwords().validate(password)
    except ValidationError:
        return True
    return False


def _is_similar(password: str, username: str, email: str) -> bool:
    name = username.lower()
    if len(name) >= _CONTAINED_NAME_MIN_LENGTH and name in password.lower():
        return True
    try:
        UserAttributeSimilarityValidator(("username", "email")).validate(password, User(username=username, email=email))
    except ValidationError:
        return True
    return False


def registration_problems(
    *, username: str | None = None, email: str | None = None, password: str | None = None
) -> list[FieldProblem]:
    """The problems of those fields that are given."""
    problems = [] if username is None else username_problems(username)
    if email is not None:
        problems += email_problems(email)
    if password is not None:
        problems += password_problems(password, username=username or "", email=email or "")
    return problems


_PROFILE_LENGTHS = {
    "display_name": DISPLAY_NAME_LENGTH,
    "bio": BIO_LENGTH,
    "location": LOCATION_LENGTH,
    "website": WEBSITE_LENGTH,
}


def profile_problems(fields: dict[str, str]) -> list[FieldProblem]:
    """The problems of `display_name`, `bio`, `location` and `website`, those that are given. Lengths in code points."""
    return [problem for name, value in fields.items() for problem in _profile_field_problems(name, value)]


def _profile_field_problems(name: str, value: str) -> list[FieldProblem]:
    limit = _PROFILE_LENGTHS[name]
    if len(value) > limit:
        return [FieldProblem(name, "max_length", f"This has at most {limit} characters.")]
    if not is_storable(value) or has_control_characters(value, allow_line_breaks=name == "bio"):
        return [FieldProblem(name, "invalid", "Control and text-direction characters are not allowed here.")]
    if name == "website" and value and not _is_web_address(value):
        return [FieldProblem(name, "invalid", "Enter an address that begins with http:// or https://.")]
    return []


def _is_web_address(value: str) -> bool:
    try:
        URLValidator(schemes=["http", "https"])(value)
    except ValidationError:
        return False
    return bool(urlsplit(value).hostname)
