"""Skeletons of the lists of tweets. They leave out what is deleted; `hydration` drops what is hidden."""

from minitwitter.core.pagination import PagedList, PageRequest, Skeleton
from minitwitter.core.statements import Parameter
from minitwitter.tweets.errors import TweetNotFound
from minitwitter.tweets.models import Like, Tweet
from minitwitter.tweets.visibility import visible_tweets

_PUBLIC = PagedList(lambda: Tweet.objects.filter(deleted_at=None))
_OF_AUTHOR = PagedList(lambda: Tweet.objects.filter(author_id=Parameter("author"), deleted_at=None))
_LIKERS = PagedList(lambda: Like.objects.filter(tweet_id=Parameter("tweet")), target="user_id")


def public_page(page: PageRequest) -> Skeleton:
    """All tweets."""
    return _PUBLIC.skeleton(page)


def author_page(author_id: int, page: PageRequest) -> Skeleton:
    """The tweets of one author."""
    return _OF_AUTHOR.skeleton(page, author=author_id)


def likers_page(tweet_id: int, page: PageRequest) -> Skeleton:
    """The accounts that like the tweet, the latest like first."""
    return _LIKERS.skeleton(page, tweet=tweet_id)


def visible_tweet_id(tweet_id: int) -> int:
    """The id, if a tweet of that id can be seen. Raises TweetNotFound."""
    if not visible_tweets().filter(pk=tweet_id).exists():
        raise TweetNotFound
    return tweet_id
