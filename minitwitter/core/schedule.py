"""Tasks that run regularly: each is enqueued when it is due, exactly once, however many workers there are."""

from django.db import transaction

from minitwitter.core import ids, tasks
from minitwitter.core.database import insert_or_ignore
from minitwitter.core.models import Schedule


def prepare() -> None:
    """Enter the registered tasks that are not in the table yet; each is due after its interval for the first time."""
    known = set(Schedule.objects.values_list("name", flat=True))
    for name, registered in tasks.registry.items():
        if registered.every is not None and name not in known:
            insert_or_ignore(Schedule(name=name, due_at=ids.now() + registered.every))


def enqueue_due() -> None:
    """Enqueue what is due. What became due several times while no worker ran is due once."""
    now = ids.now()
    for entry in Schedule.objects.filter(due_at__lte=now):
        # One that an older or newer version of this server registers is left for that.
        registered = tasks.registry.get(entry.name)
        if registered is None or registered.every is None:
            continue
        with transaction.atomic():
            # Of several workers one moves the time.
            mine = Schedule.objects.filter(pk=entry.pk, due_at=entry.due_at).update(due_at=now + registered.every)
            # One that still waits or runs will do what this one would.
            if mine and not tasks.is_unfinished(entry.name):
                tasks.enqueue(entry.name)
