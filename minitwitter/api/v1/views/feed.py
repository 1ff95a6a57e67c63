"""The home feed."""

from functools import partial

from rest_framework.request import Request

from minitwitter.api.openapi import PAGE_PARAMETERS, operation, page_of
from minitwitter.api.responses import Response
from minitwitter.api.v1 import schemas
from minitwitter.api.v1.endpoint import Endpoint
from minitwitter.timelines.queries import home_page


class Feed(Endpoint):
    @operation(
        "Read one's home feed",
        description="The tweets of the accounts one follows, newest first; not one's own.",
        answers={200: page_of(schemas.Tweet)},
        parameters=PAGE_PARAMETERS,
    )
    def get(self, request: Request) -> Response:
        return self.tweets_response(partial(home_page, self.user.pk))
