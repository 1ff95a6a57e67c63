"""Finding accounts and sessions."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.utils.functional import cached_property

from minitwitter.accounts.errors import TokenInvalid, UserNotFound
from minitwitter.accounts.models import Session, User
from minitwitter.accounts.rules import is_username
from minitwitter.accounts.tokens import browser_id
from minitwitter.accounts.visibility import visible_users
from minitwitter.core import ids
from minitwitter.core.pagination import MAX_LIMIT, PagedList, PageRequest, Skeleton
from minitwitter.core.statements import ListStatement, Parameter, Row, Statement, moment


def named(users: QuerySet[User], lower_name: str | Parameter) -> QuerySet[User]:
    """Those of that name, which is given in small letters; none or one."""
    # Written as the unique index is, LOWER(username), so that the index answers.
    return users.alias(lower_username=Lower("username")).filter(lower_username=lower_name)


_VISIBLE_ID = Statement(lambda: named(visible_users(), Parameter("username")).values_list("id"))


def user_by_username(username: str) -> User | None:
    """The account of that name, in any case and any state."""
    return named(User.objects.all(), username.lower()).first() if is_username(username) else None


def user_by_email(email: str) -> User | None:
    """The account of that address, in any case and any state."""
    addressed = User.objects.alias(lower_email=Lower("email")).filter(lower_email=email.lower())
    # What no address can hold (a NUL, above all, which PostgreSQL refuses) is not asked for.
    return addressed.first() if email.isascii() and email.isprintable() else None


def active_administrators() -> QuerySet[User]:
    """Those who may do everything, and are not deactivated or deleted."""
    return User.objects.filter(is_superuser=True, is_active=True)


def visible_user_id(username: str) -> int:
    """The id of the account that a path names. Raises UserNotFound."""
    found = _VISIBLE_ID.first(username=username.lower())
    if found is None:
        raise UserNotFound
    return int(found[0])


def visible_usernames(names: Iterable[str]) -> dict[str, str]:
    """Which of those names (given in small letters) are visible accounts, and how they write themselves. One query.

    Of more names than a page has places, the first by the alphabet.
    """
    asked = sorted(names)[:MAX_LIMIT]
    return {username.lower(): username for (username,) in _NAMED.rows(asked)} if asked else {}


# What a request needs to know of who makes it; anything else is loaded when it is asked for.
_NEEDED = {"id", "username", "email", "email_verified", "password", "is_active", "is_staff", "is_superuser"}
# What pages show of whoever is signed in.
_SHOWN = ("refreshed_at", "user_id", "user__display_name", "user__avatar__key", "user__avatar__extension")
# In the order of the model's fields, as `Model.from_db` takes them.
_USER_COLUMNS = tuple(field.attname for field in User._meta.concrete_fields if field.attname in _NEEDED)
_SESSION_USER_COLUMNS = tuple(f"user__{column}" for column in _USER_COLUMNS)
_LIVE_SESSION = Statement(lambda: live_session_rows().values_list(*_SESSION_USER_COLUMNS))
BROWSER_SESSION_COLUMNS = (*_SHOWN, *_SESSION_USER_COLUMNS)
_BROWSER_SESSION = Statement(lambda: browser_session_rows().values_list(*BROWSER_SESSION_COLUMNS))
_NAMED = ListStatement(
    "names",
    lambda places: (
        visible_users()
        .alias(lower_username=Lower("username"))
        .filter(lower_username__in=places)
        .values_list("username")
    ),
)
_SESSIONS = PagedList(lambda: _live(Session.objects.filter(user_id=Parameter("user"))))


def _live(sessions: QuerySet[Session]) -> QuerySet[Session]:
    """Those that are not over at the moment `now`."""
    return sessions.filter(ended_at=None, expires_at__gt=Parameter("now"))


def live_session_rows() -> QuerySet[Session]:
    """The session `session` of the user `user`, if both may be used at the moment `now`: these are parameters."""
    usable = _live(Session.objects.filter(user__is_active=True))
    return usable.filter(pk=Parameter("session"), user_id=Parameter("user"))


def browser_session_rows() -> QuerySet[Session]:
    """The session `session` of the browser `browser`, if it may be used at the moment `now`: these are parameters."""
    usable = _live(Session.objects.filter(user__is_active=True))
    return usable.filter(pk=Parameter("session"), refresh_id=Parameter("browser"))


class LiveSession:
    """A session that may be used now, and whose it is: by the values of _USER_COLUMNS, if they were read."""

    def __init__(self, session_id: int, user_id: int, user_columns: Row | None = None) -> None:
        self.pk = session_id
        self.user_id = user_id
        self._user_columns = user_columns

    @cached_property
    def user(self) -> User:
        """The signed-in user. What was not read with the session is loaded when it is asked for.

        Raises TokenInvalid when the account was closed in between.
        """
        if self._user_columns is None:
            return _loaded(self.user_id)
        return User.from_db("default", _USER_COLUMNS, self._user_columns)


def _loaded(user_id: int) -> User:
    user = User.objects.only(*_NEEDED).filter(pk=user_id, is_active=True).first()
    if user is None:
        raise TokenInvalid
    return user


def live_session(session_id: int, user_id: int) -> LiveSession | None:
    """The session of that user, if both may still be used. One query."""
    row = _LIVE_SESSION.first(session=session_id, user=user_id, now=moment(ids.now()))
    return None if row is None else LiveSession(session_id, user_id, row)


class BrowserSession(LiveSession):
    """The session of a browser, with what every page shows of whoever is signed in."""

    def __init__(self, session_id: int, row: Row) -> None:
        """`row`: the values of BROWSER_SESSION_COLUMNS."""
        self.refreshed_at: datetime = row[0]
        self.display_name: str = row[2]
        self.avatar: tuple[str, str] | None = (row[3], row[4]) if row[3] else None
        super().__init__(session_id, row[1], row[len(_SHOWN) :])


def browser_session(session_id: int, secret: str) -> BrowserSession | None:
    """The session of a browser's cookie, if it may still be used. One query."""
    row = _BROWSER_SESSION.first(session=session_id, browser=browser_id(secret), now=moment(ids.now()))
    return None if row is None else BrowserSession(session_id, row)


def live_sessions(user_id: int) -> QuerySet[Session]:
    """The user's sessions that are not over."""
    return Session.objects.filter(user_id=user_id, ended_at=None, expires_at__gt=ids.now())


def sessions_page(user_id: int, page: PageRequest) -> Skeleton:
    """The user's live sessions, the latest log-in first."""
    return _SESSIONS.skeleton(page, user=user_id, now=moment(ids.now()))
