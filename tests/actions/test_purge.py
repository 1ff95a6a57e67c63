"""What a deletion leaves is invisible, also when its task never runs; and `purge_everything` removes it."""

from pathlib import Path

import pytest

from minitwitter.accounts.models import User
from minitwitter.actions import accounts, follows, likes, purge, tweets
from minitwitter.media.models import Image
from minitwitter.relationships.models import Follow
from minitwitter.tweets.models import Like, Tweet
from tests.client import ApiClient
from tests.factories import jpeg, make_tweet, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def _files(folder: Path) -> int:
    return len([path for path in folder.rglob("*") if path.is_file()])


def test_an_interrupted_deletion_of_a_tweet_shows_nothing_and_can_be_finished(media_folder: Path) -> None:
    alice, bob = make_user("alice"), make_user("bob")
    tweet = make_tweet(alice, image=jpeg())
    likes.like(user=bob, tweet_id=tweet)
    tweets.delete_tweet(tweet_id=tweet, editor=alice)

    reader = ApiClient(bob)
    assert reader.call("GET", f"/v1/tweets/{tweet}/").status_code == 404
    assert reader.call("GET", "/v1/users/alice/tweets/").json()["results"] == []
    assert reader.get(f"/media/{Image.objects.get().name}").status_code == 404
    assert (Tweet.objects.count(), _files(media_folder)) == (1, 2)

    assert list(purge.purge_everything()) == [f"tweet {tweet}"]
    left = [model.objects.count() for model in (Tweet, Like, Image)]
    assert (left, _files(media_folder)) == ([0, 0, 0], 0)
    assert list(purge.purge_everything()) == []


def test_an_interrupted_deletion_of_an_account_can_be_finished(
    media_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("minitwitter.actions.purge.CHUNK", 2)
    monkeypatch.setattr("minitwitter.actions.purge.FOLLOWS_CHUNK", 2)
    alice = make_user("alice")
    people = [make_user(f"user{number}") for number in range(5)]
    for person in people:
        follows.follow(follower=person, followee_id=alice.pk)
        follows.follow(follower=alice, followee_id=person.pk)
        likes.like(user=alice, tweet_id=make_tweet(person))
        make_tweet(alice, image=jpeg())
    accounts.delete_account(user=alice)
    assert Follow.objects.count() == 8  # The first chunk went in the request.

    assert list(purge.purge_everything()) == [f"account {alice.pk}"]
    left = [model.objects.count() for model in (Follow, Like, Image)]
    assert (left, _files(media_folder), Tweet.objects.count()) == ([0, 0, 0], 0, 5)
    reader = ApiClient(people[0])
    for person in people:
        profile = reader.call("GET", f"/v1/users/{person.username}/").json()
        assert (profile["followers_count"], profile["following_count"], profile["tweets_count"]) == (0, 0, 1)
    assert [tweet["like_count"] for tweet in reader.call("GET", "/v1/tweets/").json()["results"]] == [0] * 5
    assert User.objects.filter(username="alice", deleted_at__isnull=False).exists()
