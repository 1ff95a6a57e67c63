"""Everything that is shown of a page of tweets, by one query whatever the size of the page."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import Exists, ExpressionWrapper, IntegerField, OuterRef, QuerySet

from minitwitter.accounts.hydration import AUTHOR_COLUMNS, Author, Picture, author_from_columns
from minitwitter.accounts.queries import LiveSession, session_lives
from minitwitter.core import ids
from minitwitter.core.statements import ListStatement, Parameter, Row, Statement, moment
from minitwitter.tweets.errors import TweetNotFound
from minitwitter.tweets.models import Like, Tweet
from minitwitter.tweets.visibility import visible_tweets


class HydratedImage(NamedTuple):
    """An attached image. Several stand in the order of their positions."""

    position: int
    id: int
    picture: Picture
    width: int
    height: int
    alt: str
    blurhash: str


class HydratedTweet(NamedTuple):
    """A tweet with all that one viewer is shown of it. Two that are equal are shown alike."""

    id: int
    text: str
    created_at: datetime
    edited_at: datetime | None
    like_count: int
    liked: bool
    author: Author
    images: tuple[HydratedImage, ...]


_TWEET_COLUMNS = ("id", "text", "created_at", "edited_at", "stats__like_count", "liked")
_AUTHOR_COLUMNS = tuple(f"author__{column}" for column in AUTHOR_COLUMNS)
_IMAGE_COLUMNS = (
    "position",
    "image_id",
    "image__key",
    "image__extension",
    "image__width",
    "image__height",
    "alt",
    "image__blurhash",
)
# Where the parts of a row begin.
_AUTHOR_FROM = len(_TWEET_COLUMNS)
_IMAGE_FROM = _AUTHOR_FROM + len(_AUTHOR_COLUMNS)
# Nobody's id: an anonymous reader likes nothing.
_NOBODY = 0
# About 1 kB each.
_TWEETS_REMEMBERED = 2048


def _select(tweets: QuerySet[Tweet]) -> QuerySet[Tweet, Row]:
    """A row for each of the tweets, or for each image of one that has several."""
    liked: Any = Exists(Like.objects.filter(user_id=Parameter("viewer"), tweet_id=OuterRef("pk")))
    images = (f"attachments__{column}" for column in _IMAGE_COLUMNS)
    seen = tweets.annotate(liked=ExpressionWrapper(liked, IntegerField()))
    return seen.values_list(*_TWEET_COLUMNS, *_AUTHOR_COLUMNS, *images)


_TWEETS = ListStatement("tweets", lambda places: _select(visible_tweets().filter(pk__in=places)))
_OPENED = Statement(lambda: _select(visible_tweets().filter(session_lives(), pk=Parameter("tweet"))))


def hydrate_tweets(tweet_ids: Sequence[int], viewer_id: int | None) -> dict[int, HydratedTweet]:
    """The tweets of those ids that the viewer may see, by id. One query."""
    return _tweets_from_rows(_TWEETS.rows(tweet_ids, viewer=viewer_id or _NOBODY)) if tweet_ids else {}


def open_tweet(session_id: int, user_id: int, tweet_id: int) -> tuple[LiveSession, HydratedTweet] | None:
    """The live session of a reader, and one tweet, by one query. None when either cannot be had."""
    now = moment(ids.now())
    rows = _OPENED.rows(session=session_id, user=user_id, now=now, viewer=user_id, tweet=tweet_id)
    return (LiveSession(session_id, user_id), _tweets_from_rows(rows)[tweet_id]) if rows else None


def _tweets_from_rows(rows: Iterable[Row]) -> dict[int, HydratedTweet]:
    found: dict[int, HydratedTweet] = {}
    for row in rows:
        tweet = _tweet_from_columns(row)
        if tweet.id in found:
            tweet = tweet._replace(images=tuple(sorted((*found[tweet.id].images, *tweet.images))))
        found[tweet.id] = tweet
    return found


@lru_cache(maxsize=_TWEETS_REMEMBERED)
def _tweet_from_columns(row: Row) -> HydratedTweet:
    """Remembered by everything that was read, so that nothing can change behind it."""
    author = author_from_columns(*row[_AUTHOR_FROM:_IMAGE_FROM])
    images = () if row[_IMAGE_FROM] is None else (_image_from_columns(row[_IMAGE_FROM:]),)
    tweet_id, text, created_at, edited_at, like_count, liked = row[:_AUTHOR_FROM]
    return HydratedTweet(tweet_id, text, created_at, edited_at, like_count, liked == 1, author, images)


def _image_from_columns(columns: Row) -> HydratedImage:
    position, image_id, key, extension, *rest = columns
    return HydratedImage(position, image_id, Picture(key, extension), *rest)


def hydrate_tweet(tweet_id: int, viewer_id: int | None) -> HydratedTweet:
    """One tweet. Raises TweetNotFound when it is not there for this viewer."""
    tweet = hydrate_tweets([tweet_id], viewer_id).get(tweet_id)
    if tweet is None:
        raise TweetNotFound
    return tweet
