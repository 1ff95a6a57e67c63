"""Hydrated values to what templates show. Pure functions: no database, so no query can hide here.

Templates look names up in plain dicts, which costs them least; addresses and sentences are finished here.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from html import escape
from typing import Any

from django.conf import settings
from django.utils.dateformat import format as format_date
from django.utils.formats import get_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from minitwitter.accounts.hydration import Author
from minitwitter.accounts.models import Session
from minitwitter.accounts.queries import BrowserSession
from minitwitter.core import ids
from minitwitter.core.pagination import PageRequest
from minitwitter.media.files import thumbnail_url_path, url_path
from minitwitter.relationships.hydration import SeenProfile
from minitwitter.tweets.contents import HydratedImage
from minitwitter.tweets.hydration import HydratedTweet
from minitwitter.tweets.models import ALT_LENGTH
from minitwitter.web.placeholders import data_address
from minitwitter.web.text import shown, to_html
from minitwitter.web.visitors import Visitor

Shown = dict[str, Any]
NAME = "Mini Twitter"
# So many colours style.css has for those who have no picture.
_COLOURS = 8
_EXCERPT_LENGTH = 80
# A picture in a tweet, in CSS pixels.
_WIDEST, _HIGHEST, _NARROWEST, _LOWEST = 600, 510, 160, 90
# Languages that write the names of months small.
_SMALL_MONTHS = {"pt-br"}
_MINUTE, _HOUR, _DAY, _WEEK = 60, 3600, 86400, 7 * 86400


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom something is presented. `people`: names that can be linked, in small letters, as they are written."""

    viewer_id: int | None
    now: datetime = field(default_factory=ids.now)
    people: Mapping[str, str] = field(default_factory=dict)


def chrome(visitor: Visitor, here: str) -> Shown:
    """What surrounds every page."""
    me = None if visitor.session is None else viewer(visitor.session)
    language = get_language()
    options = (settings.REGISTRATION_OPEN, settings.PUBLIC_READ)
    return {
        "visitor": visitor,
        "me": me,
        "is_member": me is not None,
        # By which what surrounds a page is remembered.
        "shell": (language, visitor.theme, visitor.base, options, me["key"] if me else None),
        "site_name": NAME,
        "host": visitor.base.partition("://")[2],
        "here": here,
        "language": language,
        "languages": settings.LANGUAGES,
        "registration_open": settings.REGISTRATION_OPEN,
        "public_read": settings.PUBLIC_READ,
    }


def viewer(session: BrowserSession) -> Shown:
    """The signed-in person, beside the navigation."""
    user = session.user
    shown_as = _person(user.pk, user.username, session.display_name, session.avatar)
    key = (user.pk, user.username, session.display_name, session.avatar, user.is_staff)
    return {**shown_as, "is_staff": user.is_staff, "key": key}


def person(shown_author: Author) -> Shown:
    """An account beside a tweet or in a list."""
    return _person(shown_author.id, shown_author.username, shown_author.display_name, shown_author.avatar)


def _person(user_id: int, username: str, display_name: str, avatar: tuple[str, str] | None) -> Shown:
    name = display_name.strip() or username
    return {
        "id": user_id,
        "username": username,
        "name": name,
        "url": f"/@{username}",
        "avatar": thumbnail_url_path(avatar[0]) if avatar else "",
        "avatar_whole": url_path(*avatar) if avatar else "",
        "initial": _initial(name),
        # By the low bits, which are random, so that people who came together differ.
        "colour": user_id % _COLOURS,
    }


def _initial(name: str) -> str:
    return next((character for character in name if character.isalnum()), name[:1]).upper()


def profile(seen: SeenProfile, reader: Reader) -> Shown:
    """An account as its own page and lists of people show it."""
    about = seen.profile
    relation = seen.relation
    shown_as = {
        **person(about.author),
        "bio": to_html(about.bio, reader.people),
        "bio_text": about.bio,
        "location": about.location,
        "website": about.website,
        "website_shown": shown(about.website),
        "joined": _month(about.created_at.date().replace(day=1), get_language() or ""),
        "followers": about.followers_count,
        "followers_short": short_number(about.followers_count),
        "following_count": about.following_count,
        "following_short": short_number(about.following_count),
        "tweets": about.tweets_count,
        "tweets_short": short_number(about.tweets_count),
        "own": about.author.id == reader.viewer_id,
        "following": relation is not None and relation.following,
        "followed_by": relation is not None and relation.followed_by,
    }
    # By which a list of people remembers how it showed this one.
    return {**shown_as, "key": tuple(shown_as.values())}


