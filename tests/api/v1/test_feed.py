"""The home feed."""

import pytest

from minitwitter.actions import accounts
from tests.client import ApiClient, assert_problem
from tests.factories import follow, make_user

FEED = "/v1/feed/"

pytestmark = pytest.mark.django_db


def _ids(client: ApiClient, query: str = "") -> list[int]:
    return [tweet["id"] for tweet in client.call("GET", FEED + query).json()["results"]]


def test_needs_a_signed_in_user(api: ApiClient) -> None:
    assert_problem(api.call("GET", FEED), 401, "not_authenticated")


def test_shows_the_tweets_of_those_one_follows_and_not_ones_own(alice: ApiClient, bob: ApiClient) -> None:
    carol = ApiClient(make_user("carol"))
    before = alice.tweet("Before the follow")
    follow(bob.me, alice.me)
    bob.tweet("My own")
    carol.tweet("A stranger's")
    after = alice.tweet("After the follow")
    assert _ids(bob) == [after["id"], before["id"]]
    assert _ids(alice) == []


def test_every_change_shows_at_once(alice: ApiClient, bob: ApiClient) -> None:
    follow(bob.me, alice.me)
    tweet = alice.tweet("Hello")
    bob.call("PUT", f"/v1/tweets/{tweet['id']}/like/")
    alice.call("PATCH", f"/v1/tweets/{tweet['id']}/", {"text": "Edited"})
    alice.call("PATCH", "/v1/users/me/", {"display_name": "Alice"})
    (shown,) = bob.call("GET", FEED).json()["results"]
    assert (shown["text"], shown["liked"], shown["like_count"]) == ("Edited", True, 1)
    assert shown["author"]["display_name"] == "Alice"
    alice.call("DELETE", f"/v1/tweets/{tweet['id']}/")
    assert _ids(bob) == []


def test_an_unfollow_hides_at_once(alice: ApiClient, bob: ApiClient) -> None:
    follow(bob.me, alice.me)
    alice.tweet("Hello")
    bob.call("POST", "/v1/users/unfollow/alice/")
    assert _ids(bob) == []


def test_a_page_that_hidden_tweets_emptied_is_refilled(alice: ApiClient, bob: ApiClient) -> None:
    gone = ApiClient(make_user("gone"))
    follow(bob.me, alice.me)
    follow(bob.me, gone.me)
    visible: list[int] = []
    for _ in range(4):
        visible.insert(0, alice.tweet()["id"])
        gone.tweet()
    accounts.deactivate(user=gone.me)

    first = bob.call("GET", f"{FEED}?limit=3").json()
    assert [tweet["id"] for tweet in first["results"]] == visible[:3]
    second = bob.call("GET", first["next"].removeprefix("http://testserver")).json()
    assert [tweet["id"] for tweet in second["results"]] == visible[3:]
    assert second["next"] is None
