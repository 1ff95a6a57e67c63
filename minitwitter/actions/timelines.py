"""Keeping home feeds: what is written to whose timeline, and when one is built, cut and given up.

**While a timeline is built** others post, follow and unfollow. Each of them shares `database.share(SHARED)` before it
looks which timelines there are. A build first makes its row known, then waits for all that began before that, and only
then reads what they did. So every change either finds the row, or is found.
"""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import Error, transaction
from django.db.models import OuterRef, Subquery

from minitwitter.accounts.models import AccountStats, Delivery
from minitwitter.actions.locks import lock_stats
from minitwitter.core import ids
from minitwitter.core.database import insert_or_ignore, share, wait_for_sharers
from minitwitter.core.pagination import PageRequest, Skeleton
from minitwitter.core.statements import Parameter, Statement
from minitwitter.core.tasks import Steps, enqueue, is_unfinished
from minitwitter.relationships.models import Follow
from minitwitter.timelines import queries, statements
from minitwitter.timelines.models import PendingFanOut, Timeline, TimelineEntry
from minitwitter.timelines.queries import Kept
from minitwitter.tweets.models import Tweet

SHARED = "timelines"
CHUNK = 500
# When a feed was read is kept to the day: a write per reader and day.
READ_AT_PRECISION = timedelta(days=1)
# Whose feed was not read for so long is not written to any more; the next read builds the timeline anew.
GIVEN_UP_AFTER = timedelta(days=14)
# What a task had not done by then it will not do.
INTERRUPTED_AFTER = timedelta(hours=1)
# How many entries a timeline may have beyond those that are kept, so that it is not cut all the time.
SLACK = 100
# Up to so many tweets of one author are taken out of a timeline by their ids; for more its entries are gone through.
MOST_BY_KEY = 200

_LOCK = Statement(
    lambda: Timeline.objects.select_for_update().filter(pk=Parameter("owner")).values_list("floor_id").order_by()
)
_TWEET = Statement(
    lambda: (
        Tweet.objects.select_for_update(no_key=True).filter(pk=Parameter("tweet"), deleted_at=None).values_list("pk")
    )
)
_STANDING = Statement(
    lambda: AccountStats.objects.filter(pk=Parameter("author")).values_list("followers_count", "delivery")
)

log = structlog.get_logger(__name__)


# --- Reading ----------------------------------------------------------------------------------------------------------


def read_home(viewer_id: int, page: PageRequest) -> Skeleton:
    """One page of the viewer's home feed. From the first read on, a timeline is kept for the viewer."""
    return continue_home(viewer_id, page, queries.read_kept(viewer_id, page))


def continue_home(viewer_id: int, page: PageRequest, kept: Kept | None) -> Skeleton:
    """The same, when what is kept of the page has been read."""
    if kept is None:
        kept = _build_if_possible(viewer_id, page)
    elif kept.read_at < ids.now() - READ_AT_PRECISION:
        Timeline.objects.filter(pk=viewer_id).update(read_at=ids.now())
    return queries.home_page(viewer_id, page, kept)


def _build_if_possible(viewer_id: int, page: PageRequest) -> Kept | None:
    try:
        build(viewer_id)
        return queries.read_kept(viewer_id, page)
    except Error as failure:
        # The page can be had without: a reader is not refused because the database takes no writes now.
        log.warning("timeline_not_built", user_id=viewer_id, reason=str(failure).strip())
        return None


def build(owner_id: int) -> None:
    """Begin to keep a timeline for somebody who has none: the newest entries of their home feed."""
    insert_or_ignore(Timeline(owner_id=owner_id, floor_id=None, read_at=ids.now()))
    wait_for_sharers(SHARED)
    with transaction.atomic():
        # Nothing: given up already. With a floor: another request was faster.
        if _LOCK.rows(owner=owner_id) != [(None,)]:
            return
        # What an earlier timeline, or an interrupted build, has left.
        TimelineEntry.objects.filter(owner_id=owner_id).delete()
        floor_id = queries.floor_of_newest(owner_id, settings.TIMELINE_LENGTH)
        statements.fill(owner_id, newer_than=floor_id)
        Timeline.objects.filter(pk=owner_id).update(floor_id=floor_id)


# --- Steps of other actions, in their transactions --------------------------------------------------------------------


