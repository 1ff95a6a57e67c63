"""Skeletons of the lists of tweets. They leave out what is deleted; `hydration` drops what is hidden."""

from minitwitter.core.pagination import PageRequest, Skeleton, fetch_skeleton
from minitwitter.tweets.errors import TweetNotFound
from minitwitter.tweets.models import Like, Tweet
from minitwitter.tweets.visibility import visible_tweets


def public_page(page: PageRequest) -> Skeleton:
    """All tweets."""
    return fetch_skeleton(Tweet.objects.filter(deleted_at=None), page)


def author_page(author_id: int, page: PageRequest) -> Skeleton:
    """The tweets of one author."""
    return fetch_skeleton(Tweet.objects.filter(author_id=author_id, deleted_at=None), page)


def likers_page(tweet_id: int, page: PageRequest) -> Skeleton:
    """The accounts that like the tweet, the latest like first."""
    return fetch_skeleton(Like.objects.filter(tweet_id=tweet_id), page, target="user_id")


def visible_tweet_id(tweet_id: int) -> int:
    """The id, if a tweet of that id can be seen. Raises TweetNotFound."""
    if not visible_tweets().filter(pk=tweet_id).exists():
        raise TweetNotFound
    return tweet_id
