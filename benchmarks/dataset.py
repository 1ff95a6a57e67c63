"""The people, follows, tweets and likes that a benchmark runs on: rows made from a seed, not yet in any database.

No Django here. Ids have the layout of `core.ids`, and counters are those of the rows.
"""

import random
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from minitwitter.core import ids

SHORTEST, LONGEST = 40, 280
# A triangular distribution from 40 to 280 with this peak has a mean of 181 characters.
PEAK = 223
TEXTS = 4096
# A celebrity posts as much as so many others.
CELEBRITY_VOICE = 10
# How many of the accounts that a reader follows are celebrities: one in so many, as far as there are any.
ONE_CELEBRITY_IN = 50
# Likes are on the newest tweets, which are those that people are shown.
LIKED_TWEETS = 20_000
PASSWORD = "correct horse battery"  # noqa: S105  # Of everybody in the dataset.
_DAY = 24 * 60 * 60 * 1000
_WORDS = (
    "the a and to of in on with for this that from today morning evening tomorrow school garden bicycle river bread"
    " coffee music concert library window winter summer meeting train station question answer because maybe never"
    " always beautiful terrible finally nobody everybody children teacher neighbour football museum weather naïve café"
    " señor Zürich smörgåsbord žluťoučký 日本 привет 🙂 🎉"
).split()


@dataclass(frozen=True)
class Shape:
    """How much of everything there is."""

    users: int = 1000
    follows: int = 50
    """So many others each of the users follows, and is followed by; the celebrities besides."""
    celebrities: int = 1
    """Followed by all users."""
    readers: tuple[int, ...] = (200,)
    """For each reader, how many accounts they follow."""
    authors: tuple[int, ...] = ()
    """For each author, how many of the users follow them."""
    tweets: int = 20_000
    likes: int = 60_000
    days: int = 30
    seed: int = 1


class Table(NamedTuple):
    """So many rows of a model. `columns` are attributes of its fields; those that are missing have their defaults."""

    model: str
    columns: tuple[str, ...]
    total: int
    rows: Iterator[tuple[Any, ...]]


def user_name(number: int) -> str:
    return f"user{number}"


def celebrity_name(number: int) -> str:
    return f"celebrity{number}"


def reader_name(number: int) -> str:
    return f"reader{number}"


def author_name(number: int) -> str:
    return f"author{number}"


