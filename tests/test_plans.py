"""No request reads a whole table: the database explains each statement, PostgreSQL with statistics."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection

from minitwitter.accounts.models import AccountStats, Session, User
from minitwitter.actions import follows, sessions, timelines
from minitwitter.core import ids
from minitwitter.core.pagination import PageRequest
from minitwitter.relationships.models import Follow
from minitwitter.timelines import queries
from minitwitter.timelines.models import Timeline, TimelineEntry
from minitwitter.tweets.models import Tweet, TweetStats
from tests.client import ApiClient
from tests.contents import forget_contents
from tests.factories import PASSWORD, follow, jpeg, make_tweet, make_user
from tests.working import run_tasks

pytestmark = pytest.mark.django_db

Execute = Callable[[str, Any, bool, Any], Any]
EXPLAINED = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
# What SQLite calls a scan without reading a table: rows of a subquery, of json_each, and of one value.
NO_TABLE = re.compile(r"SCAN (CONSTANT ROW|\(subquery-\d+\)|bounds$|found VIRTUAL TABLE|(first|posted)$)")
# The tables of `town`: PostgreSQL may well read all of one that has a single row.
FILLED = {
    model._meta.db_table for model in (User, AccountStats, Session, Follow, Tweet, TweetStats, Timeline, TimelineEntry)
}
# Nodes of PostgreSQL that ask for no more rows than they are asked for.
STREAMS = {"Limit", "Nested Loop", "Subquery Scan", "Result", "LockRows", "Append"}


class Explainer:
    """Asks for the plan of each statement before it is carried out."""

    def __init__(self) -> None:
        self.plans: dict[str, list[str]] = {}

    def __call__(self, execute: Execute, sql: str, params: Any, many: bool, context: Any) -> Any:
        if EXPLAINED.match(sql) and not many:
            self.plans[sql] = _PLANS[connection.vendor](sql, params)
        return execute(sql, params, many, context)

    @property
    def scans(self) -> list[tuple[str, str]]:
        """Where a whole table is read, and by which statement."""
        return [(line, sql) for sql, plan in self.plans.items() for line in plan if _is_scan(line)]


def _is_scan(line: str) -> bool:
    if "timelines_pendingfanout" in line:  # A few rows at any time, which each page reads.
        return False
    return line.startswith(("Seq Scan", "Whole")) or (line.startswith("SCAN") and NO_TABLE.match(line) is None)


def _sqlite_plan(sql: str, params: Any) -> list[str]:
    found = connection.connection.execute(f"EXPLAIN QUERY PLAN {sql.replace('%s', '?')}", params or ())
    return [row[3] for row in found]


def _postgresql_plan(sql: str, params: Any) -> list[str]:
    numbers = count(1)
    generic = re.sub("%s", lambda _: f"${next(numbers)}", sql)
    ((plan,),) = connection.connection.execute(f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {generic}").fetchall()
    return list(_nodes((plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"]))


def _nodes(node: dict[str, Any], *, is_limited: bool = False) -> Iterator[str]:
    """The nodes of a plan, each followed by those that it is fed from, in their order.

    Told not to read tables, PostgreSQL reads a whole index instead: without a condition, or a limit that ends it.
    """
    kind = node["Node Type"]
    is_unbounded = kind in {"Index Scan", "Index Only Scan"} and "Index Cond" not in node and not is_limited
    is_whole = is_unbounded and node["Relation Name"] in FILLED
    yield "Whole " * is_whole + " ".join(
        node[key] for key in ("Node Type", "Relation Name", "Index Name") if key in node
    )
    for child in node.get("Plans", ()):
        is_fed = child["Parent Relationship"] in {"Outer", "Subquery", "Member"}
        yield from _nodes(child, is_limited=is_fed and kind in STREAMS and (is_limited or kind == "Limit"))


_PLANS = {"sqlite": _sqlite_plan, "postgresql": _postgresql_plan}


@contextmanager
def explained() -> Iterator[Explainer]:
    """Explain what is carried out within the block, by what the tables hold now."""
    # Not on SQLite, which has no statistics in production either, and with them reads tables of one row whole.
    if connection.vendor == "postgresql":
        connection.connection.execute("ANALYZE")
    explainer = Explainer()
    forget_contents()
    with connection.execute_wrapper(explainer):
        yield explainer


@pytest.fixture
def town() -> list[User]:
    """Three hundred readers who follow three authors with three hundred tweets each."""
    authors = [make_user(f"author{number}") for number in range(3)]
    now = ids.now()
    people = [
        User(id=ids.new_id(), username=f"p{number}", email=f"p{number}@example.org", created_at=now)
        for number in range(300)
    ]
    User.objects.bulk_create(people)
    AccountStats.objects.bulk_create(AccountStats(user=person, following_count=3) for person in people)
    Follow.objects.bulk_create(
        Follow(id=ids.new_id(), follower=person, followee=author, created_at=now)
        for author in authors
        for person in people
    )
    AccountStats.objects.filter(user__in=authors).update(followers_count=len(people))
    posted = [Tweet(id=ids.new_id(), author=author, text="x" * 200, created_at=now) for author in authors * 300]
    Tweet.objects.bulk_create(posted)
    TweetStats.objects.bulk_create(TweetStats(tweet=tweet) for tweet in posted)
    Timeline.objects.bulk_create(Timeline(owner=person, floor_id=0, read_at=now) for person in people)
    ends = now + timedelta(days=30)
    Session.objects.bulk_create(
        Session(
            id=ids.new_id(), user=person, refresh_id=person.username, created_at=now, refreshed_at=now, expires_at=ends
        )
        for person in people
    )
    return people


def test_no_request_reads_a_whole_table(alice: ApiClient, bob: ApiClient, town: list[User]) -> None:
    follow(bob.me, alice.me)
    for person in town[:30]:
        follow(bob.me, person)
        follow(person, alice.me)
    tweet = make_tweet(alice.me, image=jpeg())
    bob.call("GET", "/v1/feed/")
    with explained() as explainer:
        for path in ("feed/", f"feed/?max_id={tweet}", f"feed/?min_id={tweet}", "tweets/", f"tweets/{tweet}/"):
            assert bob.call("GET", f"/v1/{path}").status_code == 200
        for path in ("", "tweets/", "followers/", "following/"):
            assert bob.call("GET", f"/v1/users/alice/{path}").status_code == 200
        for path in (f"tweets/{tweet}/likes/", "users/me/", "users/me/sessions/"):
            assert bob.call("GET", f"/v1/{path}").status_code == 200
        for method in ("PUT", "DELETE"):
            assert bob.call(method, f"/v1/tweets/{tweet}/like/").status_code == 200
        assert bob.call("POST", "/v1/users/follow/p40/").status_code == 200
        posted = bob.tweet()["id"]
        assert bob.call("DELETE", f"/v1/tweets/{posted}/").status_code == 204
    assert len(explainer.plans) > 30
    assert explainer.scans == []


def test_a_page_below_the_floor_and_one_with_pulled_authors_read_no_whole_table(
    bob: ApiClient, town: list[User]
) -> None:
    for person in town[:30]:
        follow(bob.me, person)
    bob.call("GET", "/v1/feed/")
    Follow.objects.filter(follower=bob.me, followee__in=town[:5]).update(is_pulled=True)
    posted = [make_tweet(person) for person in town[:30]]
    browser = sessions.log_in_browser(login="bob", password=PASSWORD, device="tests")
    for floor_id in (0, ids.MAX_ID):
        Timeline.objects.update(floor_id=floor_id)
        with explained() as explainer:
            assert [each["id"] for each in bob.call("GET", "/v1/feed/?limit=50").json()["results"]] == posted[::-1]
            assert queries.open_home_in_browser(browser.session_id, browser.secret, PageRequest()) is not None
        assert explainer.plans
        assert explainer.scans == []


def test_work_that_goes_through_all_followers_reads_no_whole_table(alice: ApiClient, town: list[User]) -> None:
    for person in town[:3]:
        follow(person, alice.me)
    tweet = make_tweet(alice.me)
    with explained() as explainer:
        assert [
            sum(1 for _ in work) for work in (timelines.forget_tweet(tweet), timelines.stop_writing(alice.me.pk))
        ] == [1, 1]
    assert any("ORDER BY f.followee_id" in sql for sql in explainer.plans)
    assert explainer.scans == []


def test_unfollowing_looks_at_the_authors_tweets_only(alice: ApiClient, town: list[User]) -> None:
    follow(alice.me, town[0])
    timelines.read_home(alice.me.pk, PageRequest())
    with explained() as explainer:
        follows.unfollow(follower=alice.me, followee_id=town[0].pk)
    found = [line for sql, plan in explainer.plans.items() if "FROM tweets_tweet" in sql for line in plan]
    assert re.findall(r"tweets_tweet_\w+", "\n".join(found)) == ["tweets_tweet_author", "tweets_tweet_deleted"], found
    assert explainer.scans == []


def test_an_authors_tweets_are_taken_out_of_timelines_by_way_of_the_entries(alice: ApiClient, town: list[User]) -> None:
    """Of which there is a bounded number, while an author may have written any number of tweets."""
    with explained() as explainer:
        timelines.forget_authors_tweets(alice.me.pk, [person.pk for person in town[:3]])
    (plan,) = (plan for sql, plan in explainer.plans.items() if sql.startswith("DELETE"))
    looked_at = {
        "sqlite": [
            "SEARCH timelines_timelineentry USING PRIMARY KEY (owner_id=?)",
            "SEARCH U0 USING INTEGER PRIMARY KEY (rowid=?)",
        ],
        "postgresql": [
            "Index Scan timelines_timelineentry timelines_timelineentry_pkey",
            "Index Scan tweets_tweet tweets_tweet_pkey",
        ],
    }[connection.vendor]
    assert [line for line in plan if line.startswith(("SEARCH", "SCAN", "Index", "Whole"))] == looked_at
    assert explainer.scans == []


@pytest.mark.parametrize("at_once_up_to", [100, 0], ids=["at once", "task"])
def test_writing_a_tweet_to_followers_begins_with_those_of_its_author(
    at_once_up_to: int, alice: ApiClient, town: list[User], settings: LazySettings
) -> None:
    """Also where the average author has so many that all timelines would have to be read."""
    settings.FAN_OUT_AT_ONCE = at_once_up_to
    for person in town[:2]:
        follow(person, alice.me)
    with explained() as explainer:
        alice.tweet()
        run_tasks()
    (plan,) = (plan for sql, plan in explainer.plans.items() if "INSERT INTO timelines_timelineentry" in sql)
    steps = [line for line in plan if line.startswith(("SEARCH", "Index"))]
    assert len(steps) == 3, plan
    for step, name in zip(
        steps, (" t | tweets_tweet", "relationships_follow_followee", " l | timelines_timeline"), strict=True
    ):
        assert re.search(name, step), plan
