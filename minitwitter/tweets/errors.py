"""What can go wrong with tweets."""

from minitwitter.core.errors import DomainError, NotFound


class TweetNotFound(NotFound):
    """There is no tweet with that id, or it is not visible to you."""

    code = "tweet_not_found"
    message = "There is no tweet with that id."


class NotOwner(DomainError):
    """Only the author of a tweet can change or delete it."""

    code = "not_owner"
    status = 403
    message = "Only its author can change or delete a tweet."


class IdempotencyMismatch(DomainError):
    """The Idempotency-Key was used within the last 24 hours with other content. Use a new key for a new tweet."""

    code = "idempotency_mismatch"
    status = 422
    message = "This Idempotency-Key was used with other content. Use a new key for a new tweet."


class IdempotencyInFlight(DomainError):
    """A request with this Idempotency-Key is being carried out right now. Ask again in a moment."""

    code = "idempotency_in_flight"
    status = 409
    message = "A request with this Idempotency-Key is being carried out right now. Ask again in a moment."
