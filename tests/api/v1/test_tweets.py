"""Posting, reading, editing and deleting tweets."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from PIL import Image as Pillow

from minitwitter.media.models import Image
from minitwitter.tweets.models import Attachment, Like, Tweet, TweetStats
from tests.client import ApiClient, assert_invalid, assert_problem
from tests.factories import jpeg
from tests.working import run_tasks

TWEETS = "/v1/tweets/"
FAMILY = "👨\u200d👩\u200d👧\u200d👦"  # One grapheme cluster of seven code points and 25 bytes.

pytestmark = pytest.mark.django_db


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_posts_a_text(alice: ApiClient, api: ApiClient) -> None:
    response = alice.call("POST", TWEETS, {"text": "Hello <script>alert(1)</script>", "id": 1, "author": 2})
    body = response.json()
    assert response.status_code == 201
    assert body == {
        "id": body["id"],
        "author": {"id": alice.me.pk, "username": "alice", "display_name": "", "avatar_url": None},
        "text": "Hello <script>alert(1)</script>",
        "image": None,
        "media": [],
        "like_count": 0,
        "liked": False,
        "created_at": body["created_at"],
        "edited_at": None,
        "url": f"http://testserver/@alice/{body['id']}",
    }
    assert response["Location"] == f"http://testserver/v1/tweets/{body['id']}/"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert 1 < body["id"] < 2**53
    assert api.call("GET", f"/v1/tweets/{body['id']}/").json() == body
    assert alice.call("GET", "/v1/users/me/").json()["tweets_count"] == 1


def test_posts_an_image_alone_with_a_description(alice: ApiClient, api: ApiClient) -> None:
    response = alice.form("POST", TWEETS, {"image": jpeg(800, 600), "image_alt": "A teal square"})
    assert response.status_code == 201
    body = response.json()
    (media,) = body["media"]
    assert body["text"] == ""
    assert body["image"] == media["url"]
    assert media == {**media, "width": 800, "height": 600, "alt": "A teal square"}
    assert set(media) == {"id", "url", "thumbnail_url", "width", "height", "alt", "blurhash"}
    assert media["blurhash"]

    picture = Pillow.open(BytesIO(api.media(media["url"])[1]))
    assert (picture.size, picture.format, dict(picture.getexif())) == ((800, 600), "JPEG", {})
    thumbnail = Pillow.open(BytesIO(api.media(media["thumbnail_url"])[1]))
    assert (thumbnail.size, thumbnail.format) == ((640, 480), "WEBP")


def test_posts_both_together_and_a_text_in_a_form(alice: ApiClient) -> None:
    both = alice.form("POST", TWEETS, {"text": "Olá 🌞", "image": jpeg()}).json()
    assert (both["text"], len(both["media"])) == ("Olá 🌞", 1)
    alone = alice.form("POST", TWEETS, {"text": "Text"}).json()
    assert (alone["text"], alone["media"], alone["image"]) == ("Text", [], None)


@pytest.mark.parametrize(
    "text", ["x" * 280, FAMILY * 280, "e\u0301" * 280, " padded \r\n", "\u200d visible", "ü" * 280, "\r\n" * 279 + "x"]
)
def test_counts_characters_as_people_do_and_keeps_the_text(alice: ApiClient, text: str) -> None:
    assert alice.tweet(text)["text"] == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "blank"),
        (" \n\t\u3000", "blank"),
        ("\u200b\u200d\u2060\ufeff\u00ad", "blank"),
        ("\u2800\u3164\u115f\ufe0f", "blank"),
        ("x" * 281, "max_length"),
        (FAMILY * 281, "max_length"),
        ("a" + "\u0301" * 5000, "max_length"),  # One cluster, 10,001 bytes.
        ("x" * 200_000, "max_length"),
        ("a\x00b", "invalid"),
        (True, "invalid"),
        (5, "invalid"),
        (1.5, "invalid"),
        (["x"], "invalid"),
        ({"a": "x"}, "invalid"),
        (None, "null"),
    ],
)
def test_refuses_a_bad_text_and_keeps_nothing(alice: ApiClient, text: Any, code: str) -> None:
    assert_invalid(alice.call("POST", TWEETS, {"text": text}), ("text", code))
    assert (Tweet.objects.count(), TweetStats.objects.count()) == (0, 0)
    assert alice.call("GET", "/v1/users/me/").json()["tweets_count"] == 0


def test_needs_a_text_or_an_image(alice: ApiClient) -> None:
    assert_invalid(alice.call("POST", TWEETS, {}), ("text", "blank"))
    assert_invalid(alice.form("POST", TWEETS, {"image_alt": "x"}), ("text", "blank"))


def test_the_length_of_a_tweet_is_an_option(alice: ApiClient, settings: LazySettings) -> None:
    settings.TWEET_LENGTH = 5
    assert alice.tweet("12345")["text"] == "12345"
    assert_invalid(alice.call("POST", TWEETS, {"text": "123456"}), ("text", "max_length"))


def test_a_failed_tweet_leaves_no_row_and_no_file(alice: ApiClient, media_folder: Path) -> None:
    for fields, status in (
        ({"text": "x" * 281, "image": jpeg()}, 400),
        ({"text": "x", "image": jpeg(), "image_alt": "x" * 1501}, 400),
        ({"text": "x", "image": jpeg(), "image_alt": "a\x00"}, 400),
        ({"text": "x", "image": jpeg()[:-200]}, 400),
        ({"text": "x", "image": b""}, 400),
        ({"text": "x", "image": b"<svg xmlns='http://www.w3.org/2000/svg'/>"}, 415),
        ({"text": "x", "image": "not a file"}, 400),
    ):
        assert alice.form("POST", TWEETS, fields).status_code == status
    assert _files(media_folder) == []
    assert (Tweet.objects.count(), Image.objects.count(), Attachment.objects.count()) == (0, 0, 0)


def test_a_tweet_that_fails_in_the_database_leaves_no_file(
    alice: ApiClient, media_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        assert len(_files(media_folder)) == 2  # The files are there when the transaction fails.
        raise RuntimeError("the database failed")

    monkeypatch.setattr("minitwitter.actions.tweets._attach", fail)
    assert_problem(alice.form("POST", TWEETS, {"image": jpeg()}), 500, "internal_error")
    assert _files(media_folder) == []
    assert (Tweet.objects.count(), Image.objects.count()) == (0, 0)


def test_takes_one_image_only(alice: ApiClient, media_folder: Path) -> None:
    response = alice.form("POST", TWEETS, {"text": "x", "image": [jpeg(), jpeg()]})
    assert response.status_code == 400
    assert (_files(media_folder), Tweet.objects.count()) == ([], 0)


@pytest.mark.parametrize(
    "name", ["..", ".", "/", "x/", "C:\\", "a/..", "\x01", "&#46;&#46;", "é.png", "a.html", "x" * 300]
)
def test_the_name_of_a_file_means_nothing(alice: ApiClient, name: str) -> None:
    head = f'--B\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\n\r\n'.encode()
    response = alice.raw("POST", TWEETS, head + jpeg() + b"\r\n--B--\r\n", "multipart/form-data; boundary=B")
    assert response.status_code == 201
    assert len(response.json()["media"]) == 1


def test_a_file_input_that_was_left_empty_is_no_file(alice: ApiClient) -> None:
    parts = [
        b'name="text"\r\n\r\nhello',
        b'name="image"; filename=""\r\nContent-Type: application/octet-stream\r\n\r\n',
    ]
    body = b"".join(b"--B\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts) + b"--B--\r\n"
    response = alice.raw("POST", TWEETS, body, "multipart/form-data; boundary=B")
    assert (response.status_code, response.json()["text"], response.json()["media"]) == (201, "hello", [])


def test_edits_the_text_and_keeps_the_image(alice: ApiClient) -> None:
    tweet = alice.tweet("Before", jpeg())
    for method, text in (("PATCH", "Once"), ("PUT", "Twice"), ("PATCH", "")):
        response = alice.call(method, f"/v1/tweets/{tweet['id']}/", {"text": text, "image": None, "like_count": 9})
        assert response.status_code == 200
        assert response.json() == {**tweet, "text": text, "edited_at": response.json()["edited_at"]}
        assert response.json()["edited_at"].endswith("Z")


def test_an_edit_to_the_same_text_is_none(alice: ApiClient) -> None:
    tweet = alice.tweet("Before")
    address = f"/v1/tweets/{tweet['id']}/"
    response = alice.call("PATCH", address, {"text": "Before"})
    assert (response.status_code, response.json()) == (200, tweet)
    edited = alice.call("PATCH", address, {"text": "before"}).json()
    assert edited["edited_at"] is not None
    assert alice.call("PUT", address, {"text": "before"}).json() == edited


def test_a_bad_edit_changes_nothing(alice: ApiClient, bob: ApiClient, api: ApiClient) -> None:
    tweet = alice.tweet("Before")
    address = f"/v1/tweets/{tweet['id']}/"
    assert_invalid(alice.call("PATCH", address, {"text": ""}), ("text", "blank"))
    assert_invalid(alice.call("PATCH", address, {}), ("text", "required"))
    assert_invalid(alice.call("PUT", address, {"text": "x" * 281}), ("text", "max_length"))
    assert_problem(bob.call("PATCH", address, {"text": "Mine"}), 403, "not_owner")
    assert_problem(bob.call("DELETE", address), 403, "not_owner")
    assert_problem(api.call("PATCH", address, {"text": "Mine"}), 401, "not_authenticated")
    assert_problem(api.call("DELETE", address), 401, "not_authenticated")
    assert_problem(alice.call("PATCH", "/v1/tweets/1/", {"text": "x"}), 404, "tweet_not_found")
    assert api.call("GET", address).json() == tweet


@pytest.mark.django_db(transaction=True)
def test_a_deleted_tweet_is_gone_with_its_files_and_likes(alice: ApiClient, bob: ApiClient, media_folder: Path) -> None:
    tweet = alice.tweet("Soon gone", jpeg())
    bob.call("PUT", f"/v1/tweets/{tweet['id']}/like/")
    address = f"/v1/tweets/{tweet['id']}/"
    assert alice.call("DELETE", address).status_code == 204

    assert_problem(alice.call("GET", address), 404, "tweet_not_found")
    assert_problem(alice.call("DELETE", address), 404, "tweet_not_found")
    assert_problem(bob.call("PUT", f"{address}like/"), 404, "tweet_not_found")
    assert_problem(bob.call("GET", f"{address}likes/"), 404, "tweet_not_found")
    assert_problem(alice.get(tweet["image"].removeprefix("http://testserver")), 404, "not_found")
    run_tasks()
    assert _files(media_folder) == []
    counts = [model.objects.count() for model in (Tweet, TweetStats, Like, Attachment, Image)]
    assert counts == [0, 0, 0, 0, 0]
    assert alice.call("GET", "/v1/users/me/").json()["tweets_count"] == 0


@pytest.mark.parametrize("number", ["1", "0", "-1", "٣", "9007199254740992", "9" * 30, "1.0", "abc", "007", "%00"])
@pytest.mark.parametrize("address", ["/v1/tweets/{}/", "/v1/tweets/{}/likes/"])
def test_an_unknown_id_is_404(api: ApiClient, number: str, address: str) -> None:
    response = api.get(address.format(number))
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"


def test_an_anonymous_reader_gets_304_while_nothing_changed(alice: ApiClient, api: ApiClient) -> None:
    tweet = alice.tweet("Hello")
    address = f"/v1/tweets/{tweet['id']}/"
    first = api.get(address)
    assert first["Cache-Control"] == "no-cache"
    assert first["Vary"] == "Authorization"
    again = api.get(address, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    # There is no time of a change, so this says nothing (RFC 9110 section 13.1.4).
    since = {"If-Unmodified-Since": "Mon, 01 Jan 2024 00:00:00 GMT"}
    assert api.get(address, headers=since).status_code == 200
    assert api.get(address, headers={**since, "If-None-Match": first["ETag"]}).status_code == 304
    alice.call("PUT", f"{address}like/")
    changed = api.get(address, headers={"If-None-Match": first["ETag"]})
    assert (changed.status_code, changed.json()["like_count"]) == (200, 1)
    assert alice.get(address)["Cache-Control"] == "no-store"


def test_the_public_timeline_and_a_profiles_tweets_are_newest_first(
    alice: ApiClient, bob: ApiClient, api: ApiClient
) -> None:
    posted = [alice.tweet("1"), bob.tweet("2"), alice.tweet("3")]
    assert api.call("GET", TWEETS).json() == {"next": None, "previous": None, "results": posted[::-1]}
    assert api.call("GET", "/v1/users/alice/tweets/").json()["results"] == [posted[2], posted[0]]
    assert_problem(api.call("GET", "/v1/users/nobody/tweets/"), 404, "user_not_found")