def deliver(tweet_id: int, *, author_id: int) -> None:
    """Bring a new tweet into the home feeds of the author's followers: at once, by a task, or when they are read.

    Precondition: the author's stats are locked, as following and unfollowing lock them.
    """
    ((followers, delivery),) = _STANDING.rows(author=author_id)
    if delivery == Delivery.PULLED:
        return
    share(SHARED)
    if delivery == Delivery.WRITTEN and followers <= settings.FAN_OUT_AT_ONCE:
        statements.fan_out(tweet_id)
        return
    PendingFanOut.objects.bulk_create([PendingFanOut(tweet_id=tweet_id, author_id=author_id)])
    if delivery == Delivery.WRITTEN and followers <= settings.FAN_OUT_LIMIT:
        enqueue("fan_out", tweet_id=tweet_id)
    elif delivery == Delivery.WRITTEN:
        AccountStats.objects.filter(pk=author_id).update(delivery=Delivery.BECOMING_PULLED)
        enqueue("stop_writing", author_id=author_id)


def start_following(follower_id: int, followee_id: int) -> None:
    """Write the followee's tweets into the follower's timeline.

    Preconditions: as `deliver`; the follow is inserted, and is none that is pulled.
    """
    share(SHARED)
    # Also when it is still being built: the lock is what makes the build wait for this follow, or the other way round.
    present = _LOCK.first(owner=follower_id)
    if present is None or present[0] is None:
        return
    floor_id = max(present[0], _floor_of_author(followee_id))
    if floor_id > present[0]:
        _raise_floor(follower_id, floor_id)
    statements.fill_from(follower_id, followee_id, newer_than=floor_id)


def stop_following(follower_id: int, followee_id: int) -> None:
    """Take the followee's tweets out of the follower's timeline. Preconditions: as `start_following`."""
    share(SHARED)
    present = _LOCK.first(owner=follower_id)
    if present is None or present[0] is None:  # A build begins with an empty timeline.
        return
    tweet_ids = statements.tweets_of(followee_id, newer_than=present[0], limit=MOST_BY_KEY + 1)
    if len(tweet_ids) > MOST_BY_KEY:
        forget_authors_tweets(followee_id, [follower_id])
    elif tweet_ids:
        TimelineEntry.objects.filter(owner_id=follower_id, entry_id__in=tweet_ids).delete()


def forget_authors_tweets(author_id: int, owner_ids: list[int]) -> None:
    """Take an author's tweets, deleted ones too, out of these timelines.

    Each entry's tweet is looked at: an author may have more tweets than a timeline ever has entries, where those are
    pulled or its floor is low.
    """
    # Not Exists(...): for that, PostgreSQL may choose to begin with all that the author has ever written.
    author = Subquery(Tweet.objects.filter(pk=OuterRef("entry_id")).values("author_id"))
    TimelineEntry.objects.alias(author=author).filter(owner_id__in=owner_ids, author=author_id).delete()


def _floor_of_author(author_id: int) -> int:
    """Below this the author has more tweets than a timeline keeps."""
    newest = Tweet.objects.filter(author_id=author_id, deleted_at=None).order_by("-id").values_list("id", flat=True)
    return next(iter(newest[settings.TIMELINE_LENGTH : settings.TIMELINE_LENGTH + 1]), 0)


def _raise_floor(owner_id: int, floor_id: int) -> None:
    """Precondition: the timeline is locked."""
    Timeline.objects.filter(pk=owner_id).update(floor_id=floor_id)
    TimelineEntry.objects.filter(owner_id=owner_id, entry_id__lte=floor_id).delete()


# --- Background work --------------------------------------------------------------------------------------------------


def fan_out(tweet_id: int, after: int = 0) -> Steps:
    """Write a pending tweet into its author's followers' timelines, in the order of their follows."""
    pending = PendingFanOut.objects.filter(pk=tweet_id).first()
    while pending is not None and (reached := _fan_out_chunk(pending, after)) is not None:
        after = reached
        yield {"tweet_id": tweet_id, "after": after}


def _fan_out_chunk(pending: PendingFanOut, after: int) -> int | None:
    """The id of the last follow that was served; None when there is nothing left to do."""
    with transaction.atomic():
        # As deleting does it: the tweet first, then the counters.
        is_there = bool(_TWEET.rows(tweet=pending.tweet_id))
        lock_stats(pending.author_id)
        delivery = AccountStats.objects.values_list("delivery", flat=True).get(pk=pending.author_id)
        if delivery == Delivery.BECOMING_PULLED:  # The end of that removes the row.
            return None
        chunk = statements.follows_of(pending.author_id, after=after, limit=CHUNK)
        if delivery == Delivery.WRITTEN and chunk and is_there:
            reached = chunk[-1][0]
            statements.fan_out_to(pending.tweet_id, after=after, up_to=reached)
            if len(chunk) == CHUNK:
                return reached
        # With the last part, so that a reader finds the tweet here or there.
        pending.delete()
    return None


