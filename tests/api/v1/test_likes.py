"""Liking tweets."""

import pytest

from minitwitter.tweets.models import Like
from tests.client import ApiClient, assert_problem

pytestmark = pytest.mark.django_db


def test_toggles(alice: ApiClient, bob: ApiClient) -> None:
    tweet = alice.tweet()["id"]
    toggle = f"/v1/tweets/like/{tweet}/"
    assert bob.call("POST", toggle).json() == {"liked": True, "like_count": 1}
    assert alice.call("POST", toggle).json() == {"liked": True, "like_count": 2}
    assert bob.call("POST", toggle).json() == {"liked": False, "like_count": 1}
    assert Like.objects.count() == 1


def test_setting_and_taking_back_are_safe_to_repeat(alice: ApiClient, bob: ApiClient) -> None:
    address = f"/v1/tweets/{alice.tweet()['id']}/like/"
    for _ in range(2):
        assert bob.call("PUT", address).json() == {"liked": True, "like_count": 1}
    for _ in range(2):
        assert bob.call("DELETE", address).json() == {"liked": False, "like_count": 0}
    assert Like.objects.count() == 0


def test_a_reader_sees_their_own_like(alice: ApiClient, bob: ApiClient, api: ApiClient) -> None:
    tweet = alice.tweet()
    bob.call("PUT", f"/v1/tweets/{tweet['id']}/like/")
    seen = [client.call("GET", f"/v1/tweets/{tweet['id']}/").json() for client in (bob, alice, api)]
    assert [(one["liked"], one["like_count"]) for one in seen] == [(True, 1), (False, 1), (False, 1)]


def test_lists_who_likes_it_latest_first(alice: ApiClient, bob: ApiClient, api: ApiClient) -> None:
    tweet = alice.tweet()["id"]
    bob.call("PUT", f"/v1/tweets/{tweet}/like/")
    alice.call("PUT", f"/v1/tweets/{tweet}/like/")
    assert api.call("GET", f"/v1/tweets/{tweet}/likes/").json() == {
        "next": None,
        "previous": None,
        "results": [
            {"id": client.me.pk, "username": client.me.username, "display_name": "", "avatar_url": None}
            for client in (alice, bob)
        ],
    }


def test_what_is_not_there_cannot_be_liked(alice: ApiClient, api: ApiClient) -> None:
    assert_problem(alice.call("POST", "/v1/tweets/like/1/"), 404, "tweet_not_found")
    assert_problem(alice.call("PUT", "/v1/tweets/1/like/"), 404, "tweet_not_found")
    assert_problem(alice.call("DELETE", "/v1/tweets/1/like/"), 404, "tweet_not_found")
    assert_problem(alice.call("GET", "/v1/tweets/like/1/"), 405, "method_not_allowed")
    assert_problem(api.call("POST", "/v1/tweets/like/1/"), 401, "not_authenticated")
    assert Like.objects.count() == 0
