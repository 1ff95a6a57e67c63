"""Operators look at the background work; administrators decide about what was given up."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext

from minitwitter.core import ids, tasks
from minitwitter.core.models import Task
from minitwitter.core.worker import Worker
from tests.admin.client import AdminClient, messages, text_of

TASKS = "/admin/core/task/"
pytestmark = pytest.mark.django_db


def _task(*, dead: bool = False) -> int:
    """The id of a new task."""
    tasks.enqueue("purge_tweet", tweet_id=1)
    task = Task.objects.latest("id")
    if dead:
        error = "Traceback ...\nOSError: <b>The disk is full.</b>\n"
        Task.objects.filter(pk=task.pk).update(is_dead=True, finished_at=ids.now(), attempts=12, error=error)
    return task.pk


@pytest.fixture(params=["admin", "moderator"])
def browser(request: pytest.FixtureRequest) -> AdminClient:
    client: AdminClient = request.getfixturevalue(request.param)
    return client


def test_shows_what_was_given_up_with_its_last_error(browser: AdminClient) -> None:
    dead, waiting = _task(dead=True), _task()
    html = browser.open(TASKS)
    assert 'purge_tweet</td><td class="field-with_arguments">{&quot;tweet_id&quot;:1}</td>' in html
    assert "OSError: &lt;b&gt;The disk is full." in html
    filtered = browser.open(TASKS, state="dead")
    assert (f"/{dead}/change" in filtered, f"/{waiting}/change" in filtered) == (True, False)
    assert f"/{waiting}/change" in browser.open(TASKS, state="unfinished")
    Task.objects.filter(pk=waiting).update(finished_at=ids.now())
    assert f"/{waiting}/change" in browser.open(TASKS, state="done")
    page = browser.open(f"{TASKS}{dead}/change/")
    assert "given up" in text_of(page)
    assert "Traceback ...\nOSError: &lt;b&gt;" in page


def test_an_administrator_tries_again(admin: AdminClient) -> None:
    dead, waiting = _task(dead=True), _task()
    Task.objects.filter(pk=waiting).update(due_at=ids.now() + timedelta(hours=1))
    response = admin.act("tasks", "try_again", dead, waiting)
    assert messages(response) == [f"“purge_tweet {waiting}”: It was not given up.", "Set going 1 task."]
    task = Task.objects.get(pk=dead)
    assert (task.finished_at, task.is_dead, task.attempts) == (None, False, 0)
    assert LogEntry.objects.get().change_message == "Tried again."
    assert Worker().run_one()
    assert Task.objects.get(pk=dead).finished_at


def test_an_administrator_discards(admin: AdminClient) -> None:
    dead, waiting = _task(dead=True), _task()
    response = admin.act("tasks", "discard", dead, waiting)
    assert messages(response) == [f"“purge_tweet {waiting}”: It was not given up.", "Discarded 1 task."]
    assert list(Task.objects.values_list("pk", flat=True)) == [waiting]


def test_a_moderator_decides_nothing(moderator: AdminClient) -> None:
    dead = _task(dead=True)
    for action in ("try_again", "discard"):
        moderator.act("tasks", action, dead)
    assert Task.objects.get(pk=dead).is_dead


def test_a_task_is_never_written_by_hand(admin: AdminClient) -> None:
    dead = _task(dead=True)
    assert admin.get(f"{TASKS}add/").status_code == 403
    assert admin.post(f"{TASKS}{dead}/change/", {"name": "x"}).status_code == 403
    assert admin.post(f"{TASKS}{dead}/delete/", {"post": "yes"}).status_code == 403
    assert Task.objects.get(pk=dead).name == "purge_tweet"


def test_the_list_asks_the_same_whatever_is_in_it(admin: AdminClient) -> None:
    admin.open(TASKS)
    counts = []
    for number in (1, 30):
        for _ in range(number):
            _task()
        with CaptureQueriesContext(connection) as queries:
            admin.open(TASKS)
        counts.append(len(queries))
        assert not any("COUNT" in query["sql"] or "OFFSET" in query["sql"] for query in queries)
    assert counts[0] == counts[1]
