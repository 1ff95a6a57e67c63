"""Rules about characters."""

import re

import pytest

from minitwitter.core.text import (
    grapheme_count,
    has_control_characters,
    is_blank,
    is_storable,
    pattern_without_controls,
)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("abc", 3),
        ("a\r\nb", 3),
        ("a\n\rb", 4),
        ("e\u0301", 1),
        ("👨\u200d👩\u200d👧\u200d👦", 1),
        ("🇧🇷🇵🇹", 2),
        ("👍🏽", 1),
        ("각", 1),
        ("ক্ষ", 1),
        ("é\r\n", 2),
    ],
)
def test_counts_what_a_person_counts(text: str, count: int) -> None:
    assert grapheme_count(text) == count


@pytest.mark.parametrize(
    "text", ["", " ", "\n\t", "\u00a0\u3000", "\u200b\ufeff", "\u2800", "\u3164", "\ufe0f\U000e0101", "\x07"]
)
def test_what_nobody_sees_is_blank(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", ["a", " . ", "\u200ba", "😀", "́a"])
def test_what_somebody_sees_is_not(text: str) -> None:
    assert not is_blank(text)


def test_nul_and_surrogates_cannot_be_stored() -> None:
    assert [is_storable(text) for text in ("ok 😀", "a\x00", "\ud800")] == [True, False, False]


def test_control_characters_are_found_and_line_breaks_allowed_where_asked() -> None:
    assert [has_control_characters(text) for text in ("ok é😀", "a\n", "\x1b[1m", "\u202e", "\u2066", "\x85")] == [
        False, True, True, True, True, True,
    ]  # fmt: skip
    assert not has_control_characters("a\nb\tc", allow_line_breaks=True)
    assert has_control_characters("a\u2028b", allow_line_breaks=True)


@pytest.mark.parametrize("line_breaks", [False, True])
def test_the_pattern_says_what_the_rule_says(line_breaks: bool) -> None:
    pattern = re.compile(pattern_without_controls(allow_line_breaks=line_breaks))
    for number in range(0x3000):
        text = f"a{chr(number)}b"
        assert (pattern.search(text) is None) is has_control_characters(text, allow_line_breaks=line_breaks), number
