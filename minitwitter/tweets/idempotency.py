"""A retried request posts no second tweet: what `Idempotency-Key` means for posting.

A key is remembered for 24 hours in the transaction of its tweet, so a failure is not remembered and an answered
success is never forgotten.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO

from django.db.models import QuerySet

from minitwitter.core import ids
from minitwitter.core.database import try_lock
from minitwitter.tweets.errors import IdempotencyInFlight, IdempotencyMismatch
from minitwitter.tweets.models import IdempotencyKey

REMEMBERED_FOR = timedelta(hours=24)
_CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Claim:
    """An author's key and the content it was sent with."""

    author_id: int
    key: str
    digest: str


class AlreadyPosted(Exception):
    """Another request with the same key and content has made the tweet."""

    def __init__(self, tweet_id: int) -> None:
        super().__init__(tweet_id)
        self.tweet_id = tweet_id


def claim_for(author_id: int, key: str | None, *, text: str, image: BinaryIO | None, image_alt: str) -> Claim | None:
    """The claim of a request; None without a key. The digest covers the parsed fields and the file's bytes."""
    if key is None:
        return None
    digest = hashlib.sha256()
    for part in (text, image_alt):
        encoded = part.encode()
        digest.update(b"%d:" % len(encoded) + encoded)
    if image is not None:
        while chunk := image.read(_CHUNK_BYTES):
            digest.update(chunk)
        image.seek(0)
    return Claim(author_id, key, digest.hexdigest())


def earlier_tweet(claim: Claim) -> int | None:
    """The tweet that the key has made. Raises IdempotencyMismatch when that was with other content."""
    remembered = _remembered(claim).filter(created_at__gt=ids.now() - REMEMBERED_FOR).first()
    if remembered is None:
        return None
    if remembered.digest != claim.digest:
        raise IdempotencyMismatch
    return remembered.tweet_id


def lock(claim: Claim) -> None:
    """Hold the key until the transaction ends. Raises AlreadyPosted, IdempotencyMismatch and IdempotencyInFlight.

    Precondition: in a transaction. SQLite has one writer at a time, so there the request before has always ended.
    """
    if not try_lock(f"idempotency:{claim.author_id}:{claim.key}"):
        raise IdempotencyInFlight
    earlier = earlier_tweet(claim)
    if earlier is not None:
        raise AlreadyPosted(earlier)


def record(claim: Claim, tweet_id: int) -> None:
    """Remember the tweet. Precondition: `lock` was taken in this transaction."""
    _remembered(claim).delete()  # One that is older than a day.
    IdempotencyKey.objects.create(
        author_id=claim.author_id, key=claim.key, digest=claim.digest, tweet_id=tweet_id, created_at=ids.now()
    )


def _remembered(claim: Claim) -> QuerySet[IdempotencyKey]:
    return IdempotencyKey.objects.filter(author_id=claim.author_id, key=claim.key)
