"""Removing the rows and files of what was deleted, in chunks of one short transaction each.

The deletion itself has made them invisible and is committed before any of this begins: it enqueues the task that does
this. Each function can be stopped anywhere and run again, or run twice at once, and each chunk moves the counters by
the rows it removed. Those that yield do so after each chunk: call them with `for`, or nothing happens.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from minitwitter.accounts.models import AccountStats, Session, User
from minitwitter.actions import timelines
from minitwitter.core import ids
from minitwitter.media import files
from minitwitter.media.models import Image
from minitwitter.relationships.models import Follow
from minitwitter.tweets.models import Attachment, IdempotencyKey, Like, Tweet, TweetStats

CHUNK = 500
# Fewer, because each follower's whole timeline is gone through with it.
FOLLOWS_CHUNK = 100


def purge_everything() -> Iterator[str]:
    """Purge whatever is deleted and still has rows or files; yields what was done, to show the progress."""
    for user_id in _keys(unpurged_accounts()):
        _exhaust(purge_account(user_id))
        yield f"account {user_id}"
    for tweet_id in _keys(unpurged_tweets()):
        _exhaust(purge_tweet(tweet_id))
        yield f"tweet {tweet_id}"
    for image_id in _keys(unpurged_images()):
        purge_image(image_id)
        yield f"image {image_id}"


def unpurged_accounts() -> QuerySet[User]:
    """Deleted accounts that still have something; deleted tweets and images are found by themselves."""
    own = OuterRef("pk")
    left = (
        Exists(Follow.objects.filter(follower_id=own))
        | Exists(Follow.objects.filter(followee_id=own))
        | Exists(Like.objects.filter(user_id=own))
        | Exists(Tweet.objects.filter(author_id=own, deleted_at=None))
        | Exists(Image.objects.filter(owner_id=own))
        | Exists(Session.objects.filter(user_id=own))
        | Exists(IdempotencyKey.objects.filter(author_id=own))
    )
    return User.objects.filter(left, deleted_at__isnull=False)


def unpurged_tweets() -> QuerySet[Tweet]:
    """Deleted tweets."""
    return Tweet.objects.filter(deleted_at__isnull=False)


def unpurged_images() -> QuerySet[Image]:
    """Deleted images; but those of a tweet go with the tweet."""
    return Image.objects.filter(~Exists(Attachment.objects.filter(image_id=OuterRef("pk"))), deleted_at__isnull=False)


def purge_tweet(tweet_id: int) -> Iterator[Any]:
    """Remove a deleted tweet: its entries in timelines, its likes, pictures, counters and row.

    Files go before the rows that name them.
    """
    yield from timelines.forget_tweet(tweet_id)
    while _delete_chunk_of_likes_on(tweet_id):
        yield
    attached = Attachment.objects.filter(tweet_id=tweet_id, tweet__deleted_at__isnull=False)
    images = [attachment.image for attachment in attached.select_related("image")]
    for image in images:
        files.remove(image)
    with transaction.atomic():
        attached.delete()
        Image.objects.filter(pk__in=[image.pk for image in images]).delete()
        Tweet.objects.filter(pk=tweet_id, deleted_at__isnull=False).delete()


def purge_image(image_id: int) -> None:
    """Remove a deleted image's files, then its row: a row without files is retried, a file without a row is lost."""
    image = Image.objects.filter(pk=image_id, deleted_at__isnull=False).first()
    if image is not None:
        files.remove(image)
        image.delete()


def purge_account(user_id: int) -> Iterator[Any]:
    """Remove what a deleted account leaves: its follows, likes, tweets, pictures and sessions."""
    timelines.forget_timeline(user_id)
    while _delete_chunk_of_follows(user_id):
        yield
    while _delete_chunk_of_likes_by(user_id):
        yield
    # Deleted ones first: an earlier attempt has left at most one of them. Each kind has its index.
    tweets = Tweet.objects.filter(author_id=user_id)
    for those in (tweets.filter(deleted_at__isnull=False), tweets.filter(deleted_at=None)):
        for tweet_id in _keys(those):
            Tweet.objects.filter(pk=tweet_id, deleted_at=None).update(deleted_at=ids.now())
            yield from purge_tweet(tweet_id)
            yield
    for image_id in _keys(Image.objects.filter(owner_id=user_id)):
        purge_image(image_id)
        yield
    Session.objects.filter(user_id=user_id).delete()
    IdempotencyKey.objects.filter(author_id=user_id).delete()
    AccountStats.objects.filter(pk=user_id).update(tweets_count=0)


def move_counters_of(user_id: int) -> None:
    """The first chunk of a deleted account's follows and likes: of most accounts all that others see a counter of."""
    _delete_chunk_of_follows(user_id)
    _delete_chunk_of_likes_by(user_id)


def _exhaust(steps: Iterator[None]) -> None:
    for _ in steps:
        pass


def _keys(rows: QuerySet[Any]) -> Iterator[int]:
    """The keys of the rows in their order, a chunk a query, so that no cursor stays open while rows go."""
    last = -1
    while chunk := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        yield from chunk
        last = chunk[-1]


def _delete_chunk_of_likes_on(tweet_id: int) -> int:
    chunk = list(Like.objects.filter(tweet_id=tweet_id).values_list("pk", flat=True)[:CHUNK])
    Like.objects.filter(pk__in=chunk).delete()
    return len(chunk)


def _delete_chunk_of_likes_by(user_id: int) -> int:
    with transaction.atomic():
        likes = Like.objects.filter(user_id=user_id).order_by("tweet_id")[:CHUNK]
        tweet_ids = [tweet_id for (tweet_id,) in likes.values_list("tweet_id")]
        # The locks that liking takes, in the order of the ids, so that counters and rows move together.
        locked = Tweet.objects.select_for_update(no_key=True).filter(pk__in=tweet_ids).order_by("pk")
        list(locked.values_list("pk"))
        gone = Like.objects.filter(user_id=user_id, tweet_id__in=tweet_ids)
        counted = list(gone.values_list("tweet_id", flat=True))
        gone.delete()
        TweetStats.objects.filter(pk__in=counted).update(like_count=F("like_count") - 1)
    return len(tweet_ids)


def _delete_chunk_of_follows(user_id: int) -> int:
    with transaction.atomic():
        edges = Follow.objects.filter(Q(follower_id=user_id) | Q(followee_id=user_id))
        chunk = list(edges.values_list("pk", "follower_id", "followee_id")[:FOLLOWS_CHUNK])
        people = {person for _, *pair in chunk for person in pair}
        locked = AccountStats.objects.select_for_update(no_key=True).filter(pk__in=people).order_by("pk")
        list(locked.values_list("pk"))
        still_there = Follow.objects.filter(pk__in=[edge_id for edge_id, *_ in chunk])
        left = list(still_there.values_list("follower_id", "followee_id"))
        still_there.delete()
        timelines.forget_authors_tweets(user_id, [follower for follower, _ in left if follower != user_id])
        for follower_id, count in Counter(follower for follower, _ in left).items():
            AccountStats.objects.filter(pk=follower_id).update(following_count=F("following_count") - count)
        for followee_id, count in Counter(followee for _, followee in left).items():
            AccountStats.objects.filter(pk=followee_id).update(followers_count=F("followers_count") - count)
    return len(chunk)
