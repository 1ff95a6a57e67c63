"""Operators correct and delete tweets, and look at their pictures."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry

from minitwitter.actions import accounts
from minitwitter.media.models import Image
from minitwitter.tweets.models import Tweet
from tests.admin.client import AdminClient, form_errors, messages, text_of
from tests.client import ApiClient
from tests.factories import jpeg, make_tweet, make_user
from tests.working import run_tasks

TWEETS = "/admin/tweets/tweet/"
pytestmark = pytest.mark.django_db


def _page(tweet_id: int, name: str = "change") -> str:
    return f"{TWEETS}{tweet_id}/{name}/"


def _row(tweet_id: int) -> dict[str, Any]:
    return dict(Tweet.objects.filter(pk=tweet_id).values().get())


@pytest.fixture(params=["admin", "moderator"])
def browser(request: pytest.FixtureRequest) -> AdminClient:
    """An administrator's or a moderator's browser: with tweets both may do the same."""
    client: AdminClient = request.getfixturevalue(request.param)
    return client


def test_corrects_a_text(browser: AdminClient, api: ApiClient) -> None:
    tweet_id = make_tweet(make_user("alice"), "An insult", image=jpeg())
    assert browser.send(_page(tweet_id), text="(removed)\r\nby us").redirect_chain
    body = api.call("GET", f"/v1/tweets/{tweet_id}/").json()
    assert (body["text"], body["author"]["username"]) == ("(removed)\nby us", "alice")
    assert body["edited_at"]
    assert body["image"]


def test_saving_without_a_change_is_no_edit(admin: AdminClient) -> None:
    tweet_id = make_tweet(make_user("alice"), "\n One\r\nline\n ")
    before = _row(tweet_id)
    assert admin.send(_page(tweet_id)).redirect_chain
    assert _row(tweet_id) == before


@pytest.mark.parametrize("text", ["", " \u200b", "x" * 281, "nul\0"])
def test_a_refused_text_changes_nothing(text: str, admin: AdminClient) -> None:
    tweet_id = make_tweet(make_user("alice"), "Hello")
    before = _row(tweet_id)
    assert set(form_errors(admin.send(_page(tweet_id), text=text))) == {"text"}
    assert _row(tweet_id) == before
    assert not LogEntry.objects.exists()


def test_deletes_a_tweet(browser: AdminClient, api: ApiClient) -> None:
    alice = make_user("alice")
    tweet_id = make_tweet(alice, "An insult", image=jpeg())
    image = api.call("GET", f"/v1/tweets/{tweet_id}/").json()["image"]
    assert "Are you sure" in text_of(browser.open(_page(tweet_id, "delete")))
    response = browser.post(_page(tweet_id, "delete"), {"post": "yes"}, follow=True)
    assert response.redirect_chain == [(TWEETS, 302)]
    assert api.call("GET", f"/v1/tweets/{tweet_id}/").status_code == 404
    assert api.media(image)[0] == 404
    alice.stats.refresh_from_db()
    assert alice.stats.tweets_count == 0
    assert "An insult" not in browser.open(TWEETS).partition('id="changelist-form"')[2]


def test_deletes_several_tweets_and_their_rows(browser: AdminClient) -> None:
    alice = make_user("alice")
    gone = [make_tweet(alice, f"Insult {number}", image=jpeg()) for number in range(3)]
    kept = make_tweet(alice, "Hello")
    response = browser.act("tweets", "delete_selected", *gone, post="yes")
    run_tasks()
    assert messages(response) == ["Deleted 3 tweets."]
    assert list(Tweet.objects.values_list("pk", flat=True)) == [kept]
    assert not Image.objects.exists()
    alice.stats.refresh_from_db()
    assert alice.stats.tweets_count == 1


def test_the_log_names_a_tweet_and_does_not_quote_it(admin: AdminClient, operator: Any) -> None:
    alice = make_user("alice")
    first, second = make_tweet(alice, "My address is"), make_tweet(alice, "My number is")
    admin.send(_page(first), text="My new address is")
    admin.post(_page(first, "delete"), {"post": "yes"})
    admin.act("tweets", "delete_selected", second, post="yes")
    entries = LogEntry.objects.order_by("id")
    assert [entry.object_repr for entry in entries] == [f"tweet {first}", f"tweet {first}", f"tweet {second}"]
    assert not any("My" in entry.change_message for entry in entries)
    assert {entry.user_id for entry in entries} == {operator.pk}


def test_a_tweet_of_a_deactivated_author_is_only_looked_at(admin: AdminClient) -> None:
    alice = make_user("alice")
    tweet_id = make_tweet(alice, "Hello", image=jpeg())
    accounts.deactivate(user=alice)
    html = admin.open(_page(tweet_id))
    assert "author deactivated" in text_of(html)
    assert 'name="text"' not in html
    assert "(hidden)" in text_of(html)
    assert admin.post(_page(tweet_id), {"text": "x"}).status_code == 403
    assert admin.post(_page(tweet_id, "delete"), {"post": "yes"}).status_code == 403
    response = admin.act("tweets", "delete_selected", tweet_id, post="yes")
    assert "its author is deactivated" in messages(response)[0]
    assert _row(tweet_id)["deleted_at"] is None


def test_shows_the_pictures_of_a_tweet(admin: AdminClient, api: ApiClient, django_assert_num_queries: Any) -> None:
    make_tweet(make_user("alice"), "Hello", image=jpeg(64, 48))
    image, tweet = Image.objects.get(), Tweet.objects.get()
    admin.open(_page(tweet.pk))  # From here on Django knows its content types.
    # The log-in, the operator, the tweet with its author and counters, its pictures.
    with django_assert_num_queries(4):
        html = admin.open(_page(tweet.pk))
    assert f"/media/{image.thumbnail_name}" in html
    assert "64 x 48" in html
    assert api.media(f"/media/{image.thumbnail_name}")[0] == 200


def test_text_is_never_markup(admin: AdminClient) -> None:
    tweet_id = make_tweet(make_user("alice"), "<script>alert(1)</script>")
    for path in (TWEETS, _page(tweet_id), _page(tweet_id, "delete")):
        assert "<script>alert(1)" not in admin.open(path)


def test_an_image_is_looked_at_and_never_changed(admin: AdminClient) -> None:
    make_tweet(make_user("alice"), image=jpeg(64, 48))
    image = Image.objects.get()
    page = f"/admin/media/image/{image.pk}/"
    html = admin.open(f"{page}change/")
    assert f"/media/{image.name}" in html
    assert "alice" in text_of(html)
    assert admin.post(f"{page}change/", {"key": "x"}).status_code == 403
    assert admin.post(f"{page}delete/", {"post": "yes"}).status_code == 403
    assert Image.objects.filter(pk=image.pk, key=image.key).exists()
