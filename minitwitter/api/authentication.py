"""Access tokens in the Authorization header (RFC 6750 section 2.1)."""

from collections.abc import Callable

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from minitwitter.accounts import tokens
from minitwitter.accounts.errors import TokenInvalid
from minitwitter.accounts.queries import LiveSession
from minitwitter.accounts.tokens import Claims


class BearerAuthentication(BaseAuthentication):
    """`request.user` and `request.auth` become the live session, which knows its user; None without an access token.

    Every request looks the session up, so an ended one is refused at once. `find_session` returns the session of a
    verified token, if it may still be used: an address that is read often finds it together with what it shows.
    """

    def __init__(self, find_session: Callable[[Claims], LiveSession | None]) -> None:
        self._find_session = find_session

    def authenticate(self, request: Request) -> tuple[LiveSession, LiveSession] | None:
        """Raises TokenInvalid for whatever is no good Bearer token.

        Basic credentials are none of ours: a proxy in front may ask for them.
        """
        header = request.META.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        scheme, _, token = header.partition(" ")
        if scheme.lower() == "basic":
            return None
        if scheme.lower() != "bearer":  # An empty header among them, which is what the server makes of other letters.
            raise TokenInvalid
        session = self._find_session(tokens.decode_access(token.strip(" ")))
        if session is None:
            raise TokenInvalid
        return session, session

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
