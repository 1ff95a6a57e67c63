"""Logging in and out, and keeping a session alive."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from minitwitter.accounts import tokens
from minitwitter.accounts.credentials import check_credentials
from minitwitter.accounts.errors import InvalidCredentials, SessionNotFound, TokenInvalid, TokenReused
from minitwitter.accounts.models import Session, User
from minitwitter.accounts.queries import BrowserSession, LiveSession, live_sessions
from minitwitter.audit import log as audit
from minitwitter.audit.models import Event
from minitwitter.core import ids
from minitwitter.core.database import insert_with_new_id

_DEVICE_LENGTH = 200
# A browser makes dozens of requests where an API client refreshes once; more often than daily would only be writes.
_KEEP_INTERVAL = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a client keeps of a session. `expires_in` is the access token's lifetime."""

    access: str
    refresh: str
    expires_in: timedelta = tokens.ACCESS_LIFETIME


@dataclass(frozen=True, slots=True)
class BrowserLogIn:
    """What a browser keeps of a session, in its cookie."""

    session_id: int
    secret: str


def log_in(*, login: str, password: str, device: str) -> TokenPair:
    """Start a session. `login` is a username or an address; `device` describes the client.

    Raises InvalidCredentials, the same for an unknown name, a wrong password and a deactivated account.
    """
    session = _start(login, password, device, _new_token_id())
    return _token_pair(session.user_id, session.pk, session.refresh_id, session.created_at)


def log_in_browser(*, login: str, password: str, device: str) -> BrowserLogIn:
    """Start the session of a browser, as `log_in` does that of an API client. Raises InvalidCredentials."""
    secret = secrets.token_urlsafe(32)
    session = _start(login, password, device, tokens.browser_id(secret))
    return BrowserLogIn(session.pk, secret)


def _start(login: str, password: str, device: str, refresh_id: str) -> Session:
    user = check_credentials(login=login, password=password)
    if user is None:
        raise InvalidCredentials
    now = ids.now()
    session = Session(
        user=user,
        refresh_id=refresh_id,
        device=device[:_DEVICE_LENGTH],
        created_at=now,
        refreshed_at=now,
        expires_at=now + tokens.REFRESH_LIFETIME,
    )
    with transaction.atomic():
        if not _is_unchanged(user):
            raise InvalidCredentials
        insert_with_new_id(session, now)
        audit.record(Event.LOGGED_IN, subject_id=user.pk, object_id=session.pk)
    return session


def keep_browser_session(*, session: BrowserSession) -> bool:
    """Start a browser's time anew when it is used. True once a day at most, and then its cookie is to be sent anew."""
    now = ids.now()
    if now - session.refreshed_at < _KEEP_INTERVAL:
        return False
    live = live_sessions(session.user_id).filter(pk=session.pk)
    return bool(live.update(refreshed_at=now, expires_at=now + tokens.REFRESH_LIFETIME))


def _is_unchanged(user: User) -> bool:
    """Whether the account is still active and has the password that was checked. Locks it until the transaction ends.

    Checking a password takes long enough for it to be changed meanwhile, which ends all sessions but this new one.
    """
    same = User.objects.select_for_update(no_key=True).filter(pk=user.pk, is_active=True, password=user.password)
    return bool(list(same.values_list("pk")))


def refresh(*, refresh_token: str) -> TokenPair:
    """Exchange a refresh token, which is spent by it, for a new pair.

    One conditional UPDATE decides: of several uses at once exactly one wins. A token that is not its session's
    present one was used before, so it may be in a thief's hands: the session ends.
    Raises TokenInvalid and TokenReused.
    """
    claims = tokens.decode("refresh", refresh_token)
    now = ids.now()
    next_id = _new_token_id()
    # No join here: PostgreSQL, when it waited for another UPDATE of the row, asks the row's own columns again, but not
    # what stands in a subquery of the same table, which is what Django makes of a join. Two would win.
    active = User.objects.filter(pk=OuterRef("user_id"), is_active=True)
    family = live_sessions(claims.user_id).filter(Exists(active), pk=claims.session_id)
    rotated = family.filter(refresh_id=claims.token_id).update(
        refresh_id=next_id, refreshed_at=now, expires_at=now + tokens.REFRESH_LIFETIME
    )
    if rotated:
        return _token_pair(claims.user_id, claims.session_id, next_id, now)
    if _end(family, Event.TOKEN_REUSED, claims.user_id, claims.session_id):
        raise TokenReused
    raise TokenInvalid


def log_out(*, session: LiveSession) -> None:
    """End the session that the request came with."""
    _end(live_sessions(session.user_id).filter(pk=session.pk), Event.LOGGED_OUT, session.user_id, session.pk)


def end_session(*, user: User, session_id: int) -> None:
    """End one of the user's sessions. Raises SessionNotFound."""
    if not _end(live_sessions(user.pk).filter(pk=session_id), Event.LOGGED_OUT, user.pk, session_id):
        raise SessionNotFound


def end_all_sessions(*, user_id: int, keep_session_id: int | None = None) -> None:
    """End all of the user's sessions but the one to keep: a step of other actions, in their transaction.

    Log-ins to the admin end as well, all of them: they are no `Session`s, but bound to `signed_out_at`.
    """
    now = ids.now()
    User.objects.filter(pk=user_id).update(signed_out_at=now)
    sessions = live_sessions(user_id)
    if keep_session_id is not None:
        sessions = sessions.exclude(pk=keep_session_id)
    sessions.update(ended_at=now)


def log_out_everywhere(*, user: User) -> None:
    """End all of the user's sessions, and log-ins to the admin."""
    with transaction.atomic():
        end_all_sessions(user_id=user.pk)
        audit.record(Event.LOGGED_OUT_EVERYWHERE, subject_id=user.pk)


def _end(sessions: QuerySet[Session], event: Event, user_id: int, session_id: int) -> bool:
    """Whether the session was live and is ended now."""
    with transaction.atomic():
        ended = sessions.update(ended_at=ids.now())
        if ended:
            audit.record(event, subject_id=user_id, object_id=session_id)
    return bool(ended)


def _new_token_id() -> str:
    return secrets.token_hex(16)


def _token_pair(user_id: int, session_id: int, refresh_id: str, now: datetime) -> TokenPair:
    return TokenPair(
        access=tokens.encode("access", user_id=user_id, session_id=session_id, token_id=_new_token_id(), issued_at=now),
        refresh=tokens.encode("refresh", user_id=user_id, session_id=session_id, token_id=refresh_id, issued_at=now),
    )
