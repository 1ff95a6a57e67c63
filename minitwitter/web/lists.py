"""Pages of tweets and of people: skeleton, hydration, presentation, and the links to what follows."""

from collections.abc import Callable
from functools import partial

from django.http import HttpRequest, HttpResponse

from minitwitter.accounts.queries import visible_usernames
from minitwitter.core.pagination import Page, PageRequest, Skeleton, load_page, parse_page
from minitwitter.relationships.hydration import SeenProfile, see_profiles
from minitwitter.tweets.hydration import HydratedTweet, hydrate_tweets
from minitwitter.tweets.standings import Standings
from minitwitter.web import cards, presenters
from minitwitter.web.pages import is_fragment, respond
from minitwitter.web.presenters import Reader, Shown
from minitwitter.web.text import mentioned_names
from minitwitter.web.visitors import WebRequest

Skeletons = Callable[[PageRequest], Skeleton]


def merged(one: Skeletons, other: Skeletons) -> Skeletons:
    """Two lists without a common entry as one, in the order of their cursors."""

    def both(page: PageRequest) -> Skeleton:
        first, second = one(page), other(page)
        entries = sorted([*first.entries, *second.entries], reverse=not page.upwards)
        more = first.has_more or second.has_more or len(entries) > page.limit
        return Skeleton(entries[: page.limit], more)

    return both


def asked_page(request: HttpRequest) -> PageRequest:
    """The part of a list that the address names. Raises ValidationFailed."""
    return parse_page({name: values for name, values in request.GET.lists() if name != "limit"})


def reader(request: WebRequest, texts: list[str]) -> Reader:
    """For whom, with the people that the texts mention, who are looked up by one query if there are any."""
    names = mentioned_names(texts)
    return Reader(
        viewer_id=request.visitor.viewer_id,
        people=visible_usernames(names) if names else {},
    )


def load_tweets(
    request: WebRequest, skeleton: Skeletons, standings: Standings | None = None
) -> tuple[Page[HydratedTweet], Reader]:
    """The page of tweets that the address names, and for whom. `standings`: if they were read already."""
    hydrate = partial(hydrate_tweets, viewer_id=request.visitor.viewer_id, standings=standings)
    page = load_page(asked_page(request), skeleton, hydrate)
    return page, reader(request, [seen.text for seen in page.items])


def tweets_response(
    request: WebRequest, template: str, skeleton: Skeletons, context: Shown, standings: Standings | None = None
) -> HttpResponse:
    """A page with a list of tweets; only the list where a script asks for what follows."""
    page, whom = load_tweets(request, skeleton, standings)
    return _respond(request, template, "_tweets", page, {"tweets": cards.render(page.items, whom), **context})


def gallery_response(request: WebRequest, template: str, skeleton: Skeletons, context: Shown) -> HttpResponse:
    """A page with the pictures of a list of tweets; only those where a script asks for what follows."""
    page, whom = load_tweets(request, skeleton)
    shown = [presenters.tweet(seen, whom) for seen in page.items]
    return _respond(request, template, "_gallery", page, {"tweets": shown, **context})


def people_response(request: WebRequest, template: str, skeleton: Skeletons, context: Shown) -> HttpResponse:
    """A page with a list of people; only the list where a script asks for what follows."""
    hydrate = partial(see_profiles, viewer_id=request.visitor.viewer_id)
    page: Page[SeenProfile] = load_page(asked_page(request), skeleton, hydrate)
    whom = reader(request, [seen.profile.bio for seen in page.items])
    shown = [presenters.profile(seen, whom) for seen in page.items]
    return _respond(request, template, "_people", page, {"people": shown, **context})


def _respond(
    request: WebRequest,
    template: str,
    fragment: str,
    page: Page[HydratedTweet] | Page[SeenProfile],
    context: Shown,
) -> HttpResponse:
    newer, older = page.previous, page.next
    links = {
        # What is newer than the first page would be an empty page.
        "newer": presenters.page_query(newer),
        "older": presenters.page_query(older),
        "path": request.path,
        "is_first": request.GET.get("max_id") is None and request.GET.get("min_id") is None,
        "is_update": "since_id" in request.GET,
    }
    return respond(request, fragment if is_fragment(request) else template, {**links, **context})
