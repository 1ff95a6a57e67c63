"""What people write: short and long tweets about their interests, answers, and what happens every day."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from minitwitter.core.text import grapheme_count
from minitwitter.demo.people import Person
from minitwitter.demo.phrasebook import Phrasebook, Topic, fill

# How often a text that was written already is written anew, before it may stand twice.
_ATTEMPTS = 25


@dataclass(frozen=True, slots=True)
class Draft:
    """A tweet to be: its text, and the kind of picture with its description, if it has one."""

    text: str
    scene: str = ""
    alt: str = ""


class Writer:
    """Writes tweets, none of them twice if that can be helped, and uses each sentence about as often as any other."""

    def __init__(self, rng: Random, *, length: int, pictures: float) -> None:
        """`length`: the most characters a tweet may have; `pictures`: the part of tweets that shall have one."""
        self._rng = rng
        self._length = length
        # Only tweets about a topic have pictures, which are about two thirds of all.
        self._pictures = min(1.0, pictures / 0.66)
        self._written: set[str] = set()
        self._decks: dict[int, list[str]] = {}

    def write(self, person: Person, friends: Sequence[str]) -> Draft:
        """A tweet by that person; `friends` are usernames it may answer to."""
        kinds: tuple[Callable[[], Draft], ...] = (
            lambda: self._about_topic(person),
            lambda: Draft(self._from(person.book.everyday, person.book)),
            lambda: self._reply(person, friends),
            lambda: Draft(self._rng.choice(person.book.short)),
        )
        (kind,) = self._rng.choices(kinds, weights=(66, 15, 13, 6))
        draft = self._fitting(kind)
        self._written.add(draft.text)
        return draft

    def _fitting(self, kind: Callable[[], Draft]) -> Draft:
        draft = kind()
        for _ in range(_ATTEMPTS):
            if draft.text not in self._written and grapheme_count(draft.text) <= self._length:
                return draft
            draft = kind()
        return draft if grapheme_count(draft.text) <= self._length else Draft("👋")

    def _deal(self, frames: Sequence[str]) -> str:
        """The next of the frames, which come in a new order once all were used."""
        deck = self._decks.setdefault(id(frames), [])
        if not deck:
            deck += self._rng.sample(frames, k=len(frames))
        return deck.pop()

    def _from(self, frames: Sequence[str], book: Phrasebook, topic: Topic | None = None) -> str:
        own = topic.words if topic else {}
        text = fill(self._deal(frames), self._rng, own, book.words)
        return text[:1].upper() + text[1:]

    def _reply(self, person: Person, friends: Sequence[str]) -> Draft:
        mention = f"@{self._rng.choice(friends)}" if friends else ""
        frame = self._deal(person.book.replies)
        text = fill(frame, self._rng, {"mention": [mention]}, person.book.words).strip()
        return Draft(text)

    def _about_topic(self, person: Person) -> Draft:
        rng, book = self._rng, person.book
        key = rng.choices(person.interests, weights=(5, 3, 2)[: len(person.interests)])[0]
        topic = book.topics[key]
        if rng.random() < self._pictures:
            return self._with_picture(book, topic)
        text = self._sentences(book, topic) if rng.random() < 0.96 else self._from(topic.long, book, topic)
        return Draft(self._decorated(text, topic))

    def _sentences(self, book: Phrasebook, topic: Topic) -> str:
        text = self._from(topic.say, book, topic)
        kind = self._rng.random()
        if kind < 0.3:
            text += book.joiner + self._from(topic.then, book, topic)
        elif kind < 0.45:
            text += book.joiner + self._from(book.then, book)
        elif kind < 0.5:
            text += "\n\n" + self._from(topic.then, book, topic)
        return text

    def _with_picture(self, book: Phrasebook, topic: Topic) -> Draft:
        rng = self._rng
        alt = fill(rng.choice(book.alts[topic.scene]), rng, book.alt_words)
        kind = rng.random()
        if kind < 0.08:
            return Draft("", topic.scene, alt)
        if kind < 0.35:
            return Draft(self._decorated(self._from(topic.then, book, topic), topic), topic.scene, alt)
        return Draft(self._decorated(self._sentences(book, topic), topic), topic.scene, alt)

    def _decorated(self, text: str, topic: Topic) -> str:
        """With an emoji, a hashtag or a link, now and then."""
        rng = self._rng
        if rng.random() < 0.3:
            text += " " + rng.choice(topic.emoji) * rng.choice((1, 1, 1, 1, 2, 3))
        if rng.random() < 0.12:
            text += "\n\n" + " ".join(rng.sample(topic.tags, k=min(len(topic.tags), rng.choice((1, 1, 2)))))
        if rng.random() < 0.06:
            text += "\n" + rng.choice(topic.links)
        return text
