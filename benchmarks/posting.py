"""What a post costs by the number of its author's followers, and that each of their next reads shows it.

The process for background work is paused while the author posts, so that its cost is not in that of the requests, and
so that the followers' reads prove that they need not wait for it.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from benchmarks.dataset import user_name
from benchmarks.instances import Measured
from benchmarks.load import Request
from benchmarks.measure import Figure, WrongAnswer
from benchmarks.standard import read_once
from tests.faults.client import Client, percentile
from tests.operating import task_workers

POSTS = 100
# So many of the users read their feeds, and count as active.
READING = 10_000


def let_followers_read(made: Measured, followers: int) -> None:
    """Up to READING of the users read their feeds, so that tweets are written for them."""
    names = [user_name(number) for number in range(min(followers, READING))]
    requests = [Request("GET", "/v1/feed/", token) for token in made.tokens(names)]
    read_once(made.port, requests)
    read_once(made.port, requests)
    made.finish_background_work()


def let_post(made: Measured, authors: list[str]) -> None:
    """Each of these people posts once: that may be when the server notices that they have many followers."""
    for token in made.tokens(authors):
        _post(Client(made.port, token), "Good morning, all of you!")
    made.finish_background_work()


def measure(made: Measured, author: str, followers: int) -> Iterator[Figure]:
    """The cost of the author's own request, and of all work for it. Raises WrongAnswer."""
    let_post(made, [author])
    client = Client(made.port, made.tokens([author])[0])
    readers = {user_name(number) for number in (0, followers // 2, followers - 1)}
    _post(client, "To open the connection.")
    made.finish_background_work()
    start = made.cpu()
    with _paused(made):
        answers = [_post(client, f"{number} " + "as long as most of them are " * 6) for number in range(POSTS)]
        own = made.cpu()
        _require_first(made, readers, answers[-1][0])
        read = made.cpu()
    made.finish_background_work()
    end = made.cpu()
    _require_first(made, readers, answers[-1][0])
    seconds = [took for _, took in answers]
    spent = own[0] - start[0], own[1] - start[1]
    yield _figure(made, "post-own", "the author's own request", spent, seconds)
    # All but the reads.
    yield _figure(
        made, "post-all", "with all work for it", (spent[0] + end[0] - read[0], spent[1] + end[1] - read[1]), seconds
    )


@contextmanager
def _paused(made: Measured) -> Iterator[None]:
    """Nothing is done in the background meanwhile."""
    pids = task_workers(made.process.pid) if made.process else []
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def _post(client: Client, text: str) -> tuple[int, float]:
    """The id of a new tweet, and the seconds that it took."""
    answer = client.post(text.strip())
    if answer.status != 201:
        raise WrongAnswer(f"POST /v1/tweets/: {answer.status} {answer.content[:300]!r}")
    return int(answer.json()["id"]), answer.seconds


def _require_first(made: Measured, readers: set[str], tweet_id: int) -> None:
    """The tweet is the first in the feed of each of these people. Raises WrongAnswer."""
    for name, token in zip(sorted(readers), made.tokens(sorted(readers)), strict=True):
        results = Client(made.port, token).call("GET", "/v1/feed/?limit=1", keep=False).json()["results"]
        if [tweet["id"] for tweet in results] != [tweet_id]:
            raise WrongAnswer(f"the feed of {name} begins with {results}, not with the tweet {tweet_id} just posted")


def _figure(made: Measured, case: str, title: str, spent: tuple[float, float], seconds: list[float]) -> Figure:
    return Figure(
        case=case,
        title=title,
        database=made.database,
        subject="product",
        server_cpu=spent[0] * 1000 / POSTS,
        database_cpu=spent[1] * 1000 / POSTS,
        rate=len(seconds) / sum(seconds),
        p50=median(seconds) * 1000,
        p99=percentile(seconds, 0.99) * 1000,
        received=0.0,
        requests=POSTS,
        errors=0,
    )
