"""How much room the pictures of an account may take."""

from io import BytesIO
from pathlib import Path

import pytest
from django.conf import LazySettings

from minitwitter.actions import accounts, tweets
from minitwitter.media.models import Image
from minitwitter.tweets.models import Tweet
from tests.client import ApiClient, assert_problem
from tests.factories import jpeg, make_tweet, make_user
from tests.threads import at_once


def _files(folder: Path) -> int:
    return len([path for path in folder.rglob("*") if path.is_file()])


@pytest.mark.django_db
def test_a_picture_that_does_not_fit_is_refused_and_leaves_nothing(
    alice: ApiClient, bob: ApiClient, settings: LazySettings, media_folder: Path
) -> None:
    tweet = alice.tweet("One", jpeg())
    settings.MEDIA_QUOTA_BYTES = Image.objects.get().size * 2 - 1
    assert_problem(alice.form("POST", "/v1/tweets/", {"image": jpeg()}), 413, "media_quota_exceeded")
    assert_problem(alice.form("PUT", "/v1/users/me/avatar/", {"image": jpeg(64, 64)}), 413, "media_quota_exceeded")
    assert (Tweet.objects.count(), Image.objects.count(), _files(media_folder)) == (1, 1, 2)
    assert bob.tweet("Others have their own room", jpeg())["image"]
    assert alice.tweet("Texts need none")["image"] is None

    alice.call("DELETE", f"/v1/tweets/{tweet['id']}/")
    assert alice.tweet("There is room again", jpeg())["image"]


@pytest.mark.django_db
def test_zero_means_no_quota(settings: LazySettings) -> None:
    settings.MEDIA_QUOTA_BYTES = 0
    assert make_tweet(make_user("alice"), image=jpeg())


@pytest.mark.django_db(transaction=True)
def test_uploads_at_once_share_one_room(settings: LazySettings, media_folder: Path) -> None:
    user = make_user("alice")
    accounts.change_avatar(user=user, file=BytesIO(jpeg(32, 32)))
    settings.MEDIA_QUOTA_BYTES = Image.objects.get().size * 3

    def post(_: int) -> bool:
        try:
            tweets.create_tweet(author=user, text="", image=BytesIO(jpeg(32, 32)))
        except Exception as error:  # noqa: BLE001  # Only a full room may refuse; asserted below.
            return type(error).__name__ != "QuotaExceeded"
        return True

    outcomes = at_once(6, post)
    kept = Tweet.objects.count()
    assert outcomes.count(True) == kept
    assert 1 <= kept < 6
    assert sum(Image.objects.values_list("size", flat=True)) <= settings.MEDIA_QUOTA_BYTES
    assert _files(media_folder) == 2 * Image.objects.count()
