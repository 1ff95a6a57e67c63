"""What is written: the rows are as if each had been made by its own action."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, models
from PIL import Image as Pillow

from minitwitter.accounts.models import AccountStats, User
from minitwitter.actions import demo
from minitwitter.audit.models import AuditEntry, Event
from minitwitter.core import ids
from minitwitter.demo import studio
from minitwitter.demo.community import Plan
from minitwitter.demo.filling import PASSWORD, Filled, fill
from minitwitter.media.models import Image
from minitwitter.relationships.models import Follow
from minitwitter.tweets.models import Attachment, Like, Tweet, TweetStats
from tests.client import ApiClient
from tests.factories import follow, make_tweet, make_user

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
PLAN = Plan(seed="tests", people=24, tweets=160, days=30, now=NOW)


def filled() -> Filled:
    return fill(PLAN, lambda *_: None)


def rows() -> dict[str, int]:
    kinds: tuple[type[models.Model], ...] = (User, AccountStats, Follow, Tweet, TweetStats, Like, Image, Attachment)
    return {kind.__name__: kind._default_manager.count() for kind in kinds}


def test_counters_equal_rows() -> None:
    told = filled()

    counted = rows()
    assert (told.people, told.follows, told.tweets, told.likes) == (
        counted["User"],
        counted["Follow"],
        counted["Tweet"],
        counted["Like"],
    )
    assert counted["AccountStats"] == 24
    assert counted["TweetStats"] == 160
    assert counted["Attachment"] == told.pictures > 0
    assert counted["Follow"] > 100
    assert counted["Like"] > 50
    followers = Counter(Follow.objects.values_list("followee_id", flat=True))
    following = Counter(Follow.objects.values_list("follower_id", flat=True))
    written = Counter(Tweet.objects.values_list("author_id", flat=True))
    for stats in AccountStats.objects.all():
        counters = stats.followers_count, stats.following_count, stats.tweets_count
        assert counters == (followers[stats.pk], following[stats.pk], written[stats.pk])
    liked = Counter(Like.objects.values_list("tweet_id", flat=True))
    assert all(stats.like_count == liked[stats.pk] for stats in TweetStats.objects.all())
    assert AuditEntry.objects.filter(event=Event.ACCOUNT_MADE).count() == 24


def test_ids_are_of_the_times_of_their_rows() -> None:
    filled()

    for kind in (User, Follow, Tweet, Like, Image):
        made: list[tuple[int, datetime]] = list(kind._default_manager.values_list("pk", "created_at"))
        assert [at for _, at in made] == [ids.time_of(key) for key, _ in made]
        assert all(at < NOW for _, at in made)
    for attachment in Attachment.objects.select_related("tweet"):
        assert ids.time_of(attachment.pk) == attachment.tweet.created_at


def test_pictures_are_as_uploads_would_have_become(media_folder: Path) -> None:
    filled()

    images = list(Image.objects.all())
    assert len([path for path in media_folder.rglob("*") if path.is_file()]) == 2 * len(images)
    for image in images:
        sizes = [default_storage.size(name) for name in (image.name, image.thumbnail_name)]
        assert (sum(sizes), len(image.blurhash)) == (image.size, 28)
        with default_storage.open(image.name) as file, Pillow.open(file) as picture:
            assert (picture.size, dict(picture.getexif())) == ((image.width, image.height), {})
    assert all(attachment.alt for attachment in Attachment.objects.all())
    assert set(User.objects.exclude(avatar=None).values_list("avatar_id", flat=True)) == {
        image.pk for image in images
    } - set(Attachment.objects.values_list("image_id", flat=True))


def test_the_three_can_log_in_and_nobody_else(api: ApiClient) -> None:
    told = filled()

    assert told.guests == ["maya", "tiago", "yuki"]
    for username in told.guests:
        answer = api.call("POST", "/v1/users/login/", {"username": username, "password": PASSWORD})
        assert answer.status_code == 200
        feed = ApiClient(User.objects.get(username=username), password=PASSWORD).call("GET", "/v1/feed/").json()
        assert len(feed["results"]) == 20
    others = User.objects.exclude(username__in=told.guests)
    assert not any(person.has_usable_password() for person in others)


def test_it_leaves_alone_who_was_there() -> None:
    alice, maya = make_user("alice"), make_user("Maya")
    follow(alice, maya)
    make_tweet(maya)

    told = filled()

    assert told.guests[0].startswith("maya")
    assert told.guests[0] != "maya"
    assert rows()["User"] == 26
    stats = AccountStats.objects.filter(pk__in=[alice.pk, maya.pk]).order_by("pk")
    assert list(stats.values_list("followers_count", "following_count", "tweets_count")) == [(0, 1, 0), (1, 0, 1)]


def test_a_failure_leaves_no_row_and_no_file(media_folder: Path) -> None:
    filled()
    before, files = rows(), sorted(media_folder.rglob("*.*"))
    person, picture = User.objects.get(username="maya"), studio.draw(studio.Order("tests", "sea"))
    good = demo.NewTweet(person.pk, "Good", NOW, None, picture, "The sea", [(person.pk, NOW)])
    twice = replace(good, likes=[(person.pk, NOW), (person.pk, NOW)])

    with pytest.raises(IntegrityError):
        demo.write_tweets([good, twice])

    assert (rows(), sorted(media_folder.rglob("*.*"))) == (before, files)


def test_a_number_that_is_taken_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    filled()
    taken = Tweet.objects.order_by("pk").values_list("pk", flat=True)[0]
    numbers: Iterator[int] = iter([taken, taken + 1, taken + 1, taken + 2])
    monkeypatch.setattr("minitwitter.core.ids.new_id", lambda _at=None: next(numbers))
    author, at = User.objects.get(username="maya"), NOW - timedelta(days=1)

    demo.write_tweets([demo.NewTweet(author.pk, text, at, None, None, "", []) for text in ("One", "Two")])

    texts = Tweet.objects.filter(pk__in=[taken + 1, taken + 2]).order_by("pk").values_list("text", flat=True)
    assert sorted(texts) == ["One", "Two"]


@pytest.mark.parametrize("scene", ["", "sea", "chart"])
def test_the_same_seed_draws_the_same_picture(scene: str) -> None:
    def digest(seed: str) -> str:
        return hashlib.sha256(studio.draw(studio.Order(seed, scene)).content).hexdigest()

    assert digest("one") == digest("one") != digest("two")


def test_many_pictures_are_drawn_in_order_by_several_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    orders = [studio.Order(f"{number}") for number in range(6)]
    monkeypatch.setattr(studio, "_FEW", 1)
    monkeypatch.setattr("os.cpu_count", lambda: 2)

    with studio.drawing(orders) as pictures:
        assert list(pictures) == [studio.draw(order) for order in orders]
