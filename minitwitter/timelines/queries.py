"""The skeleton of the home feed."""

from minitwitter.core.pagination import PageRequest, Skeleton, fetch_skeleton
from minitwitter.relationships.queries import followees
from minitwitter.tweets.models import Tweet


def home_page(viewer_id: int, page: PageRequest) -> Skeleton:
    """The tweets of the accounts that the viewer follows, by id, descending.

    This is the plain definition, asked at each read. A materialised timeline takes its place behind this function.
    """
    tweets = Tweet.objects.filter(author_id__in=followees(viewer_id), deleted_at=None)
    return fetch_skeleton(tweets, page)
