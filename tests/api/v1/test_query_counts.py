"""How many queries each answer takes: the same number for 5 items and for 50.

Tweets whose contents are not remembered take one more, however many they are.
"""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from minitwitter.core.ids import MAX_ID
from minitwitter.relationships.models import Follow
from minitwitter.timelines import statements
from minitwitter.timelines.models import Timeline, TimelineEntry
from tests.client import ApiClient
from tests.contents import forget_contents
from tests.factories import follow, jpeg, make_tweet, make_user

pytestmark = pytest.mark.django_db

SESSION = SKELETON = STANDINGS = ACCOUNT = AUTHORS = PROFILE = RELATION = CONTENTS = 1
SKELETON_WITH_SESSION_AND_STANDINGS = STANDING_WITH_SESSION = 1

SIGNED_IN_READS = {
    "/v1/feed/": SKELETON_WITH_SESSION_AND_STANDINGS,
    "/v1/tweets/": SESSION + SKELETON + STANDINGS,
    "/v1/users/alice/tweets/": SESSION + ACCOUNT + SKELETON + STANDINGS,
    "/v1/users/alice/followers/": SESSION + ACCOUNT + SKELETON + AUTHORS,
    "/v1/users/bob/following/": SESSION + ACCOUNT + SKELETON + AUTHORS,
    "/v1/tweets/{tweet}/likes/": SESSION + 1 + SKELETON + AUTHORS,
    "/v1/tweets/{tweet}/": STANDING_WITH_SESSION,
    "/v1/users/alice/": SESSION + PROFILE + RELATION,
    "/v1/users/me/": SESSION + PROFILE,
    "/v1/users/me/sessions/": SESSION + SKELETON + 1,
}
SHOW_TWEETS = {"/v1/feed/", "/v1/tweets/", "/v1/users/alice/tweets/", "/v1/tweets/{tweet}/"}


@pytest.fixture
def crowd(alice: ApiClient, bob: ApiClient) -> Callable[[int], int]:
    """Gives alice so many tweets (some with pictures), followers and likes, and bob so many followees."""
    follow(bob.me, alice.me)

    def fill(size: int) -> int:
        tweet = make_tweet(alice.me)
        for number in range(size):
            person = make_user(f"p{size}_{number}")
            follow(person, alice.me)
            follow(bob.me, person)
            ApiClient(person).call("PUT", f"/v1/tweets/{tweet}/like/")
            make_tweet(alice.me, image=jpeg() if number % 2 else None)
            make_tweet(person)
        return tweet

    return fill


def _count(client: ApiClient, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.call("GET", address).status_code == 200
    return len(captured)


def test_reads_take_the_same_number_of_queries_for_5_and_50_items(bob: ApiClient, crowd: Callable[[int], int]) -> None:
    bob.call("GET", "/v1/feed/")  # The first read begins a timeline.
    for size in (5, 45):
        tweet = crowd(size)
        for address, expected in SIGNED_IN_READS.items():
            path = address.format(tweet=tweet) + "?limit=50"
            forget_contents()
            counts = [_count(bob, path), _count(bob, path)]
            assert (address, counts) == (address, [expected + CONTENTS * (address in SHOW_TWEETS), expected])


def test_a_feed_takes_no_more_for_authors_whose_tweets_are_written_to_no_timeline(
    bob: ApiClient, crowd: Callable[[int], int]
) -> None:
    bob.call("GET", "/v1/feed/")
    crowd(5)
    Follow.objects.update(is_pulled=True)
    TimelineEntry.objects.all().delete()
    forget_contents()
    assert [_count(bob, "/v1/feed/") for _ in range(2)] == [SKELETON_WITH_SESSION_AND_STANDINGS + CONTENTS, 1]


@pytest.mark.parametrize(("percent", "more"), [(33, 2), (1000, 1)])
def test_below_its_floor_a_feed_takes_one_or_two_more_and_the_standings(
    percent: int, more: int, bob: ApiClient, crowd: Callable[[int], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One where the page is found among the first of all tweets, as somebody who follows thousands finds it."""
    monkeypatch.setattr(statements, "SCANNED_PERCENT", percent)
    bob.call("GET", "/v1/feed/")
    crowd(5)
    Timeline.objects.update(floor_id=MAX_ID)
    expected = SKELETON_WITH_SESSION_AND_STANDINGS + more + STANDINGS
    forget_contents()
    assert [_count(bob, "/v1/feed/?limit=3") for _ in range(2)] == [expected + CONTENTS, expected]


def test_an_anonymous_reader_takes_fewer(alice: ApiClient, api: ApiClient, crowd: Callable[[int], int]) -> None:
    tweet = crowd(5)
    assert _count(api, "/v1/tweets/?limit=50") == SKELETON + STANDINGS + CONTENTS
    assert _count(api, "/v1/tweets/?limit=50") == SKELETON + STANDINGS
    assert _count(api, f"/v1/tweets/{tweet}/") == CONTENTS
    assert _count(api, "/v1/users/alice/") == PROFILE


def test_liveness_asks_nothing_of_the_database(api: ApiClient) -> None:
    assert _count(api, "/healthz") == 0
