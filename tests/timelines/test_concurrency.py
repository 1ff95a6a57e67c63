"""Home feeds are right after everybody did everything at the same moment."""

import random

import pytest
from django.conf import LazySettings

from minitwitter.accounts.models import User
from minitwitter.actions import follows, timelines, tweets
from minitwitter.core.errors import DomainError
from minitwitter.core.pagination import PageRequest
from minitwitter.core.worker import Worker
from minitwitter.relationships.models import Follow
from minitwitter.timelines.models import PendingFanOut, TimelineEntry
from minitwitter.tweets.models import Tweet
from tests.factories import make_user
from tests.threads import at_once
from tests.working import run_tasks

THREADS, STEPS, PEOPLE = 8, 60, 5


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("at_once_up_to", "limit"), [(100, 100), (0, 100), (0, 3)], ids=["at once", "task", "pulled"])
def test_whatever_happens_at_the_same_moment_every_feed_is_right_afterwards(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch, at_once_up_to: int, limit: int
) -> None:
    settings.FAN_OUT_AT_ONCE, settings.FAN_OUT_LIMIT = at_once_up_to, limit
    monkeypatch.setattr(timelines, "CHUNK", 2)
    people = [make_user(f"person{number}") for number in range(PEOPLE)]

    def live(number: int) -> None:
        chance, worker = random.Random(number), Worker()
        for step in range(STEPS):
            one, other = chance.sample(people, 2)
            kind = chance.choice(["post", "post", "follow", "unfollow", "read", "build", "work"])
            _do(kind, one, other, f"{number} {step}", worker)

    at_once(THREADS, live)
    run_tasks()
    assert Tweet.objects.count() > THREADS
    assert not PendingFanOut.objects.exists()
    for viewer in people:
        expected = _plain(viewer)
        assert _feed(viewer) == expected
        kept = TimelineEntry.objects.filter(owner_id=viewer.pk).values_list("entry_id", flat=True)
        assert set(kept) <= set(expected)


def _do(kind: str, one: User, other: User, text: str, worker: Worker) -> None:
    try:
        if kind == "post":
            tweets.create_tweet(author=one, text=text)
        elif kind == "follow":
            follows.follow(follower=one, followee_id=other.pk)
        elif kind == "unfollow":
            follows.unfollow(follower=one, followee_id=other.pk)
        elif kind == "work":
            worker.run_one()
        else:
            if kind == "build":
                timelines.forget_timeline(one.pk)
            timelines.read_home(one.pk, PageRequest())
    except DomainError:
        return  # Followed already, or not at all.


def _feed(viewer: User) -> list[int]:
    page = timelines.read_home(viewer.pk, PageRequest(limit=100))
    assert not page.has_more or len(page.entries) == 100
    return [entry.target for entry in page.entries]


def _plain(viewer: User) -> list[int]:
    followees = Follow.objects.filter(follower=viewer).values("followee_id")
    return list(Tweet.objects.filter(author_id__in=followees).order_by("-id").values_list("id", flat=True)[:100])
