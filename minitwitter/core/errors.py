"""The errors a caller may see. Subjects add their own in their `errors.py`.

Each error is a class with a stable `code`, an HTTP status and a message that is safe to show. The domain raises
them; `api/errors.py` renders them; the class docstring is what `/v1/docs/errors/` tells about the code.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

_NEW_PHRASES = {413: "Content Too Large", 422: "Unprocessable Content"}


# What the `code` of an entry of `errors` means, for /v1/docs/errors/.
PROBLEM_CODES = {
    "required": "The field is missing.",
    "null": "The field is null.",
    "invalid": "The value is of the wrong type or form, or has characters that are not allowed.",
    "blank": "The value is empty, or nothing of it can be seen.",
    "min_length": "The value is too short.",
    "max_length": "The value is too long.",
    "too_many": "A form field was sent more than once.",
    "out_of_range": "The number is not in the range that is allowed, or no plain decimal number.",
    "invalid_cursor": "The cursor is no plain decimal number, or does not go with another one.",
    "username_taken": "Another account has this username (in whatever case), or had it.",
    "email_taken": "Another account has this address (in whatever case).",
    "reserved": "The username is kept for an address or a role.",
    "password_too_common": "The password is among the 20,000 that are tried first.",
    "password_too_similar": "The password has the username in it, or is close to it or to the address.",
    "wrong_password": "The password is not that of the account.",
    "wrong_token": "The token of a mail is wrong, was used, has expired, or is not that of the last mail.",
}


@dataclass(frozen=True)
class FieldProblem:
    """One thing that is wrong with one field of the input. `code` is one of PROBLEM_CODES."""

    field: str
    code: str
    detail: str


class DomainError(Exception):
    """Base of all errors that reach a caller."""

    code = "error"
    status = 400
    message = "The request cannot be carried out."

    def __init__(self, message: str | None = None) -> None:
        self.message = message or type(self).message
        super().__init__(self.message)

    @classmethod
    def title(cls) -> str:
        """The status in words (RFC 9110 section 15; Python's own words for two of them differ by its version)."""
        return _NEW_PHRASES.get(cls.status) or HTTPStatus(cls.status).phrase


class ValidationFailed(DomainError):
    """The input is of the wrong form or breaks a rule. `errors` has one entry for each problem, with the field,
    a code and a sentence. Correct the named fields and send the request again."""

    code = "validation_error"
    message = "The input is not valid."

    def __init__(self, problems: Iterable[FieldProblem]) -> None:
        super().__init__()
        self.problems = list(problems)


class MalformedRequest(DomainError):
    """The body or a header cannot be read: broken JSON or multipart, text that is not UTF-8, a body that ended
    early."""

    code = "malformed_request"
    message = "The request cannot be read."


class UnknownHost(DomainError):
    """The Host header names a host this server does not answer for. Operators add names with
    MINITWITTER_ALLOWED_HOSTS."""

    code = "unknown_host"
    message = "This server does not answer for that host name."


class NotFound(DomainError):
    """There is no such thing at this address, or it is not visible to you. Paths end in a slash."""

    code = "not_found"
    status = 404
    message = "There is no such thing here."


class PermissionDenied(DomainError):
    """You are signed in, but this is not yours to do."""

    code = "permission_denied"
    status = 403
    message = "You are not allowed to do that."


class MethodNotAllowed(DomainError):
    """The address exists but does not know this method. The Allow header lists those it knows."""

    code = "method_not_allowed"
    status = 405
    message = "This address does not know that method."


class RequestTimeout(DomainError):
    """The body took too long to arrive: over 10 seconds, and one more for each 32 KiB. Send it again over a better
    line, or a smaller picture."""

    code = "request_timeout"
    status = 408
    message = "The body took too long to arrive."


class PayloadTooLarge(DomainError):
    """The body, or a file in it, is larger than the server takes."""

    code = "payload_too_large"
    status = 413
    message = "The request is larger than this server takes."


class UnsupportedMediaType(DomainError):
    """The Content-Type is not one this address reads: application/json, or multipart/form-data where it says so."""

    code = "unsupported_media_type"
    status = 415
    message = "This address does not read that content type."


class RateLimited(DomainError):
    """Too many requests in a while. Send the next one after the seconds in `Retry-After`. `RateLimit-Policy` names the
    limits that the request counts for, each with its number (`q`) and its seconds (`w`); `RateLimit` has what is left
    of them (`r`). A request with an access token counts for its account, any other for its address."""

    code = "rate_limited"
    status = 429
    message = "Too many requests. Try again later; Retry-After has the seconds."

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many requests. Try again in {retry_after} second{'s' if retry_after > 1 else ''}.")
        self.retry_after = retry_after


class StorageUnavailable(DomainError):
    """The server has no room for files right now, or cannot write them. Nothing was changed; its operator must
    act."""

    code = "storage_unavailable"
    status = 503
    message = "The server cannot store files right now."


class InternalError(DomainError):
    """The server failed. The failure is in the server's log under the `request_id` of the answer."""

    code = "internal_error"
    status = 500
    message = "The server failed. The operator finds the failure in the log under this request id."


class ServiceUnavailable(DomainError):
    """The database cannot be reached, or too many pictures wait for their turn. Nothing was changed; try again after
    the seconds in Retry-After."""

    code = "service_unavailable"
    status = 503
    message = "The database cannot be reached right now. Try again in a moment."
    retry_after = 2


class Overloaded(ServiceUnavailable):
    """More requests come than the server can answer, and this one has waited too long for its turn. Nothing was
    changed; try again after the seconds in Retry-After."""

    code = "overloaded"
    message = "The server has more requests than it can answer. Try again in a moment."


def refuse(problems: Iterable[FieldProblem]) -> None:
    """Raise ValidationFailed if there is any problem. All of them are told at once."""
    found = list(problems)
    if found:
        raise ValidationFailed(found)


def all_errors() -> list[type[DomainError]]:
    """Every error class a caller may see, by code. Subjects must have been imported."""
    found: dict[str, type[DomainError]] = {}
    queue = DomainError.__subclasses__()
    while queue:
        error = queue.pop()
        found[error.code] = error
        queue.extend(error.__subclasses__())
    return [found[code] for code in sorted(found)]
