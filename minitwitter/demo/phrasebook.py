"""What people of one language are called and say: the files in `phrases/`, and sentences made from them."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from random import Random
from typing import Any

_SLOT = re.compile(r"\{(\w+)\}")
_SEPARATOR = "|"  # Between a name and how it is written in a username.
# What NFKD does not take apart.
_PLAIN = str.maketrans({"ß": "ss", "ı": "i", "ø": "o", "ł": "l", "æ": "ae", "đ": "d"})


@dataclass(frozen=True, slots=True)
class Name:
    """A part of a name as it is shown, and as it is written in a username."""

    shown: str
    plain: str


@dataclass(frozen=True)
class Topic:
    """Something people write about. `scene` is the kind of picture that goes with it."""

    key: str
    label: str
    scene: str
    emoji: Sequence[str]
    tags: Sequence[str]
    links: Sequence[str]
    say: Sequence[str]
    then: Sequence[str]
    long: Sequence[str]
    words: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Phrasebook:
    """One language. `share` is how many of a hundred people speak it; `hours` are their offsets from UTC."""

    language: str
    share: int
    hours: Sequence[int]
    given: Sequence[Name]
    family: Sequence[Name]
    places: Sequence[str]
    bios: Sequence[str]
    short: Sequence[str]
    replies: Sequence[str]
    then: Sequence[str]
    everyday: Sequence[str]
    words: Mapping[str, Sequence[str]]
    topics: Mapping[str, Topic]
    alts: Mapping[str, Sequence[str]]
    alt_words: Mapping[str, Sequence[str]]
    joiner: str = " "

    @cached_property
    def topic_list(self) -> list[Topic]:
        """The topics in the order of the file."""
        return list(self.topics.values())


def fill(frame: str, rng: Random, *words: Mapping[str, Sequence[str]]) -> str:
    """The frame with an entry of its list for each word in braces; of several lists of one name the first counts.

    A word that stands twice is the same both times.
    """
    chosen: dict[str, str] = {}

    def choose(match: re.Match[str]) -> str:
        word = match[1]
        if word not in chosen:
            chosen[word] = rng.choice(next(lists[word] for lists in words if word in lists))
        return chosen[word]

    return _SLOT.sub(choose, frame)


def plain(name: str) -> str:
    """The name in small ASCII letters."""
    decomposed = unicodedata.normalize("NFKD", name.lower().translate(_PLAIN))
    return re.sub(r"[^a-z]", "", decomposed)


@lru_cache(maxsize=1)
def languages() -> dict[str, Phrasebook]:
    """All phrase books by the code of their language, in the order of their share."""
    folder = resources.files("minitwitter.demo") / "phrases"
    files = [file for file in folder.iterdir() if file.name.endswith(".toml")]
    books = [_read(file.name.removesuffix(".toml"), tomllib.loads(file.read_text(encoding="utf-8"))) for file in files]
    return {book.language: book for book in sorted(books, key=lambda book: (-book.share, book.language))}


def _read(language: str, content: dict[str, Any]) -> Phrasebook:
    alts = content.pop("alts")
    topics = {key: Topic(key=key, **{"words": {}, **topic}) for key, topic in content.pop("topics").items()}
    given, family = (_names(content.pop(kind)) for kind in ("given", "family"))
    return Phrasebook(
        language=language,
        given=given,
        family=family,
        topics=topics,
        alt_words=alts.pop("words"),
        alts=alts,
        **content,
    )


def _names(entries: Sequence[str]) -> list[Name]:
    parts = [entry.partition(_SEPARATOR) for entry in entries]
    return [Name(shown, written or plain(shown)) for shown, _, written in parts]
