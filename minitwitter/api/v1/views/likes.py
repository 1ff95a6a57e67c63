"""Liking tweets, and who likes them."""

from functools import partial

from rest_framework.request import Request

from minitwitter.actions import likes
from minitwitter.api.openapi import OPTIONAL, PAGE_PARAMETERS, operation, page_of
from minitwitter.api.permissions import PublicRead
from minitwitter.api.responses import Response
from minitwitter.api.v1 import presenters, schemas
from minitwitter.api.v1.endpoint import Endpoint
from minitwitter.tweets.errors import TweetNotFound
from minitwitter.tweets.queries import likers_page, visible_tweet_id


class ToggleLike(Endpoint):
    @operation(
        "Like a tweet, or take the like back",
        answers={200: schemas.LikeState},
        errors=[TweetNotFound],
    )
    def post(self, request: Request, tweet_id: int) -> Response:
        return Response(presenters.like_state(likes.toggle_like(user=self.user, tweet_id=tweet_id)))


class TweetLike(Endpoint):
    @operation(
        "Like a tweet",
        description="Safe to repeat.",
        answers={200: schemas.LikeState},
        errors=[TweetNotFound],
    )
    def put(self, request: Request, tweet_id: int) -> Response:
        return Response(presenters.like_state(likes.like(user=self.user, tweet_id=tweet_id)))

    @operation(
        "Take a like back",
        description="Safe to repeat.",
        answers={200: schemas.LikeState},
        errors=[TweetNotFound],
    )
    def delete(self, request: Request, tweet_id: int) -> Response:
        return Response(presenters.like_state(likes.unlike(user=self.user, tweet_id=tweet_id)))


class TweetLikes(Endpoint):
    permission_classes = (PublicRead,)

    @operation(
        "List the accounts that like a tweet",
        answers={200: page_of(schemas.Author)},
        parameters=PAGE_PARAMETERS,
        errors=[TweetNotFound],
        auth=OPTIONAL,
    )
    def get(self, request: Request, tweet_id: int) -> Response:
        return self.accounts_response(partial(likers_page, visible_tweet_id(tweet_id)))