@dataclass
class Dataset:
    """The rows of a shape, the newest of them from just before `until`.

    `tables` is read once, from its first row to its last: the later tables count what the former ones had.
    """

    shape: Shape
    until: datetime
    password_hash: str = ""
    _random: random.Random = field(init=False)
    _user_ids: "array[int]" = field(init=False, default_factory=lambda: array("q"))
    _tweet_ids: "array[int]" = field(init=False, default_factory=lambda: array("q"))
    _tweets: Counter[int] = field(init=False, default_factory=Counter)
    _likes: Counter[int] = field(init=False, default_factory=Counter)
    _followers: Counter[int] = field(init=False, default_factory=Counter)
    _following: Counter[int] = field(init=False, default_factory=Counter)

    def __post_init__(self) -> None:
        self._random = random.Random(self.shape.seed)

    @property
    def names(self) -> list[str]:
        """Everybody: users, celebrities, readers, authors."""
        shape = self.shape
        return [
            *map(user_name, range(shape.users)),
            *map(celebrity_name, range(shape.celebrities)),
            *map(reader_name, range(len(shape.readers))),
            *map(author_name, range(len(shape.authors))),
        ]

    def tables(self) -> Iterator[Table]:
        """All tables, in an order in which they can be filled."""
        names = self.names
        user_columns = ("id", "username", "email", "display_name", "password", "created_at")
        yield Table("accounts.User", user_columns, len(names), self._users(names))
        edges = self._edges()
        yield Table(
            "relationships.Follow", ("id", "follower_id", "followee_id", "created_at"), len(edges), self._follows(edges)
        )
        yield Table("tweets.Tweet", ("id", "author_id", "text", "created_at"), self.shape.tweets, self._tweet_rows())
        stats_columns = ("user_id", "followers_count", "following_count", "tweets_count")
        yield Table("accounts.AccountStats", stats_columns, len(names), self._account_stats())
        likes = self._like_rows()
        yield Table("tweets.Like", ("id", "user_id", "tweet_id", "created_at"), len(likes), iter(likes))
        yield Table("tweets.TweetStats", ("tweet_id", "like_count"), self.shape.tweets, self._tweet_stats())

    @property
    def _since(self) -> int:
        return _milliseconds(self.until) - self.shape.days * _DAY

    def _users(self, names: list[str]) -> Iterator[tuple[Any, ...]]:
        made = self._spread(self._since - 31 * _DAY, self._since - 2 * _DAY, len(names))
        for name, user_id in zip(names, made, strict=True):
            self._user_ids.append(user_id)
            shown = f"{name[:1].upper()}{name[1:]}"
            yield (user_id, name, f"{name}@example.org", shown, self.password_hash, ids.time_of(user_id))

    def _edges(self) -> list[tuple[int, int]]:
        """Who follows whom, by the numbers of their names, in the order in which it happened."""
        shape = self.shape
        celebrities = range(shape.users, shape.users + shape.celebrities)
        readers = range(celebrities.stop, celebrities.stop + len(shape.readers))
        authors = range(readers.stop, readers.stop + len(shape.authors))
        edges = self._mutual_strangers()
        edges += [(user, celebrity) for celebrity in celebrities for user in range(shape.users)]
        for reader, followed in zip(readers, shape.readers, strict=True):
            famous = celebrities[: min(len(celebrities), followed // ONE_CELEBRITY_IN)]
            others = self._random.sample(range(shape.users), followed - len(famous))
            edges += [(reader, followee) for followee in (*famous, *others)]
        for author, followers in zip(authors, shape.authors, strict=True):
            edges += [(user, author) for user in range(followers)]
        self._random.shuffle(edges)
        return edges

    def _mutual_strangers(self) -> list[tuple[int, int]]:
        """Each user follows `follows` others and is followed by as many: a ring in random order, random steps ahead."""
        count = self.shape.users
        ring = list(range(count))
        self._random.shuffle(ring)
        steps = self._random.sample(range(1, count), self.shape.follows)
        return [(ring[place], ring[(place + step) % count]) for place in range(count) for step in steps]

    def _follows(self, edges: list[tuple[int, int]]) -> Iterator[tuple[Any, ...]]:
        made = self._spread(self._since - 2 * _DAY, self._since, len(edges))
        for (follower, followee), follow_id in zip(edges, made, strict=True):
            self._following[follower] += 1
            self._followers[followee] += 1
            yield (follow_id, self._user_ids[follower], self._user_ids[followee], ids.time_of(follow_id))

    def _tweet_rows(self) -> Iterator[tuple[Any, ...]]:
        shape = self.shape
        # An author's number is drawn from this many; those beyond the names are celebrities once more.
        speaking = shape.users + shape.celebrities * CELEBRITY_VOICE
        texts = self._texts()
        for tweet_id in self._spread(self._since, _milliseconds(self.until), shape.tweets):
            author = self._random.randrange(speaking)
            if author >= shape.users:
                author = shape.users + (author - shape.users) // CELEBRITY_VOICE
            self._tweet_ids.append(tweet_id)
            self._tweets[author] += 1
            text = texts[self._random.randrange(len(texts))]
            yield (tweet_id, self._user_ids[author], text, ids.time_of(tweet_id))

    def _texts(self) -> list[str]:
        return [self._text(round(self._random.triangular(SHORTEST, LONGEST, PEAK))) for _ in range(TEXTS)]

    def _text(self, length: int) -> str:
        words: list[str] = []
        have = 0
        while have < length:
            words.append(self._random.choice(_WORDS))
            have += len(words[-1]) + 1
        text = " ".join(words)[: length - 1]
        return text.rstrip().ljust(length - 1, "n") + "."

    def _account_stats(self) -> Iterator[tuple[Any, ...]]:
        for number, user_id in enumerate(self._user_ids):
            yield (user_id, self._followers[number], self._following[number], self._tweets[number])

    def _like_rows(self) -> list[tuple[Any, ...]]:
        if not self.shape.likes:
            return []
        recent = self._tweet_ids[-LIKED_TWEETS:]
        pairs: set[tuple[int, int]] = set()
        while len(pairs) < self.shape.likes:
            pairs.add((self._random.choice(recent), self._random.randrange(self.shape.users)))
        now = _milliseconds(self.until)
        made: dict[int, tuple[int, int]] = {}
        for tweet_id, number in sorted(pairs):
            # Within a day after the tweet.
            posted = tweet_id >> ids.RANDOM_BITS
            moment = posted + self._random.randrange(max(1, min(_DAY, now - posted)))
            like_id = moment << ids.RANDOM_BITS | self._random.getrandbits(ids.RANDOM_BITS)
            while like_id in made:
                like_id += 1
            made[like_id] = (self._user_ids[number], tweet_id)
            self._likes[tweet_id] += 1
        return [(like_id, *made[like_id], ids.time_of(like_id)) for like_id in sorted(made)]

    def _tweet_stats(self) -> Iterator[tuple[Any, ...]]:
        for tweet_id in self._tweet_ids:
            yield (tweet_id, self._likes[tweet_id])

    def _spread(self, begin: int, end: int, count: int) -> Iterator[int]:
        """So many ascending ids, spread evenly but for chance between two times in milliseconds."""
        last = 0
        for number in range(count):
            moment = begin + int((number + self._random.random()) * (end - begin) / count)
            last = max(last + 1, moment << ids.RANDOM_BITS | self._random.getrandbits(ids.RANDOM_BITS))
            yield last


def id_at(moment: datetime) -> int:
    """An id of that time, for a cursor."""
    return _milliseconds(moment) << ids.RANDOM_BITS


def _milliseconds(moment: datetime) -> int:
    """Milliseconds since the epoch of ids."""
    return (moment.astimezone(UTC) - ids.EPOCH) // timedelta(milliseconds=1)
