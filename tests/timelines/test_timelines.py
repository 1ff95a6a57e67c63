"""What is written to timelines, and when one is built, cut and given up. (test_home_feed.py: that feeds are right.)"""

from functools import partial

import pytest
from django.conf import LazySettings
from django.db import OperationalError

from minitwitter.accounts.models import AccountStats, Delivery, User
from minitwitter.actions import accounts, follows, timelines, tweets
from minitwitter.core.models import Task
from minitwitter.core.pagination import PageRequest
from minitwitter.relationships.models import Follow
from minitwitter.timelines.models import PendingFanOut, Timeline, TimelineEntry
from minitwitter.tweets.models import Tweet
from tests.factories import follow, make_tweet, make_user
from tests.working import Clock, run_tasks

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def reader(clock: Clock) -> User:
    return make_user("reader")


@pytest.fixture
def author(clock: Clock) -> User:
    return make_user("author")


def feed(viewer: User, **page: int) -> list[int]:
    return [entry.target for entry in timelines.read_home(viewer.pk, PageRequest(**page)).entries]


def kept(owner: User) -> list[int]:
    """The entries of a timeline, newest first."""
    return list(
        TimelineEntry.objects.filter(owner_id=owner.pk).order_by("-entry_id").values_list("entry_id", flat=True)
    )


def post(author: User, clock: Clock, count: int) -> list[int]:
    """So many tweets, a second apart; the newest first."""
    found = []
    for number in range(count):
        clock.advance(seconds=1)
        found.append(make_tweet(author, f"number {number}"))
    return found[::-1]


def followers_of(author: User, count: int) -> list[User]:
    people = [make_user(f"follower{number}") for number in range(count)]
    for person in people:
        follow(person, author)
        feed(person)
    return people


def test_the_first_read_begins_a_timeline_of_the_newest_tweets(
    reader: User, author: User, clock: Clock, settings: LazySettings
) -> None:
    settings.TIMELINE_LENGTH = 3
    follow(reader, author)
    posted = post(author, clock, 5)
    assert feed(reader) == posted
    assert kept(reader) == posted[:3]
    assert Timeline.objects.get(pk=reader.pk).floor_id == posted[3]


def test_a_tweet_is_written_at_once_to_the_timelines_of_those_who_read(
    reader: User, author: User, clock: Clock
) -> None:
    follow(reader, author)
    never_read = make_user("stranger")
    follow(never_read, author)
    feed(reader)
    posted = post(author, clock, 1)
    assert list(TimelineEntry.objects.values_list("owner_id", "entry_id", "tweet_id", "actor_id")) == [
        (reader.pk, posted[0], None, None)
    ]
    assert not PendingFanOut.objects.exists()


