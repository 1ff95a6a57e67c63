"""Who follows whom."""

from django.db.models import QuerySet

from minitwitter.core.pagination import PageRequest, Skeleton, fetch_skeleton
from minitwitter.relationships.models import Follow


def followees(follower_id: int) -> QuerySet[Follow, int]:
    """The ids of the accounts that `follower_id` follows, as a subquery."""
    return Follow.objects.filter(follower_id=follower_id).values_list("followee_id", flat=True)


def followers_page(user_id: int, page: PageRequest) -> Skeleton:
    """The accounts that follow `user_id`, the latest follow first."""
    return fetch_skeleton(Follow.objects.filter(followee_id=user_id), page, target="follower_id")


def following_page(user_id: int, page: PageRequest) -> Skeleton:
    """The accounts that `user_id` follows, the latest follow first."""
    return fetch_skeleton(Follow.objects.filter(follower_id=user_id), page, target="followee_id")
