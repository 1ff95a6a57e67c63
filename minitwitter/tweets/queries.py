"""Skeletons of the lists of tweets. They leave out what is deleted; `hydration` drops what is hidden."""

from functools import lru_cache

from minitwitter.core.pagination import PagedList, PageRequest, Skeleton
from minitwitter.core.statements import Parameter, Statement
from minitwitter.relationships.queries import strangers
from minitwitter.tweets.errors import TweetNotFound
from minitwitter.tweets.models import Attachment, Like, Tweet
from minitwitter.tweets.visibility import visible_tweets

# Among the authors of so many tweets are enough to suggest, and the look at them stays short.
_LATEST_TWEETS = 300
# Nobody's id: an anonymous reader follows nobody.
_NOBODY = 0
_PUBLIC = PagedList(lambda: Tweet.objects.filter(deleted_at=None))
_OF_AUTHOR = PagedList(lambda: Tweet.objects.filter(author_id=Parameter("author"), deleted_at=None))
_WITH_PICTURES = PagedList(
    lambda: Attachment.objects.filter(image__owner_id=Parameter("author"), image__deleted_at=None, position=0),
    cursor="image_id",
    target="tweet_id",
)
_LIKED = PagedList(lambda: Like.objects.filter(user_id=Parameter("user")), cursor="tweet_id", target="tweet_id")
_LIKERS = PagedList(lambda: Like.objects.filter(tweet_id=Parameter("tweet")), target="user_id")


def public_page(page: PageRequest) -> Skeleton:
    """All tweets."""
    return _PUBLIC.skeleton(page)


def author_page(author_id: int, page: PageRequest) -> Skeleton:
    """The tweets of one author."""
    return _OF_AUTHOR.skeleton(page, author=author_id)


def author_media_page(author_id: int, page: PageRequest) -> Skeleton:
    """The tweets of one author that have a picture, by their pictures' ids."""
    return _WITH_PICTURES.skeleton(page, author=author_id)


def liked_page(user_id: int, page: PageRequest) -> Skeleton:
    """The tweets that an account likes, by their own ids, which is the order of the index that says so."""
    return _LIKED.skeleton(page, user=user_id)


def likers_page(tweet_id: int, page: PageRequest) -> Skeleton:
    """The accounts that like the tweet, the latest like first."""
    return _LIKERS.skeleton(page, tweet=tweet_id)


def suggested_account_ids(viewer_id: int | None, limit: int) -> list[int]:
    """Accounts to follow: those who posted lately, the most followed first; then the newest.

    Looks at a bounded number of rows from the end of two indexes, however many there are.
    """
    viewer = _NOBODY if viewer_id is None else viewer_id
    found = [*_active_strangers(limit).rows(viewer=viewer), *_newest_strangers(2 * limit).rows(viewer=viewer)]
    return list(dict.fromkeys(user_id for (user_id,) in found))[:limit]


@lru_cache(maxsize=16)
def _active_strangers(limit: int) -> Statement:
    latest = Tweet.objects.filter(deleted_at=None).order_by("-id").values("author_id")[:_LATEST_TWEETS]
    order = ("-stats__followers_count", "-id")
    return Statement(lambda: strangers().filter(pk__in=latest).order_by(*order).values_list("pk")[:limit])


@lru_cache(maxsize=16)
def _newest_strangers(limit: int) -> Statement:
    return Statement(lambda: strangers().order_by("-id").values_list("pk")[:limit])


def visible_tweet_id(tweet_id: int) -> int:
    """The id, if a tweet of that id can be seen. Raises TweetNotFound."""
    if not visible_tweets().filter(pk=tweet_id).exists():
        raise TweetNotFound
    return tweet_id
