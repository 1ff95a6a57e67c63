"""Access and refresh tokens: JWTs (RFC 7519) signed with HS256, each bound to a session row.

The access token is good for ten minutes and only as long as its session is. The refresh token is good once:
its `jti` must be the session's `refresh_id`.
"""

import hashlib
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

import jwt
from django.conf import settings

from minitwitter.accounts.errors import TokenInvalid
from minitwitter.core import ids

Kind = Literal["access", "refresh"]

ACCESS_LIFETIME = timedelta(minutes=10)
# A device that is not used for so long must log in again; each refresh starts the time anew.
REFRESH_LIFETIME = timedelta(days=30)
# Clocks of two machines of one instance may differ by this much.
CLOCK_LEEWAY = timedelta(seconds=5)
_ALGORITHM = "HS256"
_ISSUER = "minitwitter"
_AUDIENCE = "minitwitter"
_MAX_LENGTH = 2048
# About 1 kB each, for the ten minutes that a token is good and longer.
_TOKENS_REMEMBERED = 2048
_CLAIM_TYPES: dict[str, type] = {
    "iss": str,
    "aud": str,
    "sub": str,
    "sid": int,
    "jti": str,
    "kind": str,
    "iat": int,
    "nbf": int,
    "exp": int,
}


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says."""

    user_id: int
    session_id: int
    token_id: str
    expires_at: int


def encode(kind: Kind, *, user_id: int, session_id: int, token_id: str, issued_at: datetime) -> str:
    """A signed token of that kind. `token_id` becomes its `jti`."""
    lifetime = ACCESS_LIFETIME if kind == "access" else REFRESH_LIFETIME
    seconds = int(issued_at.timestamp())
    payload = {
        "iss": _ISSUER,
        "aud": _AUDIENCE,
        "sub": str(user_id),
        "sid": session_id,
        "jti": token_id,
        "kind": kind,
        "iat": seconds,
        "nbf": seconds,
        "exp": seconds + int(lifetime.total_seconds()),
    }
    key_id, key = next(iter(_signing_keys(settings.TOKEN_SIGNING_KEYS).items()))
    return jwt.encode(payload, key, algorithm=_ALGORITHM, headers={"kid": key_id})


def decode_access(token: str) -> Claims:
    """The claims of an access token. Raises TokenInvalid.

    A client sends the same one for ten minutes, so what was verified is remembered: a good signature stays good, and
    nothing but the clock ends what the token itself says. Whether its session lives is another question, which is
    asked at every request.
    """
    claims = _remembered(token, settings.TOKEN_SIGNING_KEYS)
    if time.time() >= claims.expires_at + CLOCK_LEEWAY.total_seconds():
        raise TokenInvalid
    return claims


@lru_cache(maxsize=_TOKENS_REMEMBERED)
def _remembered(token: str, _: tuple[str, ...]) -> Claims:
    # Remembered for these signing keys, which verify it. An exception is not remembered.
    return decode("access", token)


def decode(kind: Kind, token: str) -> Claims:
    """Verify signature, times, audience and the type of every claim. Raises TokenInvalid."""
    try:
        payload = _verified_payload(token)
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise TokenInvalid from error
    if any(type(payload.get(claim)) is not expected for claim, expected in _CLAIM_TYPES.items()):
        raise TokenInvalid
    subject = payload["sub"]
    if payload["kind"] != kind or not (subject.isascii() and subject.isdigit() and len(subject) <= 16):
        raise TokenInvalid
    if not 0 < payload["sid"] <= ids.MAX_ID:
        raise TokenInvalid
    return Claims(user_id=int(subject), session_id=payload["sid"], token_id=payload["jti"], expires_at=payload["exp"])


def _verified_payload(token: str) -> dict[str, Any]:
    if len(token) > _MAX_LENGTH or not token.isascii():
        raise TokenInvalid
    header = jwt.get_unverified_header(token)
    key_id = header.get("kid")
    # The kid only selects among our own keys; it is never a path, an address or part of a query.
    key = _signing_keys(settings.TOKEN_SIGNING_KEYS).get(key_id) if isinstance(key_id, str) else None
    if key is None or "crit" in header:
        raise TokenInvalid
    return jwt.decode(
        token,
        key,
        algorithms=[_ALGORITHM],
        audience=_AUDIENCE,
        issuer=_ISSUER,
        leeway=CLOCK_LEEWAY,
        options={"require": list(_CLAIM_TYPES)},
    )


def browser_id(secret: str) -> str:
    """What a session keeps of the secret in a browser's cookie: half of its SHA-256 (128 bits), in hexadecimal.

    It stands where the sessions of API clients keep their refresh token's id. Whoever reads the database cannot make
    the cookie from it, and no refresh token with it is ever signed.
    """
    return hashlib.sha256(secret.encode()).hexdigest()[:32]


@lru_cache(maxsize=4)
def _signing_keys(keys: tuple[str, ...]) -> dict[str, bytes]:
    """The keys by their `kid`. The first signs; the others still verify tokens from before a rotation."""
    return {hashlib.sha256(key.encode()).hexdigest()[:8]: key.encode() for key in keys}
