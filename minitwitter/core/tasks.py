"""Background work: a queue in the database, written to in the transaction of whoever asks for the work.

A task is a function that `task` has registered under its name. `enqueue` writes a row, so that a transaction that is
rolled back asks for nothing, and a committed one is never forgotten. A worker (`worker.py`) claims the row for a short
time and renews the claim while it works; when it dies, the claim ends and the row is due again.

**At least once.** A worker can die after the work and before the row says so. Every task must therefore be idempotent:
done twice, or by two workers at once, it must leave what it leaves when done once.

**Steps.** A task that takes long is a generator. It yields wherever it can be stopped: None to be called with the same
arguments again, or the arguments to go on with. There a worker that has to stop, or has others waiting, puts it back.
"""

import inspect
import random
import secrets
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from django.db import connection, transaction

from minitwitter.core import ids
from minitwitter.core.database import insert_with_new_id
from minitwitter.core.models import Task

if TYPE_CHECKING:
    from datetime import datetime

# How long a worker may be silent before its task is given to another. Clocks of several machines must agree better.
LEASE = timedelta(seconds=30)
# A task that failed waits 5 s, then twice as long each time, up to an hour: the last attempt is some hours after the
# first, so that most outages of a disk or a storage service are over by then.
FIRST_DELAY, LONGEST_DELAY = timedelta(seconds=5), timedelta(hours=1)
ATTEMPTS = 12
ERROR_LENGTH = 4000
DIED = "The worker died, or was killed, while it did this."
# Workers that ask at the same moment see the same rows; what one does not get of these it asks for again.
_CANDIDATES = 5

Steps = Iterator[Mapping[str, Any] | None]
Work = TypeVar("Work", bound=Callable[..., "Steps | None"])

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Registered:
    """A function that can be asked for by name. `every` is set for one that runs regularly."""

    name: str
    work: Callable[..., Steps | None]
    signature: inspect.Signature
    every: timedelta | None


registry: dict[str, Registered] = {}


def task(*, every: timedelta | None = None) -> Callable[[Work], Work]:
    """Register the function as the task of its name; with `every` it also runs by itself, so often."""

    def register(work: Work) -> Work:
        name = work.__name__
        if name in registry:
            raise ValueError(f"there are two tasks {name}")
        registry[name] = Registered(name, work, inspect.signature(work), every)
        return work

    return register


def enqueue(name: str, **arguments: Any) -> None:
    """Ask for the task of that name, in the present transaction. The arguments are what JSON can hold.

    Raises KeyError for an unknown name and TypeError for arguments that the task does not take.
    """
    registry[name].signature.bind(**arguments)
    now = ids.now()
    insert_with_new_id(Task(name=name, arguments=arguments, due_at=now, created_at=now), now)


def is_unfinished(name: str) -> bool:
    """Whether a task of that name waits or runs."""
    return Task.objects.filter(finished_at=None, name=name).exists()


def is_any_due() -> bool:
    """Whether there is something to claim: one look into an index, without a lock.

    Idle workers ask all the time, and the ORM would cost three times as much.
    """
    with connection.cursor() as cursor:
        now = connection.ops.adapt_datetimefield_value(ids.now())
        cursor.execute("SELECT 1 FROM core_task WHERE finished_at IS NULL AND due_at <= %s LIMIT 1", [now])
        return cursor.fetchone() is not None


def count_dead() -> int:
    """How many tasks were given up."""
    return Task.objects.filter(is_dead=True).count()


def longest_delay() -> timedelta:
    """For how long the task that has been due longest has been so."""
    due_at = (
        Task.objects.filter(finished_at=None, due_at__lte=ids.now()).order_by("due_at").values_list("due_at", flat=True)
    )
    first = due_at.first()
    return ids.now() - first if first is not None else timedelta(0)


