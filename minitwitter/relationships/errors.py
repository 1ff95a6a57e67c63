"""What can go wrong with following."""

from minitwitter.core.errors import DomainError


class SelfFollow(DomainError):
    """You cannot follow yourself."""

    code = "self_follow"
    message = "You cannot follow yourself."


class AlreadyFollowing(DomainError):
    """You follow this account already; nothing was changed."""

    code = "already_following"
    status = 409
    message = "You are already following this account."


class NotFollowing(DomainError):
    """You do not follow this account; nothing was changed."""

    code = "not_following"
    status = 409
    message = "You are not following this account."
