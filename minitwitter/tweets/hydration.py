"""Everything that is shown of a page of tweets, by one query whatever the size of the page, and one more for those of
its tweets whose contents are not remembered.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import OuterRef, QuerySet

from minitwitter.accounts.hydration import AUTHOR_COLUMNS, Author, Picture, author_from_columns
from minitwitter.accounts.queries import LiveSession
from minitwitter.core.statements import ListStatement, Parameter, Row
from minitwitter.tweets.contents import HydratedImage, Memory, TweetContent
from minitwitter.tweets.errors import TweetNotFound
from minitwitter.tweets.models import Tweet
from minitwitter.tweets.standings import (
    COLUMNS,
    NOBODY,
    Standings,
    open_standing,
    read_standings,
    revision,
    standing_columns,
)
from minitwitter.tweets.visibility import visible_tweets


class HydratedTweet(NamedTuple):
    """A tweet with all that one viewer is shown of it. Two that are equal are shown alike."""

    content: TweetContent
    like_count: int
    liked: bool

    @property
    def id(self) -> int:
        return self.content.id

    @property
    def text(self) -> str:
        return self.content.text

    @property
    def created_at(self) -> datetime:
        return self.content.created_at

    @property
    def edited_at(self) -> datetime | None:
        return self.content.edited_at

    @property
    def author(self) -> Author:
        return self.content.author

    @property
    def images(self) -> tuple[HydratedImage, ...]:
        return self.content.images


_TWEET_COLUMNS = ("id", "text", "created_at", "edited_at", *COLUMNS)
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
# Where the parts of a row begin, and the last one, the revision.
_LIKE_COUNT, _LIKE = len(_TWEET_COLUMNS) - 2, len(_TWEET_COLUMNS) - 1
_AUTHOR_FROM = len(_TWEET_COLUMNS)
_IMAGE_FROM = _AUTHOR_FROM + len(_AUTHOR_COLUMNS)
_REVISION = _IMAGE_FROM + len(_IMAGE_COLUMNS)


_UNREAD = (None, None)
_memory: Memory[TweetContent] = Memory()


def _select(tweets: QuerySet[Tweet]) -> QuerySet[Tweet, Row]:
    """A row for each of the tweets, or for each image of one that has several."""
    images = (f"attachments__{column}" for column in _IMAGE_COLUMNS)
    seen = tweets.annotate(**standing_columns(OuterRef("pk"), Parameter("viewer")), revision=revision())
    return seen.values_list(*_TWEET_COLUMNS, *_AUTHOR_COLUMNS, *images, "revision")


_TWEETS = ListStatement("tweets", lambda places: _select(visible_tweets().filter(pk__in=places)))


def hydrate_tweets(
    tweet_ids: Sequence[int], viewer_id: int | None, standings: Standings | None = None
) -> dict[int, HydratedTweet]:
    """The tweets of those ids that the viewer may see, by id.

    One query for how they stand with the viewer, but for those whose standings were read with the ids already, and one
    more for tweets of which something is not known.
    """
    read = standings or Standings(None, {})
    found = _remembered(tweet_ids, read)
    if unread := [tweet_id for tweet_id in tweet_ids if tweet_id not in read.tweets]:
        found |= _remembered(unread, read_standings(unread, viewer_id))
    if missing := [tweet_id for tweet_id in tweet_ids if tweet_id not in found]:
        found |= _tweets_from_rows(_TWEETS.rows(missing, viewer=viewer_id or NOBODY))
    return found


def _remembered(tweet_ids: Sequence[int], standings: Standings) -> dict[int, HydratedTweet]:
    if standings.revision is None:
        return {}
    found = {}
    for tweet_id, content in _memory.at(standings.revision).known(tweet_ids).items():
        like_count, like = standings.tweets.get(tweet_id, _UNREAD)
        if like_count is not None:
            found[tweet_id] = HydratedTweet(content, like_count, like is not None)
    return found


def open_tweet(session_id: int, user_id: int, tweet_id: int) -> tuple[LiveSession, HydratedTweet | None] | None:
    """The live session of a reader, and one tweet if it can be seen. None when the session may not be used.

    One query, and one more when what the tweet shows is not remembered.
    """
    standing = open_standing(session_id, user_id, tweet_id)
    if standing is None:
        return None
    return LiveSession(session_id, user_id), hydrate_tweets([tweet_id], user_id, standing).get(tweet_id)


def _tweets_from_rows(rows: Sequence[Row]) -> dict[int, HydratedTweet]:
    found = {}
    for tweet_id, several in _by_tweet(rows).items():
        first, content = several[0], _content_from_rows(several)
        # Before anything has ever changed, there is no revision.
        if first[_REVISION] is not None:
            _memory.at(first[_REVISION]).put(tweet_id, content)
        found[tweet_id] = HydratedTweet(content, first[_LIKE_COUNT], first[_LIKE] is not None)
    return found


def _by_tweet(rows: Sequence[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row)
    return found


def _content_from_rows(rows: list[Row]) -> TweetContent:
    """From all rows of a tweet, which differ in their images."""
    first = rows[0]
    author = author_from_columns(*first[_AUTHOR_FROM:_IMAGE_FROM])
    images = sorted(_image_from_columns(row[_IMAGE_FROM:_REVISION]) for row in rows if row[_IMAGE_FROM] is not None)
    tweet_id, text, created_at, edited_at = first[:_LIKE_COUNT]
    return TweetContent(tweet_id, text.encode(), created_at, edited_at, author, tuple(images))


def _image_from_columns(columns: Row) -> HydratedImage:
    position, image_id, key, extension, *rest = columns
    return HydratedImage(position, image_id, Picture(key, extension), *rest)


def hydrate_tweet(tweet_id: int, viewer_id: int | None) -> HydratedTweet:
    """One tweet, by one query. Raises TweetNotFound when it is not there for this viewer."""
    tweets = _tweets_from_rows(_TWEETS.rows([tweet_id], viewer=viewer_id or NOBODY))
    if tweet_id not in tweets:
        raise TweetNotFound
    return tweets[tweet_id]
