"""Who follows whom."""

from django.db.models import QuerySet

from minitwitter.core.pagination import PagedList, PageRequest, Skeleton
from minitwitter.core.statements import Parameter
from minitwitter.relationships.models import Follow

_FOLLOWERS = PagedList(lambda: Follow.objects.filter(followee_id=Parameter("user")), target="follower_id")
_FOLLOWING = PagedList(lambda: Follow.objects.filter(follower_id=Parameter("user")), target="followee_id")


def followees(follower_id: int) -> QuerySet[Follow, int]:
    """The ids of the accounts that `follower_id` follows, as a subquery."""
    return Follow.objects.filter(follower_id=follower_id).values_list("followee_id", flat=True)


def followers_page(user_id: int, page: PageRequest) -> Skeleton:
    """The accounts that follow `user_id`, the latest follow first."""
    return _FOLLOWERS.skeleton(page, user=user_id)


def following_page(user_id: int, page: PageRequest) -> Skeleton:
    """The accounts that `user_id` follows, the latest follow first."""
    return _FOLLOWING.skeleton(page, user=user_id)
