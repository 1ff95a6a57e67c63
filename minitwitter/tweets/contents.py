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
# About 2 kB each, with the JSON made of it.
_REMEMBERED = 4096
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
    text: str
    created_at: datetime
    edited_at: datetime | None
    author: Author
    images: tuple[HydratedImage, ...]
    _forms: dict[tuple[Any, str], Any] = field(default_factory=dict, init=False, repr=False)

    def form(self, make: Callable[["TweetContent", str], Made], base: str) -> Made:
        """What the function makes of this content for a server of that address, made once while it is remembered."""
        found: Made | None = self._forms.get((make, base))
        if found is None:
            found = make(self, base)
            if len(self._forms) >= _FORMS:
                self._forms.clear()
            self._forms[make, base] = found
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
