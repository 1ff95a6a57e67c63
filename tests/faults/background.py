"""The process that does the background work is killed, and a task can never succeed."""

import contextlib
import os
import signal
import time
from collections.abc import Callable

from tests.faults.bench import Bench
from tests.faults.catalogue import Report, fault
from tests.faults.inspection import inspect
from tests.faults.ledger import png
from tests.operating import does_background_work

# A worker's claim on a task ends by itself 30 s after it died; with room for the next one to start.
TAKEN_OVER_WITHIN = 60.0
# The last attempt but one, of those in `core/tasks.py`.
ATTEMPTS_BEFORE_LAST = 11
# What no task takes.
ARGUMENTS = '{"poison": 1}'


@fault("the task worker is killed at work")
def kill_worker(bench: Bench) -> Report:
    """Deleted tweets are purged with their pictures, whichever worker began it."""
    report = Report(runs=0)
    slowest = 0.0
    for _ in range(bench.scale(1, 2)):
        tweet_ids = _delete_tweets(bench, bench.scale(3, 30))
        # A short run cannot wait for the end of a claim, so there the worker has done its work.
        if bench.short:
            _wait(lambda: not _left(bench, tweet_ids), TAKEN_OVER_WITHIN)  # noqa: B023
        before = _worker(bench)
        os.kill(before, signal.SIGKILL)
        tweet_ids |= _delete_tweets(bench, 3)
        started = time.monotonic()
        done = _wait(lambda: not _left(bench, tweet_ids), TAKEN_OVER_WITHIN)  # noqa: B023
        slowest = max(slowest, time.monotonic() - started)
        report.expect(done and _worker(bench) != before, "no new worker has finished the work")
        report.runs += 1
        report.acknowledged += len(tweet_ids)
        report.lost += len(_left(bench, tweet_ids))
    report.expect(not _dead(bench), f"dead letters: {_dead(bench)}")
    inspect(bench, report)
    report.note = f"all done {slowest:.1f} s after it was killed"
    return report


@fault("a poison task")
def poison(bench: Bench) -> Report:
    """It fails again and again; the others go on, the worker lives, and it ends as a dead letter."""
    report = Report()
    before = _worker(bench)
    first = min([0, *(task_id for (task_id,) in bench.instance.query("SELECT id FROM core_task"))])
    for number, (name, attempts) in enumerate((("purge_tweet", 0), ("no_such_task", ATTEMPTS_BEFORE_LAST)), start=1):
        columns = "(id, name, arguments, due_at, attempts, claim, error, created_at, is_dead)"
        given = f"{first - number}, '{name}', '{ARGUMENTS}', CURRENT_TIMESTAMP, {attempts}"
        row = f"({given}, '', '', CURRENT_TIMESTAMP, false)"
        bench.instance.execute(f"INSERT INTO core_task {columns} VALUES {row}")  # noqa: S608  (its own words)
    tweet_ids = _delete_tweets(bench, 3)
    report.expect(_wait(lambda: not _left(bench, tweet_ids), 15), "the tasks behind it were not done")
    report.expect(_wait(lambda: _dead(bench) == ["no_such_task"], 15), f"dead letters: {_dead(bench)}")
    report.expect(_worker(bench) == before, "the worker did not live")
    waiting = bench.instance.query("SELECT name, attempts FROM core_task WHERE finished_at IS NULL AND error <> ''")
    report.expect(waiting == [("purge_tweet", 1)], f"waiting for another attempt: {waiting}")
    report.acknowledged, report.lost = len(tweet_ids), len(_left(bench, tweet_ids))
    bench.instance.execute("DELETE FROM core_task WHERE id < 1")
    return report


def _delete_tweets(bench: Bench, count: int) -> set[int]:
    """Post tweets with pictures and delete them at once."""
    client = bench.client(bench.people(1)[0])
    made = {int(client.post(f"to delete {number}", picture=png()).json()["id"]) for number in range(count)}
    for tweet_id in made:
        with contextlib.closing(bench.client(bench.people(1)[0])) as each:
            assert each.call("DELETE", f"/v1/tweets/{tweet_id}/").status == 204
    client.close()
    return made


def _left(bench: Bench, tweet_ids: set[int]) -> set[int]:
    """Those of the tweets that are not purged, and the pictures of deleted ones."""
    rows = {tweet_id for (tweet_id,) in bench.instance.query("SELECT id FROM tweets_tweet")}
    pictures = {
        image_id for (image_id,) in bench.instance.query("SELECT id FROM media_image WHERE deleted_at IS NOT NULL")
    }
    return (rows & tweet_ids) | pictures


def _dead(bench: Bench) -> list[str]:
    return [name for (name,) in bench.instance.query("SELECT name FROM core_task WHERE is_dead")]


def _worker(bench: Bench) -> int:
    """The process id of the task worker, which may be about to start."""
    found: list[int] = []

    def look() -> bool:
        found[:] = [pid for pid in bench.instance.workers() if does_background_work(pid)]
        return bool(found)

    assert _wait(look, TAKEN_OVER_WITHIN), "there is no task worker"
    return found[0]


def _wait(is_true: Callable[[], bool], seconds: float) -> bool:
    """Poll until the function returns true. Whether it did in time."""
    deadline = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
