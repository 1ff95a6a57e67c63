"""Measure one case on one server: processor time per request, and what the clients saw."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.cases import WRITES, Case, World
from benchmarks.instances import Compared
from benchmarks.load import Load, Request, drive
from benchmarks.processes import cpu_seconds
from tests.faults.client import Client, Unanswered

WARM_UP = 1.0
# In so many seconds the server is through with the requests that the driver has broken off.
SETTLE = 0.3


@dataclass(frozen=True)
class Figure:
    """What a case costs. CPU times are milliseconds per request; times are milliseconds; `received` is bytes."""

    case: str
    title: str
    database: str
    subject: str
    server_cpu: float
    database_cpu: float
    rate: float
    p50: float
    p99: float
    received: float
    requests: int
    errors: int

    @property
    def cpu(self) -> float:
        """Server and database together."""
        return self.server_cpu + self.database_cpu


class WrongAnswer(Exception):
    """A request of a case is not answered as it must be, so that its cost would mean nothing."""


def measure(case: Case, world: World, seconds: float, peer: Compared | None = None) -> Figure:
    """The cost of the case on the product, or on another server that has the same address.

    Raises WrongAnswer and DriverError.
    """
    instance = world.instance
    subject = peer or instance
    roots = [subject.process.pid] if subject.process else []
    probe(subject.port, case, _next(case, world)[0])
    drive(subject.port, _next(case, world), WARM_UP)
    requests = _next(case, world)
    time.sleep(SETTLE)
    if case.background:
        instance.finish_background_work()
    with _writer(world) if case.writer else _nobody():
        before = cpu_seconds(roots), cpu_seconds(instance.database_pids)
        load = drive(subject.port, requests, seconds)
        if case.background:
            instance.finish_background_work()
        after = cpu_seconds(roots), cpu_seconds(instance.database_pids)
    if not load.requests:
        raise WrongAnswer(f"{case.name}: no answer within {seconds} s; give it more with --seconds")
    spent = after[0] - before[0], after[1] - before[1]
    return _figure(case, instance.database, peer.role if peer else "product", load, spent)


def _next(case: Case, world: World) -> list[Request]:
    world.rounds += 1
    return case.requests(world)


def _figure(case: Case, database: str, subject: str, load: Load, spent: tuple[float, float]) -> Figure:
    count = load.requests
    return Figure(
        case=case.name,
        title=case.title,
        database=database,
        subject=subject,
        server_cpu=spent[0] * 1000 / count,
        database_cpu=spent[1] * 1000 / count,
        rate=load.requests / load.seconds,
        p50=load.p50,
        p99=load.p99,
        received=load.received / count,
        requests=load.requests,
        errors=load.errors,
    )


def probe(port: int, case: Case, request: Request) -> None:
    """Send one request and look at the answer. Raises WrongAnswer."""
    body = json.loads(request.body) if request.body else None
    answer = Client(port, request.token).call(request.method, request.path, body, keep=False)
    if answer.status != case.status:
        raise WrongAnswer(f"{request.method} {request.path}: {answer.status} {answer.content[:300]!r}")
    if case.name.startswith("feed") and len(answer.json()["results"]) != 20:
        raise WrongAnswer(f"{request.path} has {len(answer.json()['results'])} tweets instead of 20")


@contextmanager
def _nobody() -> Iterator[None]:
    yield


@contextmanager
def _writer(world: World) -> Iterator[None]:
    """Somebody who posts WRITES times a second, one after the other."""
    names = world.authors()
    clients = [Client(world.instance.port, token) for token in world.instance.tokens(names)]
    over = threading.Event()

    def work() -> None:
        number = 0
        due = time.monotonic()
        while not over.wait(max(0.0, due - time.monotonic())):
            due += 1 / WRITES
            number += 1
            try:
                clients[number % len(clients)].post(f"While others read: {number}", keep=False)
            except Unanswered:
                continue

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def line(figure: Figure) -> str:
    """A figure for the terminal."""
    split = f"{figure.server_cpu:.3f} + {figure.database_cpu:.3f}"
    who = figure.case if figure.subject == "product" else f"{figure.case} ({figure.subject})"
    errors = f"  {figure.errors} ERRORS" if figure.errors else ""
    return (
        f"{figure.database:<10} {who:<20} {figure.cpu:8.3f} ms CPU ({split})  {figure.rate:7.0f} req/s"
        f"  p50 {figure.p50:7.2f} ms  p99 {figure.p99:7.2f} ms  {figure.received:6.0f} B{errors}"
    )
