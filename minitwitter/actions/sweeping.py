"""Removing what nothing needs any more: the regular background work.

Each function removes a chunk, yields, and goes on; it can be stopped at any of these places and called again. Those
that look at every row of a table yield the argument to go on with, so that they need not begin at the start.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session as AdminSession
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from minitwitter.accounts.mails import WAITS_FOR
from minitwitter.accounts.models import Mail, Session, User
from minitwitter.actions import purge
from minitwitter.audit.retention import remove_entries
from minitwitter.core import ids
from minitwitter.core.models import Task
from minitwitter.core.tasks import Steps, enqueue, is_unfinished
from minitwitter.media import orphans
from minitwitter.media.models import Image
from minitwitter.tweets.idempotency import REMEMBERED_FOR
from minitwitter.tweets.models import Attachment, IdempotencyKey

CHUNK = 500
# A deletion that is older has had its own task; a younger one is still that task's matter.
INTERRUPTED_AFTER = timedelta(hours=1)
# A file is written, and the tweet of its row made, within the minute of the upload.
ORPHANED_AFTER = timedelta(hours=6)
# A session that is over is good for nothing but for looking at, in the admin.
SESSIONS_KEPT_FOR = timedelta(days=7)
FINISHED_KEPT_FOR = timedelta(days=1)
DEAD_KEPT_FOR = timedelta(days=90)


def finish_interrupted_deletions() -> None:
    """Ask for the purge of whatever was deleted a while ago and still has rows or files: a task each.

    While others of that kind wait, these may be among them; and what has become a dead letter is the operator's matter.
    """
    before = ids.now() - INTERRUPTED_AFTER
    for name, argument, rows in (
        ("purge_account", "user_id", purge.unpurged_accounts()),
        ("purge_tweet", "tweet_id", purge.unpurged_tweets()),
        ("purge_image", "image_id", purge.unpurged_images()),
    ):
        if is_unfinished(name):
            continue
        dead = {task.arguments[argument] for task in Task.objects.filter(is_dead=True, name=name)}
        for chunk in _chunks(rows.filter(deleted_at__lt=before)):
            with transaction.atomic():
                for key in set(chunk) - dead:
                    enqueue(name, **{argument: key})


def remove_orphaned_files(folder: int = 0) -> Steps:
    """Remove media files without a row, folder by folder."""
    for number in range(folder, orphans.FOLDERS):
        orphans.remove_orphans(number, before=ids.now() - ORPHANED_AFTER)
        yield {"folder": number + 1}


def remove_unused_images(after: int = 0) -> Steps:
    """Delete images that no tweet and no account uses."""
    unused = Image.objects.filter(
        ~Exists(Attachment.objects.filter(image_id=OuterRef("pk"))),
        ~Exists(User.objects.filter(avatar_id=OuterRef("pk"))),
        deleted_at=None,
        created_at__lt=ids.now() - ORPHANED_AFTER,
    )
    for chunk in _chunks(unused, after):
        with transaction.atomic():
            unused.filter(pk__in=chunk).update(deleted_at=ids.now())
            for image_id in chunk:
                enqueue("purge_image", image_id=image_id)
        yield {"after": chunk[-1]}


def forget_sessions(after: int = 0) -> Steps:
    """Remove sessions that have been over for a while, and log-ins to the admin that have expired."""
    now = ids.now()
    while _delete_chunk(AdminSession.objects.filter(expire_date__lt=now)):
        yield None
    before = now - SESSIONS_KEPT_FOR
    for chunk in _chunks(Session.objects.filter(Q(ended_at__lt=before) | Q(expires_at__lt=before)), after):
        Session.objects.filter(pk__in=chunk).delete()
        yield {"after": chunk[-1]}


def forget_idempotency_keys() -> Iterator[None]:
    """Remove the idempotency keys that are no longer asked for."""
    while _delete_chunk(IdempotencyKey.objects.filter(created_at__lt=ids.now() - REMEMBERED_FOR)):
        yield None


def forget_mails() -> Iterator[None]:
    """Remove mails whose token has expired, or that waited too long to be sent."""
    now = ids.now()
    # A mail that is tried again may have a token that has expired; the next attempt makes it good again.
    while _delete_chunk(Mail.objects.filter(expires_at__lt=now, created_at__lt=now - WAITS_FOR)):
        yield None


def forget_tasks() -> Iterator[None]:
    """Remove tasks that were done, and dead letters that nobody cared for."""
    now = ids.now()
    # Tasks are read by their ids, which are times, so that only the old ones are looked at.
    done = Task.objects.filter(pk__lt=ids.new_id(now - FINISHED_KEPT_FOR), is_dead=False)
    while _delete_chunk(done.filter(finished_at__lt=now - FINISHED_KEPT_FOR)):
        yield None
    while _delete_chunk(Task.objects.filter(is_dead=True, finished_at__lt=now - DEAD_KEPT_FOR)):
        yield None


def forget_audit_entries() -> Iterator[None]:
    """Remove what is older than MINITWITTER_AUDIT_DAYS from the audit log."""
    if settings.AUDIT_DAYS:
        before = ids.now() - timedelta(days=settings.AUDIT_DAYS)
        while remove_entries(before=before, at_most=CHUNK):
            yield None


def _chunks(rows: QuerySet[Any], after: int = -1) -> Iterator[list[int]]:
    """The keys of the rows in their order, a chunk a query, so that no cursor stays open while rows change."""
    while chunk := list(rows.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        yield chunk
        after = chunk[-1]


def _delete_chunk(rows: QuerySet[Any]) -> int:
    chunk = list(rows.order_by("pk").values_list("pk", flat=True)[:CHUNK])
    # Asked again with the condition: a row that was changed meanwhile stays.
    rows.filter(pk__in=chunk).delete()
    return len(chunk)