def follow_button(username: str, *, following: bool) -> Shown:
    """What the button needs to know that follows and unfollows."""
    return {"username": username, "url": f"/@{username}", "following": following, "own": False}


def composer() -> Shown:
    """What a form for a new tweet needs. The key makes a tweet of a double click once."""
    return {"key": secrets.token_urlsafe(16), "tweet_length": settings.TWEET_LENGTH, "alt_length": ALT_LENGTH}


def tweet(seen: HydratedTweet, reader: Reader) -> Shown:
    """A tweet, as one reader sees it."""
    author = person(seen.author)
    url = f"{author['url']}/{seen.id}"
    return {
        "id": seen.id,
        "url": url,
        "author": author,
        "text": to_html(seen.text, reader.people),
        "pictures": [picture(image, url) for image in seen.images],
        "own": seen.author.id == reader.viewer_id,
        "created": moment(seen.created_at, reader.now),
        "created_whole": long_date(seen.created_at),
        "edited": _edited(seen.edited_at, reader.now) if seen.edited_at else None,
        "like": like_button(url, liked=seen.liked, count=seen.like_count, signed_in=reader.viewer_id is not None),
    }


def _edited(at: datetime, now: datetime) -> Shown:
    return {**moment(at, now), "whole": long_date(at), "element": whole_time(at)}


def like_button(url: str, *, liked: bool, count: int, signed_in: bool) -> Shown:
    """What the button needs to know that likes and takes the like back."""
    return {
        "id": url.rpartition("/")[2],
        "url": url,
        "liked": liked,
        "count": count,
        "count_short": short_number(count) if count else "",
        "label": ngettext("Like. %(n)s like", "Like. %(n)s likes", count) % {"n": count} if count else _("Like"),
        "signed_in": signed_in,
    }


def picture(image: HydratedImage, tweet_url: str) -> Shown:
    """An attached picture, with the size at which a list shows it."""
    width, height = shown_size(image.width, image.height)
    return {
        "url": url_path(*image.picture),
        "thumbnail": thumbnail_url_path(image.picture.key),
        "width": width,
        "height": height,
        "wide": image.width > image.height * _WIDEST / _LOWEST,
        "alt": image.alt,
        "blur": data_address(image.blurhash),
        "tweet_url": tweet_url,
    }


def shown_size(width: int, height: int) -> tuple[int, int]:
    """The size that fits into a tweet, never larger than the picture's own.

    It stands in the page, so that the browser keeps the room free before the picture has come. The style sheet makes it
    smaller where the page is narrower, and cuts what is so long or so wide that its other side would be a line: with
    the same numbers, because a browser follows the proportions of the picture once it has come.
    """
    scale = min(1.0, _WIDEST / width, _HIGHEST / height)
    shown_width, shown_height = max(1, round(width * scale)), max(1, round(height * scale))
    return max(shown_width, min(_NARROWEST, width)), max(shown_height, min(_LOWEST, height))


def moment(at: datetime, now: datetime) -> Shown:
    """A time: for machines, in short, and in full."""
    return {"iso": _iso(at), "short": short_time(at, now)}


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def whole_time(at: datetime) -> SafeString:
    """A time in full, as an element to put into a sentence; a script turns it into the reader's own time."""
    return format_html('<time datetime="{}" data-whole>{}</time>', _iso(at), long_date(at))


