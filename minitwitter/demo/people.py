"""The people of a demo instance: names, profiles, interests, and how well known and talkative each of them is."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from minitwitter.demo.phrasebook import Name, Phrasebook, fill, languages

# The accounts that can be logged in to: the language of each, and its username where that is free.
GUESTS = (("en", "maya"), ("pt", "tiago"), ("ja", "yuki"))
USERNAME_LENGTH, DISPLAY_NAME_LENGTH = 30, 50
# How long before the first tweets somebody may have joined.
_HEAD_START = timedelta(days=21)


@dataclass(frozen=True, slots=True)
class Person:
    """One of them. `popularity` and `activity` are weights; `hour` is the offset of their clock from UTC."""

    username: str
    display_name: str
    bio: str
    location: str
    website: str
    language: str
    interests: Sequence[str]
    hour: int
    joined: datetime
    popularity: float
    activity: float
    has_avatar: bool
    is_guest: bool = False

    @property
    def book(self) -> Phrasebook:
        """What people of their language say."""
        return languages()[self.language]


def invent_people(rng: Random, count: int, *, start: datetime, end: datetime, taken: Collection[str]) -> list[Person]:
    """So many people, the guests first. No username is among `taken`, whatever the case.

    Most have joined before `start`, when the tweets begin, and the others well before `end`.
    """
    used = {name.lower() for name in taken}
    guests = [(language, username) for language, username in GUESTS[:count]]
    books = list(languages().values())
    spoken = rng.choices(books, weights=[book.share for book in books], k=count - len(guests))
    people = [_person(rng, languages()[language], used, (start, end), guest=username) for language, username in guests]
    return people + [_person(rng, book, used, (start, end)) for book in spoken]


def _person(
    rng: Random, book: Phrasebook, used: set[str], period: tuple[datetime, datetime], guest: str = ""
) -> Person:
    given, family = rng.choice(book.given), rng.choice(book.family)
    if guest:
        given = next(name for name in book.given if name.plain == guest)
    topics = rng.sample(book.topic_list, k=rng.choice((2, 2, 3)))
    first, second = topics[0].label, topics[1].label
    bio = fill(rng.choice(book.bios), rng, {"interest_a": [first], "interest_b": [second]})
    username = _free(rng, guest or _username(rng, given, family), used)
    return Person(
        username=username,
        display_name=_display_name(rng, book, given, family, rng.choice(topics[0].emoji)),
        bio=f"{bio[:1].upper()}{bio[1:]}" if rng.random() < 0.9 or guest else "",
        location=rng.choice(book.places) if rng.random() < 0.75 else "",
        website=f"https://{username.replace('_', '-')}.example" if rng.random() < 0.25 else "",
        language=book.language,
        interests=[topic.key for topic in topics],
        hour=rng.choice(book.hours),
        joined=_joined(rng, *period, early=bool(guest)),
        popularity=min(rng.paretovariate(1.1), 22.0),
        activity=4.0 if guest else min(rng.paretovariate(1.2), 7.0) * (0.2 if rng.random() < 0.25 else 1.0),
        has_avatar=bool(guest) or rng.random() < 0.94,
        is_guest=bool(guest),
    )


def _joined(rng: Random, start: datetime, end: datetime, *, early: bool) -> datetime:
    if early or rng.random() < 0.7:
        moment = start - rng.random() * _HEAD_START
    else:
        moment = start + rng.random() * 0.7 * (end - start)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _username(rng: Random, given: Name, family: Name) -> str:
    first, last = given.plain, family.plain
    return rng.choice(
        (
            f"{first}_{last}",
            f"{first}{last}",
            f"{first}.{last}",
            f"{first}{rng.randint(60, 99)}",
            f"{first[0]}{last}",
            f"{first[0]}_{last}",
            f"{last}_{first}",
            f"{first.title()}{last.title()}",
            f"{first}_{last[0]}",
            f"its{first}",
            f"{first}{first[-1] * 2}",
            f"hey_{first}",
        )
    ).replace(".", "_")


def _free(rng: Random, wanted: str, used: set[str]) -> str:
    """The username, with a number after it if somebody has it already."""
    base = re.sub(r"[^A-Za-z0-9_]", "", wanted)[: USERNAME_LENGTH - 4]
    username = base
    while username.lower() in used:
        username = f"{base}{rng.randint(2, 9999)}"
    used.add(username.lower())
    return username


def _display_name(rng: Random, book: Phrasebook, given: Name, family: Name, emoji: str) -> str:
    # Japanese names begin with the family, without a space.
    full = f"{family.shown}{given.shown}" if not book.joiner else f"{given.shown}{book.joiner}{family.shown}"
    kind = rng.random()
    if kind < 0.55:
        return full
    if kind < 0.7:
        return given.shown
    if kind < 0.82 and book.joiner and given.shown.isascii():
        return f"{given.shown} {family.shown[0]}."
    if kind < 0.95:
        return f"{given.shown} {emoji}"
    return full.lower()
