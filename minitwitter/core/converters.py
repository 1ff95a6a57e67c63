"""The variable parts of paths. What does not match is a 404."""

from django.urls import register_converter
from django.urls.converters import get_converters

from minitwitter.core.ids import MAX_ID


class IdConverter:
    """A decimal id from 1 to 2^53-1 in ASCII digits, without leading zeros."""

    regex = "[1-9][0-9]{0,15}"

    def to_python(self, value: str) -> int:
        number = int(value)
        if number > MAX_ID:
            raise ValueError(value)  # Django takes this for a path that does not match.
        return number

    def to_url(self, value: int) -> str:
        return str(value)


class UsernameConverter:
    """A username in any case."""

    regex = "[A-Za-z0-9_]{1,30}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


def register() -> None:
    """Make them known as `id` and `username`: a step of each file of addresses that uses them."""
    for name, converter in (("id", IdConverter), ("username", UsernameConverter)):
        if name not in get_converters():
            register_converter(converter, name)
