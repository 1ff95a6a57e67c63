"""How cost grows: with the accounts that a reader follows, with the tweets there are, with the followers of an author.

    python -m benchmarks.growth [--only sqlite|postgres] [--run followed|tweets|followers]
        [--max-followed 5000] [--max-tweets 5000000] [--max-followers 1000000] [--seconds 5]

Each of the three runs, once it is complete on both databases, writes its part of docs/performance.md: one that is
broken off later has lost nothing of it. One that leaves something out only prints its results.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from benchmarks import posting, report
from benchmarks.cases import Case, Requests, World, named
from benchmarks.dataset import Shape, author_name, celebrity_name, reader_name, user_name
from benchmarks.instances import DATABASES, Measured, instance, running
from benchmarks.load import Request, drive
from benchmarks.measure import Figure, line, measure
from benchmarks.standard import read_all_feeds
from benchmarks.terminal import carry_out, say

FOLLOWED = (10, 100, 1000, 5000)
TWEETS = (20_000, 200_000, 1_000_000, 5_000_000)
FOLLOWERS = (10, 100, 1000, 10_000, 100_000, 1_000_000)
# So many readers of each kind take turns.
READERS = 8
CELEBRITIES = 20
# More than the followers above which an author's tweets are pulled.
CROWD = 10_050
# Entries behind the first of a feed: in the part that is kept ready, and beyond it.
INSIDE, DEEP = 400, 1000


@dataclass(frozen=True)
class Point:
    """What a case costs at one size."""

    run: str
    size: int
    figure: Figure


def main() -> int:
    """Measure what the command line asks for, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description="Measure how cost grows.")
    parser.add_argument("--only", choices=DATABASES, help="on one of the two databases")
    parser.add_argument("--run", choices=RUNS, help="one of the three")
    parser.add_argument("--max-followed", type=int, default=FOLLOWED[-1], help="accounts that a reader follows")
    parser.add_argument("--max-tweets", type=int, default=TWEETS[-1])
    parser.add_argument("--max-followers", type=int, default=FOLLOWERS[-1], help="followers of an author")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each case lasts (5)")
    parsed = parser.parse_args()
    return carry_out(lambda: run(parsed))


def run(parsed: argparse.Namespace) -> int:
    """The three runs on both databases, or what was chosen of that."""
    errors = 0
    largest = (parsed.max_followed, parsed.max_tweets, parsed.max_followers)
    complete = largest == (FOLLOWED[-1], TWEETS[-1], FOLLOWERS[-1]) and not parsed.only
    for name in [parsed.run] if parsed.run else RUNS:
        points: list[Point] = []
        for database in [DATABASES[parsed.only]] if parsed.only else DATABASES.values():
            for point in RUNS[name](database, parsed):
                print(f"{point.run} {point.size:>9,}  {line(point.figure)}", flush=True)
                points.append(point)
        errors += sum(point.figure.errors for point in points)
        if complete:
            report.write_growth(name, [(point.size, point.figure) for point in points])
    return 1 if errors else 0


def by_followed(database: str, parsed: argparse.Namespace) -> Iterator[Point]:
    """The feed of people who follow few or many, up to 20 of them with more followers than are written to."""
    levels = [level for level in FOLLOWED if level <= parsed.max_followed]
    users = max(CROWD if parsed.max_followed >= FOLLOWED[-1] else 0, 2 * levels[-1])
    shape = Shape(
        users=users,
        follows=10,
        celebrities=CELEBRITIES,
        readers=tuple(level for level in levels for _ in range(READERS)),
        tweets=20 * users,
    )
    say(f"{database}: {users:,} users, of whom readers follow up to {levels[-1]:,}")
    with instance(database, shape) as made, running(made):
        world = World(made, shape)
        posting.let_post(made, [celebrity_name(number) for number in range(CELEBRITIES)])
        for place, level in enumerate(levels):
            names = [reader_name(number) for number in range(place * READERS, (place + 1) * READERS)]
            yield from _pages("followed", level, names, world, parsed.seconds)


def by_tweets(database: str, parsed: argparse.Namespace) -> Iterator[Point]:
    """Reading and posting among few or many tweets."""
    for size in (size for size in TWEETS if size <= parsed.max_tweets):
        shape = Shape(tweets=size)
        say(f"{database}: {size:,} tweets")
        with instance(database, shape) as made, running(made):
            world = World(made, shape)
            read_all_feeds(world)
            names = [reader_name(0), *map(user_name, range(READERS * 2))]
            yield from _pages("tweets", size, names, world, parsed.seconds)
            for case in named(["tweet", "profile-tweets", "public", "post"]):
                yield Point("tweets", size, measure(case, world, parsed.seconds))


def by_followers(database: str, parsed: argparse.Namespace) -> Iterator[Point]:
    """Posting to few or many followers: the author's own request, then what is done for it in the background."""
    levels = [level for level in FOLLOWERS if level <= parsed.max_followers]
    shape = Shape(users=max(levels[-1], 100), follows=0, celebrities=0, readers=(), authors=tuple(levels))
    say(f"{database}: an author with up to {levels[-1]:,} followers")
    with instance(database, shape) as made, running(made):
        posting.let_followers_read(made, levels[-1])
        for place, level in enumerate(levels):
            for figure in posting.measure(made, author_name(place), level):
                yield Point("followers", level, figure)


def _pages(run: str, size: int, names: list[str], world: World, seconds: float) -> Iterator[Point]:
    """The first page of these people's feeds, one in the part that is kept ready, and one beyond."""
    made = world.instance
    _read_each(made, names)
    paths = {"feed": dict.fromkeys(names, "/v1/feed/")}
    for title, position in (("feed-inside", INSIDE), ("feed-deep", DEEP)):
        cursors = {name: _entry(made, name, position) for name in names}
        if all(cursors.values()):  # Who follows few has no so deep a page.
            paths[title] = {name: f"/v1/feed/?max_id={cursor}" for name, cursor in cursors.items()}
    for title, path_of in paths.items():
        case = Case(title, title, partial(_reading, path_of))
        yield Point(run, size, measure(case, world, seconds))


def _reading(path_of: dict[str, str], world: World) -> Requests:
    tokens = world.instance.tokens(list(path_of))
    return [Request("GET", path, token) for path, token in zip(path_of.values(), tokens, strict=True)]


def _read_each(made: Measured, names: list[str]) -> None:
    """Each of these people reads their feed, so that it is kept ready from now on."""
    drive(made.port, [Request("GET", "/v1/feed/", token) for token in made.tokens(names)], 1)


def _entry(made: Measured, name: str, position: int) -> int | None:
    """The id of the tweet at that place of somebody's feed, if there is a page behind it."""
    rows = made.query(
        "SELECT id FROM tweets_tweet WHERE author_id IN (SELECT followee_id FROM relationships_follow"  # noqa: S608
        f" WHERE follower_id = (SELECT id FROM accounts_user WHERE username = '{name}'))"
        f" ORDER BY id DESC LIMIT 21 OFFSET {position}"
    )
    return int(rows[0][0]) if len(rows) > 20 else None


RUNS = {"followed": by_followed, "tweets": by_tweets, "followers": by_followers}

if __name__ == "__main__":
    sys.exit(main())
