"""The variable parts of paths. What does not match is a 404."""

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
