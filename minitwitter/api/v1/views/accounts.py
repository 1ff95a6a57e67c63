"""Making an account, one's own account, and the profiles of others."""

from functools import partial

from rest_framework.request import Request

from minitwitter.accounts.errors import RegistrationClosed, UserNotFound
from minitwitter.accounts.models import User
from minitwitter.accounts.queries import visible_user_id
from minitwitter.actions import accounts
from minitwitter.api.openapi import OPTIONAL, PAGE_PARAMETERS, PUBLIC, operation, page_of
from minitwitter.api.parsers import MultiPartParser
from minitwitter.api.permissions import Anyone, PublicRead
from minitwitter.api.responses import Response
from minitwitter.api.throttling import spend
from minitwitter.api.v1 import presenters, schemas
from minitwitter.api.v1.endpoint import Endpoint
from minitwitter.api.v1.inputs import (
    AvatarInput,
    DeleteAccountInput,
    PasswordInput,
    ProfileInput,
    RegistrationInput,
    read_input,
)
from minitwitter.core.limits import client_address, count, count_password
from minitwitter.media.errors import ImageTooLarge, InvalidImage, QuotaExceeded, UnsupportedImage
from minitwitter.relationships.hydration import see_own_profile, see_profile
from minitwitter.tweets.queries import author_page

IMAGE_ERRORS = [InvalidImage, ImageTooLarge, QuotaExceeded, UnsupportedImage]


class OwnAccount(Endpoint):
    """What answers with the account that the caller owns."""

    def answer_account(self, user: User, *, status: int = 200) -> Response:
        """The account as it is now in the database."""
        body = presenters.own_account(see_own_profile(user.pk), user, self.base)
        return Response(body, status=status)


class Register(OwnAccount):
    authentication_classes = ()
    permission_classes = (Anyone,)

    @operation(
        "Make an account",
        input=RegistrationInput,
        answers={201: schemas.OwnAccount},
        errors=[RegistrationClosed],
        auth=PUBLIC,
    )
    def post(self, request: Request) -> Response:
        fields = read_input(RegistrationInput, request.data, accounts.registration_problems)
        # A slip costs nobody behind the same address a place.
        user = accounts.register(**fields, admit=partial(self._count_sign_up, request))
        return self.answer_account(user, status=201)

    def _count_sign_up(self, request: Request) -> None:
        spend(request, count("sign-up", client_address(request.META)))


class Me(OwnAccount):
    @operation("Read one's own account", answers={200: schemas.OwnAccount})
    def get(self, request: Request) -> Response:
        return self.answer_account(self.user)

    @operation(
        "Change one's profile",
        description="Only the fields that are sent change; an empty string clears one.",
        input=ProfileInput,
        answers={200: schemas.OwnAccount},
    )
    def patch(self, request: Request) -> Response:
        accounts.update_profile(user=self.user, fields=read_input(ProfileInput, request.data))
        return self.answer_account(self.user)

    @operation(
        "Delete one's account",
        description="For good: tweets, pictures, likes and follows go too, and the username is not given out again.",
        input=DeleteAccountInput,
        answers={204: None},
    )
    def delete(self, request: Request) -> Response:
        fields = read_input(DeleteAccountInput, request.data)
        spend(request, count_password(self.user.pk))
        accounts.delete_own_account(user=self.user, password=fields["password"])
        return Response(status=204)


class Avatar(OwnAccount):
    parser_classes = (MultiPartParser,)

    @operation(
        "Set one's avatar",
        description="The middle square of the picture is taken.",
        input={"multipart/form-data": AvatarInput},
        answers={200: schemas.OwnAccount},
        errors=IMAGE_ERRORS,
    )
    def put(self, request: Request) -> Response:
        fields = read_input(AvatarInput, request.data)
        spend(request, count("upload", str(self.user.pk)))
        accounts.change_avatar(user=self.user, file=fields["image"])
        return self.answer_account(self.user)

    @operation("Remove one's avatar", answers={200: schemas.OwnAccount})
    def delete(self, request: Request) -> Response:
        accounts.remove_avatar(user=self.user)
        return self.answer_account(self.user)


class Password(Endpoint):
    @operation(
        "Change one's password",
        description="Every other session ends.",
        input=PasswordInput,
        answers={204: None},
    )
    def post(self, request: Request) -> Response:
        fields = read_input(PasswordInput, request.data)
        spend(request, count_password(self.user.pk))
        accounts.change_password(user=self.user, keep_session_id=self.session.pk, **fields)
        return Response(status=204)


class ProfileDetail(Endpoint):
    permission_classes = (PublicRead,)

    @operation("Read a profile", answers={200: schemas.Profile}, errors=[UserNotFound], auth=OPTIONAL)
    def get(self, request: Request, username: str) -> Response:
        return Response(presenters.profile(see_profile(username, self.viewer_id), self.base))


class ProfileTweets(Endpoint):
    permission_classes = (PublicRead,)

    @operation(
        "List an account's tweets",
        answers={200: page_of(schemas.Tweet)},
        parameters=PAGE_PARAMETERS,
        errors=[UserNotFound],
        auth=OPTIONAL,
    )
    def get(self, request: Request, username: str) -> Response:
        return self.tweets_response(partial(author_page, visible_user_id(username)))
