"""The front page (welcome, or the home feed) and the public timeline."""

from functools import partial

from django.conf import settings
from django.http import HttpResponse

from minitwitter.actions.timelines import read_home
from minitwitter.tweets.queries import author_page, public_page
from minitwitter.web import first_run, presenters
from minitwitter.web.lists import merged, tweets_response
from minitwitter.web.pages import Access, is_fragment, page, redirect, respond
from minitwitter.web.presenters import Shown
from minitwitter.web.visitors import WebRequest


@page(access=Access.ANYONE)
def front(request: WebRequest) -> HttpResponse:
    """The home feed of a member, with their own tweets among it; what this is and how to join for others."""
    viewer_id = request.visitor.viewer_id
    if viewer_id is not None:
        skeleton = merged(partial(read_home, viewer_id), partial(author_page, viewer_id))
        return tweets_response(request, "home", skeleton, {**presenters.composer(), "active": "home"})
    if first_run.is_empty():
        return redirect(request, "/setup")
    if is_fragment(request):  # A script of a page whose session has ended.
        return redirect(request, "/login")
    context: Shown = {"active": "welcome", "list_path": "/public"}
    return (
        tweets_response(request, "welcome", public_page, context)
        if settings.PUBLIC_READ
        else respond(request, "welcome", context)
    )


@page()
def public(request: WebRequest) -> HttpResponse:
    """Everybody's tweets."""
    return tweets_response(request, "public", public_page, {"active": "public"})
