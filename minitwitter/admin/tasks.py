"""The queue of background work."""

import orjson
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from minitwitter.admin.base import OperatorAdmin, operator, refuse_with
from minitwitter.admin.lists import ChoiceFilter, MadeFilter, id_conditions
from minitwitter.core import tasks
from minitwitter.core.models import Task


class TaskStateFilter(ChoiceFilter):
    title = "state"
    parameter_name = "state"
    options = {"dead": "Given up", "unfinished": "Waiting or running", "done": "Done"}

    def condition(self, choice: str) -> Q:
        if choice == "dead":
            return Q(is_dead=True)
        return Q(finished_at=None) if choice == "unfinished" else Q(finished_at__isnull=False, is_dead=False)


class TaskAdmin(OperatorAdmin[Task]):
    """Tasks are looked at; administrators decide about those that were given up."""

    list_display = ("id", "name", "with_arguments", "state", "attempts", "created_at", "due", "failure")
    list_filter = (TaskStateFilter, MadeFilter)
    search_help_text = "A task's id. What was done is kept for a day, what was given up for 90 days."
    fields = readonly_fields = (
        "name",
        "with_arguments",
        "state",
        "attempts",
        "due",
        "created_at",
        "finished_at",
        "last_error",
        "id",
    )
    actions = ("try_again", "discard")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Who may decide about a task, for the list's actions."""
        return operator(request).is_superuser

    def search_conditions(self, term: str) -> list[Q]:
        return id_conditions(term)

    @admin.display(description="Arguments")
    def with_arguments(self, task: Task) -> str:
        return orjson.dumps(task.arguments).decode()

    @admin.display
    def state(self, task: Task) -> str:
        if task.is_dead:
            return "given up"
        if task.finished_at is not None:
            return "done"
        return "running" if task.claim else "waiting"

    @admin.display(description="Due")
    def due(self, task: Task) -> str:
        return "" if task.finished_at or task.claim else f"{task.due_at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description="Last error")
    def failure(self, task: Task) -> str:
        # The last line of a traceback names the exception.
        return task.error.strip().rpartition("\n")[2][:120]

    @admin.display
    def last_error(self, task: Task) -> SafeString | str:
        return format_html("<pre>{}</pre>", task.error) if task.error else "none"

    @admin.action(permissions=["decide"], description="Try selected tasks again")
    def try_again(self, request: HttpRequest, queryset: QuerySet[Task]) -> None:
        self.for_each(request, self.selected(queryset), self._try_again, "Set going")

    def _try_again(self, request: HttpRequest, task: Task) -> None:
        if not tasks.try_again(task.pk):
            refuse_with("It was not given up.")
        self.log_change(request, task, "Tried again.")

    @admin.action(permissions=["decide"], description="Discard selected tasks")
    def discard(self, request: HttpRequest, queryset: QuerySet[Task]) -> None:
        self.for_each(request, self.selected(queryset), self._discard, "Discarded")

    def _discard(self, request: HttpRequest, task: Task) -> None:
        if not tasks.discard(task.pk):
            refuse_with("It was not given up.")
        self.log_deletions(request, [task])  # type: ignore[arg-type]  # It only iterates.
