"""PostgreSQL stops, is killed, comes back, and has no connection left; and what SQLite has in its place: held locks."""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg

from tests.faults.bench import Bench, Person
from tests.faults.catalogue import POSTGRESQL, SQLITE, Report, fault
from tests.faults.client import Answer, Client, together
from tests.faults.inspection import inspect
from tests.faults.ledger import Writers, check, png
from tests.faults.postgresql import Server

# How long a request may take to be answered 503, with room for a busy machine.
ANSWERED_WITHIN = 2.0
# One more than the server has threads: each of those has a connection of its own to lose.
CALLERS = 12
# A process that has just found SQLite blocked refuses writers beyond some of them for so long, in seconds.
SETTLED_AFTER = 0.2
LOCKED = "database is locked"
PUBLIC, HEALTH, READY = "/v1/tweets/?limit=1", "/healthz", "/readyz"


@fault("PostgreSQL stopped, then started", POSTGRESQL, in_short=False)
def stop_and_start(bench: Bench) -> Report:
    return _outages(bench, bench.scale((2.0,), (3.0, 20.0)), _server(bench).stop)


@fault("PostgreSQL killed, then started", POSTGRESQL)
def kill_and_start(bench: Bench) -> Report:
    return _outages(bench, bench.scale((1.0,), (5.0,)), _server(bench).kill)


def _server(bench: Bench) -> Server:
    assert bench.postgresql is not None
    return bench.postgresql


def _outages(bench: Bench, durations: tuple[float, ...], end: Callable[[], None]) -> Report:
    report = Report(runs=0)
    slowest = 0.0
    for duration in durations:
        bench.say(f"away for {duration} s")
        _use_every_thread(bench)
        end()
        try:
            slowest = max(slowest, _watch_outage(bench, duration, report))
        finally:
            _server(bench).start()
        _expect_healed(bench, report)
        report.runs += 1
    # In a short run, many other tests run on the same machine.
    report.expect(bench.short or slowest <= ANSWERED_WITHIN, f"an answer took {slowest:.1f} s")
    report.note = f"503 within {slowest:.2f} s"
    return report


def _use_every_thread(bench: Bench) -> None:
    """Have as many connections to the database open as the server ever has."""
    people = bench.people(CALLERS)
    for _ in range(3):
        together(CALLERS, lambda number: bench.client(people[number]).post("before", picture=png(), keep=False))


def _watch_outage(bench: Bench, duration: float, report: Report) -> float:
    """The slowest answer while the database is away; what is wrong with the others goes into the report."""
    deadline = time.monotonic() + duration
    people = bench.people(CALLERS)

    def ask(number: int) -> list[tuple[str, Answer]]:
        answers = []
        while time.monotonic() < deadline:
            path = (PUBLIC, HEALTH, READY, "/v1/feed/")[number % 4]
            client = bench.client(people[number]) if number % 4 == 3 else Client(bench.instance.port)
            answers.append((path, client.call("GET", path, keep=False)))
            time.sleep(0.05)
        return answers

    found = [pair for answers in together(CALLERS, ask) for pair in answers]
    wrong = [
        f"{answer.status} for {path}"
        for path, answer in found
        if answer.status != (200 if path == HEALTH else 503) or (path != HEALTH and "retry-after" not in answer.headers)
    ]
    report.expect_none(wrong, "wrong answers while it was away")
    return max(answer.seconds for _, answer in found)


def _expect_healed(bench: Bench, report: Report) -> None:
    """The first request to every thread of every worker is answered as if nothing had been."""
    people = bench.people(CALLERS)
    first = bench.instance.once("GET", PUBLIC)
    report.expect(first.status == 200, f"the first request after it was back was answered {first.status}")
    report.expect(bench.instance.once("GET", READY).status == 200, "not ready again")
    answers = together(CALLERS, lambda number: bench.client(people[number]).call("GET", "/v1/feed/", keep=False))
    answers += together(CALLERS, lambda number: bench.client(people[number]).post("after", keep=False))
    report.expect_none([f"{answer.status}" for answer in answers if answer.status >= 300], "wrong answers afterwards")
    report.acknowledged += sum(answer.status < 300 for answer in answers)


@fault("PostgreSQL killed and restarted under 8 writers", POSTGRESQL)
def restart_under_writers(bench: Bench) -> Report:
    report = Report(runs=0)
    server = _server(bench)
    for kill in bench.scale((True,), (True, False, True)):
        with Writers(bench, 8, may_refuse=True) as writers:
            time.sleep(bench.scale(0.7, 2.0))
            (server.kill if kill else server.stop)()
            time.sleep(bench.scale(0.3, 1.0))
            server.start()
            time.sleep(bench.scale(0.7, 2.0))
        check(bench, writers.ledger, report)
        report.expect_none(writers.ledger.unanswered, "requests without an answer")
        inspect(bench, report)
        report.note = f"{writers.ledger.refused} of the last run answered 503"
    return report


