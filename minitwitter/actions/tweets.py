"""Posting, editing and deleting tweets."""

from contextlib import ExitStack
from dataclasses import dataclass
from typing import BinaryIO

from django.db import transaction
from django.db.models import F

from minitwitter.accounts.models import AccountStats, User
from minitwitter.actions import timelines
from minitwitter.actions.locks import LockedTweet, lock_actor, lock_tweet
from minitwitter.actions.media import keep_image
from minitwitter.audit import log as audit
from minitwitter.audit.models import Event
from minitwitter.core import ids
from minitwitter.core.database import insert_or_ignore, insert_with_new_id
from minitwitter.core.errors import refuse
from minitwitter.core.statements import Parameter, update
from minitwitter.core.tasks import enqueue
from minitwitter.media import files
from minitwitter.media.models import Image
from minitwitter.media.processing import process
from minitwitter.tweets import idempotency, rules
from minitwitter.tweets.errors import NotOwner
from minitwitter.tweets.models import Attachment, Tweet, TweetStats

_COUNT_ONE_MORE = update(
    lambda: AccountStats.objects.filter(pk=Parameter("author")), tweets_count=F("tweets_count") + 1
)


@dataclass(frozen=True, slots=True)
class Posted:
    """The outcome of `create_tweet`. `replayed` tells that an earlier request with the same key had made the tweet."""

    tweet_id: int
    replayed: bool = False


def create_tweet(
    *,
    author: User,
    text: str,
    image: BinaryIO | None = None,
    image_alt: str = "",
    idempotency_key: str | None = None,
) -> Posted:
    """Post a tweet with a text, an image, or both.

    Raises ValidationFailed, TokenInvalid, QuotaExceeded, the errors of `media.processing`, and with an idempotency
    key IdempotencyMismatch and IdempotencyInFlight. A tweet that fails leaves no row and no file.
    """
    refuse(rules.text_problems(text, has_image=image is not None) + rules.alt_problems(image_alt))
    claim = idempotency.claim_for(author.pk, idempotency_key, text=text, image=image, image_alt=image_alt)
    if claim and (earlier := idempotency.earlier_tweet(claim)):
        return Posted(earlier, replayed=True)
    try:
        return Posted(_post(author, text, image, image_alt, claim))
    except idempotency.AlreadyPosted as replay:
        # The other request finished while this one decoded the picture; what this one stored is removed again.
        return Posted(replay.tweet_id, replayed=True)


def _post(author: User, text: str, image: BinaryIO | None, image_alt: str, claim: idempotency.Claim | None) -> int:
    # Decoding a picture can take a second, so it is done before the transaction.
    picture = process(image) if image is not None else None
    with ExitStack() as stack:
        stored = stack.enter_context(files.stored(picture, owner_id=author.pk)) if picture else None
        stack.enter_context(transaction.atomic())
        lock_actor(author)
        if claim:
            idempotency.lock(claim)
        tweet_id = _insert_tweet(author, text)
        if stored:
            _attach(tweet_id, stored, image_alt)
        if claim:
            idempotency.record(claim, tweet_id)
        _COUNT_ONE_MORE.apply(author=author.pk)
        timelines.deliver(tweet_id, author_id=author.pk)
    return tweet_id


def _insert_tweet(author: User, text: str) -> int:
    now = ids.now()
    tweet = Tweet(author_id=author.pk, text=text, created_at=now)
    insert_with_new_id(tweet, now)
    insert_or_ignore(TweetStats(tweet_id=tweet.pk))
    return tweet.pk


def _attach(tweet_id: int, image: Image, alt: str) -> None:
    keep_image(image)
    insert_with_new_id(Attachment(tweet_id=tweet_id, image=image, alt=alt))


def edit_tweet(*, tweet_id: int, text: str, editor: User, as_moderator: bool = False) -> None:
    """Change the text; the image stays. Only the author may, or a moderator from the admin.

    The text that is there already is no change: nothing is written, and the tweet is not one that was edited.
    Raises TweetNotFound, NotOwner, and ValidationFailed (editing to nothing among its reasons).
    """
    with transaction.atomic():
        tweet = _lock_own_tweet(tweet_id, editor, as_moderator=as_moderator)
        has_image = Attachment.objects.filter(tweet_id=tweet.pk).exists()
        refuse(rules.text_problems(text, has_image=has_image))
        changed = Tweet.objects.filter(pk=tweet.pk).exclude(text=text).update(text=text, edited_at=ids.now())
        if changed and tweet.author_id != editor.pk:
            audit.record(Event.TWEET_MODERATED, subject_id=tweet.author_id, object_id=tweet.pk)


def delete_tweet(*, tweet_id: int, editor: User, as_moderator: bool = False) -> None:
    """Delete a tweet: it and its pictures are 404 when this returns. Only the author may, or a moderator.

    Raises TweetNotFound and NotOwner.
    """
    now = ids.now()
    with transaction.atomic():
        tweet = _lock_own_tweet(tweet_id, editor, as_moderator=as_moderator)
        if tweet.author_id != editor.pk:
            audit.record(Event.TWEET_REMOVED, subject_id=tweet.author_id, object_id=tweet.pk)
        Image.objects.filter(pk__in=Attachment.objects.filter(tweet_id=tweet.pk).values("image_id")).update(
            deleted_at=now
        )
        AccountStats.objects.filter(pk=tweet.author_id).update(tweets_count=F("tweets_count") - 1)
        enqueue("purge_tweet", tweet_id=tweet.pk)
        Tweet.objects.filter(pk=tweet.pk).update(deleted_at=now)


def _lock_own_tweet(tweet_id: int, editor: User, *, as_moderator: bool) -> LockedTweet:
    lock_actor(editor)
    tweet = lock_tweet(tweet_id)
    if tweet.author_id != editor.pk and not (as_moderator and editor.is_staff):
        raise NotOwner
    return tweet
