"""The home feed."""

from rest_framework.request import Request

from minitwitter.accounts.queries import LiveSession
from minitwitter.accounts.tokens import Claims
from minitwitter.actions import timelines
from minitwitter.api.openapi import PAGE_PARAMETERS, operation, page_of
from minitwitter.api.responses import Response
from minitwitter.api.v1 import schemas
from minitwitter.api.v1.endpoint import READS, Endpoint
from minitwitter.core.errors import ValidationFailed
from minitwitter.core.pagination import PageRequest, Skeleton
from minitwitter.timelines.queries import Kept, open_home


class Feed(Endpoint):
    kept: Kept | None = None

    def find_session(self, claims: Claims) -> LiveSession | None:
        """Read what is kept of the feed together with the session: one way to the database less."""
        if self.request.method not in READS:
            return super().find_session(claims)
        try:
            opened = open_home(claims.session_id, claims.user_id, self.page)
        except ValidationFailed:  # Of the page's parameters. It is the view that tells, once it is known who asks.
            return super().find_session(claims)
        session, self.kept = opened or (None, None)
        return session

    @operation(
        "Read one's home feed",
        description="The tweets of the accounts one follows, newest first; not one's own.",
        answers={200: page_of(schemas.Tweet)},
        parameters=PAGE_PARAMETERS,
    )
    def get(self, request: Request) -> Response:
        return self.tweets_response(self._skeleton, self.kept and self.kept.standings)

    def _skeleton(self, page: PageRequest) -> Skeleton:
        if page is self.page:
            return timelines.continue_home(self.session.user_id, page, self.kept)
        return timelines.read_home(self.session.user_id, page)
