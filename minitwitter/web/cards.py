"""Tweets in lists, as HTML. What is the same for many readers is rendered once.

A card differs by what is shown of the tweet, the reader's language, and whether the reader may like or change it. All
that changes by itself is how long ago it was written and edited: the places are kept, and filled in each time.
"""

from collections.abc import Iterable
from functools import lru_cache

from django.template.loader import get_template
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from minitwitter.tweets.hydration import HydratedTweet
from minitwitter.web import presenters
from minitwitter.web.presenters import Reader
from minitwitter.web.text import mentioned_names

# No text can have these: their < would be escaped.
_TIME, _EDITED = SafeString("<!--time-->"), SafeString("<!--edited-->")
# Two kilobytes each.
_KEPT = 1000


def render(tweets: Iterable[HydratedTweet], reader: Reader) -> SafeString:
    """The tweets as one reader sees them, one after the other."""
    language = get_language() or ""
    cards = "".join(_with_time(each, reader, language) for each in tweets)
    return SafeString(cards)  # nosec B703  # Rendered by templates, which escape.


def _with_time(seen: HydratedTweet, reader: Reader, language: str) -> str:
    people = _people(seen.text, reader) if reader.people else ()
    role = "anonymous" if reader.viewer_id is None else "author" if reader.viewer_id == seen.author.id else "member"
    card = _card(seen, language, role, people).replace(_TIME, presenters.short_time(seen.created_at, reader.now))
    return card.replace(_EDITED, presenters.short_time(seen.edited_at, reader.now)) if seen.edited_at else card


def _people(text: str, reader: Reader) -> tuple[tuple[str, str], ...]:
    """Those of the people who can be linked whom the text mentions."""
    return tuple((name, reader.people[name]) for name in sorted(mentioned_names([text])) if name in reader.people)


@lru_cache(maxsize=_KEPT)
def _card(seen: HydratedTweet, _language: str, role: str, people: tuple[tuple[str, str], ...]) -> str:
    """The language is the active one, and only here so that it tells cards apart."""
    viewer_id = {"anonymous": None, "author": seen.author.id, "member": -1}[role]
    shown = presenters.tweet(seen, Reader(viewer_id=viewer_id, now=seen.created_at, people=dict(people)))
    return get_template("web/_tweet.html").render({"tweet": shown, "time_place": _TIME, "edited_place": _EDITED})
