"""The front page (welcome, or the home feed) and the public timeline."""

from functools import partial
from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from minitwitter.accounts.queries import BrowserSession
from minitwitter.actions.timelines import continue_home, read_home
from minitwitter.core.errors import ValidationFailed
from minitwitter.core.pagination import PageRequest, Skeleton
from minitwitter.timelines.queries import Kept, open_home_in_browser
from minitwitter.tweets.queries import author_page, public_page
from minitwitter.tweets.standings import Standings
from minitwitter.web import first_run, presenters
from minitwitter.web.lists import asked_page, merged, tweets_response
from minitwitter.web.pages import Access, is_fragment, page, redirect, respond
from minitwitter.web.presenters import Shown
from minitwitter.web.visitors import WebRequest, look_up


class _HomeRequest(WebRequest):
    """`opened`: the part of the home feed that was read together with the session, and what is kept of it."""

    opened: tuple[PageRequest, Kept | None] | None


def _with_the_feed(request: HttpRequest, session_id: int, secret: str) -> BrowserSession | None:
    """Reads what is kept of the home feed together with the session: one way to the database less."""
    home = cast("_HomeRequest", request)
    home.opened = None
    try:
        asked = asked_page(request)
    except ValidationFailed:  # It is the view that tells, once it is known who asks.
        return look_up(request, session_id, secret)
    found = open_home_in_browser(session_id, secret, asked)
    if found is None:
        return None
    home.opened = (asked, found[1])
    return found[0]


def _home_page(request: WebRequest, viewer_id: int, asked: PageRequest) -> Skeleton:
    opened = cast("_HomeRequest", request).opened
    if opened is not None and opened[0] == asked:
        return continue_home(viewer_id, asked, opened[1])
    return read_home(viewer_id, asked)


def _standings(request: WebRequest) -> Standings | None:
    """How the tweets of what is kept stand with the reader, where that was read with the session."""
    opened = cast("_HomeRequest", request).opened
    return opened[1].standings if opened and opened[1] else None


@page(access=Access.ANYONE, find_session=_with_the_feed)
def front(request: WebRequest) -> HttpResponse:
    """The home feed of a member, with their own tweets among it; what this is and how to join for others."""
    viewer_id = request.visitor.viewer_id
    if viewer_id is not None:
        skeleton = merged(partial(_home_page, request, viewer_id), partial(author_page, viewer_id))
        context: Shown = {**presenters.composer(), "active": "home"}
        return tweets_response(request, "home", skeleton, context, _standings(request))
    if first_run.is_empty():
        return redirect(request, "/setup")
    if is_fragment(request):  # A script of a page whose session has ended.
        return redirect(request, "/login")
    context = {"active": "welcome", "list_path": "/public"}
    return (
        tweets_response(request, "welcome", public_page, context)
        if settings.PUBLIC_READ
        else respond(request, "welcome", context)
    )


@page()
def public(request: WebRequest) -> HttpResponse:
    """Everybody's tweets."""
    return tweets_response(request, "public", public_page, {"active": "public"})
