"""Lists of people, and following them."""

import contextlib
from collections.abc import Callable
from functools import partial

from django.http import HttpResponse

from minitwitter.accounts.queries import visible_user_id
from minitwitter.actions import follows
from minitwitter.core.pagination import Entry, PageRequest, Skeleton
from minitwitter.relationships.errors import AlreadyFollowing, NotFollowing
from minitwitter.relationships.hydration import see_profile
from minitwitter.relationships.queries import followers_page, following_page
from minitwitter.tweets.hydration import hydrate_tweet
from minitwitter.tweets.queries import likers_page, suggested_account_ids
from minitwitter.web import presenters
from minitwitter.web.lists import people_response, reader
from minitwitter.web.pages import SEND, Access, canonical, is_fragment, next_path, page, redirect, respond
from minitwitter.web.views.profiles import profile_context
from minitwitter.web.visitors import WebRequest

_SUGGESTED = 20
_BRIEFLY_SUGGESTED = 4


@page()
def suggestions(request: WebRequest) -> HttpResponse:
    """People to follow. For a script, a few of them beside a page."""
    limit = _BRIEFLY_SUGGESTED if is_fragment(request) else _SUGGESTED
    ids = suggested_account_ids(request.visitor.viewer_id, limit)

    def skeleton(page: PageRequest) -> Skeleton:
        return Skeleton([Entry(cursor=0, target=user_id) for user_id in ids], has_more=False)

    context = {"active": "people", "brief": is_fragment(request)}
    return people_response(request, "people", skeleton, context)


@page()
def followers(request: WebRequest, username: str) -> HttpResponse:
    """Who follows somebody."""
    return _follows(request, username, "followers", followers_page)


@page()
def following(request: WebRequest, username: str) -> HttpResponse:
    """Whom somebody follows."""
    return _follows(request, username, "following", following_page)


def _follows(
    request: WebRequest, username: str, tab: str, skeleton: Callable[[int, PageRequest], Skeleton]
) -> HttpResponse:
    seen = see_profile(username, request.visitor.viewer_id)
    if elsewhere := canonical(request, username, seen.profile.author.username):
        return elsewhere
    context = {**profile_context(request, seen), "tab": tab, "active": ""}
    return people_response(request, "follows", partial(skeleton, seen.profile.author.id), context)


@page()
def likers(request: WebRequest, username: str, tweet_id: int) -> HttpResponse:
    """Who likes a tweet."""
    seen = hydrate_tweet(tweet_id, request.visitor.viewer_id)
    if elsewhere := canonical(request, username, seen.author.username):
        return elsewhere
    shown = presenters.tweet(seen, reader(request, [seen.text]))
    return people_response(request, "likers", partial(likers_page, tweet_id), {"tweet": shown, "active": ""})


@page(methods=SEND, access=Access.MEMBERS)
def follow(request: WebRequest, username: str) -> HttpResponse:
    """Follow, or unfollow: the form says which, so that a second click changes nothing."""
    wanted = request.POST.get("following") != "0"
    act = follows.follow if wanted else follows.unfollow
    with contextlib.suppress(AlreadyFollowing, NotFollowing):
        act(follower=request.visitor.member, followee_id=visible_user_id(username))
    back = next_path(request, f"/@{username}")
    if not is_fragment(request):
        return redirect(request, back)
    return respond(request, "_follow", {"person": presenters.follow_button(username, following=wanted)})
