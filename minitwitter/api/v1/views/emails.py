"""What is done by mail: a forgotten password, confirming and changing an address."""

from rest_framework.request import Request

from minitwitter.accounts.errors import EmailNotConfigured
from minitwitter.actions import emails
from minitwitter.api.openapi import PUBLIC, operation
from minitwitter.api.permissions import Anyone
from minitwitter.api.responses import Response
from minitwitter.api.throttling import spend
from minitwitter.api.v1.endpoint import Endpoint
from minitwitter.api.v1.inputs import EmailInput, MailTokenInput, NewPasswordInput, PasswordResetInput, read_input
from minitwitter.core.limits import client_address, count_email_change, count_password_reset


class PasswordReset(Endpoint):
    authentication_classes = ()
    permission_classes = (Anyone,)

    @operation(
        "Ask for a mail with which to choose a new password",
        description="The answer is the same whether an account has this address or not. The mail has a token for"
        " `/v1/users/password-reset/confirm/`, good once, within an hour, and until a newer one is asked for.",
        input=PasswordResetInput,
        answers={202: None},
        errors=[EmailNotConfigured],
        auth=PUBLIC,
    )
    def post(self, request: Request) -> Response:
        fields = read_input(PasswordResetInput, request.data)
        spend(request, *count_password_reset(client_address(request.META), fields["email"]))
        emails.ask_for_password_reset(**fields)
        return Response(status=202)


class PasswordResetConfirm(Endpoint):
    authentication_classes = ()
    permission_classes = (Anyone,)

    @operation(
        "Choose a new password with the token of a mail",
        description="Every session of the account ends. A token that is not good is an entry with the code"
        " `wrong_token`; it is not spent by a password that is refused.",
        input=NewPasswordInput,
        answers={204: None},
        auth=PUBLIC,
    )
    def post(self, request: Request) -> Response:
        emails.reset_password(**read_input(NewPasswordInput, request.data))
        return Response(status=204)


class Email(Endpoint):
    @operation(
        "Change one's address",
        description="A mail with a token for `/v1/users/email/confirm/` goes to the new address, which becomes the"
        " account's when the token comes back, within three days. The answer is the same for an address that is taken;"
        " its owner is told by mail.",
        input=EmailInput,
        answers={202: None},
        errors=[EmailNotConfigured],
    )
    def post(self, request: Request) -> Response:
        fields = read_input(EmailInput, request.data)
        spend(request, *count_email_change(client_address(request.META), fields["email"], self.user.pk))
        emails.ask_for_email_change(user=self.user, **fields)
        return Response(status=202)


class EmailConfirm(Endpoint):
    authentication_classes = ()
    permission_classes = (Anyone,)

    @operation(
        "Confirm an address with the token of a mail",
        description="The address of a new account, or a new address, which becomes the account's. The old one is told."
        " A token that is not good is an entry with the code `wrong_token`.",
        input=MailTokenInput,
        answers={204: None},
        auth=PUBLIC,
    )
    def post(self, request: Request) -> Response:
        emails.confirm_email(**read_input(MailTokenInput, request.data))
        return Response(status=204)
