"""The queue: what is asked for is done at least once, by one worker at a time, or ends as a dead letter."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from minitwitter.core import schedule, tasks, worker
from minitwitter.core.models import Schedule, Task
from minitwitter.core.tasks import ATTEMPTS, LEASE, enqueue
from minitwitter.core.worker import Worker
from tests.operating import ROOT, environment
from tests.threads import at_once
from tests.working import Clock, run_tasks

pytestmark = pytest.mark.django_db

Registrar = Callable[..., None]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Registrar:
    """Registers functions as tasks; after the test they are forgotten."""
    monkeypatch.setattr(tasks, "registry", {})

    def add(work: Any, name: str = "", every: timedelta | None = None) -> None:
        named = FunctionType(
            work.__code__, work.__globals__, name or work.__name__, work.__defaults__, work.__closure__
        )
        named.__kwdefaults__ = work.__kwdefaults__
        tasks.task(every=every)(named)

    return add


@pytest.fixture
def done(register: Registrar) -> list[int]:
    """The numbers that the task `note` was called with."""
    numbers: list[int] = []

    def note(number: int) -> None:
        numbers.append(number)

    register(note)
    return numbers


def fail(**_: Any) -> None:
    raise RuntimeError("the disk is full")


def state_of(name: str) -> str:
    """What became of the only task of that name."""
    task = Task.objects.get(name=name)
    if task.is_dead:
        return "dead"
    if task.finished_at:
        return "done"
    return "running" if task.claim else "waiting"


# --- Asking for work ---


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_is_rolled_back_asks_for_nothing(done: list[int]) -> None:
    with transaction.atomic():
        enqueue("note", number=1)
    with transaction.atomic():
        enqueue("note", number=2)
        transaction.set_rollback(True)
    run_tasks()
    assert done == [1]


def test_a_wrong_name_or_argument_is_noticed_where_it_is_asked_for(done: list[int]) -> None:
    with pytest.raises(KeyError):
        enqueue("no_such_task")
    with pytest.raises(TypeError):
        enqueue("note", tweet_id=1)
    assert not Task.objects.exists()


def test_two_tasks_cannot_have_one_name(done: list[int], register: Registrar) -> None:
    with pytest.raises(ValueError, match="two tasks note"):
        register(fail, "note")


def test_tasks_are_done_in_the_order_they_were_asked_for(done: list[int]) -> None:
    for number in range(12):
        enqueue("note", number=number)
    assert run_tasks() == 12
    assert done == list(range(12))
    assert Worker().run_one() is False


def test_an_idle_worker_asks_one_question(done: list[int], django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert Worker().run_one() is False


# --- Failures ---


def test_a_failed_task_is_tried_again_later_and_later_and_then_given_up(clock: Clock, register: Registrar) -> None:
    register(fail)
    enqueue("fail")
    waits = []
    for _ in range(ATTEMPTS - 1):
        assert Worker().run_one()
        assert not Worker().run_one()
        task = Task.objects.get()
        assert (task.finished_at, task.claim) == (None, "")
        assert "RuntimeError: the disk is full" in task.error
        waits.append(task.due_at - clock.now)
        clock.now = task.due_at
    for number, wait in enumerate(waits):
        longest = min(timedelta(seconds=5 * 2**number), timedelta(hours=1))
        assert longest / 2 <= wait <= longest

    assert Worker().run_one()
    assert state_of("fail") == "dead"
    clock.advance(days=30)
    assert not Worker().run_one()


def test_a_task_that_succeeds_at_last_is_done_once(clock: Clock, register: Registrar) -> None:
    calls = []

    def flaky() -> None:
        calls.append(1)
        if len(calls) < 3:
            raise OSError

    register(flaky)
    enqueue("flaky")
    for _ in range(3):
        assert Worker().run_one()
        clock.advance(hours=2)
    assert (len(calls), state_of("flaky"), Task.objects.get().error) == (3, "done", "")


def test_tasks_that_failed_together_do_not_come_back_together() -> None:
    assert len({tasks.retry_delay(5) for _ in range(20)}) == 20


def test_a_poison_task_does_not_stop_others(done: list[int], register: Registrar) -> None:
    register(fail)
    for number in range(3):
        enqueue("fail")
        enqueue("note", number=number)
    while Worker().run_one():
        pass
    assert done == [0, 1, 2]


def test_a_task_of_another_version_waits_for_it(register: Registrar, clock: Clock) -> None:
    register(fail, "new")
    enqueue("new")
    del tasks.registry["new"]
    assert Worker().run_one()
    assert state_of("new") == "waiting"


def test_a_dead_letter_is_tried_again_or_discarded(done: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (1, 2):
        enqueue("note", number=number)
    again, never = Task.objects.order_by("id")
    assert not tasks.try_again(again.pk)
    assert not tasks.discard(never.pk)
    Task.objects.update(is_dead=True, finished_at=again.created_at, attempts=ATTEMPTS)
    assert not Worker().run_one()

    assert tasks.try_again(again.pk)
    assert tasks.discard(never.pk)
    run_tasks()
    assert done == [1]
    assert Task.objects.get().pk == again.pk


# --- Workers that die ---


def in_another_process(folder: Path, body: str, **kwargs: Any) -> "subprocess.Popen[str]":
    """Do one task in a process of its own, on the database of this test. `body` is the task `work`."""
    settings = connection.settings_dict
    name = settings["NAME"]
    url = f"sqlite:///{name}"
    if connection.vendor == "postgresql":
        url = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{name}"
    code = (
        "import os, sys, django; django.setup()\nfrom minitwitter.core import tasks, worker\n"
        f"@tasks.task()\ndef work():\n    {body}\nworker.Worker().run_one()\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment(folder, DATABASE_URL=url, DJANGO_SETTINGS_MODULE="minitwitter.settings"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        **kwargs,
    )


@pytest.mark.django_db(transaction=True)
def test_a_task_whose_worker_was_killed_is_done_exactly_once_more(
    tmp_path: Path, clock: Clock, register: Registrar
) -> None:
    calls: list[int] = []
    register(lambda: calls.append(1), "work")
    enqueue("work")
    with in_another_process(tmp_path, "print('begun', flush=True); sys.stdin.read()", stdin=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        assert not Worker().run_one()  # While the other one lives, it is that one's.
        process.send_signal(signal.SIGKILL)

    assert (state_of("work"), Worker().run_one()) == ("running", False)
    clock.advance(seconds=LEASE.total_seconds() + 60)
    assert Worker().run_one()
    assert not Worker().run_one()
    assert (calls, state_of("work")) == ([1], "done")


@pytest.mark.django_db(transaction=True)
def test_a_task_that_kills_its_process_becomes_a_dead_letter(
    tmp_path: Path, clock: Clock, done: list[int], register: Registrar, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(fail, "work")
    enqueue("work")
    enqueue("note", number=1)
    for _ in range(2):
        with in_another_process(tmp_path, "os._exit(9)") as process:
            assert process.wait() == 9
        # The other process has the real time.
        Task.objects.filter(name="work").update(due_at=clock.now - timedelta(seconds=1))
    monkeypatch.setattr(tasks, "ATTEMPTS", 2)

    assert Worker().run_one()
    assert (done, state_of("work"), Task.objects.get(name="work").error) == ([1], "dead", tasks.DIED)


def test_a_claim_that_is_renewed_is_nobody_elses(clock: Clock, done: list[int]) -> None:
    enqueue("note", number=1)
    held = tasks.claim_next()
    assert held is not None
    for _ in range(5):
        clock.advance(seconds=20)
        assert tasks.renew(held)
        assert tasks.claim_next() is None
    clock.advance(seconds=31)
    assert tasks.claim_next() is not None


def test_a_worker_that_lost_its_claim_changes_nothing(clock: Clock, done: list[int]) -> None:
    enqueue("note", number=1)
    late = tasks.claim_next()
    clock.advance(seconds=31)
    present = tasks.claim_next()
    assert late is not None
    assert present is not None
    assert not tasks.renew(late)
    assert not tasks.finish(late)
    assert not tasks.put_back(late, None)
    tasks.fail(late, RuntimeError())
    assert (state_of("note"), Task.objects.get().error) == ("running", tasks.DIED)
    assert tasks.finish(present)


def test_a_task_that_hangs_ends_its_process(monkeypatch: pytest.MonkeyPatch, done: list[int]) -> None:
    codes: list[int] = []
    monkeypatch.setattr("os._exit", codes.append)
    enqueue("note", number=1)
    held = tasks.claim_next()
    assert held is not None
    busy = Worker()
    # Not its own: the thread that does this in the product closes its connection afterwards.
    monkeypatch.setattr(worker, "connection", type("Connection", (), {"close": staticmethod(lambda: None)}))
    busy._last_step = time.monotonic() - worker.STALL + 5
    busy._keep(held)
    assert codes == []
    busy._last_step -= 10
    busy._keep(held)
    assert codes == [worker.STALLED_EXIT_CODE]


@pytest.mark.django_db(transaction=True)
def test_the_heart_beats_while_a_task_is_done(register: Registrar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "BEAT", 0.01)
    renewed = threading.Event()
    monkeypatch.setattr(tasks, "renew", lambda _: renewed.set())
    outcome: list[bool] = []
    busy = Worker()

    def wait() -> None:
        outcome.append(renewed.wait(timeout=30))
        busy.stop()

    register(wait)
    enqueue("wait")
    busy.run()
    assert outcome == [True]


# --- Long tasks ---


def test_a_long_task_lets_others_pass_and_goes_on_where_it_was(
    done: list[int], register: Registrar, monkeypatch: pytest.MonkeyPatch
) -> None:
    def count(number: int = 0) -> Iterator[dict[str, int]]:
        while number < 3:
            number += 1
            done.append(100 + number)
            yield {"number": number}

    register(count)
    monkeypatch.setattr(worker, "SLICE", -1)
    enqueue("count")
    enqueue("note", number=1)
    run_tasks()
    assert done == [101, 1, 102, 103]
    assert state_of("count") == "done"


def test_a_worker_that_is_told_to_stop_puts_a_long_task_back(register: Registrar) -> None:
    stopping = Worker()
    steps = []

    def endless() -> Iterator[None]:
        while True:
            steps.append(1)
            if len(steps) == 3:
                stopping.stop()
            yield

    register(endless)
    enqueue("endless")
    Task.objects.update(attempts=5)
    assert stopping.run_one()
    task = Task.objects.get()
    assert (len(steps), state_of("endless"), task.attempts) == (3, "waiting", 0)


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_told_to_stop_finishes_a_short_task_and_takes_no_other(register: Registrar) -> None:
    stopping = Worker()
    calls = []

    def short() -> None:
        stopping.stop()
        calls.append(1)

    register(short)
    enqueue("short")
    enqueue("short")
    stopping.run()
    assert len(calls) == 1
    assert Task.objects.filter(finished_at=None, claim="").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_worker_waits_for_a_database_that_is_away(done: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    enqueue("note", number=1)
    waits: list[float] = []
    patient = Worker()
    away = iter([True] * 3)
    ask = tasks.is_any_due

    def ask_in_vain() -> bool:
        if next(away, False):
            raise OperationalError("the connection is closed")
        return ask()

    def wait(_: Worker, seconds: float) -> None:
        waits.append(seconds)
        if len(waits) > 3:
            patient.stop()

    monkeypatch.setattr(tasks, "is_any_due", ask_in_vain)
    monkeypatch.setattr(Worker, "_wait", wait)
    patient.run()
    assert (done, waits) == ([1], [0.5, 1.0, 2.0, worker.POLL])


# --- Several workers ---


@pytest.mark.django_db(transaction=True)
def test_several_workers_never_do_one_task_twice(register: Registrar) -> None:
    doing: Counter[int] = Counter()

    def note(number: int) -> None:
        doing[number] += 1

    register(note)
    for number in range(40):
        enqueue("note", number=number)

    def work(_: int) -> None:
        while Worker().run_one() or tasks.is_any_due():
            pass

    at_once(4, work)
    assert doing == dict.fromkeys(range(40), 1)
    assert set(Task.objects.values_list("attempts", flat=True)) == {1}


@pytest.mark.django_db(transaction=True)
def test_what_is_scheduled_is_due_once_among_several_workers(clock: Clock, register: Registrar) -> None:
    register(lambda: None, "sweep", every=timedelta(hours=1))
    at_once(4, lambda _: schedule.prepare())
    schedule.enqueue_due()
    assert not Task.objects.exists()

    clock.advance(hours=5)
    at_once(8, lambda _: schedule.enqueue_due())
    assert Task.objects.count() == 1
    assert Schedule.objects.get().due_at == clock.now + timedelta(hours=1)


def test_what_still_waits_is_not_asked_for_again(clock: Clock, register: Registrar) -> None:
    register(lambda: None, "sweep", every=timedelta(hours=1))
    schedule.prepare()
    for _ in range(3):
        clock.advance(hours=1)
        schedule.enqueue_due()
    assert Task.objects.count() == 1
    run_tasks()
    clock.advance(hours=1)
    schedule.enqueue_due()
    assert Task.objects.count() == 2


def test_a_schedule_of_another_version_is_left_alone(clock: Clock, register: Registrar) -> None:
    Schedule.objects.create(name="of_tomorrow", due_at=clock.now)
    schedule.enqueue_due()
    assert Schedule.objects.get().due_at == clock.now
    assert not Task.objects.exists()
