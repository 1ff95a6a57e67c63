"""Logging in and out, tokens, signed-in devices."""

from rest_framework.request import Request

from minitwitter.accounts.errors import InvalidCredentials, SessionNotFound, TokenInvalid, TokenReused
from minitwitter.accounts.hydration import hydrate_sessions
from minitwitter.accounts.queries import sessions_page
from minitwitter.actions import sessions
from minitwitter.api.openapi import PAGE_PARAMETERS, PUBLIC, operation, page_of
from minitwitter.api.permissions import Anyone
from minitwitter.api.responses import Response
from minitwitter.api.throttling import RefreshLimit, spend
from minitwitter.api.v1 import presenters, schemas
from minitwitter.api.v1.endpoint import Endpoint
from minitwitter.api.v1.inputs import LoginInput, RefreshInput, read_input
from minitwitter.core.errors import FieldProblem, ValidationFailed
from minitwitter.core.limits import client_address, count_log_in, remember_log_in


class Login(Endpoint):
    authentication_classes = ()
    permission_classes = (Anyone,)

    @operation(
        "Log in",
        description="`username` takes a username or an address; `email` an address. Send one of them.",
        input=LoginInput,
        answers={200: schemas.TokenPair},
        errors=[InvalidCredentials],
        auth=PUBLIC,
    )
    def post(self, request: Request) -> Response:
        fields = read_input(LoginInput, request.data)
        login = fields.get("username") or fields.get("email")
        if not login:
            raise ValidationFailed([FieldProblem("username", "required", "Send a username or an email.")])
        address = client_address(request.META)
        spend(request, *count_log_in(address, login))
        pair = sessions.log_in(login=login, password=fields["password"], device=request.META.get("HTTP_USER_AGENT", ""))
        remember_log_in(address, login)
        return Response(presenters.token_pair(pair))


class Refresh(Endpoint):
    authentication_classes = ()
    permission_classes = (Anyone,)
    throttle_classes = (RefreshLimit,)

    @operation(
        "Exchange a refresh token for a new pair of tokens",
        description="The refresh token is spent by it. Using a spent one ends the session.",
        input=RefreshInput,
        answers={200: schemas.TokenPair},
        errors=[TokenInvalid, TokenReused],
        auth=PUBLIC,
    )
    def post(self, request: Request) -> Response:
        fields = read_input(RefreshInput, request.data)
        return Response(presenters.token_pair(sessions.refresh(refresh_token=fields["refresh"])))


class TokenRefresh(Refresh):
    """The same at the address that clients of other servers know."""


class Logout(Endpoint):
    @operation("Log out of this session", answers={204: None})
    def post(self, request: Request) -> Response:
        sessions.log_out(session=self.session)
        return Response(status=204)


class LogoutAll(Endpoint):
    @operation("Log out of every session", answers={204: None})
    def post(self, request: Request) -> Response:
        sessions.log_out_everywhere(user=self.user)
        return Response(status=204)


class Sessions(Endpoint):
    @operation("List one's signed-in devices", answers={200: page_of(schemas.Session)}, parameters=PAGE_PARAMETERS)
    def get(self, request: Request) -> Response:
        return self.list_response(
            lambda page: sessions_page(self.user.pk, page),
            hydrate_sessions,
            lambda shown: presenters.session(shown, self.session.pk),
        )


class SessionDetail(Endpoint):
    @operation("End one of one's sessions", answers={204: None}, errors=[SessionNotFound])
    def delete(self, request: Request, session_id: int) -> Response:
        sessions.end_session(user=self.user, session_id=session_id)
        return Response(status=204)
