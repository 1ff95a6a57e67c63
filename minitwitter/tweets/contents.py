"""What the tweets that were read lately show, remembered in this process: their texts, pictures and authors.

What presenters make of that is remembered with it, so that writing a tweet that others have read costs nothing.

It is good as long as `ContentRevision` has the number it was read with. Who looks here has read that number by the same
statement as whatever else of the page; who adds to it has read it by the same statement as what is added. So a tweet
that was edited or deleted, or whose author has another name or is gone, is read again by the very next page.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from minitwitter.accounts.hydration import Author, Picture

Content = TypeVar("Content")
Made = TypeVar("Made")
# About 1.5 kB each, with the JSON made of it.
_REMEMBERED = 3072
# Forms of one tweet: the address of the server in them is whatever a request named, if none is configured.
_FORMS = 4


class HydratedImage(NamedTuple):
    """An attached image. Several stand in the order of their positions."""

    position: int
    id: int
    picture: Picture
    width: int
    height: int
    alt: str
    blurhash: str


@dataclass(slots=True, eq=False)
class TweetContent:
    """What a tweet shows to everybody. It never changes; an edited tweet has another."""

    id: int
    # In UTF-8: one emoji makes a str four times as long.
    utf8: bytes
    created_at: datetime
    edited_at: datetime | None
    author: Author
    images: tuple[HydratedImage, ...]
    # What was made, by what, for which address. Few, so that looking through them is quick, and they are small.
    _forms: tuple[tuple[Any, str, Any], ...] = field(default=(), init=False, repr=False)

    @property
    def text(self) -> str:
        return self.utf8.decode()

    def form(self, make: Callable[["TweetContent", str], Made], base: str) -> Made:
        """What the function makes of this content for a server of that address, made once while it is remembered.

        It is known again by its identity: pass a function of a module.
        """
        for by, address, made in self._forms:
            if by is make and address == base:
                return made  # type: ignore[no-any-return]
        found = make(self, base)
        self._forms = ((make, base, found), *self._forms[: _FORMS - 1])
        return found


class Contents(Generic[Content]):
    """The contents of one revision, by the tweets' ids. What was not looked at for long is forgotten."""

    def __init__(self, revision: int) -> None:
        self.revision = revision
        # Threads share these without a lock: each is read and replaced as a whole, and a tweet that gets lost while
        # another thread replaces them is read again.
        self._recent: dict[int, Content] = {}
        self._older: dict[int, Content] = {}

    def known(self, tweet_ids: Sequence[int]) -> dict[int, Content]:
        """What those of the tweets show that are remembered."""
        recent, older = self._recent, self._older
        found = {tweet_id: recent[tweet_id] for tweet_id in tweet_ids if tweet_id in recent}
        if len(found) < len(tweet_ids):
            for tweet_id in tweet_ids:
                if tweet_id not in found and tweet_id in older:
                    found[tweet_id] = older[tweet_id]
                    self.put(tweet_id, older[tweet_id])
        return found

    def put(self, tweet_id: int, content: Content) -> None:
        """Remember what the tweet shows."""
        if len(self._recent) >= _REMEMBERED // 2:
            self._older, self._recent = self._recent, {}
        self._recent[tweet_id] = content


class Memory(Generic[Content]):
    """The contents of the revision that was seen last."""

    def __init__(self) -> None:
        self._contents: Contents[Content] = Contents(0)

    def at(self, revision: int) -> Contents[Content]:
        """What is remembered of that revision: nothing, when the last one seen was another."""
        contents = self._contents
        if contents.revision != revision:
            contents = self._contents = Contents(revision)
        return contents