def stop_writing(author_id: int, after: int = 0) -> Steps:
    """From now on the author's tweets are looked up when feeds are read. Who follows from now on does so already."""
    while chunk := statements.follows_of(author_id, after=after, limit=CHUNK):
        Follow.objects.filter(pk__in=[follow_id for follow_id, _ in chunk]).update(is_pulled=True)
        after = chunk[-1][0]
        yield {"author_id": author_id, "after": after}
    with transaction.atomic():
        lock_stats(author_id)
        AccountStats.objects.filter(pk=author_id).update(delivery=Delivery.PULLED)
        PendingFanOut.objects.filter(author_id=author_id).delete()


def forget_tweet(tweet_id: int) -> Steps:
    """Take a deleted tweet out of the timelines it was written to; in no feed it has been seen since it was deleted."""
    author_id = Tweet.objects.filter(pk=tweet_id).values_list("author_id", flat=True).first()
    if author_id is None or _is_pulled(author_id):
        return  # What was written before that is not shown, and leaves when the timelines are cut.
    after = 0
    while chunk := statements.follows_of(author_id, after=after, limit=CHUNK):
        owners = [follower_id for _, follower_id in chunk]
        TimelineEntry.objects.filter(owner_id__in=owners, entry_id=tweet_id).delete()
        after = chunk[-1][0]
        yield None


def _is_pulled(author_id: int) -> bool:
    return AccountStats.objects.filter(pk=author_id, delivery=Delivery.PULLED).exists()


def forget_timeline(owner_id: int) -> None:
    """Keep no timeline for somebody any more."""
    with transaction.atomic():
        _LOCK.rows(owner=owner_id)
        Timeline.objects.filter(pk=owner_id).delete()
        TimelineEntry.objects.filter(owner_id=owner_id).delete()


def sweep_timelines(after: int = 0) -> Steps:
    """Give up the timelines of those who do not read them, and cut those that have grown too long.

    Also of those whose build was interrupted: the next read begins it again. What else was left undone is resumed.
    """
    now = ids.now()
    if not after:
        _resume(now - INTERRUPTED_AFTER)
    timelines = Timeline.objects.order_by("pk").values_list("pk", "read_at", "floor_id")
    while chunk := list(timelines.filter(pk__gt=after)[:CHUNK]):
        for owner_id, read_at, floor_id in chunk:
            if read_at < now - (INTERRUPTED_AFTER if floor_id is None else GIVEN_UP_AFTER):
                forget_timeline(owner_id)
            elif _entry_at(owner_id, settings.TIMELINE_LENGTH + SLACK) is not None:
                _cut(owner_id)
        after = chunk[-1][0]
        yield {"after": after}


def _resume(before: datetime) -> None:
    """Ask again for deliveries whose task was given up: they stand in everybody's way until they are done."""
    if not is_unfinished("stop_writing"):
        for stats in AccountStats.objects.filter(delivery=Delivery.BECOMING_PULLED):
            enqueue("stop_writing", author_id=stats.pk)
    if not is_unfinished("fan_out"):
        for pending in PendingFanOut.objects.filter(tweet_id__lt=ids.first_id(before)).order_by("pk")[:CHUNK]:
            enqueue("fan_out", tweet_id=pending.tweet_id)


def _cut(owner_id: int) -> None:
    with transaction.atomic():
        present = _LOCK.first(owner=owner_id)
        if present is None or present[0] is None:  # Being built: what stands there is not all.
            return
        floor_id = _entry_at(owner_id, settings.TIMELINE_LENGTH)
        if floor_id is not None:
            _raise_floor(owner_id, floor_id)


def _entry_at(owner_id: int, position: int) -> int | None:
    """The id of the entry behind so many newer ones, if there are so many."""
    entries = TimelineEntry.objects.filter(owner_id=owner_id).order_by("-entry_id")
    return next(iter(entries.values_list("entry_id", flat=True)[position : position + 1]), None)
