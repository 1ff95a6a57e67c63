"""Following and unfollowing."""

import pytest

from minitwitter.relationships.models import Follow
from tests.client import ApiClient, assert_problem
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_following_answers_the_profile_and_moves_both_counters(alice: ApiClient, bob: ApiClient) -> None:
    followed = bob.call("POST", "/v1/users/follow/ALICE/")
    assert followed.status_code == 200
    profile = bob.call("GET", "/v1/users/alice/").json()
    assert followed.json() == profile
    assert (profile["following"], profile["followers_count"]) == (True, 1)
    assert bob.call("GET", "/v1/users/me/").json()["following_count"] == 1

    unfollowed = bob.call("POST", "/v1/users/unfollow/alice/")
    assert unfollowed.status_code == 200
    assert unfollowed.json() == {**profile, "following": False, "followers_count": 0}
    assert bob.call("GET", "/v1/users/me/").json()["following_count"] == 0


def test_what_cannot_be_followed_changes_nothing(alice: ApiClient, bob: ApiClient) -> None:
    assert_problem(bob.call("POST", "/v1/users/follow/bob/"), 400, "self_follow")
    assert_problem(bob.call("POST", "/v1/users/follow/nobody/"), 404, "user_not_found")
    assert_problem(bob.call("POST", "/v1/users/unfollow/nobody/"), 404, "user_not_found")
    assert_problem(bob.call("POST", "/v1/users/unfollow/alice/"), 409, "not_following")
    assert_problem(bob.call("POST", "/v1/users/unfollow/bob/"), 409, "not_following")
    assert Follow.objects.count() == 0

    bob.call("POST", "/v1/users/follow/alice/")
    assert_problem(bob.call("POST", "/v1/users/follow/alice/"), 409, "already_following")
    assert Follow.objects.count() == 1
    assert bob.call("GET", "/v1/users/alice/").json()["followers_count"] == 1


def test_the_lists_show_the_latest_follow_first(alice: ApiClient, bob: ApiClient, api: ApiClient) -> None:
    carol = ApiClient(make_user("carol"))
    bob.call("POST", "/v1/users/follow/alice/")
    carol.call("POST", "/v1/users/follow/alice/")
    bob.call("POST", "/v1/users/follow/carol/")

    followers = api.call("GET", "/v1/users/alice/followers/").json()
    assert followers == {
        "next": None,
        "previous": None,
        "results": [
            {"id": client.me.pk, "username": client.me.username, "display_name": "", "avatar_url": None}
            for client in (carol, bob)
        ],
    }
    following = api.call("GET", "/v1/users/bob/following/").json()["results"]
    assert [row["username"] for row in following] == ["carol", "alice"]
    assert_problem(api.call("GET", "/v1/users/nobody/followers/"), 404, "user_not_found")
