"""What readers are shown of accounts, loaded for a whole page at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet

from minitwitter.accounts.errors import UserNotFound
from minitwitter.accounts.models import Session, User
from minitwitter.accounts.visibility import visible_users
from minitwitter.core.statements import ListStatement


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


def hydrate_profile(users: QuerySet[User]) -> Profile:
    """The profile of the one account that `users` selects, by one query. Raises UserNotFound."""
    user = users.select_related("stats", "avatar").first()
    if user is None:
        raise UserNotFound
    return _profile(user)


def hydrate_profiles(user_ids: Iterable[int]) -> dict[int, Profile]:
    """The profiles of those of the accounts that are visible, by one query."""
    users = visible_users().filter(pk__in=list(user_ids)).select_related("stats", "avatar")
    return {user.pk: _profile(user) for user in users}


def _profile(user: User) -> Profile:
    avatar = Picture(user.avatar.key, user.avatar.extension) if user.avatar else None
    return Profile(
        author=Author(user.id, user.username, user.display_name, avatar),
        bio=user.bio,
        location=user.location,
        website=user.website,
        created_at=user.created_at,
        followers_count=user.stats.followers_count,
        following_count=user.stats.following_count,
        tweets_count=user.stats.tweets_count,
    )


def hydrate_sessions(session_ids: Iterable[int]) -> dict[int, Session]:
    """The sessions of those ids, by one query."""
    return Session.objects.in_bulk(list(session_ids))
