"""Hydrated values to what is sent. Pure functions: no database, so no query can hide here.

`base` is the address of the server, without a slash at its end.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import orjson

from minitwitter.accounts import hydration as accounts
from minitwitter.accounts.models import Session, User
from minitwitter.actions.likes import LikeState
from minitwitter.actions.sessions import TokenPair
from minitwitter.core.pagination import Page
from minitwitter.media.files import thumbnail_url_path, url_path
from minitwitter.relationships.hydration import SeenProfile
from minitwitter.tweets.contents import HydratedImage, TweetContent
from minitwitter.tweets.hydration import HydratedTweet

Item = TypeVar("Item")
Json = dict[str, Any]


def time(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def author(shown: accounts.Author, base: str) -> Json:
    """An account beside a tweet or in a list."""
    avatar = shown.avatar
    return {
        "id": shown.id,
        "username": shown.username,
        "display_name": shown.display_name,
        "avatar_url": base + url_path(*avatar) if avatar else None,
    }


def profile(seen: SeenProfile, base: str) -> Json:
    """An account's own page. The relation stands there for a signed-in reader only."""
    shown = seen.profile
    body = {
        **author(shown.author, base),
        "bio": shown.bio,
        "location": shown.location,
        "website": shown.website,
        "created_at": time(shown.created_at),
        "followers_count": shown.followers_count,
        "following_count": shown.following_count,
        "tweets_count": shown.tweets_count,
    }
    if seen.relation is not None:
        body |= {"following": seen.relation.following, "followed_by": seen.relation.followed_by}
    return body


def own_account(seen: SeenProfile, user: User, base: str) -> Json:
    """What only the account's owner is shown."""
    return {**profile(seen, base), "email": user.email or "", "email_verified": user.email_verified}


def token_pair(pair: TokenPair) -> Json:
    """The answer of RFC 6749 section 5.1, under the names that simple clients expect."""
    return {
        "access": pair.access,
        "refresh": pair.refresh,
        "token_type": "Bearer",
        "expires_in": int(pair.expires_in.total_seconds()),
    }


def session(shown: Session, current_id: int) -> Json:
    """A signed-in device."""
    return {
        "id": shown.pk,
        "device": shown.device,
        "created_at": time(shown.created_at),
        "refreshed_at": time(shown.refreshed_at),
        "expires_at": time(shown.expires_at),
        "current": shown.pk == current_id,
    }


def image(shown: HydratedImage, base: str) -> Json:
    """An attached image."""
    return {
        "id": shown.id,
        "url": base + url_path(*shown.picture),
        "thumbnail_url": base + thumbnail_url_path(shown.picture.key),
        "width": shown.width,
        "height": shown.height,
        "alt": shown.alt,
        "blurhash": shown.blurhash,
    }


def tweet(shown: HydratedTweet, base: str) -> orjson.Fragment:
    """A tweet, as one viewer sees it. All but its likes is written once for all of them."""
    before, after = shown.content.form(_around_likes, base)
    liked = b"true" if shown.liked else b"false"
    return orjson.Fragment(b'%b"like_count":%d,"liked":%b,%b' % (before, shown.like_count, liked, after))


def _around_likes(content: TweetContent, base: str) -> tuple[bytes, bytes]:
    """The JSON of a tweet before its likes and behind them."""
    media = [image(attached, base) for attached in content.images]
    before = {
        "id": content.id,
        "author": author(content.author, base),
        "text": content.text,
        "image": media[0]["url"] if media else None,
        "media": media,
    }
    after = {
        "created_at": time(content.created_at),
        "edited_at": time(content.edited_at) if content.edited_at else None,
        "url": f"{base}/@{content.author.username}/{content.id}",
    }
    return orjson.dumps(before)[:-1] + b",", orjson.dumps(after)[1:]


def tweet_address(tweet_id: int, base: str) -> str:
    """Where the API has a tweet; its `url` is the page for people."""
    return f"{base}/v1/tweets/{tweet_id}/"


def like_state(state: LikeState) -> Json:
    """How a tweet stands with the caller."""
    return {"liked": state.liked, "like_count": state.like_count}


def page(shown: Page[Item], present: Callable[[Item], Any], next_url: str | None, previous_url: str | None) -> Json:
    """One page of a list."""
    return {"next": next_url, "previous": previous_url, "results": [present(item) for item in shown.items]}