def claim_next() -> Task | None:
    """Take the task that has been due longest, if any: it is the caller's until `due_at`.

    One conditional UPDATE decides, so of several workers one gets it. A task whose worker died is due like any other,
    and becomes a dead letter if that was its last attempt.
    """
    now = ids.now()
    due = Task.objects.filter(finished_at=None, due_at__lte=now).order_by("due_at", "pk")
    for found in due[:_CANDIDATES]:
        if found.claim:
            _log.warning("task_worker_died", task=found.name, task_id=found.pk, attempts=found.attempts)
            found.error = DIED
        if found.attempts >= ATTEMPTS:
            _bury(found, now)
        elif _take(found, now):
            return found
    return None


def _take(found: Task, now: "datetime") -> bool:
    # Not changed since it was read: `due_at` tells a claim that was renewed meanwhile.
    unchanged = _held(found).filter(due_at=found.due_at)
    found.claim, found.attempts, found.due_at = secrets.token_hex(16), found.attempts + 1, now + LEASE
    return _change(unchanged, claim=found.claim, attempts=found.attempts, due_at=found.due_at, error=found.error)


def _bury(found: Task, now: "datetime") -> None:
    if _change(_held(found).filter(due_at=found.due_at), finished_at=now, is_dead=True, claim="", error=found.error):
        _log.error("task_dead", task=found.name, task_id=found.pk, error=found.error)


def _held(held: Task) -> Any:
    """The row, while its claim is the one that `held` knows: a worker that lost it changes nothing any more."""
    return Task.objects.filter(pk=held.pk, finished_at=None, claim=held.claim)


def _change(rows: Any, **values: Any) -> bool:
    """Whether there was a row to change. In a transaction, which waits in line for SQLite's writer."""
    with transaction.atomic():
        return bool(rows.update(**values))


def renew(held: Task) -> bool:
    """Hold the task for another LEASE. False when it is another worker's by now."""
    return _change(_held(held), due_at=ids.now() + LEASE)


def finish(held: Task) -> bool:
    """The task is done. False when it is another worker's by now."""
    return _change(_held(held), finished_at=ids.now(), claim="", error="")


def put_back(held: Task, arguments: Mapping[str, Any] | None) -> bool:
    """The task got on and waits, behind all that are due now, to go on with these arguments (None: the same)."""
    left = held.arguments if arguments is None else arguments
    return _change(_held(held), claim="", attempts=0, error="", due_at=ids.now(), arguments=left)


def fail(held: Task, failure: Exception) -> None:
    """The attempt failed: another one follows later, or the task is a dead letter."""
    now = ids.now()
    held.error = _describe(failure)
    if held.attempts < ATTEMPTS:
        _log.warning("task_failed", task=held.name, task_id=held.pk, attempts=held.attempts, exc_info=failure)
        _change(_held(held), claim="", error=held.error, due_at=now + retry_delay(held.attempts))
    elif _change(_held(held), claim="", error=held.error, finished_at=now, is_dead=True):
        _log.error("task_dead", task=held.name, task_id=held.pk, attempts=held.attempts, exc_info=failure)


def _describe(failure: Exception) -> str:
    # The end of a traceback is what tells.
    return "".join(traceback.format_exception(failure))[-ERROR_LENGTH:].replace("\0", "\\0")


def retry_delay(attempts: int) -> timedelta:
    """How long a task waits after so many failed attempts: twice as long each time, less up to a half by chance.

    What failed together (a storage that was away) would otherwise come back together.
    """
    longest: timedelta = min(FIRST_DELAY * 2 ** (attempts - 1), LONGEST_DELAY)
    return longest * random.uniform(0.5, 1)  # noqa: S311  (spreads load, keeps no secret)


def try_again(task_id: int) -> bool:
    """Give a dead letter a new start. False when there is none of that id."""
    return _change(_dead(task_id), finished_at=None, is_dead=False, attempts=0, due_at=ids.now())


def discard(task_id: int) -> bool:
    """Remove a dead letter: its work is never done. False when there is none of that id."""
    return bool(_dead(task_id).delete()[0])


def _dead(task_id: int) -> Any:
    return Task.objects.filter(pk=task_id, is_dead=True)
