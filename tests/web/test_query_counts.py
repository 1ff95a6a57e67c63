"""How many queries each page takes: the same number for 5 items and for 50.

Tweets whose contents are not remembered take one more, however many they are.
"""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from minitwitter.accounts.models import User
from minitwitter.actions import likes
from tests.contents import forget_contents
from tests.factories import follow, jpeg, make_tweet, make_user
from tests.web.client import WebClient

pytestmark = pytest.mark.django_db

SESSION = HOME = SKELETON = STANDINGS = TWEET = MENTIONS = PROFILE = RELATION = PEOPLE = RELATIONS = CONTENTS = 1
# HOME is the session, what is kept of its feed, and how the tweets of that stand with its user, by one query.
OWN = SKELETON  # The second list of the home page.
ACTIVE = NEWEST = 1  # The two looks for people to suggest.

PAGES = {
    "/": HOME + OWN + MENTIONS,
    "/?max_id=9007199254740991": HOME + OWN + MENTIONS,
    "/?since_id=1": HOME + OWN + MENTIONS,
    "/public": SESSION + SKELETON + STANDINGS + MENTIONS,
    "/@ana": SESSION + PROFILE + RELATION + SKELETON + STANDINGS + MENTIONS,
    "/@ana/pictures": SESSION + PROFILE + RELATION + SKELETON + STANDINGS + MENTIONS,
    "/@ben/likes": SESSION + PROFILE + RELATION + SKELETON + STANDINGS + MENTIONS,
    "/@ana/followers": SESSION + PROFILE + RELATION + SKELETON + PEOPLE + RELATIONS,
    "/@ben/following": SESSION + PROFILE + RELATION + SKELETON + PEOPLE + RELATIONS,
    "/@ana/{tweet}": SESSION + TWEET + MENTIONS,
    "/@ana/{tweet}/likes": SESSION + TWEET + MENTIONS + SKELETON + PEOPLE + RELATIONS,
    "/people": SESSION + ACTIVE + NEWEST + PEOPLE + RELATIONS,
    "/compose": SESSION,
    "/settings": SESSION + PROFILE,
    "/settings/devices": SESSION + SKELETON + 1,
    "/settings/looks": SESSION,
}
LISTS = ("/", "/?max_id=9007199254740991", "/?since_id=1", "/public", "/@ana", "/@ana/pictures", "/@ben/likes")


@pytest.fixture
def crowd(ana: User, ben: User) -> Callable[[int], int]:
    """Gives ana so many tweets (some with pictures and mentions) and followers, and ben so many followees and likes."""
    follow(ben, ana)

    def fill(size: int) -> int:
        tweet = make_tweet(ana, "@ben, look")
        for number in range(size):
            person = make_user(f"p{size}_{number}")
            follow(person, ana)
            follow(ben, person)
            likes.like(user=person, tweet_id=tweet)
            liked = make_tweet(ana, f"@p{size}_{number}", image=jpeg() if number % 2 == 0 else None)
            likes.like(user=ben, tweet_id=liked)
            make_tweet(person)
            make_tweet(make_user(f"q{size}_{number}"))
        return tweet

    return fill


def _count(browser: WebClient, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(path).status_code == 200
    return len(captured)


def test_pages_take_the_same_number_of_queries_for_5_and_50_items(ben: User, crowd: Callable[[int], int]) -> None:
    browser = WebClient(ben)
    browser.open("/")  # From the first look on, the feed is kept.
    for size in (5, 45):
        tweet = crowd(size)
        for path, expected in PAGES.items():
            forget_contents()
            counts = [_count(browser, path.format(tweet=tweet)) for _ in range(2)]
            assert (path, counts) == (path, [expected + CONTENTS * (path in LISTS), expected])


def test_a_visitor_takes_fewer(ana: User) -> None:
    tweet = make_tweet(ana)
    browser = WebClient()
    _count(browser, "/login")
    assert _count(browser, "/public") == SKELETON + STANDINGS + CONTENTS
    assert _count(browser, f"/@ana/{tweet}") == TWEET
    assert _count(browser, "/@ana") == PROFILE + SKELETON + STANDINGS
    for path in ("/login", "/favicon.ico", "/robots.txt", "/manifest.webmanifest", "/settings/looks"):
        assert _count(browser, path) == 0
