"""What is made up: good by the rules, repeatable, and in an order of time that can be."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from django.conf import LazySettings

from minitwitter.accounts import rules as account_rules
from minitwitter.demo.community import Community, Plan, invent
from minitwitter.demo.people import GUESTS
from minitwitter.demo.phrasebook import fill, languages
from minitwitter.tweets import rules as tweet_rules

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def plan(
    *, people: int = 120, tweets: int = 2_500, seed: str = "tests", now: datetime = NOW, length: int = 280
) -> Plan:
    return Plan(seed=seed, people=people, tweets=tweets, days=30, now=now, length=length)


@pytest.fixture(scope="module")
def community() -> Community:
    """A community that is large enough to have used every sentence."""
    return invent(plan())


def what_is_said(community: Community) -> list[tuple[str, ...]]:
    """Everything but the times."""
    people = [(one.username, one.display_name, one.bio, one.location, one.website) for one in community.people]
    edges = sorted((str(edge.follower), str(edge.followee)) for edge in community.edges)
    posts = sorted((str(post.place), str(post.author), post.text, post.scene, post.alt) for post in community.posts)
    likes = sorted((str(post.place), *(str(liker) for liker, _ in post.likes)) for post in community.posts)
    return [*people, *edges, *posts, *likes]


def test_everything_satisfies_the_rules_of_the_server(community: Community) -> None:
    problems = []
    for one in community.people:
        problems += account_rules.username_problems(one.username)
        fields = {"display_name": one.display_name, "bio": one.bio, "location": one.location, "website": one.website}
        problems += account_rules.profile_problems(fields)
    for post in community.posts:
        problems += tweet_rules.text_problems(post.text, has_image=bool(post.scene))
        problems += tweet_rules.alt_problems(post.alt)
    assert problems == []


def test_nothing_of_the_phrase_books_shows_through(community: Community) -> None:
    shown = [one.bio for one in community.people]
    shown += [part for post in community.posts for part in (post.text, post.alt)]
    assert [text for text in shown if "{" in text or "}" in text or "|" in text] == []


def test_every_sentence_of_every_phrase_book_can_be_said() -> None:
    for book in languages().values():
        special = {"mention": ["@someone"], "interest_a": ["this"], "interest_b": ["that"]}
        for topic in book.topics.values():
            for frame in [*topic.say, *topic.then, *topic.long]:
                text = fill(frame, Random(1), special, topic.words, book.words)
                assert tweet_rules.text_problems(text, has_image=False) == [], text
            assert topic.scene in book.alts
        for frame in [*book.bios, *book.short, *book.replies, *book.then, *book.everyday]:
            assert "{" not in fill(frame, Random(1), special, book.words)


def test_the_community_is_mixed(community: Community) -> None:
    assert Counter(one.language for one in community.people).keys() == languages().keys()
    assert len({post.text for post in community.posts}) > 0.85 * len(community.posts)
    assert 0.03 < sum(bool(post.scene) for post in community.posts) / len(community.posts) < 0.07
    followers = sorted(Counter(edge.followee for edge in community.edges).values())
    assert followers[-1] > 2.5 * followers[len(followers) // 2]
    likes = sorted(len(post.likes) for post in community.posts)
    assert likes[-1] > 10 * likes[len(likes) // 2]


def test_usernames_are_unique_without_case_and_nobody_elses() -> None:
    names = [one.username.lower() for one in invent(plan(tweets=0), taken={"Maya", "TIAGO"}).people]
    assert len(set(names)) == len(names) == 120
    assert not {"maya", "tiago"} & set(names)
    assert (names[0][:4], names[1][:5], names[2]) == ("maya", "tiago", "yuki")


def test_nothing_happens_before_its_cause_or_after_now(community: Community) -> None:
    joined = [one.joined for one in community.people]
    for edge in community.edges:
        assert edge.follower != edge.followee
        assert max(joined[edge.follower], joined[edge.followee]) <= edge.at < NOW
    for post in community.posts:
        assert joined[post.author] < post.at < NOW
        assert post.edited_at is None or post.at < post.edited_at < NOW
        assert all(max(post.at, joined[liker]) <= at < NOW for liker, at in post.likes)
    assert len({(edge.follower, edge.followee) for edge in community.edges}) == len(community.edges)
    assert all(len(dict(post.likes)) == len(post.likes) for post in community.posts)
    assert [post.at for post in community.posts] == sorted(post.at for post in community.posts)


def test_people_write_by_day_rather_than_by_night(community: Community) -> None:
    hours = Counter((post.at.hour + community.people[post.author].hour) % 24 for post in community.posts)
    assert sum(hours[hour] for hour in range(1, 5)) * 5 < sum(hours[hour] for hour in range(18, 22))


def test_the_same_seed_says_the_same_at_any_time_of_day() -> None:
    first = what_is_said(invent(plan(tweets=300)))

    assert what_is_said(invent(plan(tweets=300))) == first
    assert what_is_said(invent(plan(tweets=300, now=NOW + timedelta(days=3, hours=13)))) == first
    assert what_is_said(invent(plan(tweets=300, seed="another"))) != first


def test_the_log_ins_lead_to_a_full_feed(community: Community) -> None:
    for guest, (_, username) in enumerate(GUESTS):
        assert community.people[guest].username == username
        friends = {edge.followee for edge in community.edges if edge.follower == guest}
        assert sum(post.author in friends for post in community.posts) > 100


@pytest.mark.parametrize("length", [1, 60])
def test_a_server_with_short_tweets_gets_short_ones(settings: LazySettings, length: int) -> None:
    settings.TWEET_LENGTH = length
    for post in invent(plan(people=10, tweets=200, length=length)).posts:
        assert tweet_rules.text_problems(post.text, has_image=bool(post.scene)) == []
