"""The shape of what callers send: which fields there are and of what type. The rules are the domain's."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, ClassVar

from django.core.files.uploadedfile import UploadedFile
from django.utils.datastructures import MultiValueDict
from drf_spectacular.drainage import set_override
from rest_framework import serializers
from rest_framework.fields import SkipField, empty

from minitwitter.accounts.models import (
    BIO_LENGTH,
    DISPLAY_NAME_LENGTH,
    EMAIL_LENGTH,
    LOCATION_LENGTH,
    USERNAME_LENGTH,
    WEBSITE_LENGTH,
)
from minitwitter.accounts.rules import PASSWORD_MAX_LENGTH, PASSWORD_MIN_LENGTH, USERNAME_PATTERN
from minitwitter.core.errors import FieldProblem, refuse
from minitwitter.core.text import is_storable, pattern_without_controls
from minitwitter.tweets.models import ALT_LENGTH
from minitwitter.tweets.rules import TEXT_MAX_BYTES

Rules = Callable[..., Iterable[FieldProblem]]


class Text(serializers.CharField):
    """A string, taken as it is sent: nothing trimmed, no number or boolean turned into one.

    `described` is what the API's description tells of it in JSON Schema. It is not checked here: which characters may
    stand where is a rule of the domain, and so are the numbers that stand in both.
    """

    def __init__(self, *, described: Mapping[str, Any] | None = None, **options: Any) -> None:
        super().__init__(trim_whitespace=False, allow_blank=True, **options)
        self.validators = []
        set_override(self, "field", {"type": "string", **(described or {})})

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        if not is_storable(data):
            raise serializers.ValidationError("This has characters that cannot be stored, such as NUL.", code="invalid")
        return data


class Password(Text):
    """A password, of any characters. An overlong one is refused here, before anything hashes it."""

    def __init__(self, *, is_new: bool = False, **options: Any) -> None:
        shortest = {"minLength": PASSWORD_MIN_LENGTH} if is_new else {}
        super().__init__(described={**shortest, "maxLength": PASSWORD_MAX_LENGTH, "format": "password"}, **options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        value = data
        if len(value) > PASSWORD_MAX_LENGTH:
            message = f"A password has {PASSWORD_MIN_LENGTH} to {PASSWORD_MAX_LENGTH} characters."
            raise serializers.ValidationError(message, code="max_length")
        return value


class File(serializers.FileField):
    """An uploaded file. Its name means nothing, and what is in it is looked at by `media`."""

    default_error_messages: ClassVar[Any] = {"invalid": "Send a file in a multipart/form-data body."}

    def run_validation(self, data: Any = empty) -> Any:
        # A browser sends a file input that was left empty as an empty text.
        return super().run_validation(empty if data == "" else data)

    def to_internal_value(self, data: Any) -> "UploadedFile[Any]":
        if not isinstance(data, UploadedFile):
            self.fail("invalid")
        return data


class Input(serializers.Serializer[Any]):
    """A body. Unknown fields are ignored."""

    EXAMPLE: ClassVar[dict[str, Any]]


def read_input(shape: type[Input], data: Any, rules: Rules | None = None) -> dict[str, Any]:
    """The fields of the body, in the shape that is wanted.

    Raises ValidationFailed with one entry for each field that is missing or of the wrong type. `rules`, called with
    the fields that are right, adds its own, so that a caller hears of everything at once.
    """
    if not isinstance(data, Mapping):
        refuse([FieldProblem("body", "invalid", "Send a JSON object.")])
    values: dict[str, Any] = {}
    problems: list[FieldProblem] = []
    for name, field in _fields(shape).items():
        try:
            values[name] = field.run_validation(_single(data, name))
        except serializers.ValidationError as error:
            problems += [FieldProblem(name, str(code), str(detail)) for code, detail in _details(error)]
        except SkipField:
            continue
    if problems:
        refuse([*problems, *(rules(**values) if rules else ())])
    return values


@cache
def _fields(shape: type[Input]) -> Mapping[str, serializers.Field[Any, Any, Any, Any]]:
    """Made once: REST framework copies each field for each new serializer, and to validate a value changes none."""
    return shape().fields


def _details(error: serializers.ValidationError) -> list[tuple[str, str]]:
    details: list[Any] = error.detail if isinstance(error.detail, list) else [error.detail]
    return [(detail.code, detail) for detail in details]


def _single(data: Mapping[str, Any], name: str) -> Any:
    """The value of a field; a form may send a field several times, which no field here is meant to."""
    if isinstance(data, MultiValueDict) and len(data.getlist(name)) > 1:
        raise serializers.ValidationError("Send this only once.", code="too_many")
    return data.get(name, empty)


USERNAME = {"minLength": 1, "maxLength": USERNAME_LENGTH, "pattern": USERNAME_PATTERN}
EMAIL = {"maxLength": EMAIL_LENGTH, "format": "email"}
_ONE_LINE = pattern_without_controls()


class RegistrationInput(Input):
    username = Text(help_text="1 to 30 of A-Z a-z 0-9 _; unique whatever the case.", described=USERNAME)
    email = Text(described=EMAIL)
    password = Password(help_text="8 to 128 characters.", is_new=True)

    EXAMPLE = {"username": "alice", "email": "alice@example.org", "password": "correct horse battery"}


class LoginInput(Input):
    username = Text(required=False, help_text="The username or the address. Or send `email`.")
    email = Text(required=False)
    password = Password()

    EXAMPLE = {"username": "alice", "password": "correct horse battery"}


class RefreshInput(Input):
    refresh = Text()

    EXAMPLE = {"refresh": "eyJhbGciOiJIUzI1NiJ9.eyJraW5kIjoicmVmcmVzaCJ9.c2lnbmF0dXJl"}


class ProfileInput(Input):
    display_name = Text(
        required=False,
        help_text="At most 50 characters.",
        described={"maxLength": DISPLAY_NAME_LENGTH, "pattern": _ONE_LINE},
    )
    bio = Text(
        required=False,
        help_text="At most 500 characters.",
        described={"maxLength": BIO_LENGTH, "pattern": pattern_without_controls(allow_line_breaks=True)},
    )
    location = Text(
        required=False,
        help_text="At most 50 characters.",
        described={"maxLength": LOCATION_LENGTH, "pattern": _ONE_LINE},
    )
    website = Text(
        required=False,
        help_text="http or https, at most 200 characters.",
        described={"maxLength": WEBSITE_LENGTH, "pattern": "^(https?://.*)?$"},
    )

    EXAMPLE = {"display_name": "Alice", "bio": "Reads and runs."}


class AvatarInput(Input):
    image = File(help_text="JPEG, PNG, WebP or GIF.")

    EXAMPLE = {"image": "(the file)"}


class PasswordInput(Input):
    current_password = Password()
    new_password = Password(help_text="8 to 128 characters.", is_new=True)

    EXAMPLE = {"current_password": "correct horse battery", "new_password": "staple of a better horse"}


class EmailInput(Input):
    email = Text(
        help_text="The new address; or the present one, to be sent another mail to confirm it.", described=EMAIL
    )
    current_password = Password()

    EXAMPLE = {"email": "alice@new.example.org", "current_password": "correct horse battery"}


class MailTokenInput(Input):
    token = Text(help_text="From the mail.")

    EXAMPLE = {"token": "4fq2m7xk5c3vznd6wlb2ejs7hoyrtgua"}


class PasswordResetInput(Input):
    email = Text(described=EMAIL)

    EXAMPLE = {"email": "alice@example.org"}


class NewPasswordInput(MailTokenInput):
    new_password = Password(help_text="8 to 128 characters.", is_new=True)

    EXAMPLE = {**MailTokenInput.EXAMPLE, "new_password": "staple of a better horse"}


class DeleteAccountInput(Input):
    password = Password()

    EXAMPLE = {"password": "correct horse battery"}


# In code points, of which a grapheme cluster may have many; bytes are never fewer. JSON Schema cannot count clusters.
TWEET = {"maxLength": TEXT_MAX_BYTES}
VISIBLE_TWEET = {"minLength": 1, **TWEET, "pattern": r"\S"}


class NewTweetInput(Input):
    text = Text(
        required=False,
        help_text="1 to 280 characters (grapheme clusters); optional beside an image.",
        described=TWEET,
    )
    image = File(required=False, help_text="JPEG, PNG, WebP or GIF, up to 10 MB and 33 megapixels.")
    image_alt = Text(
        required=False, help_text="What the image shows, at most 1,500 characters.", described={"maxLength": ALT_LENGTH}
    )

    EXAMPLE = {"text": "Good morning!", "image": "(the file)", "image_alt": "A cup of coffee in the sun"}


class NewTextTweetInput(Input):
    text = Text(help_text="1 to 280 characters (grapheme clusters).", described=VISIBLE_TWEET)

    EXAMPLE = {"text": "Good morning!"}


class EditTweetInput(Input):
    text = Text(
        help_text="1 to 280 characters (grapheme clusters); may be empty where the tweet has an image.", described=TWEET
    )

    EXAMPLE = {"text": "Good morning, everybody!"}
