"""The text of tweets and profiles as HTML: escaped, with links for web addresses and for people who are there."""

import re
from collections.abc import Iterable, Mapping
from html import escape

from django.utils.safestring import SafeString

_LINKED = re.compile(r"https?://[^\s<>\"]+|(?<![A-Za-z0-9_@/.])@[A-Za-z0-9_]{1,30}(?![A-Za-z0-9_@])", re.IGNORECASE)
_TRAILING = ".,;:!?'\u2019\u201d\u2026*_"
_PAIRS = {")": "(", "]": "[", "}": "{"}
_SHOWN_LENGTH = 36


def mentioned_names(texts: Iterable[str]) -> set[str]:
    """The names behind an @ in the texts, in small letters."""
    found = (match[0] for text in texts if "@" in text for match in _LINKED.finditer(text))
    return {name[1:].lower() for name in found if name[0] == "@"}


def to_html(text: str, people: Mapping[str, str]) -> SafeString:
    """The text with its links. `people`: the names (in small letters) that lead somewhere, as they are written.

    Line breaks stay what they are; the style sheet keeps them. What is linked keeps to itself (`<bdi>`): no sign in the
    text around turns its direction, and makes another address of it.
    """
    if "@" not in text and "://" not in text:
        return SafeString(escape(text))  # nosec B703  # Escaped.
    parts: list[str] = []
    position = 0
    for match in _LINKED.finditer(text):
        target, link = _link(match[0], people)
        if link:
            parts += [escape(text[position : match.start()]), link]
            position = match.start() + len(target)
    return SafeString("".join([*parts, escape(text[position:])]))  # nosec B703  # Each part is escaped.


def _link(found: str, people: Mapping[str, str]) -> tuple[str, str]:
    """What of the finding is linked, and the link; nothing where nobody has that name."""
    if found[0] == "@":
        name = people.get(found[1:].lower())
        return found, f'<a class="mention" href="/@{name}"><bdi>{escape(found)}</bdi></a>' if name else ""
    address = _without_trailing(found)
    if len(address) <= len("https://"):
        return found, ""
    attributes = f'href="{escape(address)}" rel="nofollow noopener noreferrer ugc" target="_blank"'
    return address, f"<a {attributes}><bdi>{escape(shown(address))}</bdi></a>"


def _without_trailing(address: str) -> str:
    """The address without the punctuation of the sentence around it."""
    while address:
        last = address[-1]
        unpaired = last in _PAIRS and address.count(last) > address.count(_PAIRS[last])
        if last not in _TRAILING and not unpaired:
            return address
        address = address[:-1]
    return address


def shown(address: str) -> str:
    """A web address as it reads best: without its scheme, and cut where it is long."""
    short = address.partition("://")[2].removeprefix("www.").removesuffix("/")
    return short if len(short) <= _SHOWN_LENGTH else f"{short[: _SHOWN_LENGTH - 1]}\u2026"
