"""Writing, reading, changing, deleting and liking a tweet."""

from functools import partial
from urllib.parse import quote, urlencode

from django.conf import settings
from django.http import HttpResponse

from minitwitter.actions import likes
from minitwitter.actions import tweets as actions
from minitwitter.core import limits
from minitwitter.core.errors import DomainError
from minitwitter.tweets.errors import IdempotencyInFlight, IdempotencyMismatch, NotOwner
from minitwitter.tweets.hydration import HydratedTweet, hydrate_tweet
from minitwitter.tweets.models import IDEMPOTENCY_KEY_LENGTH
from minitwitter.web import forms, presenters, words
from minitwitter.web.forms import Form
from minitwitter.web.lists import reader
from minitwitter.web.pages import (
    FORM,
    SEND,
    Access,
    canonical,
    is_fragment,
    log_in_first,
    next_path,
    page,
    redirect,
    respond,
)
from minitwitter.web.visitors import WebRequest

_WRITTEN = ("text", "image_alt")


@page(methods=FORM, access=Access.ANYONE)
def compose(request: WebRequest) -> HttpResponse:
    """Write a tweet. Other apps may share a text to this page (`text`, `title`, `url`)."""
    form = forms.read(request, _WRITTEN)
    if request.visitor.user is None:
        return _log_in_to_compose(request, _shared_text(request) or form.values["text"])
    if request.method == "POST":
        try:
            _post(request, form)
        except DomainError as error:
            form.refuse(error)
        else:
            return redirect(request, next_path(request), said="posted")
    else:
        form.values["text"] = _shared_text(request)
    return _compose_page(request, form)


def compose_anew(request: WebRequest) -> HttpResponse:
    """For a tweet that was sent from an outdated page, and so was not posted: the form, with what was written."""
    form = forms.read(request, _WRITTEN)
    if request.visitor.user is None:
        return _log_in_to_compose(request, form.values["text"])
    form.status = 403
    form.general += words.tweet_outdated(with_picture=forms.sent_file(request, "image") is not None)
    return _compose_page(request, form)


def _log_in_to_compose(request: WebRequest, text: str) -> HttpResponse:
    return log_in_first(request, f"/compose?{urlencode({'text': text})}" if text else "/compose")


def _compose_page(request: WebRequest, form: Form) -> HttpResponse:
    return respond(request, "compose", {**presenters.composer(), "form": form, "active": "compose"}, status=form.status)


def _shared_text(request: WebRequest) -> str:
    parts = [request.GET.get(name, "").strip() for name in ("title", "text", "url")]
    return "\n".join(part for part in parts if part)


def _post(request: WebRequest, form: Form) -> None:
    user = request.visitor.member
    image = forms.sent_file(request, "image")
    if image:
        limits.require_room(limits.count("upload", str(user.pk)))
    key = request.POST.get("key", "")
    usable = 0 < len(key) <= IDEMPOTENCY_KEY_LENGTH and key.isascii() and key.isprintable()
    post = partial(
        actions.create_tweet, author=user, text=form.values["text"], image=image, image_alt=form.values["image_alt"]
    )
    try:
        post(idempotency_key=key if usable else None)
    except IdempotencyMismatch:
        # The form was posted before, gone back to, and filled in anew: a tweet of its own.
        post()
    except IdempotencyInFlight:
        return  # The first click is posting it.


@page()
def detail(request: WebRequest, username: str, tweet_id: int) -> HttpResponse:
    """A tweet at its own address."""
    seen = hydrate_tweet(tweet_id, request.visitor.viewer_id)
    if elsewhere := canonical(request, username, seen.author.username):
        return elsewhere
    context = {
        "tweet": presenters.tweet(seen, reader(request, [seen.text])),
        "sharing": presenters.tweet_sharing(seen, request.visitor.base),
        "active": "",
    }
    return respond(request, "tweet", context)


@page(methods=FORM, access=Access.MEMBERS)
def edit(request: WebRequest, username: str, tweet_id: int) -> HttpResponse:
    """Change the text of one's tweet."""
    seen = _own_tweet(request, tweet_id)
    if elsewhere := canonical(request, username, seen.author.username):
        return elsewhere
    form = Form({"text": seen.text})
    if request.method == "POST":
        form = forms.read(request, ("text",))
        try:
            actions.edit_tweet(tweet_id=tweet_id, text=form.values["text"], editor=request.visitor.member)
        except DomainError as error:
            form.refuse(error)
        else:
            return redirect(request, f"/@{seen.author.username}/{tweet_id}", said="edited")
    shown = presenters.tweet(seen, reader(request, [seen.text]))
    context = {"form": form, "tweet": shown, "tweet_length": settings.TWEET_LENGTH, "active": ""}
    return respond(request, "edit", context, status=form.status)


@page(methods=FORM, access=Access.MEMBERS)
def delete(request: WebRequest, username: str, tweet_id: int) -> HttpResponse:
    """Delete one's tweet, after a question."""
    seen = _own_tweet(request, tweet_id)
    if elsewhere := canonical(request, username, seen.author.username):
        return elsewhere
    if request.method == "POST":
        actions.delete_tweet(tweet_id=tweet_id, editor=request.visitor.member)
        return redirect(request, f"/@{quote(seen.author.username)}", said="deleted")
    return respond(request, "delete", {"tweet": presenters.tweet(seen, reader(request, [seen.text])), "active": ""})


def _own_tweet(request: WebRequest, tweet_id: int) -> HydratedTweet:
    """Raises TweetNotFound and NotOwner."""
    seen = hydrate_tweet(tweet_id, request.visitor.viewer_id)
    if seen.author.id != request.visitor.viewer_id:
        raise NotOwner
    return seen


@page(methods=SEND, access=Access.MEMBERS)
def like(request: WebRequest, username: str, tweet_id: int) -> HttpResponse:
    """Like, or take the like back: the form says which, so that a second click changes nothing."""
    act = likes.unlike if request.POST.get("liked") == "0" else likes.like
    state = act(user=request.visitor.member, tweet_id=tweet_id)
    back = next_path(request, f"/@{username}/{tweet_id}")
    if not is_fragment(request):
        return redirect(request, f"{back.partition('#')[0]}#t{tweet_id}")
    url = f"/@{username}/{tweet_id}"
    button = presenters.like_button(url, liked=state.liked, count=state.like_count, signed_in=True)
    return respond(request, "_like", {"like": button})
