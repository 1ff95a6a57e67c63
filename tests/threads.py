"""Doing something at the same moment in many threads."""

import threading
from collections.abc import Callable
from typing import TypeVar

from django.db import connection

Outcome = TypeVar("Outcome")


def at_once(count: int, work: Callable[[int], Outcome]) -> list[Outcome]:
    """Call `work(0)` to `work(count - 1)` in threads that begin together. Raises what the first of them raised."""
    start = threading.Barrier(count)
    outcomes: list[Outcome] = []
    failures: list[BaseException] = []

    def run(number: int) -> None:
        start.wait()
        try:
            outcomes.append(work(number))
        except BaseException as failure:  # noqa: BLE001  # Raised again below, in the thread of the test.
            failures.append(failure)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return outcomes
