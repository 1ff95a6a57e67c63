"""Idempotency-Key on POST /v1/tweets/"""

from datetime import timedelta
from typing import Any

import pytest

from minitwitter.media.models import Image
from minitwitter.tweets.models import IdempotencyKey, Tweet
from tests.client import ApiClient, assert_invalid, assert_problem
from tests.factories import jpeg
from tests.threads import at_once

TWEETS = "/v1/tweets/"
KEY = {"Idempotency-Key": "a key"}

pytestmark = pytest.mark.django_db


def test_a_retry_returns_the_first_success_and_posts_nothing(alice: ApiClient) -> None:
    first = alice.call("POST", TWEETS, {"text": "Hello"}, **KEY)
    again = alice.call("POST", TWEETS, {"text": "Hello", "unknown": 1}, **KEY)
    assert [first.status_code, again.status_code] == [201, 201]
    assert again.json() == first.json()
    assert again["Location"] == first["Location"]
    assert ("Idempotent-Replayed" in first, again["Idempotent-Replayed"]) == (False, "true")
    assert Tweet.objects.count() == 1
    assert alice.call("GET", "/v1/users/me/").json()["tweets_count"] == 1


def test_a_form_and_its_file_are_compared_by_content(alice: ApiClient) -> None:
    picture = jpeg()
    first = alice.form("POST", TWEETS, {"text": "Hello", "image": picture, "image_alt": "x"}, **KEY).json()
    assert alice.form("POST", TWEETS, {"image_alt": "x", "image": picture, "text": "Hello"}, **KEY).json() == first
    for fields in (
        {"text": "Hello", "image": jpeg(colour="red"), "image_alt": "x"},
        {"text": "Hello", "image": picture, "image_alt": "y"},
        {"text": "Hello", "image": picture},
        {"text": "Hellox"},
    ):
        assert_problem(alice.form("POST", TWEETS, fields, **KEY), 422, "idempotency_mismatch")
    assert (Tweet.objects.count(), Image.objects.count()) == (1, 1)


def test_a_key_belongs_to_its_account(alice: ApiClient, bob: ApiClient) -> None:
    ids = {client.call("POST", TWEETS, {"text": "Hello"}, **KEY).json()["id"] for client in (alice, bob)}
    assert len(ids) == 2


def test_a_failure_is_not_remembered(alice: ApiClient) -> None:
    assert alice.call("POST", TWEETS, {"text": ""}, **KEY).status_code == 400
    assert IdempotencyKey.objects.count() == 0
    assert alice.call("POST", TWEETS, {"text": "Hello"}, **KEY).status_code == 201


def test_a_key_is_free_again_after_a_day(alice: ApiClient) -> None:
    first = alice.call("POST", TWEETS, {"text": "Hello"}, **KEY).json()
    row = IdempotencyKey.objects.get()
    IdempotencyKey.objects.update(created_at=row.created_at - timedelta(hours=24, seconds=1))
    second = alice.call("POST", TWEETS, {"text": "Other"}, **KEY)
    assert (second.status_code, second.json()["id"] != first["id"]) == (201, True)
    assert IdempotencyKey.objects.get().tweet_id == second.json()["id"]


def test_a_retry_after_the_tweet_was_deleted_posts_nothing(alice: ApiClient) -> None:
    first = alice.call("POST", TWEETS, {"text": "Hello"}, **KEY).json()
    alice.call("DELETE", f"/v1/tweets/{first['id']}/")
    assert_problem(alice.call("POST", TWEETS, {"text": "Hello"}, **KEY), 404, "tweet_not_found")
    assert Tweet.objects.filter(deleted_at=None).count() == 0


@pytest.mark.parametrize("key", ["", "x" * 256, "é", "a\tb"])
def test_refuses_a_bad_key(alice: ApiClient, key: str) -> None:
    response = alice.call("POST", TWEETS, {"text": "Hello"}, **{"Idempotency-Key": key})
    assert_invalid(response, ("Idempotency-Key", "invalid"))
    assert Tweet.objects.count() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("with_image", [False, True])
def test_of_many_requests_at_once_exactly_one_posts(alice: ApiClient, media_folder: Any, with_image: bool) -> None:
    fields = {"text": "Hello"} | ({"image": jpeg()} if with_image else {})

    def post(_: int) -> tuple[int, Any]:
        client = ApiClient()
        client.sign_in(alice.access)
        response = client.form("POST", TWEETS, fields, **KEY)
        return response.status_code, response.json().get("id", response.json().get("code"))

    answers = at_once(16, post)
    (tweet,) = Tweet.objects.values_list("pk", flat=True)
    assert set(answers) <= {(201, tweet), (409, "idempotency_in_flight")}
    assert (201, tweet) in answers
    files = [path for path in media_folder.rglob("*") if path.is_file()]
    assert (Image.objects.count(), len(files)) == ((1, 2) if with_image else (0, 0))
    assert alice.call("GET", "/v1/users/me/").json()["tweets_count"] == 1
