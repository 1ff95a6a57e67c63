"""Access tokens in the Authorization header (RFC 6750 section 2.1)."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from minitwitter.accounts import queries, tokens
from minitwitter.accounts.errors import TokenInvalid
from minitwitter.accounts.models import Session, User


class BearerAuthentication(BaseAuthentication):
    """`request.user` becomes the session's user and `request.auth` the session; None without an access token.

    Every request looks the session up, so an ended one is refused at once.
    """

    def authenticate(self, request: Request) -> tuple[User, Session] | None:
        """Raises TokenInvalid for a Bearer token that is not good. Other schemes are none of ours."""
        scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        claims = tokens.decode("access", token.strip(" "))
        session = queries.live_session(claims.session_id, claims.user_id)
        if session is None:
            raise TokenInvalid
        return session.user, session

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
