"""However a home feed is kept, it shows what the plain definition says: the tweets of whom one follows."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from django.conf import LazySettings
from django.db import transaction
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from minitwitter.accounts.models import User
from minitwitter.actions import accounts, follows, sessions, timelines, tweets
from minitwitter.actions.timelines import read_home
from minitwitter.core import ids
from minitwitter.core.errors import DomainError
from minitwitter.core.pagination import PageRequest, load_page
from minitwitter.relationships.models import Follow
from minitwitter.timelines import queries, statements
from minitwitter.tweets.hydration import hydrate_tweets
from minitwitter.tweets.models import Tweet
from tests.factories import PASSWORD, make_user
from tests.working import Clock, run_tasks

PEOPLE = 5
# FEED_EXAMPLES=1000 looks for longer.
EXAMPLES = int(os.environ.get("FEED_EXAMPLES", "12"))
# What happens, and how often in comparison.
KINDS = {
    "post": 8, "read": 6, "follow": 4, "unfollow": 2, "work": 3, "delete": 2, "tidy": 2,
    "absence": 1, "close": 1, "reopen": 1, "erase": 1,
}  # fmt: skip
EVENTS = [kind for kind, weight in KINDS.items() for _ in range(weight)]
person = st.integers(0, PEOPLE - 1)
STEPS = st.lists(st.tuples(st.sampled_from(EVENTS), person, person), min_size=30, max_size=80)
EDGES = st.sets(st.tuples(person, person), min_size=6, max_size=20)


@pytest.fixture(autouse=True)
def small_timelines(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thresholds that a handful of people cross."""
    settings.FAN_OUT_AT_ONCE, settings.FAN_OUT_LIMIT, settings.TIMELINE_LENGTH = 1, 2, 4
    monkeypatch.setattr(timelines, "CHUNK", 1)
    monkeypatch.setattr(timelines, "SLACK", 1)
    monkeypatch.setattr(statements, "SCANNED_PERCENT", 200)
    monkeypatch.setattr(statements, "SCANNED_PAGES", 0)


class World:
    """A few people, and what they can do in any order: what is not possible now is left out."""

    def __init__(self, clock: Clock) -> None:
        self.people = [make_user(f"person{number}") for number in range(PEOPLE)]
        self.tweets: list[int] = []
        self.clock = clock

    def do(self, kind: str, one: int, other: int) -> None:
        self.clock.advance(milliseconds=1)
        getattr(self, kind)(one, other)

    def follow(self, one: int, other: int) -> None:
        self._unless_refused(partial(follows.follow, follower=self.people[one], followee_id=self.people[other].pk))

    def unfollow(self, one: int, other: int) -> None:
        self._unless_refused(partial(follows.unfollow, follower=self.people[one], followee_id=self.people[other].pk))

    def post(self, author: int, _: int) -> None:
        text = f"tweet {len(self.tweets)}"
        posted = self._unless_refused(lambda: tweets.create_tweet(author=self.people[author], text=text).tweet_id)
        self.tweets += [posted] if posted else []

    def delete(self, one: int, other: int) -> None:
        recent = Tweet.objects.filter(pk__in=self.tweets[-(one * PEOPLE + other + 1) :][:1]).first()
        if recent is not None:
            self._unless_refused(partial(tweets.delete_tweet, tweet_id=recent.pk, editor=recent.author))

    def read(self, viewer: int, _: int) -> None:
        assert walk(self.people[viewer]) == plain(self.people[viewer])

    def work(self, _: int, __: int) -> None:
        run_tasks()

    def tidy(self, _: int, __: int) -> None:
        for _step in timelines.sweep_timelines():
            pass

    def absence(self, _: int, __: int) -> None:
        self.clock.advance(days=15)

    def close(self, who: int, _: int) -> None:
        accounts.deactivate(user=self.people[who])

    def reopen(self, who: int, _: int) -> None:
        accounts.reactivate(user=self.people[who])

    def erase(self, who: int, _: int) -> None:
        if who == 0:  # The others stay, or soon nobody would be left.
            accounts.delete_account(user=self.people[who])

    def _unless_refused(self, action: Callable[[], int | None]) -> int | None:
        try:
            with transaction.atomic():
                return action()
        except DomainError:
            return None


def plain(viewer: User) -> list[int]:
    """The definition."""
    followees = Follow.objects.filter(follower=viewer).values("followee_id")
    shown = Tweet.objects.filter(author_id__in=followees, author__is_active=True, deleted_at=None)
    return list(shown.order_by("-id").values_list("id", flat=True))


def page_of(viewer: User, page: PageRequest) -> list[int]:
    hydrate = partial(hydrate_tweets, viewer_id=viewer.pk)
    return [tweet.id for tweet in load_page(page, partial(read_home, viewer.pk), hydrate).items]


def walk(viewer: User, limit: int = 3) -> list[int]:
    """The whole feed, by its `next` addresses."""
    hydrate = partial(hydrate_tweets, viewer_id=viewer.pk)
    found: list[int] = []
    page: PageRequest | None = PageRequest(limit=limit)
    while page is not None:
        loaded = load_page(page, partial(read_home, viewer.pk), hydrate)
        found += [tweet.id for tweet in loaded.items]
        page = loaded.next
    return found


def assert_every_page_is_right(viewer: User, cursors: list[int]) -> None:
    expected = plain(viewer)
    assert walk(viewer) == expected
    for cursor in cursors:
        older = [tweet for tweet in expected if tweet < cursor]
        newer = [tweet for tweet in expected if tweet > cursor]
        assert page_of(viewer, PageRequest(limit=2, max_id=cursor)) == older[:2]
        assert page_of(viewer, PageRequest(limit=2, since_id=cursor)) == newer[:2]
        assert page_of(viewer, PageRequest(limit=2, min_id=cursor)) == newer[-2:]


def assert_it_is_read_alike_with_a_session(viewer: User, cursors: list[int]) -> None:
    """By one query with the session of a browser, or of an API client, as without."""
    browser = sessions.log_in_browser(login=viewer.username, password=PASSWORD, device="tests")
    for cursor in cursors:
        for page in (PageRequest(limit=2, max_id=cursor), PageRequest(limit=2, min_id=cursor)):
            in_browser = queries.open_home_in_browser(browser.session_id, browser.secret, page)
            in_api = queries.open_home(browser.session_id, viewer.pk, page)
            assert in_browser is not None
            assert in_api is not None
            assert in_browser[0].user_id == in_api[0].user_id == viewer.pk
            assert in_browser[1] == in_api[1] == queries.read_kept(viewer.pk, page)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.mark.django_db
@hypothesis_settings(
    max_examples=EXAMPLES,
    deadline=None,
    # An example says how it came about; to find a shorter one takes minutes.
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(edges=EDGES, steps=STEPS)
def test_a_feed_is_the_plain_definition_after_whatever_has_happened(
    edges: set[tuple[int, int]], steps: list[tuple[str, int, int]], clock: Clock
) -> None:
    with undone():
        world = World(clock)
        for one, other in sorted(edges):
            world.do("follow", one, other)
        for number in range(PEOPLE):
            world.do("read", number, number)
        for step in steps:
            world.do(*step)
        for viewer in User.objects.filter(is_active=True):
            assert_every_page_is_right(viewer, [0, *world.tweets[-10:], ids.MAX_ID])
            assert_it_is_read_alike_with_a_session(viewer, [0, *world.tweets[-3:], ids.MAX_ID])


@contextmanager
def undone() -> Iterator[None]:
    """What the block does to the database is taken back, so that the next example begins with nothing."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
