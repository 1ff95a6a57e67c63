"""The queue of background work and its schedule. Their rules are in `tasks.py` and `schedule.py`."""

from django.db import models
from django.db.models import Q

from minitwitter.core.fields import IdField

TASK_NAME_LENGTH = 64


class Task(models.Model):
    """A piece of background work: the registered name of a task, and what it is called with.

    Unfinished (`finished_at` is None) it waits for `due_at`, or a worker has it: `claim` then names that worker's hold
    on it, and `due_at` is when the hold ends unless the worker renews it. Finished it is done, or a dead letter
    (`is_dead`), which was given up and waits for an operator.
    """

    id = IdField()
    name = models.CharField(max_length=TASK_NAME_LENGTH)
    arguments = models.JSONField(default=dict)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0, help_text="How often it was begun since it last got on.")
    claim = models.CharField(max_length=32, blank=True, default="")
    error = models.TextField(blank=True, default="", help_text="Why the last attempt failed.")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    is_dead = models.BooleanField(default=False)

    class Meta:
        indexes = (
            # The conditions have no parameters, without which SQLite would not see that the index answers.
            models.Index("due_at", "id", name="core_task_due", condition=Q(finished_at=None)),
            models.Index("id", name="core_task_dead", condition=Q(is_dead=True)),
        )

    def __str__(self) -> str:
        return f"{self.name} {self.id}"


class Schedule(models.Model):
    """When a task that runs regularly is due next."""

    name = models.CharField(max_length=TASK_NAME_LENGTH, primary_key=True)
    due_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
