"""What is measured: for each case, the requests that are sent in turn."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from benchmarks.dataset import PASSWORD, Shape, celebrity_name, id_at, reader_name, user_name
from benchmarks.instances import Measured
from benchmarks.load import Request

# So many requests are prepared; the driver begins anew after the last.
PREPARED = 1000
RECENT_TWEETS = 2000
# How often a second somebody posts, where a case has a writer at work.
WRITES = 10.0
Requests = list[Request]


@dataclass
class World:
    """What the requests of cases are made from."""

    instance: Measured
    shape: Shape
    rounds: int = 0
    """How often requests were made: what can be done once only is done by others each time."""

    def __post_init__(self) -> None:
        self.random = random.Random(self.shape.seed)

    def readers(self) -> list[str]:
        """Everybody who reads: all users, and the one who follows many at every tenth place."""
        names = [user_name(number) for number in range(self.shape.users)]
        self.random.shuffle(names)
        for place in range(0, len(names), 10):
            names[place] = reader_name(0)
        return names[:PREPARED]

    def tokens(self) -> list[str]:
        return self.instance.tokens(self.readers())

    def recent_tweets(self) -> list[int]:
        """Ids of some tweets of the last days, in any order."""
        rows = self.instance.query(f"SELECT id FROM tweets_tweet ORDER BY id DESC LIMIT {RECENT_TWEETS}")  # noqa: S608
        found = [row[0] for row in rows]
        self.random.shuffle(found)
        return found[:PREPARED]

    def authors(self) -> list[str]:
        """The users whom the reader follows, who have one follower more than the others: 51."""
        reader = reader_name(0)
        rows = self.instance.query(
            "SELECT followee.username FROM relationships_follow edge"  # noqa: S608
            " JOIN accounts_user reader ON reader.id = edge.follower_id"
            " JOIN accounts_user followee ON followee.id = edge.followee_id"
            f" WHERE reader.username = '{reader}' AND followee.username <> '{celebrity_name(0)}' ORDER BY followee.id"
        )
        return [row[0] for row in rows]


@dataclass(frozen=True)
class Case:
    """One kind of request. `status` is what each of them must be answered with."""

    name: str
    title: str
    requests: Callable[[World], Requests]
    status: int = 200
    background: bool = False
    """Whether it asks for background work, which is waited for and belongs to the cost."""
    writer: bool = False
    limits: bool = False
    peer: bool = False
    """Whether the textbook has the address, too."""
    goal: tuple[float, float] | None = None
    """The milliseconds of CPU that it may cost, on SQLite and on PostgreSQL."""


def _feed(world: World) -> Requests:
    return [Request("GET", "/v1/feed/", token) for token in world.tokens()]


def _feed_of_users(world: World) -> Requests:
    """Without the reader, whose share of the requests is more than the limits of one account."""
    names = [user_name(number) for number in range(world.shape.users)]
    return [Request("GET", "/v1/feed/", token) for token in world.instance.tokens(names)]


def _feed_at(share: float) -> Callable[[World], Requests]:
    """Pages of the feed from so far back in the time of the dataset, at a different moment each."""

    def make(world: World) -> Requests:
        time = timedelta(days=world.shape.days)
        moments = [world.instance.until - time * (share + world.random.uniform(-0.02, 0.02)) for _ in range(PREPARED)]
        return [
            Request("GET", f"/v1/feed/?max_id={id_at(moment)}", token)
            for token, moment in zip(world.tokens(), moments, strict=False)
        ]

    return make


def _tweet(world: World) -> Requests:
    tweets, tokens = world.recent_tweets(), world.tokens()
    return [Request("GET", f"/v1/tweets/{tweet}/", token) for tweet, token in zip(tweets, tokens, strict=False)]


def _tweet_anonymous(world: World) -> Requests:
    return [request._replace(token="") for request in _tweet(world)]


def _profile(world: World) -> Requests:
    names = world.readers()
    return [
        Request("GET", f"/v1/users/{name}/", token) for name, token in zip(names[::-1], world.tokens(), strict=False)
    ]


def _profile_tweets(world: World) -> Requests:
    users = [user_name(world.random.randrange(world.shape.users)) for _ in range(PREPARED)]
    return [
        Request("GET", f"/v1/users/{name}/tweets/", token) for name, token in zip(users, world.tokens(), strict=False)
    ]


def _public(world: World) -> Requests:
    return [Request("GET", "/v1/tweets/", token) for token in world.tokens()]


def _post(world: World) -> Requests:
    tokens = world.instance.tokens(world.authors())
    texts = [f"{world.random.random()} " + "as long as most of them are " * 6 for _ in tokens]
    return [
        Request("POST", "/v1/tweets/", token, json.dumps({"text": text.strip()}))
        for token, text in zip(tokens, texts, strict=True)
    ]


def _like_toggle(world: World) -> Requests:
    tweets, tokens = world.recent_tweets(), world.tokens()
    return [Request("POST", f"/v1/tweets/like/{tweet}/", token) for tweet, token in zip(tweets, tokens, strict=False)]


def _like_put(world: World) -> Requests:
    tweets, tokens = world.recent_tweets(), world.tokens()
    # So many different pairs that practically all of them are new likes.
    pairs = [(tokens[place % len(tokens)], tweets[(place * 7) % len(tweets)]) for place in range(20 * PREPARED)]
    world.random.shuffle(pairs)
    return [Request("PUT", f"/v1/tweets/{tweet}/like/", token) for token, tweet in pairs]


def _follow(world: World) -> Requests:
    """Following and unfollowing in turn. Each time these are other people: a run may end in the middle of a turn."""
    count, share = world.shape.users, world.shape.users // 10
    first = world.rounds % 10 * share
    names = [user_name(number) for number in range(first, first + share)]
    tokens = dict(zip(names, world.instance.tokens(names), strict=True))
    rows = world.instance.query(
        "SELECT follower.username, followee.username FROM relationships_follow edge"
        " JOIN accounts_user follower ON follower.id = edge.follower_id"
        " JOIN accounts_user followee ON followee.id = edge.followee_id"
    )
    edges = set(rows)
    pairs = [
        (name, other)
        for name in names
        for other in (user_name((first + share + step * 11) % count) for step in range(1, 9))
        if (name, other) not in edges and name != other
    ]
    return [
        Request("POST", f"/v1/users/{verb}/{other}/", tokens[name])
        for verb in ("follow", "unfollow")
        for name, other in pairs
    ]


def _log_in(world: World) -> Requests:
    bodies = [json.dumps({"username": name, "password": PASSWORD}) for name in world.readers()]
    return [Request("POST", "/v1/users/login/", "", body) for body in bodies]


def named(names: list[str]) -> list[Case]:
    """The cases of those names, or all. Raises KeyError."""
    known = {case.name: case for case in CASES}
    return [known[name] for name in names] if names else list(CASES)


CASES = (
    Case("feed", "home feed, first page of 20", _feed, peer=True, goal=(0.45, 0.75)),
    Case("feed-writer", f"the same while {WRITES:.0f} tweets a second are posted", _feed, writer=True),
    Case("feed-limits", "the same with request limits on", _feed_of_users, limits=True),
    Case("feed-inside", "home feed, a page a quarter back", _feed_at(0.25)),
    Case("feed-deep", "home feed, a page beyond the kept window", _feed_at(0.85)),
    Case("tweet", "one tweet", _tweet, peer=True, goal=(0.25, 0.35)),
    Case("tweet-anonymous", "one tweet, without a token", _tweet_anonymous),
    Case("profile", "a profile", _profile),
    Case("profile-tweets", "a profile's tweets, page of 20", _profile_tweets),
    Case("public", "the public timeline, page of 20", _public),
    Case("like", "like toggle", _like_toggle, background=True, goal=(1.0, 1.5)),
    Case("like-put", "like (PUT)", _like_put, background=True),
    Case("follow", "follow and unfollow", _follow, background=True),
    Case("post", "post a tweet, 51 followers, all work done", _post, status=201, background=True, goal=(2.5, 3.5)),
    Case("log-in", "log in", _log_in),
)
