"""The dataset of the benchmarks: as large as its shape says, with true counters, and the same each time."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from benchmarks.dataset import Dataset, Shape, id_at
from benchmarks.populate import load
from minitwitter.accounts.models import AccountStats, User
from minitwitter.core import ids
from minitwitter.relationships.models import Follow
from minitwitter.tweets.models import Like, Tweet, TweetStats

UNTIL = datetime(2026, 5, 1, 12, tzinfo=UTC)
SMALL = Shape(users=60, follows=5, celebrities=2, readers=(10, 50), authors=(7,), tweets=500, likes=300)


def rows_of(shape: Shape) -> dict[str, list[dict[str, Any]]]:
    return {
        table.model: [dict(zip(table.columns, row, strict=True)) for row in table.rows]
        for table in Dataset(shape, UNTIL, "a hash").tables()
    }


def test_the_same_shape_makes_the_same_rows_and_another_seed_others() -> None:
    assert rows_of(SMALL) == rows_of(SMALL)
    assert rows_of(SMALL) != rows_of(Shape(**{**SMALL.__dict__, "seed": 2}))


def test_each_table_has_as_many_rows_as_it_says() -> None:
    tables = [(table.total, len(list(table.rows))) for table in Dataset(SMALL, UNTIL).tables()]

    assert all(said == there for said, there in tables)
    assert [there for _, there in tables] == [65, 60 * 5 + 2 * 60 + 60 + 7, 500, 65, 300, 500]


def test_the_standard_shape_is_the_documented_one() -> None:
    rows = rows_of(Shape())
    names = {row["id"]: row["username"] for row in rows["accounts.User"]}
    following = Counter(names[row["follower_id"]] for row in rows["relationships.Follow"])
    followers = Counter(names[row["followee_id"]] for row in rows["relationships.Follow"])

    assert following == {**{f"user{number}": 51 for number in range(1000)}, "reader0": 200}
    assert followers.pop("celebrity0") == 1001
    # Those whom the reader follows have one more.
    assert Counter(followers.values()) == {50: 801, 51: 199}
    lengths = [len(row["text"]) for row in rows["tweets.Tweet"]]
    assert len(lengths) == 20_000
    assert (min(lengths) >= 40, max(lengths) <= 280) == (True, True)
    assert sum(lengths) / len(lengths) == pytest.approx(181, abs=2)


def test_ids_ascend_and_hold_their_times() -> None:
    for model, rows in rows_of(SMALL).items():
        if "id" in rows[0]:
            found = [row["id"] for row in rows]
            assert found == sorted(set(found)), model
            assert all(row["created_at"] == ids.time_of(row["id"]) for row in rows), model
    tweets = [row["created_at"] for row in rows_of(SMALL)["tweets.Tweet"]]
    assert UNTIL - timedelta(days=30) <= tweets[0] < UNTIL - timedelta(days=29)
    assert UNTIL - timedelta(days=1) < tweets[-1] <= UNTIL


def test_a_cursor_of_a_time_lies_between_the_ids_before_and_after_it() -> None:
    moment = UNTIL.astimezone(UTC)

    assert ids.time_of(id_at(moment)) == moment
    assert ids.new_id(moment - timedelta(milliseconds=1)) < id_at(moment) <= ids.new_id(moment)


def test_nobody_follows_twice_or_themselves_and_nobody_likes_twice() -> None:
    rows = rows_of(SMALL)
    edges = [(row["follower_id"], row["followee_id"]) for row in rows["relationships.Follow"]]
    likes = [(row["user_id"], row["tweet_id"]) for row in rows["tweets.Like"]]

    assert len(edges) == len(set(edges))
    assert all(follower != followee for follower, followee in edges)
    assert len(likes) == len(set(likes)) == 300


@pytest.mark.django_db(transaction=True)
def test_a_loaded_dataset_has_all_rows_and_counters_that_equal_them() -> None:
    load(Dataset(SMALL, UNTIL, "a hash"))

    assert (User.objects.count(), Tweet.objects.count(), Like.objects.count()) == (65, 500, 300)
    for stats in AccountStats.objects.all():
        assert stats.followers_count == Follow.objects.filter(followee_id=stats.user_id).count()
        assert stats.following_count == Follow.objects.filter(follower_id=stats.user_id).count()
        assert stats.tweets_count == Tweet.objects.filter(author_id=stats.user_id).count()
    likes = Counter(Like.objects.values_list("tweet_id", flat=True))
    assert {stats.tweet_id: stats.like_count for stats in TweetStats.objects.all()} == {
        tweet_id: likes[tweet_id] for tweet_id in Tweet.objects.values_list("id", flat=True)
    }
    user = User.objects.get(username="reader0")
    assert (user.email, user.is_active, user.bio, user.avatar) == ("reader0@example.org", True, "", None)
