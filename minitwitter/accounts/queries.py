"""Finding accounts and sessions."""

from collections.abc import Iterable

from django.db.models import QuerySet
from django.db.models.functions import Lower

from minitwitter.accounts.errors import UserNotFound
from minitwitter.accounts.models import Session, User
from minitwitter.accounts.rules import is_username
from minitwitter.accounts.tokens import browser_id
from minitwitter.accounts.visibility import visible_users
from minitwitter.core import ids
from minitwitter.core.pagination import PageRequest, Skeleton, fetch_skeleton


def _named(users: QuerySet[User], username: str) -> QuerySet[User]:
    # Written as the unique index is, LOWER(username), so that the index answers.
    return users.alias(lower_username=Lower("username")).filter(lower_username=username.lower())


def user_by_username(username: str) -> User | None:
    """The account of that name, in any case and any state."""
    return _named(User.objects.all(), username).first() if is_username(username) else None


def user_by_email(email: str) -> User | None:
    """The account of that address, in any case and any state."""
    addressed = User.objects.alias(lower_email=Lower("email")).filter(lower_email=email.lower())
    # What no address can hold (a NUL, above all, which PostgreSQL refuses) is not asked for.
    return addressed.first() if email.isascii() and email.isprintable() else None


def visible_users_named(username: str) -> QuerySet[User]:
    """The account that a path names, if it can be seen; none or one."""
    return _named(visible_users(), username)


def visible_user_id(username: str) -> int:
    """The id of the account that a path names. Raises UserNotFound."""
    found = visible_users_named(username).values_list("id", flat=True).first()
    if found is None:
        raise UserNotFound
    return found


def visible_usernames(names: Iterable[str]) -> dict[str, str]:
    """Which of those names (given in small letters) are visible accounts, and how they write themselves."""
    named = visible_users().alias(lower_username=Lower("username")).filter(lower_username__in=list(names))
    return {username.lower(): username for username in named.values_list("username", flat=True)}


def live_session(session_id: int, user_id: int) -> Session | None:
    """The session with its user, if both may still be used."""
    live = Session.objects.filter(ended_at=None, expires_at__gt=ids.now(), user__is_active=True)
    return live.select_related("user").filter(pk=session_id, user_id=user_id).first()


def browser_session(session_id: int, secret: str) -> Session | None:
    """The session of a browser's cookie with its user and their avatar, if it may still be used."""
    live = Session.objects.filter(ended_at=None, expires_at__gt=ids.now(), user__is_active=True)
    return live.select_related("user__avatar").filter(pk=session_id, refresh_id=browser_id(secret)).first()


def live_sessions(user_id: int) -> QuerySet[Session]:
    """The user's sessions that are not over."""
    return Session.objects.filter(user_id=user_id, ended_at=None, expires_at__gt=ids.now())


def sessions_page(user_id: int, page: PageRequest) -> Skeleton:
    """The user's live sessions, the latest log-in first."""
    return fetch_skeleton(live_sessions(user_id), page)
