"""Does what is in the queue of `tasks.py`, one task after the other."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from django.db import Error, connection

from minitwitter.core import schedule, tasks
from minitwitter.core.models import Task

# How often an idle worker looks, in seconds: work begins half of this after it was asked for, on average. A look is one
# query that an index answers, without a lock (0.2 % of a processor).
POLL = 0.2
SCHEDULE_POLL = 5.0
# A task that has worked so long goes to the end of the queue at its next step, so that others wait no longer.
SLICE = 2.0
# A claim is renewed three times before it ends.
BEAT = tasks.LEASE.total_seconds() / 3
# A task that made no step for so long hangs. Nothing can end it but the end of its process.
STALL = 600.0
STALLED_EXIT_CODE = 70
# How long a worker waits when the database is away, in seconds.
FIRST_OUTAGE_WAIT, LONGEST_OUTAGE_WAIT = 0.5, 10.0

_log = structlog.get_logger(__name__)


class Worker:
    """Runs tasks until it is told to stop."""

    def __init__(self) -> None:
        # A plain value, because a signal handler sets it: the lock in an Event can be held by what it interrupted.
        self._stopping = False
        self._held: Task | None = None
        self._last_step = 0.0
        self._schedule_looked_at = float("-inf")

    def stop(self) -> None:
        """Stop after the task at hand, or at its next step. May be called from a signal handler."""
        self._stopping = True

    def run(self) -> None:
        """Work until `stop`. An outage of the database is waited for."""
        outage = 0.0
        with self._heartbeat():
            while not self._stopping:
                try:
                    self._look_at_schedule()
                    busy = self.run_one()
                    outage = 0.0
                except Error as failure:
                    _log.warning("task_database_error", error=str(failure).strip())
                    connection.close()
                    outage = min(outage * 2 or FIRST_OUTAGE_WAIT, LONGEST_OUTAGE_WAIT)
                    busy = False
                if not busy:
                    self._wait(outage or POLL)

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self._stopping and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, POLL))

    def _look_at_schedule(self) -> None:
        now = time.monotonic()
        if now - self._schedule_looked_at < SCHEDULE_POLL:
            return
        if self._schedule_looked_at < 0:
            schedule.prepare()
        self._schedule_looked_at = now
        schedule.enqueue_due()

    def run_one(self) -> bool:
        """Do the task that has been due longest, or a part of it. False when none is due."""
        claimed = tasks.claim_next() if tasks.is_any_due() else None
        if claimed is None:
            return False
        self._last_step = time.monotonic()
        self._held = claimed
        try:
            self._do(claimed)
        finally:
            self._held = None
        return True

    def _do(self, claimed: Task) -> None:
        started = time.monotonic()
        try:
            # A name that is not registered is one of another version, which may get it at the next attempt.
            for arguments in tasks.registry[claimed.name].work(**claimed.arguments) or ():
                self._last_step = time.monotonic()
                if self._stopping or self._last_step - started > SLICE:
                    tasks.put_back(claimed, arguments)
                    return
        except Exception as failure:  # noqa: BLE001  # Whatever it is, it is this task's and not the worker's.
            tasks.fail(claimed, failure)
        else:
            tasks.finish(claimed)

    @contextmanager
    def _heartbeat(self) -> Iterator[None]:
        ended = threading.Event()
        thread = threading.Thread(target=self._beat, args=(ended,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()

    def _beat(self, ended: threading.Event) -> None:
        while not ended.wait(BEAT):
            if self._held is not None:
                self._keep(self._held)

    def _keep(self, held: Task) -> None:
        if time.monotonic() - self._last_step > STALL:
            _log.error("task_stalled", task=held.name, task_id=held.pk)
            os._exit(STALLED_EXIT_CODE)
        try:
            tasks.renew(held)
        except Error as failure:
            _log.warning("task_database_error", error=str(failure).strip())
        finally:
            connection.close()  # This thread's own, which it needs for a moment only.
