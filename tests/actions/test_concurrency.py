"""Counters equal rows and exactly one wins, whatever happens at the same time."""

import random
from contextlib import suppress

import pytest

from minitwitter.accounts.errors import TokenInvalid, TokenReused
from minitwitter.accounts.models import AccountStats, Session
from minitwitter.actions import accounts, follows, likes, sessions, tweets
from minitwitter.core.errors import DomainError
from minitwitter.relationships.models import Follow
from minitwitter.tweets.models import Like, Tweet, TweetStats
from tests.factories import PASSWORD, make_tweet, make_user
from tests.threads import at_once
from tests.working import run_tasks

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 8


def _assert_counters_equal_rows() -> None:
    for stats in TweetStats.objects.all():
        assert stats.like_count == Like.objects.filter(tweet_id=stats.pk).count()
    for account in AccountStats.objects.all():
        assert account.followers_count == Follow.objects.filter(followee_id=account.pk).count()
        assert account.following_count == Follow.objects.filter(follower_id=account.pk).count()
        assert account.tweets_count == Tweet.objects.filter(author_id=account.pk, deleted_at=None).count()


def test_likes_of_many_people_at_once_are_counted_exactly() -> None:
    people = [make_user(f"user{number}") for number in range(PEOPLE)]
    ids = [make_tweet(people[0]) for _ in range(2)]

    def like_a_lot(number: int) -> None:
        chance = random.Random(number)
        for _ in range(15):
            action = chance.choice([likes.toggle_like, likes.like, likes.unlike])
            action(user=people[chance.randrange(3)], tweet_id=chance.choice(ids))

    at_once(PEOPLE, like_a_lot)
    _assert_counters_equal_rows()


def test_people_who_follow_each_other_at_once_neither_deadlock_nor_miscount() -> None:
    people = [make_user(f"user{number}") for number in range(4)]

    def follow_and_unfollow(number: int) -> None:
        chance = random.Random(number)
        for _ in range(12):
            follower, followee = chance.sample(people, 2)
            with suppress(DomainError):
                chance.choice([follows.follow, follows.follow, follows.unfollow])(
                    follower=follower, followee_id=followee.pk
                )

    at_once(PEOPLE, follow_and_unfollow)
    _assert_counters_equal_rows()


def test_a_tweet_that_is_deleted_while_it_is_liked_leaves_nothing() -> None:
    author, *people = [make_user(f"user{number}") for number in range(PEOPLE)]
    tweet = make_tweet(author)

    def like_or_delete(number: int) -> None:
        with suppress(DomainError):
            if number == 0:
                tweets.delete_tweet(tweet_id=tweet, editor=author)
            else:
                likes.toggle_like(user=people[number - 1], tweet_id=tweet)

    at_once(PEOPLE, like_or_delete)
    run_tasks()
    assert (Tweet.objects.count(), TweetStats.objects.count(), Like.objects.count()) == (0, 0, 0)
    _assert_counters_equal_rows()


def test_an_account_that_is_deleted_while_it_acts_leaves_true_counters() -> None:
    leaving, *people = [make_user(f"user{number}") for number in range(5)]
    ids = [make_tweet(person) for person in people]
    for person in people:
        follows.follow(follower=leaving, followee_id=person.pk)
        follows.follow(follower=person, followee_id=leaving.pk)
    for tweet in ids[:2]:
        likes.like(user=leaving, tweet_id=tweet)

    def leave_or_act(number: int) -> None:
        with suppress(DomainError):
            if number == 0:
                accounts.delete_account(user=leaving)
                run_tasks()
            else:
                likes.toggle_like(user=people[number % 4], tweet_id=ids[number % 3])
                follows.unfollow(follower=people[number % 4], followee_id=leaving.pk)

    at_once(PEOPLE, leave_or_act)
    assert not Follow.objects.exists()
    assert not Like.objects.filter(user=leaving).exists()
    _assert_counters_equal_rows()


@pytest.mark.parametrize("_round", range(5))
def test_of_many_uses_of_one_refresh_token_one_wins_and_the_session_ends(_round: int) -> None:
    user = make_user("alice")
    pair = sessions.log_in(login="alice", password=PASSWORD, device="")

    def use(_: int) -> str:
        try:
            sessions.refresh(refresh_token=pair.refresh)
        except (TokenReused, TokenInvalid) as error:
            return error.code
        return "won"

    outcomes = at_once(16, use)
    assert sorted(outcomes) == ["token_invalid"] * 14 + ["token_reused", "won"]
    assert Session.objects.filter(user=user, ended_at=None).count() == 0
