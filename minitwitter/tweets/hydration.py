"""Everything that is shown of a page of tweets, by a fixed number of queries whatever the size of the page."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from minitwitter.accounts.hydration import AUTHOR_COLUMNS, Author, Picture, author_from_columns
from minitwitter.tweets.errors import TweetNotFound
from minitwitter.tweets.models import Attachment, Like
from minitwitter.tweets.visibility import visible_tweets


class HydratedImage(NamedTuple):
    """An attached image."""

    id: int
    picture: Picture
    width: int
    height: int
    alt: str
    blurhash: str


@dataclass(frozen=True, slots=True)
class HydratedTweet:
    """A tweet with all that one viewer is shown of it."""

    id: int
    author: Author
    text: str
    created_at: datetime
    edited_at: datetime | None
    like_count: int
    liked: bool
    images: Sequence[HydratedImage]


_TWEET_COLUMNS = ("id", "text", "created_at", "edited_at", "stats__like_count")
_AUTHOR_COLUMNS = tuple(f"author__{column}" for column in AUTHOR_COLUMNS)
_IMAGE_COLUMNS = (
    "tweet_id",
    "image_id",
    "image__key",
    "image__extension",
    "image__width",
    "image__height",
    "alt",
    "image__blurhash",
)


def hydrate_tweets(tweet_ids: Sequence[int], viewer_id: int | None) -> dict[int, HydratedTweet]:
    """The tweets of those ids that the viewer may see, by id. Three queries, two for an anonymous viewer."""
    if not tweet_ids:
        return {}
    rows = visible_tweets().filter(pk__in=tweet_ids).values_list(*_TWEET_COLUMNS, *_AUTHOR_COLUMNS)
    images = _images_by_tweet(tweet_ids)
    liked = set() if viewer_id is None else _liked_by(viewer_id, tweet_ids)
    return {
        tweet_id: HydratedTweet(
            id=tweet_id,
            author=author_from_columns(*author),
            text=text,
            created_at=created_at,
            edited_at=edited_at,
            like_count=like_count,
            liked=tweet_id in liked,
            images=images.get(tweet_id, ()),
        )
        for tweet_id, text, created_at, edited_at, like_count, *author in rows
    }


def hydrate_tweet(tweet_id: int, viewer_id: int | None) -> HydratedTweet:
    """One tweet. Raises TweetNotFound when it is not there for this viewer."""
    tweet = hydrate_tweets([tweet_id], viewer_id).get(tweet_id)
    if tweet is None:
        raise TweetNotFound
    return tweet


def _images_by_tweet(tweet_ids: Sequence[int]) -> dict[int, list[HydratedImage]]:
    rows = Attachment.objects.filter(tweet_id__in=tweet_ids).order_by("tweet_id", "position")
    found: dict[int, list[HydratedImage]] = defaultdict(list)
    for tweet_id, image_id, key, extension, width, height, alt, blurhash in rows.values_list(*_IMAGE_COLUMNS):
        found[tweet_id].append(HydratedImage(image_id, Picture(key, extension), width, height, alt, blurhash))
    return found


def _liked_by(viewer_id: int, tweet_ids: Sequence[int]) -> set[int]:
    return set(Like.objects.filter(user_id=viewer_id, tweet_id__in=tweet_ids).values_list("tweet_id", flat=True))