def short_time(at: datetime, now: datetime) -> str:
    """How long ago, in a few characters; the day where that is over a week."""
    seconds = max(0, int((now - at).total_seconds()))
    language = get_language() or ""
    if seconds < _WEEK:
        unit = _DAY if seconds >= _DAY else _HOUR if seconds >= _HOUR else _MINUTE if seconds >= _MINUTE else 0
        return _ago(seconds // max(unit, 1), unit, language)
    return _day(at.date(), language, this_year=at.year == now.year)


# To look a text up and to fill it in costs more than the rest of a card that is kept. The language of these is the
# active one, and only there so that it tells them apart.


@lru_cache(maxsize=1000)
def _ago(number: int, unit: int, _language: str) -> str:
    texts = {_DAY: _("{n}d"), _HOUR: _("{n}h"), _MINUTE: _("{n}m"), 0: _("now")}
    return texts[unit].format(n=number)


@lru_cache(maxsize=1000)
def _day(day: date, _language: str, *, this_year: bool) -> str:
    """The language is the active one, and only here so that it tells days apart."""
    return written(day, _("j M") if this_year else _("j M Y"))


@lru_cache(maxsize=1000)
def _month(first_day: date, _language: str) -> str:
    return written(first_day, _("F Y"))


def long_date(at: datetime) -> str:
    """Day and time in full, in UTC; a script turns it into the reader's own time."""
    return written(at, _("j F Y, H:i")) + " UTC"


def written(at: date, form: str) -> str:
    """The date in the active language, in that form of Django's.

    Django writes the names of months with a capital letter in every language, as they stand at the head of a calendar.
    """
    text = format_date(at, form)
    return text.lower() if (get_language() or "") in _SMALL_MONTHS else text


def short_number(number: int) -> str:
    """1234 as 1.2K: counters have little room."""
    if number < 1_000:
        return str(number)  # Most are, and looking the letters up is what costs here.
    size, letter = (1_000_000, _("M")) if number >= 1_000_000 else (1_000, _("K"))
    value = number * 10 // size / 10
    text = f"{value:.1f}".removesuffix(".0") if value < 100 else str(int(value))
    return text.replace(".", get_format("DECIMAL_SEPARATOR")) + letter


def page_query(page: PageRequest | None) -> str:
    """The query that leads to a page of a list; nothing where there is none."""
    if page is None:
        return ""
    name = "min_id" if page.min_id is not None else "max_id"
    return f"?{name}={getattr(page, name)}"


def device(session: Session, current_id: int, now: datetime) -> Shown:
    """A signed-in device."""
    return {
        "id": session.pk,
        "name": device_name(session.device),
        "agent": session.device,
        "is_phone": re.search(r"Mobile|Android|iPhone", session.device) is not None,
        "created": whole_time(session.created_at),
        "created_text": long_date(session.created_at),
        "used": _last_used(session.refreshed_at, now),
        "current": session.pk == current_id,
    }


def _last_used(at: datetime, now: datetime) -> str:
    """How long ago; within a day, browsers do not say."""
    if now - at < timedelta(days=1):
        return _("today")
    return format_html('<time datetime="{}" title="{}">{}</time>', _iso(at), long_date(at), short_time(at, now))


_BROWSERS = (
    ("Edg", "Edge"), ("OPR", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"), ("curl", "curl"),
)  # fmt: skip
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


def device_name(agent: str) -> str:
    """A User-Agent as people know it: "Firefox on Linux"."""
    browser = next((name for part, name in _BROWSERS if part in agent), "")
    system = next((name for part, name in _SYSTEMS if part in agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or agent[:40] or _("Unknown device")


def tweet_sharing(seen: HydratedTweet, base: str) -> Shown:
    """What other sites and apps show of a link to a tweet (https://ogp.me)."""
    name = seen.author.display_name.strip() or seen.author.username
    image = seen.images[0] if seen.images else None
    return {
        "title": _("%(name)s on %(site)s") % {"name": name, "site": NAME},
        "description": seen.text or (image.alt if image else ""),
        "type": "article",
        "url": f"{base}/@{seen.author.username}/{seen.id}",
        "published": seen.created_at.isoformat(),
        "card": "summary_large_image" if image else "summary",
        **(
            {"image": absolute(url_path(*image.picture), base), "width": image.width, "height": image.height,
             "alt": image.alt}
            if image
            else _avatar_image(seen.author, base)
        ),
    }  # fmt: skip


def profile_sharing(seen: SeenProfile, base: str) -> Shown:
    """What other sites and apps show of a link to a profile."""
    author = seen.profile.author
    name = author.display_name.strip() or author.username
    return {
        "title": f"{name} (@{author.username})",
        "description": seen.profile.bio,
        "type": "profile",
        "url": f"{base}/@{author.username}",
        "username": author.username,
        "card": "summary",
        **_avatar_image(author, base),
    }


def _avatar_image(author: Author, base: str) -> Shown:
    return {"image": absolute(url_path(*author.avatar), base)} if author.avatar else {}


def excerpt(text: str) -> str:
    """The beginning of a text, in one line."""
    line = " ".join(text.split())
    return line if len(line) <= _EXCERPT_LENGTH else f"{line[: _EXCERPT_LENGTH - 1]}\u2026"


def feed_html(seen: HydratedTweet, base: str) -> str:
    """A tweet as HTML for readers of feeds, which know nothing of this site's styles."""
    text = to_html(seen.text, {}).replace("\n", "<br>")
    pictures = [
        f'<p><img src="{absolute(url_path(*image.picture), base)}" alt="{escape(image.alt)}"'
        f' width="{image.width}" height="{image.height}"></p>'
        for image in seen.images
    ]
    return "".join([f"<p>{text}</p>" if text else "", *pictures])


def absolute(path: str, base: str) -> str:
    """The address with the host; pictures that are stored elsewhere have theirs already."""
    return base + path if path.startswith("/") else path