@fault("every PostgreSQL connection taken by others", POSTGRESQL)
def exhaust_connections(bench: Bench) -> Report:
    report = Report()
    people = bench.people(CALLERS)

    def ask(number: int) -> Answer:
        return bench.client(people[number]).call("GET", "/v1/feed/", keep=False)

    with _hogged(_server(bench)) as taken:
        bench.say(f"{taken} connections taken")
        answers = [answer for _ in range(3) for answer in together(CALLERS, ask)]
        alive = bench.instance.once("GET", HEALTH)
    after = together(CALLERS, ask)
    report.acknowledged = sum(answer.status == 200 for answer in [*answers, *after])
    slowest = max(answer.seconds for answer in [*answers, alive])
    report.expect_none([str(answer.status) for answer in answers if answer.status not in {200, 503}], "wrong answers")
    report.expect(alive.status == 200, f"liveness {alive.status}")
    report.expect(bench.short or slowest <= ANSWERED_WITHIN, f"an answer took {slowest:.1f} s")
    report.expect_none([str(answer.status) for answer in after if answer.status != 200], "wrong answers afterwards")
    report.note = f"{sum(answer.status == 503 for answer in answers)} of {len(answers)} refused, in {slowest:.2f} s"
    return report


@contextmanager
def _hogged(server: Server) -> Iterator[int]:
    """Take every connection there is, those of the instance too."""
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(psycopg.connect(server.url, autocommit=True))
        first.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        taken = 1
        failures = 0
        # The instance's connections end a moment after they were told to.
        while failures < 10:
            try:
                stack.enter_context(psycopg.connect(server.url))
                taken += 1
            except psycopg.OperationalError:
                failures += 1
                time.sleep(0.02)
        yield taken


@fault("SQLite's write lock held by another process", SQLITE)
def hold_write_lock(bench: Bench) -> Report:
    """Longer than a writer waits: reads go on, writes are answered 503, and all is well afterwards."""
    report = Report(runs=0)
    logged = len(bench.instance.log)  # Faults before this one may have left tracebacks, such as of poisoned tasks.
    slowest_read = slowest_write = 0.0
    for number in range(bench.scale(1, 2)):
        bench.say(f"hold {number + 1}")
        people = bench.people(CALLERS)
        with _write_lock(bench):
            reads, writes = _read_and_write(bench, people)
        report.runs += 1
        slowest_read = max(slowest_read, *(answer.seconds for answer in reads))
        slowest_write = max(slowest_write, *(answer.seconds for answer in writes))
        report.expect_none([str(answer.status) for answer in reads if answer.status != 200], "reads failed")
        refused = [answer for answer in writes if answer.status == 503 and "retry-after" in answer.headers]
        report.expect(len(refused) == len(writes), f"{len(writes) - len(refused)} writes not answered 503")
        time.sleep(SETTLED_AFTER)
        after = together(CALLERS, lambda lane: bench.client(people[lane]).post("after the lock", keep=False))  # noqa: B023
        report.expect_none(
            [f"{answer.status} after {answer.seconds:.2f} s" for answer in after if answer.status != 201],
            "writes failed afterwards",
        )
        report.acknowledged += len(reads) + len(after)
    report.expect(slowest_read <= bench.scale(3.0, 1.0), f"a read took {slowest_read:.1f} s")
    report.expect(
        bench.short or slowest_write <= ANSWERED_WITHIN, f"a write was refused only after {slowest_write:.1f} s"
    )
    _, found, told = bench.instance.log[logged:].partition("Traceback")
    report.expect(not found, f"a traceback in the log: {told[-1500:]}")
    report.note = f"reads within {slowest_read:.2f} s, writes refused after {slowest_write:.1f} s"
    return report


@contextmanager
def _write_lock(bench: Bench) -> Iterator[None]:
    with contextlib.closing(sqlite3.connect(bench.instance.data / "db.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def _read_and_write(bench: Bench, people: list[Person]) -> tuple[list[Answer], list[Answer]]:
    """What a reader is answered, and each of the people, who all write."""
    written = threading.Event()
    reads: list[Answer] = []

    def read() -> None:
        client = bench.client(people[0])
        while not written.wait(0.05):
            reads.append(client.call("GET", "/v1/feed/"))
        client.close()

    reader = threading.Thread(target=read)
    reader.start()
    try:
        writes = together(len(people), lambda lane: bench.client(people[lane]).post("behind the lock", keep=False))
    finally:
        written.set()
        reader.join()
    return reads, writes


@fault("24 writers")
def many_writers(bench: Bench) -> Report:
    report = Report(runs=0)
    before = bench.instance.log.count(LOCKED)
    writers = Writers(bench, 24, pictures=False)
    writers.work(bench.scale(2.0, 60.0))
    check(bench, writers.ledger, report)
    locked = bench.instance.log.count(LOCKED) - before
    report.expect(not locked, f"{locked} times {LOCKED}")
    slow = writers.ledger.seconds(0.99)
    # Of two seconds' requests the slowest ones tell about the machine's other work.
    report.expect(bench.short or slow <= 1.0, f"p99 {slow:.2f} s")
    report.expect_none(writers.ledger.unanswered, "requests without an answer")
    inspect(bench, report)
    report.note = f"p50 {writers.ledger.seconds(0.5) * 1000:.0f} ms, p99 {slow * 1000:.0f} ms"
    return report
