"""What can go wrong with accounts and sessions."""

from minitwitter.core.errors import DomainError, NotFound


class NotAuthenticated(DomainError):
    """This needs a signed-in user. Send the access token as `Authorization: Bearer <access>`."""

    code = "not_authenticated"
    status = 401
    message = "Sign in first: send an access token in the Authorization header, as a Bearer token."


class InvalidCredentials(DomainError):
    """The name or address and the password do not belong to an active account. The answer is the same for each of
    these cases."""

    code = "invalid_credentials"
    status = 401
    message = "The username or email and the password do not match an active account."


class TokenInvalid(DomainError):
    """The token is malformed, expired, of the wrong kind, or its session has ended. Get a new access token with the
    refresh token, or log in again."""

    code = "token_invalid"
    status = 401
    message = "The token is not valid, or no longer."


class TokenReused(DomainError):
    """The refresh token was used before. Somebody may have copied it, so its session was ended: log in again."""

    code = "token_reused"
    status = 401
    message = "This refresh token was used before. Its session has been ended; log in again."


class RegistrationClosed(DomainError):
    """This instance takes no new accounts. Ask its operator for one."""

    code = "registration_closed"
    status = 403
    message = "This instance takes no new accounts. Ask its operator for one."


class EmailNotConfigured(DomainError):
    """This instance sends no mails, so it cannot do this. Ask its operator, who can also give you a new password."""

    code = "email_not_configured"
    status = 409
    message = "This instance sends no mails. Ask its operator."


class UserNotFound(NotFound):
    """There is no account of that name, or it is not active."""

    code = "user_not_found"
    message = "There is no account of that name."


class SessionNotFound(NotFound):
    """None of your sessions has that id, or it has ended already."""

    code = "session_not_found"
    message = "You have no session with that id."
