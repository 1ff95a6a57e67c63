"""Following, and the lists of who follows whom."""

from functools import partial

from rest_framework.request import Request

from minitwitter.accounts.errors import UserNotFound
from minitwitter.accounts.queries import visible_user_id
from minitwitter.actions import follows
from minitwitter.api.openapi import OPTIONAL, PAGE_PARAMETERS, operation, page_of
from minitwitter.api.permissions import PublicRead
from minitwitter.api.responses import Response
from minitwitter.api.v1 import presenters, schemas
from minitwitter.api.v1.endpoint import Endpoint
from minitwitter.relationships.errors import AlreadyFollowing, NotFollowing, SelfFollow
from minitwitter.relationships.hydration import see_profile
from minitwitter.relationships.queries import followers_page, following_page


class Follow(Endpoint):
    @operation(
        "Follow an account",
        answers={200: schemas.Profile},
        errors=[SelfFollow, AlreadyFollowing, UserNotFound],
    )
    def post(self, request: Request, username: str) -> Response:
        follows.follow(follower=self.user, followee_id=visible_user_id(username))
        return Response(presenters.profile(see_profile(username, self.viewer_id), self.base))


class Unfollow(Endpoint):
    @operation(
        "Unfollow an account",
        answers={200: schemas.Profile},
        errors=[NotFollowing, UserNotFound],
    )
    def post(self, request: Request, username: str) -> Response:
        follows.unfollow(follower=self.user, followee_id=visible_user_id(username))
        return Response(presenters.profile(see_profile(username, self.viewer_id), self.base))


class Followers(Endpoint):
    permission_classes = (PublicRead,)

    @operation(
        "List the accounts that follow an account",
        answers={200: page_of(schemas.Author)},
        parameters=PAGE_PARAMETERS,
        errors=[UserNotFound],
        auth=OPTIONAL,
    )
    def get(self, request: Request, username: str) -> Response:
        return self.accounts_response(partial(followers_page, visible_user_id(username)))


class Following(Endpoint):
    permission_classes = (PublicRead,)

    @operation(
        "List the accounts that an account follows",
        answers={200: page_of(schemas.Author)},
        parameters=PAGE_PARAMETERS,
        errors=[UserNotFound],
        auth=OPTIONAL,
    )
    def get(self, request: Request, username: str) -> Response:
        return self.accounts_response(partial(following_page, visible_user_id(username)))