def test_beyond_the_first_threshold_a_task_writes_and_every_read_shows_the_tweet_before_that(
    author: User, clock: Clock, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.FAN_OUT_AT_ONCE = 2
    monkeypatch.setattr(timelines, "CHUNK", 2)
    people = followers_of(author, 5)
    posted = post(author, clock, 1)
    assert [kept(person) for person in people] == [[]] * 5
    assert [feed(person) for person in people] == [posted] * 5
    assert list(PendingFanOut.objects.values_list("tweet_id", "author_id")) == [(posted[0], author.pk)]
    run_tasks()
    assert [kept(person) for person in people] == [posted] * 5
    assert not PendingFanOut.objects.exists()


def test_a_fan_out_that_was_interrupted_goes_on_where_it_was(
    author: User, clock: Clock, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.FAN_OUT_AT_ONCE = 0
    monkeypatch.setattr(timelines, "CHUNK", 2)
    people = followers_of(author, 5)
    posted = post(author, clock, 1)
    steps = timelines.fan_out(posted[0])
    arguments = next(steps)
    assert sum(len(kept(person)) for person in people) == 2
    assert arguments is not None
    for _ in timelines.fan_out(**arguments):
        pass
    assert [kept(person) for person in people] == [posted] * 5
    assert list(timelines.fan_out(posted[0])) == []


def test_beyond_the_second_threshold_tweets_are_looked_up_instead_of_written_for_good(
    author: User, clock: Clock, settings: LazySettings
) -> None:
    settings.FAN_OUT_AT_ONCE, settings.FAN_OUT_LIMIT = 1, 2
    people = followers_of(author, 3)
    before = post(author, clock, 1)
    assert [feed(person) for person in people] == [before] * 3
    assert AccountStats.objects.get(pk=author.pk).delivery == Delivery.BECOMING_PULLED
    assert Task.objects.filter(finished_at=None).values_list("name", flat=True).get() == "stop_writing"
    run_tasks()
    assert AccountStats.objects.get(pk=author.pk).delivery == Delivery.PULLED
    assert not PendingFanOut.objects.exists()
    assert set(Follow.objects.values_list("is_pulled", flat=True)) == {True}
    for person in people[:2]:
        follows.unfollow(follower=person, followee_id=author.pk)
    after = post(author, clock, 1)
    assert feed(people[2]) == [*after, *before]
    assert not TimelineEntry.objects.exists()
    assert not Task.objects.filter(finished_at=None).exists()


def test_whoever_follows_a_pulled_author_pulls_from_the_beginning(
    reader: User, author: User, clock: Clock, settings: LazySettings
) -> None:
    settings.FAN_OUT_AT_ONCE, settings.FAN_OUT_LIMIT = 0, 0
    followers_of(author, 1)
    posted = post(author, clock, 1)
    feed(reader)
    follow(reader, author)
    assert (feed(reader), kept(reader)) == (posted, [])
    run_tasks()
    posted = [*post(author, clock, 1), *posted]
    assert (feed(reader), kept(reader)) == (posted, [])


def test_following_writes_what_the_author_has_posted_and_unfollowing_takes_it_out(
    reader: User, author: User, clock: Clock
) -> None:
    other = make_user("other")
    follow(reader, other)
    feed(reader)
    theirs, others = post(author, clock, 2), post(other, clock, 1)
    follow(reader, author)
    assert kept(reader) == feed(reader) == [*others, *theirs]
    follows.unfollow(follower=reader, followee_id=author.pk)
    assert kept(reader) == feed(reader) == others


def test_an_authors_tweets_are_taken_out_of_some_timelines_and_nothing_else_is(author: User, clock: Clock) -> None:
    people, other = followers_of(author, 3), make_user("other")
    for person in people:
        follow(person, other)
    theirs, others = post(author, clock, 2), post(other, clock, 2)
    timelines.forget_authors_tweets(author.pk, [person.pk for person in people[:2]])
    assert [kept(person) for person in people] == [others, others, [*others, *theirs]]


@pytest.mark.parametrize("most_by_key", [200, 0], ids=["by tweets", "by entries"])
def test_deleted_tweets_leave_the_timeline_of_who_unfollows_before_they_are_purged(
    most_by_key: int, reader: User, author: User, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timelines, "MOST_BY_KEY", most_by_key)
    follow(reader, author)
    feed(reader)
    posted, _ = post(author, clock, 2)
    tweets.delete_tweet(tweet_id=posted, editor=author)
    follows.unfollow(follower=reader, followee_id=author.pk)
    assert kept(reader) == []
    assert run_tasks()


@pytest.mark.django_db(transaction=True)
def test_of_a_deleted_account_nothing_stays_in_timelines(reader: User, author: User, clock: Clock) -> None:
    """Not the tweets either that had been deleted before, and are purged after the follows are gone."""
    follow(reader, author)
    feed(reader)
    _, deleted = post(author, clock, 2)
    tweets.delete_tweet(tweet_id=deleted, editor=author)
    accounts.delete_account(user=author)
    assert run_tasks()
    assert not Tweet.objects.exists()
    assert kept(reader) == []


def test_following_somebody_with_more_than_a_timeline_keeps_raises_the_floor(
    reader: User, author: User, clock: Clock, settings: LazySettings
) -> None:
    settings.TIMELINE_LENGTH = 3
    other = make_user("other")
    follow(reader, other)
    feed(reader)
    old = post(other, clock, 2)
    posted = post(author, clock, 6)
    follow(reader, author)
    assert kept(reader) == posted[:3]
    assert Timeline.objects.get(pk=reader.pk).floor_id == posted[3]
    assert feed(reader) == [*posted, *old]


def test_a_deleted_tweet_leaves_the_timelines_when_it_is_purged(reader: User, author: User, clock: Clock) -> None:
    follow(reader, author)
    feed(reader)
    newer, older = post(author, clock, 2)
    tweets.delete_tweet(tweet_id=newer, editor=author)
    run_tasks()
    assert kept(reader) == feed(reader) == [older]


def test_a_deleted_account_leaves_the_timelines_and_its_own_goes(reader: User, author: User, clock: Clock) -> None:
    follow(reader, author)
    follow(author, reader)
    feed(reader)
    feed(author)
    post(author, clock, 2)
    post(reader, clock, 1)
    accounts.delete_account(user=author)
    run_tasks()
    assert (kept(reader), kept(author)) == ([], [])
    assert list(Timeline.objects.values_list("pk", flat=True)) == [reader.pk]


def test_a_timeline_that_has_grown_too_long_is_cut(
    reader: User, author: User, clock: Clock, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TIMELINE_LENGTH = 2
    monkeypatch.setattr(timelines, "SLACK", 2)
    follow(reader, author)
    feed(reader)
    posted = post(author, clock, 4)
    _tidy()
    assert kept(reader) == posted
    posted = [*post(author, clock, 1), *posted]
    _tidy()
    assert kept(reader) == posted[:2]
    assert feed(reader) == posted
    assert feed(reader, limit=2, max_id=posted[1]) == posted[2:4]


def test_a_timeline_that_nobody_reads_is_given_up_and_built_again_on_return(
    reader: User, author: User, clock: Clock
) -> None:
    follow(reader, author)
    posted = post(author, clock, 1)
    assert feed(reader) == posted
    clock.advance(days=13)
    assert feed(reader) == posted  # Which counts as reading, to the day.
    clock.advance(days=13)
    _tidy()
    assert Timeline.objects.filter(pk=reader.pk).exists()
    clock.advance(days=2)
    _tidy()
    assert not Timeline.objects.exists()
    assert kept(reader) == []
    posted = [*post(author, clock, 1), *posted]
    assert kept(reader) == []
    assert feed(reader) == posted
    assert kept(reader) == posted


def test_an_interrupted_build_is_begun_again(reader: User, author: User, clock: Clock) -> None:
    follow(reader, author)
    posted = post(author, clock, 2)
    Timeline.objects.create(owner=reader, floor_id=None, read_at=clock.now)
    TimelineEntry.objects.create(owner_id=reader.pk, entry_id=7)
    posted = [*post(author, clock, 1), *posted]
    assert feed(reader) == posted
    assert kept(reader) == posted


def test_a_timeline_that_is_being_built_is_not_cut_as_if_it_were_whole(
    reader: User, author: User, clock: Clock, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TIMELINE_LENGTH = 2
    monkeypatch.setattr(timelines, "SLACK", 0)
    other = make_user("other")
    follow(reader, author)
    old = post(other, clock, 1)
    Timeline.objects.create(owner=reader, floor_id=None, read_at=clock.now)
    posted = post(author, clock, 3)
    follow(reader, other)
    _tidy()
    assert Timeline.objects.get(pk=reader.pk).floor_id is None
    assert feed(reader) == [*posted, *old]
    Timeline.objects.filter(pk=reader.pk).update(floor_id=None)
    clock.advance(hours=2)
    _tidy()
    assert not Timeline.objects.exists()
    assert kept(reader) == []


def test_following_a_pulled_author_leaves_the_timeline_as_it_is(
    reader: User, author: User, clock: Clock, settings: LazySettings
) -> None:
    settings.TIMELINE_LENGTH = 3
    other = make_user("other")
    follow(reader, other)
    mine = post(other, clock, 3)
    assert feed(reader) == mine
    AccountStats.objects.filter(pk=author.pk).update(delivery=Delivery.PULLED)
    loud = post(author, clock, 5)
    follow(reader, author)
    assert kept(reader) == mine
    assert Timeline.objects.get(pk=reader.pk).floor_id == 0
    assert feed(reader) == [*loud, *mine]


def test_deliveries_that_were_given_up_are_asked_for_again(author: User, clock: Clock, settings: LazySettings) -> None:
    settings.FAN_OUT_AT_ONCE = 0
    (person,) = followers_of(author, 1)
    posted = post(author, clock, 1)
    loud = make_user("loud")
    AccountStats.objects.filter(pk=loud.pk).update(delivery=Delivery.BECOMING_PULLED)
    Task.objects.all().delete()
    _tidy()
    assert list(Task.objects.values_list("name", "arguments")) == [("stop_writing", {"author_id": loud.pk})]
    clock.advance(hours=2)
    _tidy()
    assert run_tasks()
    assert AccountStats.objects.get(pk=loud.pk).delivery == Delivery.PULLED
    assert kept(person) == posted
    assert not PendingFanOut.objects.exists()


def test_what_is_left_below_the_floor_takes_no_room_on_a_page(reader: User, author: User, clock: Clock) -> None:
    follow(reader, author)
    feed(reader)
    posted = post(author, clock, 3)
    Timeline.objects.filter(pk=reader.pk).update(floor_id=posted[2])
    for leftover in range(1, 30):
        TimelineEntry.objects.create(owner_id=reader.pk, entry_id=leftover)
    assert feed(reader, limit=2, min_id=1) == [posted[2], posted[1]]
    assert feed(reader, limit=3) == posted


def test_a_feed_is_read_although_no_timeline_can_be_built(
    reader: User, author: User, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow(reader, author)
    posted = post(author, clock, 2)

    def fail(_: int) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(timelines, "build", fail)
    assert feed(reader) == posted
    assert feed(reader, limit=1) == posted[:1]
    assert not Timeline.objects.exists()


def test_somebody_who_posts_very_much_does_not_crowd_out_the_search_for_others(
    reader: User, author: User, clock: Clock, settings: LazySettings
) -> None:
    settings.FAN_OUT_AT_ONCE, settings.FAN_OUT_LIMIT = 0, 0
    other = make_user("other")
    quiet = post(other, clock, 2)
    follow(reader, author)
    follow(reader, other)
    loud = post(author, clock, 30)
    run_tasks()
    read = partial(feed, reader, limit=10)
    assert read() == loud[:10]
    assert read(max_id=loud[24]) == [*loud[25:], *quiet]
    assert read(min_id=loud[25]) == loud[24:14:-1]  # In the direction in which the page is filled.


def _tidy() -> None:
    for _ in timelines.sweep_timelines():
        pass
