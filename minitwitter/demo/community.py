"""A whole community from a seed: who is there, who follows whom, who writes what when, and who likes it."""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from minitwitter.demo.people import Person, invent_people
from minitwitter.demo.writing import Writer

# How likely somebody is at the keyboard, by the hour of their own clock.
_HOURS = (3, 1, 1, 1, 1, 3, 9, 16, 18, 14, 12, 13, 17, 16, 12, 12, 14, 17, 20, 23, 25, 22, 15, 8)
_COMMON_INTEREST = 5.0
_FOREIGN, _FOREIGN_ENGLISH = 0.06, 0.3
_USUAL_FOLLOWING, _GUEST_FOLLOWING = 26, 60
_FOLLOWS_BACK = 0.25


@dataclass(frozen=True, slots=True)
class Edge:
    """One person follows another; both are places in the list of people."""

    follower: int
    followee: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Post:
    """The `place`-th tweet that was invented, and who likes it when. People are places in the list of them."""

    place: int
    author: int
    text: str
    scene: str
    alt: str
    at: datetime
    edited_at: datetime | None
    likes: Sequence[tuple[int, datetime]]


@dataclass(frozen=True, slots=True)
class Community:
    """Everybody and everything, in the order of time."""

    people: Sequence[Person]
    edges: Sequence[Edge]
    posts: Sequence[Post]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a community shall be like.

    The same plan makes the same one; at another time (`now`) the same people write, draw and like the same, at times
    of their day that end now.
    """

    seed: str
    people: int
    tweets: int
    days: int
    now: datetime
    length: int = 280
    pictures: float = 0.05

    @property
    def start(self) -> datetime:
        """When the first tweets are written."""
        return self.now - timedelta(days=self.days)

    def rng(self, subject: str) -> Random:
        """Numbers for one subject, which stay the same when another one needs more of them."""
        return Random(f"{self.seed}/{subject}")  # noqa: S311  (repeatable on purpose)


def invent(plan: Plan, *, taken: Collection[str] = ()) -> Community:
    """Make up a community; `taken` are usernames it must not use."""
    people = invent_people(plan.rng("people"), plan.people, start=plan.start, end=plan.now, taken=taken)
    edges = list(_edges(plan, people))
    posts = sorted(_posts(plan, people, edges), key=lambda post: (post.at, post.place))
    return Community(people, edges, posts)


def _edges(plan: Plan, people: Sequence[Person]) -> Iterator[Edge]:
    rng = plan.rng("follows")
    pairs: dict[tuple[int, int], None] = {}  # In the order they were made, which a set has not.
    for follower in range(len(people)):
        for followee in _choose_followees(rng, people, follower):
            pairs[follower, followee] = None
            if rng.random() < _FOLLOWS_BACK:
                pairs[followee, follower] = None
    edges = [Edge(one, other, _followed_at(rng, plan, people[one], people[other])) for one, other in pairs]
    yield from sorted(edges, key=lambda edge: (edge.at, edge.follower, edge.followee))


def _choose_followees(rng: Random, people: Sequence[Person], follower: int) -> list[int]:
    """Well-known people, those of the same language, and those of the same interests are followed more often."""
    usual = rng.lognormvariate(math.log(_USUAL_FOLLOWING), 0.75)
    wanted = max(1, round(max(usual, _GUEST_FOLLOWING) if people[follower].is_guest else usual))
    # A weighted choice without repetition (Efraimidis and Spirakis 2006): the largest of u^(1/weight).
    keys = [
        (math.log(1 - rng.random()) / _affinity(people[follower], person), place)
        for place, person in enumerate(people)
        if place != follower
    ]
    return [place for _, place in sorted(keys, reverse=True)[:wanted]]


def _affinity(follower: Person, followee: Person) -> float:
    common = len(set(follower.interests) & set(followee.interests))
    if follower.language == followee.language:
        language = 1.0
    else:
        language = _FOREIGN_ENGLISH if followee.language == "en" else _FOREIGN
    return followee.popularity * language * (1 + _COMMON_INTEREST * common)


def _followed_at(rng: Random, plan: Plan, one: Person, other: Person) -> datetime:
    earliest = max(one.joined, other.joined)
    return _cut(earliest + rng.random() ** 2 * (plan.now - earliest))


def _posts(plan: Plan, people: Sequence[Person], edges: Sequence[Edge]) -> Iterator[Post]:
    followers: list[list[int]] = [[] for _ in people]
    friends: list[list[str]] = [[] for _ in people]
    for edge in sorted(edges, key=lambda edge: (edge.follower, edge.followee)):
        followers[edge.followee].append(edge.follower)
        friends[edge.follower].append(people[edge.followee].username)
    # Who writes what, and who likes it, must not depend on when this is done: times have numbers of their own.
    writer = Writer(plan.rng("texts"), length=plan.length, pictures=plan.pictures)
    moments, likers, like_moments = plan.rng("moments"), plan.rng("likes"), plan.rng("like moments")
    weights = [person.activity for person in people]
    for place, author in enumerate(plan.rng("authors").choices(range(len(people)), weights, k=plan.tweets)):
        draft = writer.write(people[author], friends[author])
        at = _moment(moments, plan, people[author])
        chosen = _likers(likers, followers[author], has_picture=bool(draft.scene))
        yield Post(
            place=place,
            author=author,
            text=draft.text,
            scene=draft.scene,
            alt=draft.alt,
            at=at,
            edited_at=_edited_at(moments, plan, at),
            likes=[(liker, _liked_at(like_moments, plan, max(at, people[liker].joined))) for liker in chosen],
        )


def _moment(rng: Random, plan: Plan, person: Person) -> datetime:
    """A time at which that person may be awake, after it joined; later days have more."""
    start = max(plan.start, person.joined)
    days = (plan.now - start) / timedelta(days=1)
    for _ in range(30):
        day = (start + timedelta(days=days * rng.random() ** 0.8)).replace(hour=0, minute=0, second=0, microsecond=0)
        (hour,) = rng.choices(range(24), weights=_HOURS)
        moment = day + timedelta(hours=hour - person.hour, milliseconds=rng.randrange(3_600_000))
        if start < moment < plan.now:
            return moment
    return _cut(start + rng.random() * (plan.now - start))


def _edited_at(rng: Random, plan: Plan, at: datetime) -> datetime | None:
    edited = _cut(at + timedelta(minutes=rng.uniform(1, 40)))
    return edited if rng.random() < 0.02 and edited < plan.now else None


def _likers(rng: Random, audience: Sequence[int], *, has_picture: bool) -> list[int]:
    """Most tweets have a few likes from those who follow the author, and a few have very many."""
    part = 0.045 * rng.paretovariate(1.25) * (2.2 if has_picture else 1.0)
    wanted = len(audience) * min(part, 0.85)
    return rng.sample(audience, k=int(wanted) + (rng.random() < wanted % 1))


def _liked_at(rng: Random, plan: Plan, earliest: datetime) -> datetime:
    moment = earliest + timedelta(hours=rng.expovariate(0.25))
    return _cut(moment if moment < plan.now else earliest + rng.random() * (plan.now - earliest))


def _cut(moment: datetime) -> datetime:
    """To the millisecond, as ids and answers are."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
