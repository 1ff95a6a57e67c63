"""A person's page: tweets, pictures, likes, and the feed for readers of feeds."""

import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.http import HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.feedgenerator import Atom1Feed
from django.utils.http import http_date

from minitwitter import __version__
from minitwitter.core.pagination import PageRequest, Skeleton, load_page
from minitwitter.relationships.hydration import SeenProfile, see_profile
from minitwitter.tweets.hydration import HydratedTweet, hydrate_tweets
from minitwitter.tweets.queries import author_media_page, author_page, liked_page
from minitwitter.web import presenters
from minitwitter.web.lists import gallery_response, reader, tweets_response
from minitwitter.web.pages import canonical, page
from minitwitter.web.presenters import Shown
from minitwitter.web.visitors import WebRequest

_FEED_LENGTH = 20
# What is no Char of XML 1.0 (section 2.2): a document may not have it in any spelling, `&#8;` neither.
_FORBIDDEN_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@page()
def tweets(request: WebRequest, username: str) -> HttpResponse:
    """What somebody wrote."""
    return _tab(request, username, "tweets", author_page)


@page()
def pictures(request: WebRequest, username: str) -> HttpResponse:
    """The pictures that somebody posted."""
    return _tab(request, username, "pictures", author_media_page)


@page()
def likes(request: WebRequest, username: str) -> HttpResponse:
    """What somebody likes."""
    return _tab(request, username, "likes", liked_page)


def _tab(
    request: WebRequest, username: str, tab: str, skeleton: Callable[[int, PageRequest], Skeleton]
) -> HttpResponse:
    seen = see_profile(username, request.visitor.viewer_id)
    if elsewhere := canonical(request, username, seen.profile.author.username):
        return elsewhere
    context = {**profile_context(request, seen), "tab": tab, "active": "me" if _is_own(request, seen) else ""}
    list_response = gallery_response if tab == "pictures" else tweets_response
    return list_response(request, "profile", partial(skeleton, seen.profile.author.id), context)


def _is_own(request: WebRequest, seen: SeenProfile) -> bool:
    return seen.profile.author.id == request.visitor.viewer_id


def profile_context(request: WebRequest, seen: SeenProfile) -> Shown:
    """What the head of a person's pages shows."""
    return {
        "profile": presenters.profile(seen, reader(request, [seen.profile.bio])),
        "sharing": presenters.profile_sharing(seen, request.visitor.base),
    }


@page()
def atom(request: WebRequest, username: str) -> HttpResponse:
    """Somebody's latest tweets as an Atom feed (RFC 4287), for those who have not got it yet (RFC 9110 section 13)."""
    seen, base = see_profile(username, None), request.visitor.base
    if elsewhere := canonical(request, username, seen.profile.author.username):
        return elsewhere
    skeleton = partial(author_page, seen.profile.author.id)
    latest = load_page(PageRequest(limit=_FEED_LENGTH), skeleton, partial(hydrate_tweets, viewer_id=None)).items
    etag, changed_at = _feed_tag(seen, latest, base), int(_changed_at(seen, latest).timestamp())
    known: HttpResponse | None = get_conditional_response(request, etag, changed_at)
    response = HttpResponse(content_type="application/atom+xml; charset=utf-8") if known is None else known
    if known is None:
        response.content = _feed_document(seen, latest, base)
    response["ETag"], response["Last-Modified"] = etag, http_date(changed_at)
    return response


def _feed_tag(seen: SeenProfile, latest: list[HydratedTweet], base: str) -> str:
    """Stands for all that the feed is made of, and for how. A weak one, because a compressed answer has it, too."""
    author = seen.profile.author
    parts: list[object] = [__version__, base, author.username, author.display_name, seen.profile.bio]
    for each in latest:
        parts += (each.id, each.text, each.edited_at, *each.images)
    # No text that is stored has a NUL.
    digest = hashlib.sha256("\0".join(map(str, parts)).encode())
    return f'W/"{digest.hexdigest()[:32]}"'


def _changed_at(seen: SeenProfile, latest: list[HydratedTweet]) -> datetime:
    """When something last was written. Who has no entity tag learns of what was deleted with the next tweet."""
    return max([seen.profile.created_at, *(each.edited_at or each.created_at for each in latest)])


def _feed_document(seen: SeenProfile, latest: list[HydratedTweet], base: str) -> str:
    feed = _feed(seen, base)
    for each in latest:
        _add(feed, each, base)
    document: str = feed.writeString("utf-8")
    return document


def _feed(seen: SeenProfile, base: str) -> Atom1Feed:
    sharing = presenters.profile_sharing(seen, base)
    title, bio = _xml_text(sharing["title"]), _xml_text(seen.profile.bio)
    return Atom1Feed(
        title=title,
        link=sharing["url"],
        feed_url=f"{sharing['url']}/feed.atom",
        description=bio,
        subtitle=bio,
        author_name=title,
        author_link=sharing["url"],
        language="",
    )


def _add(feed: Atom1Feed, each: HydratedTweet, base: str) -> None:
    address = f"{base}/@{each.author.username}/{each.id}"
    feed.add_item(
        title=presenters.excerpt(_xml_text(each.text)) or presenters.NAME,
        link=address,
        description=_xml_text(presenters.feed_html(each, base)),
        unique_id=address,
        pubdate=each.created_at,
        updateddate=each.edited_at or each.created_at,
    )


def _xml_text(text: str) -> str:
    """The text without what XML cannot say; people may have written it nevertheless."""
    return _FORBIDDEN_IN_XML.sub("", text)
