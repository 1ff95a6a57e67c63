"""What a tweet may be. Each function returns the problems it finds."""

from django.conf import settings

from minitwitter.core.errors import FieldProblem
from minitwitter.core.text import grapheme_count, is_blank, is_storable
from minitwitter.tweets.models import ALT_LENGTH

# One grapheme cluster can be arbitrarily long; this bounds what a tweet takes in the database.
TEXT_MAX_BYTES = 10_000


def text_problems(text: str, *, has_image: bool) -> list[FieldProblem]:
    """1 to settings.TWEET_LENGTH grapheme clusters (UAX #29), at most 10,000 bytes of UTF-8; empty beside an image."""
    if not is_storable(text):
        return [FieldProblem("text", "invalid", "The text has characters that cannot be stored (NUL or surrogates).")]
    # Bytes before characters: counting clusters in megabytes of text is not free.
    if len(text.encode()) > TEXT_MAX_BYTES:
        return [FieldProblem("text", "max_length", f"A tweet has at most {TEXT_MAX_BYTES:,} bytes.")]
    if grapheme_count(text) > settings.TWEET_LENGTH:
        return [FieldProblem("text", "max_length", f"A tweet has at most {settings.TWEET_LENGTH} characters.")]
    if not has_image and is_blank(text):
        return [FieldProblem("text", "blank", "A tweet needs a text that can be seen, or an image.")]
    return []


def alt_problems(alt: str) -> list[FieldProblem]:
    """A description of at most 1,500 code points."""
    if not is_storable(alt):
        return [FieldProblem("image_alt", "invalid", "The description has characters that cannot be stored.")]
    if len(alt) > ALT_LENGTH:
        return [FieldProblem("image_alt", "max_length", f"A description has at most {ALT_LENGTH:,} characters.")]
    return []
