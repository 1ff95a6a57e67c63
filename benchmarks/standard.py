"""The standard set: every case on a database, next to the textbook and the floor."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from statistics import median

from benchmarks.cases import Case, World
from benchmarks.dataset import Shape, reader_name, user_name
from benchmarks.instances import Compared, Measured, end, instance, running
from benchmarks.load import Request, drive
from benchmarks.measure import SETTLE, Figure, measure
from benchmarks.terminal import say

STARTS = 3


@dataclass
class Outcome:
    """What one database's run has found. Memory is bytes; `start` is seconds from the start to the first 200."""

    database: str
    figures: list[Figure] = field(default_factory=list)
    start: float = 0.0
    server_memory: int = 0
    database_memory: int = 0


def run(database: str, chosen: list[Case], seconds: float, *, compare: bool, tell: Callable[[Figure], None]) -> Outcome:
    """Measure the cases. `tell` is told of each figure as soon as there is one."""
    shape = Shape()
    outcome = Outcome(database)
    say(f"{database}: making the dataset")
    with instance(database, shape) as made:
        world = World(made, shape)
        # The textbook comes first, while the tables are as they were loaded.
        for figure in chain(
            _comparisons(world, chosen, seconds) if compare else (), _figures(world, chosen, outcome, seconds)
        ):
            outcome.figures.append(figure)
            tell(figure)
    return outcome


def _start_again(made: Measured) -> float:
    end(made)
    return made.start()


def _figures(world: World, chosen: list[Case], outcome: Outcome, seconds: float) -> Iterator[Figure]:
    made = world.instance
    outcome.start = median(_start_again(made) for _ in range(STARTS))
    say(f"{made.database}: everybody reads their feed")
    read_all_feeds(world)
    for case in chosen:
        if not case.limits:
            yield measure(case, world, seconds)
    # Not while passwords are hashed, which takes 19 MB each.
    time.sleep(SETTLE)
    outcome.server_memory, outcome.database_memory = made.memory()
    end(made)
    for case in chosen:
        if case.limits:
            made.options["MINITWITTER_LIMITS"] = "on"
            with running(made):
                yield measure(case, world, seconds)
            made.options.clear()


def profile(database: str, chosen: list[Case], *, functions: bool) -> None:
    """Print what the cases cost in one thread without a server, and with `functions` where that goes."""
    shape = Shape()
    say(f"{database}: making the dataset")
    with instance(database, shape) as made:
        world = World(made, shape)
        with running(made):
            read_all_feeds(world)
        for case in chosen:
            say(f"{database}: {case.title}")
            print(made.call("benchmarks.inprocess", *["--profile"] * functions, given=case.requests(world)), flush=True)


def read_all_feeds(world: World) -> None:
    """Everybody reads their feed, twice: timelines that nobody reads may be kept differently.

    A few at a time, so that no timeline that is made then is put off because the database is busy; the second pass is
    for those whose requests the driver broke off.
    """
    names = [reader_name(0), *map(user_name, range(world.shape.users))]
    requests = [Request("GET", "/v1/feed/", token) for token in world.instance.tokens(names)]
    read_once(world.instance.port, requests)
    read_once(world.instance.port, requests)


def read_once(port: int, requests: list[Request]) -> None:
    """Send each of the requests at least once."""
    done = 0
    while done < len(requests):
        done += drive(port, requests[done:], 1, connections=2).requests


def _comparisons(world: World, chosen: list[Case], seconds: float) -> Iterator[Figure]:
    """The textbook with the cases that it has, and an empty view."""
    made = world.instance
    cases = [(Compared(made.folder, role="textbook", options=made.variables), case) for case in chosen if case.peer]
    cases += [(Compared(made.folder, role="floor", options=made.variables), EMPTY)]
    for peer, case in cases:
        with running(peer):
            yield measure(case, world, seconds, peer)


EMPTY = Case(
    "floor", "an empty Django view", lambda world: [Request("GET", "/empty/", token) for token in world.tokens()]
)
