"""Background work in tests: run on demand, in the test's own process, by the worker that the product has."""

from datetime import timedelta

import pytest

from minitwitter.core import ids
from minitwitter.core.models import Task
from minitwitter.core.worker import Worker


def run_tasks() -> int:
    """Do all tasks that are due, and those that they ask for. Returns how many steps of work that took.

    Fails if one of them failed: a test that expects this uses `Worker.run_one`.
    """
    worker, count = Worker(), 0
    while worker.run_one():
        count += 1
    failed = Task.objects.exclude(error="").first()
    assert failed is None, failed.error
    return count


class Clock:
    """The time, as `ids.now` tells it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = ids.now()
        monkeypatch.setattr(ids, "now", lambda: self.now)

    def advance(self, **units: float) -> None:
        """Let time pass: `advance(hours=1)`."""
        self.now += timedelta(**units)
