"""Who follows whom."""

from django.db.models import Exists, OuterRef, QuerySet

from minitwitter.accounts.models import User
from minitwitter.accounts.visibility import visible_users
from minitwitter.core.pagination import PagedList, PageRequest, Skeleton
from minitwitter.core.statements import Parameter
from minitwitter.relationships.models import Follow

_FOLLOWERS = PagedList(lambda: Follow.objects.filter(followee_id=Parameter("user")), target="follower_id")
_FOLLOWING = PagedList(lambda: Follow.objects.filter(follower_id=Parameter("user")), target="followee_id")


def strangers() -> QuerySet[User]:
    """The visible accounts that the account of the parameter `viewer` neither is nor follows."""
    followed = Follow.objects.filter(follower_id=Parameter("viewer"), followee_id=OuterRef("pk"))
    return visible_users().filter(~Exists(followed)).exclude(pk=Parameter("viewer"))


def followers_page(user_id: int, page: PageRequest) -> Skeleton:
    """The accounts that follow `user_id`, the latest follow first."""
    return _FOLLOWERS.skeleton(page, user=user_id)


def following_page(user_id: int, page: PageRequest) -> Skeleton:
    """The accounts that `user_id` follows, the latest follow first."""
    return _FOLLOWING.skeleton(page, user=user_id)
