"""Logging in and out, and keeping a session alive."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from minitwitter.accounts import tokens
from minitwitter.accounts.credentials import find_by_credentials
from minitwitter.accounts.errors import InvalidCredentials, SessionNotFound, TokenInvalid, TokenReused
from minitwitter.accounts.models import Session, User
from minitwitter.accounts.queries import live_sessions
from minitwitter.core import ids
from minitwitter.core.database import insert_with_new_id

_DEVICE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a client keeps of a session. `expires_in` is the access token's lifetime."""

    access: str
    refresh: str
    expires_in: timedelta = tokens.ACCESS_LIFETIME


def log_in(*, login: str, password: str, device: str) -> TokenPair:
    """Start a session. `login` is a username or an address; `device` describes the client.

    Raises InvalidCredentials, the same for an unknown name, a wrong password and a deactivated account.
    """
    user = find_by_credentials(login=login, password=password)
    if user is None:
        raise InvalidCredentials
    now = ids.now()
    session = Session(
        user=user,
        refresh_id=_new_token_id(),
        device=device[:_DEVICE_LENGTH],
        created_at=now,
        refreshed_at=now,
        expires_at=now + tokens.REFRESH_LIFETIME,
    )
    insert_with_new_id(session, now)
    return _token_pair(user.pk, session.pk, session.refresh_id, now)


def refresh(*, refresh_token: str) -> TokenPair:
    """Exchange a refresh token, which is spent by it, for a new pair.

    One conditional UPDATE decides: of several uses at once exactly one wins. A token that is not its session's
    present one was used before, so it may be in a thief's hands: the session ends.
    Raises TokenInvalid and TokenReused.
    """
    claims = tokens.decode("refresh", refresh_token)
    now = ids.now()
    next_id = _new_token_id()
    family = live_sessions(claims.user_id).filter(pk=claims.session_id, user__is_active=True)
    rotated = family.filter(refresh_id=claims.token_id).update(
        refresh_id=next_id, refreshed_at=now, expires_at=now + tokens.REFRESH_LIFETIME
    )
    if rotated:
        return _token_pair(claims.user_id, claims.session_id, next_id, now)
    if family.update(ended_at=now):
        raise TokenReused
    raise TokenInvalid


def log_out(*, session: Session) -> None:
    """End the session that the request came with."""
    live_sessions(session.user_id).filter(pk=session.pk).update(ended_at=ids.now())


def end_session(*, user: User, session_id: int) -> None:
    """End one of the user's sessions. Raises SessionNotFound."""
    if not live_sessions(user.pk).filter(pk=session_id).update(ended_at=ids.now()):
        raise SessionNotFound


def end_all_sessions(*, user_id: int, keep_session_id: int | None = None) -> None:
    """End all of the user's sessions but the one to keep."""
    sessions = live_sessions(user_id)
    if keep_session_id is not None:
        sessions = sessions.exclude(pk=keep_session_id)
    sessions.update(ended_at=ids.now())


def _new_token_id() -> str:
    return secrets.token_hex(16)


def _token_pair(user_id: int, session_id: int, refresh_id: str, now: datetime) -> TokenPair:
    return TokenPair(
        access=tokens.encode("access", user_id=user_id, session_id=session_id, token_id=_new_token_id(), issued_at=now),
        refresh=tokens.encode("refresh", user_id=user_id, session_id=session_id, token_id=refresh_id, issued_at=now),
    )
