"""The skeleton of the home feed."""

from minitwitter.core.pagination import PagedList, PageRequest, Skeleton
from minitwitter.core.statements import Parameter
from minitwitter.relationships.queries import followees
from minitwitter.tweets.models import Tweet

_HOME = PagedList(lambda: Tweet.objects.filter(author_id__in=followees(Parameter("viewer")), deleted_at=None))


def home_page(viewer_id: int, page: PageRequest) -> Skeleton:
    """The tweets of the accounts that the viewer follows, by id, descending.

    This is the plain definition, asked at each read. A materialised timeline takes its place behind this function.
    """
    return _HOME.skeleton(page, viewer=viewer_id)
