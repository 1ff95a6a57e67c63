"""What is deleted is gone for everybody at once, and its rows and files follow when the tasks have run."""

from pathlib import Path

import pytest

from minitwitter.actions import accounts
from minitwitter.core.models import Task
from minitwitter.media.models import Image
from minitwitter.tweets.models import Like, Tweet
from tests.client import ApiClient
from tests.factories import PASSWORD, jpeg
from tests.working import run_tasks

pytestmark = pytest.mark.django_db


def _files(folder: Path) -> int:
    return len([path for path in folder.rglob("*") if path.is_file()])


def _asked_for() -> list[tuple[str, dict[str, int]]]:
    return list(Task.objects.filter(finished_at=None).order_by("id").values_list("name", "arguments"))


def test_a_deleted_tweet(alice: ApiClient, bob: ApiClient, media_folder: Path) -> None:
    tweet = alice.tweet("Hello", image=jpeg())
    bob.call("PUT", f"/v1/tweets/{tweet['id']}/like/")
    assert alice.call("DELETE", f"/v1/tweets/{tweet['id']}/").status_code == 204

    assert _asked_for() == [("purge_tweet", {"tweet_id": int(tweet["id"])})]
    for reader in (alice, bob):
        assert reader.call("GET", f"/v1/tweets/{tweet['id']}/").status_code == 404
        assert reader.media(tweet["image"])[0] == 404
        assert reader.call("GET", "/v1/users/alice/tweets/").json()["results"] == []
    assert (Tweet.objects.count(), Like.objects.count(), _files(media_folder)) == (1, 1, 2)

    run_tasks()
    assert [model.objects.count() for model in (Tweet, Like, Image)] == [0, 0, 0]
    assert _files(media_folder) == 0


def test_a_deleted_account(alice: ApiClient, bob: ApiClient, media_folder: Path) -> None:
    tweet = alice.tweet("Hello", image=jpeg())
    alice.call("POST", "/v1/users/follow/bob/")
    assert alice.call("DELETE", "/v1/users/me/", {"password": PASSWORD}).status_code == 204

    assert _asked_for() == [("purge_account", {"user_id": alice.me.pk})]
    assert bob.call("GET", "/v1/users/alice/").status_code == 404
    assert bob.call("GET", f"/v1/tweets/{tweet['id']}/").status_code == 404
    assert bob.media(tweet["image"])[0] == 404

    run_tasks()
    assert (Tweet.objects.count(), _files(media_folder)) == (0, 0)
    assert bob.call("GET", "/v1/users/bob/").json()["followers_count"] == 0


@pytest.mark.django_db(transaction=True)
def test_the_counters_of_others_are_right_before_the_task_has_run(alice: ApiClient, bob: ApiClient) -> None:
    tweet = bob.tweet()
    alice.call("POST", "/v1/users/follow/bob/")
    bob.call("POST", "/v1/users/follow/alice/")
    alice.call("PUT", f"/v1/tweets/{tweet['id']}/like/")
    alice.call("DELETE", "/v1/users/me/", {"password": PASSWORD})

    assert [name for name, _ in _asked_for()] == ["purge_account"]
    profile = bob.call("GET", "/v1/users/bob/").json()
    assert (profile["followers_count"], profile["following_count"]) == (0, 0)
    assert bob.call("GET", f"/v1/tweets/{tweet['id']}/").json()["like_count"] == 0


def test_a_replaced_avatar(alice: ApiClient, media_folder: Path) -> None:
    first = alice.form("PUT", "/v1/users/me/avatar/", {"image": jpeg()}).json()["avatar_url"]
    second = alice.form("PUT", "/v1/users/me/avatar/", {"image": jpeg(colour="red")}).json()["avatar_url"]
    assert [name for name, _ in _asked_for()] == ["purge_image"]
    assert (alice.media(first)[0], alice.media(second)[0], _files(media_folder)) == (404, 200, 4)

    run_tasks()
    assert (alice.media(second)[0], _files(media_folder)) == (200, 2)
    accounts.remove_avatar(user=alice.me)
    run_tasks()
    assert _files(media_folder) == 0


def test_a_refused_deletion_asks_for_nothing(alice: ApiClient, bob: ApiClient) -> None:
    tweet = alice.tweet()
    assert bob.call("DELETE", f"/v1/tweets/{tweet['id']}/").status_code == 403
    assert alice.call("DELETE", "/v1/users/me/", {"password": "wrong"}).status_code == 400
    assert _asked_for() == []


def test_a_storage_that_is_away_is_waited_for(
    alice: ApiClient, media_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from minitwitter.core.worker import Worker

    tweet = alice.tweet("Hello", image=jpeg())
    with monkeypatch.context() as patched:
        patched.setattr("minitwitter.media.storage.LocalStorage.delete", _away)
        alice.call("DELETE", f"/v1/tweets/{tweet['id']}/")
        assert Worker().run_one()
    assert (_files(media_folder), Image.objects.count()) == (2, 1)
    assert alice.media(tweet["image"])[0] == 404
    Task.objects.update(due_at=Task.objects.get().created_at)
    run_tasks()
    assert (_files(media_folder), Image.objects.count(), Tweet.objects.count()) == (0, 0, 0)


def _away(*_: object) -> None:
    raise OSError("The storage is away.")
