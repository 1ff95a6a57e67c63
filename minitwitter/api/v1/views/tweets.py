"""Posting, reading, editing and deleting tweets; the public timeline."""

from hashlib import blake2b

import orjson
from django.http import HttpResponse
from django.utils.cache import get_conditional_response
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from minitwitter.accounts.queries import LiveSession
from minitwitter.accounts.tokens import Claims
from minitwitter.actions import tweets
from minitwitter.api.openapi import OPTIONAL, PAGE_PARAMETERS, answer_header, operation, page_of
from minitwitter.api.permissions import PublicRead, SignedIn
from minitwitter.api.responses import Response
from minitwitter.api.throttling import spend
from minitwitter.api.v1 import presenters, schemas
from minitwitter.api.v1.endpoint import READS, Endpoint
from minitwitter.api.v1.inputs import EditTweetInput, NewTextTweetInput, NewTweetInput, read_input
from minitwitter.api.v1.views.accounts import IMAGE_ERRORS
from minitwitter.core.errors import FieldProblem, ValidationFailed
from minitwitter.core.limits import count
from minitwitter.tweets.errors import IdempotencyInFlight, IdempotencyMismatch, NotOwner, TweetNotFound
from minitwitter.tweets.hydration import HydratedTweet, hydrate_tweet, open_tweet
from minitwitter.tweets.models import IDEMPOTENCY_KEY_LENGTH
from minitwitter.tweets.queries import public_page

# RFC 9110 section 13.1, those that look at the ETag.
_PRECONDITIONS = frozenset({"HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH"})
_IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": IDEMPOTENCY_KEY_LENGTH},
    OpenApiParameter.HEADER,
    description="Any text of your own. A retry with the same key and content within 24 hours posts nothing and answers"
    " with the tweet of the first success as it is now; 404 if it was deleted since.",
)
_POSTED_HEADERS = [
    answer_header("Location", "The address of the tweet.", 201),
    answer_header("Idempotent-Replayed", "`true` when an earlier request with the same key made the tweet.", 201),
]


class Tweets(Endpoint):
    def get_permissions(self) -> list[SignedIn]:
        return [SignedIn() if self.request.method == "POST" else PublicRead()]

    @operation(
        "Read the public timeline",
        answers={200: page_of(schemas.Tweet)},
        parameters=PAGE_PARAMETERS,
        auth=OPTIONAL,
    )
    def get(self, request: Request) -> Response:
        return self.tweets_response(public_page)

    @operation(
        "Post a tweet",
        description="A text, an image, or both; an image needs multipart/form-data.",
        input={"application/json": NewTextTweetInput, "multipart/form-data": NewTweetInput},
        answers={201: schemas.Tweet},
        parameters=[_IDEMPOTENCY_KEY, *_POSTED_HEADERS],
        errors=[*IMAGE_ERRORS, IdempotencyMismatch, IdempotencyInFlight],
    )
    def post(self, request: Request) -> Response:
        fields = read_input(NewTweetInput, request.data)
        if fields.get("image"):
            spend(request, count("upload", str(self.user.pk)))
        posted = tweets.create_tweet(
            author=self.user,
            text=fields.get("text", ""),
            image=fields.get("image"),
            image_alt=fields.get("image_alt", ""),
            idempotency_key=_idempotency_key(request),
        )
        body = presenters.tweet(hydrate_tweet(posted.tweet_id, self.viewer_id), self.base)
        headers = {"Location": presenters.tweet_address(posted.tweet_id, self.base)}
        if posted.replayed:
            headers["Idempotent-Replayed"] = "true"
        return Response(body, status=201, headers=headers)


class TweetDetail(Endpoint):
    opened: HydratedTweet | None = None

    def get_permissions(self) -> list[SignedIn]:
        return [PublicRead() if self.request.method in READS else SignedIn()]

    def find_session(self, claims: Claims) -> LiveSession | None:
        """Read the tweet together with the session: one way to the database less."""
        if self.request.method not in READS:
            return super().find_session(claims)
        opened = open_tweet(claims.session_id, claims.user_id, self.kwargs["tweet_id"])
        session, self.opened = opened or (None, None)
        return session

    @operation(
        "Read a tweet",
        description="With an ETag; If-None-Match answers 304 while nothing changed.",
        answers={200: schemas.Tweet, 304: None},
        parameters=[answer_header("ETag", "Changes whenever the answer does.", 200, 304)],
        errors=[TweetNotFound],
        auth=OPTIONAL,
    )
    def get(self, request: Request, tweet_id: int) -> HttpResponse:
        shown = self.opened or hydrate_tweet(tweet_id, self.viewer_id)
        body = presenters.tweet(shown, self.base)
        etag = f'"{blake2b(orjson.dumps(body), digest_size=12).hexdigest()}"'
        response = Response(body, headers={"ETag": etag})
        if _PRECONDITIONS.isdisjoint(request.META):
            return response
        # There is no time of a change to compare with (RFC 9110 section 13.1.4); Django would take that for a change.
        request.META.pop("HTTP_IF_UNMODIFIED_SINCE", None)
        # Django looks at If-None-Match and answers 304 with the headers that the whole answer would have had.
        return get_conditional_response(request._request, etag=etag, response=response) or response

    @operation(
        "Edit a tweet",
        description="The text changes, the image stays.",
        input=EditTweetInput,
        answers={200: schemas.Tweet},
        errors=[NotOwner, TweetNotFound],
    )
    def patch(self, request: Request, tweet_id: int) -> Response:
        return self._edit(request, tweet_id)

    @operation(
        "Edit a tweet (the same as PATCH)",
        input=EditTweetInput,
        answers={200: schemas.Tweet},
        errors=[NotOwner, TweetNotFound],
    )
    def put(self, request: Request, tweet_id: int) -> Response:
        return self._edit(request, tweet_id)

    def _edit(self, request: Request, tweet_id: int) -> Response:
        fields = read_input(EditTweetInput, request.data)
        tweets.edit_tweet(tweet_id=tweet_id, text=fields["text"], editor=self.user)
        return Response(presenters.tweet(hydrate_tweet(tweet_id, self.viewer_id), self.base))

    @operation("Delete a tweet", answers={204: None}, errors=[NotOwner, TweetNotFound])
    def delete(self, request: Request, tweet_id: int) -> Response:
        tweets.delete_tweet(tweet_id=tweet_id, editor=self.user)
        return Response(status=204)


def _idempotency_key(request: Request) -> str | None:
    key: str | None = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        return None
    if 1 <= len(key) <= IDEMPOTENCY_KEY_LENGTH and key.isascii() and key.isprintable():
        return key
    detail = f"The key has 1 to {IDEMPOTENCY_KEY_LENGTH} printable ASCII characters."
    raise ValidationFailed([FieldProblem("Idempotency-Key", "invalid", detail)])
