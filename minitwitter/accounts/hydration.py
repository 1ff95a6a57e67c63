"""What readers are shown of accounts, loaded for a whole page at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from minitwitter.accounts.errors import UserNotFound
from minitwitter.accounts.models import Session
from minitwitter.accounts.queries import named
from minitwitter.accounts.visibility import visible_users
from minitwitter.core.statements import ListStatement, Parameter, Row, Statement


class Picture(NamedTuple):
    """What the address of a stored image is made of."""

    key: str
    extension: str


class Author(NamedTuple):
    """An account as it stands beside a tweet or in a list."""

    id: int
    username: str
    display_name: str
    avatar: Picture | None


@dataclass(frozen=True, slots=True)
class Profile:
    """An account as its own page shows it."""

    author: Author
    bio: str
    location: str
    website: str
    created_at: datetime
    followers_count: int
    following_count: int
    tweets_count: int


AUTHOR_COLUMNS = ("id", "username", "display_name", "avatar__key", "avatar__extension")

_AUTHOR_END = len(AUTHOR_COLUMNS)
# As the fields of a Profile follow each other.
_PROFILE_COLUMNS = (
    *AUTHOR_COLUMNS,
    "bio",
    "location",
    "website",
    "created_at",
    "stats__followers_count",
    "stats__following_count",
    "stats__tweets_count",
)
_PROFILE = Statement(lambda: visible_users().filter(pk=Parameter("user")).values_list(*_PROFILE_COLUMNS))
_PROFILE_NAMED = Statement(lambda: named(visible_users(), Parameter("username")).values_list(*_PROFILE_COLUMNS))
_PROFILES = ListStatement("users", lambda places: visible_users().filter(pk__in=places).values_list(*_PROFILE_COLUMNS))
_AUTHORS = ListStatement("users", lambda places: visible_users().filter(pk__in=places).values_list(*AUTHOR_COLUMNS))


def author_from_columns(
    user_id: int, username: str, display_name: str, avatar_key: str | None, avatar_extension: str | None
) -> Author:
    """An Author from the values of AUTHOR_COLUMNS."""
    avatar = Picture(avatar_key, avatar_extension) if avatar_key and avatar_extension else None
    return Author(user_id, username, display_name, avatar)


def hydrate_authors(user_ids: Sequence[int]) -> dict[int, Author]:
    """The visible accounts of those ids, by one query."""
    return {row[0]: author_from_columns(*row) for row in _AUTHORS.rows(user_ids)} if user_ids else {}


def hydrate_profile(user_id: int) -> Profile:
    """The profile of a visible account, by one query. Raises UserNotFound."""
    return _profile_from_columns(_PROFILE.first(user=user_id))


def hydrate_profile_named(username: str) -> Profile:
    """The same by its name, in any case."""
    return _profile_from_columns(_PROFILE_NAMED.first(username=username.lower()))


def _profile_from_columns(row: Row | None) -> Profile:
    if row is None:
        raise UserNotFound
    return Profile(author_from_columns(*row[:_AUTHOR_END]), *row[_AUTHOR_END:])


def hydrate_profiles(user_ids: Sequence[int]) -> dict[int, Profile]:
    """The profiles of those of the accounts that are visible, by one query."""
    return {row[0]: _profile_from_columns(row) for row in _PROFILES.rows(user_ids)} if user_ids else {}


def hydrate_sessions(session_ids: Iterable[int]) -> dict[int, Session]:
    """The sessions of those ids, by one query."""
    return Session.objects.in_bulk(list(session_ids))
