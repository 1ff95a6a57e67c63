"""Rules about characters that several subjects share."""

import re
import unicodedata

import regex

_GRAPHEME = regex.compile(r"\X")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# Letters, symbols and marks by category that a reader nevertheless sees as nothing.
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"})
_INVISIBLE_CHARACTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
# Explicit bidirectional formatting (UAX #9 section 2): these reorder the text that follows them.
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LINE_BREAKS = frozenset("\n\r\t")
_CONTROL_CATEGORIES = frozenset({"Cc", "Zl", "Zp"})  # Of which none is above U+2029.


def grapheme_count(text: str) -> int:
    """The number of characters a person counts: extended grapheme clusters (UAX #29)."""
    if text.isascii():
        return len(text) - text.count("\r\n")  # CR LF is the one ASCII cluster of two.
    return sum(1 for _ in _GRAPHEME.finditer(text))


def is_blank(text: str) -> bool:
    """Whether a reader sees nothing: only white space, zero-width and other invisible characters."""
    return all(_is_invisible(character) for character in text)


def _is_invisible(character: str) -> bool:
    return (
        character.isspace()
        or unicodedata.category(character) in _INVISIBLE_CATEGORIES
        or character in _INVISIBLE_CHARACTERS
        or "\ufe00" <= character <= "\ufe0f"
        or "\U000e0100" <= character <= "\U000e01ef"
    )


def is_storable(text: str) -> bool:
    """Whether every database keeps the text: no NUL, no lone surrogate."""
    return not _UNSTORABLE.search(text)


def has_control_characters(text: str, *, allow_line_breaks: bool = False) -> bool:
    """Whether the text has control or bidirectional-override characters, which could disguise a name."""
    return any(
        character in _BIDI_CONTROLS
        or (
            unicodedata.category(character) in _CONTROL_CATEGORIES
            and not (allow_line_breaks and character in _LINE_BREAKS)
        )
        for character in text
    )


def pattern_without_controls(*, allow_line_breaks: bool = False) -> str:
    """What `has_control_characters` allows, as a regular expression for the API's description (ECMA-262)."""
    candidates = map(chr, range(ord(max(_BIDI_CONTROLS)) + 1))
    forbidden = [one for one in candidates if has_control_characters(one, allow_line_breaks=allow_line_breaks)]
    return "^[^" + "".join(rf"\u{ord(one):04x}" for one in forbidden) + "]*$"
