"""The locks that actions take, so that what they have seen is still true when they commit.

Always in this order: the actor's account, then counters (in the order of their ids) or a tweet. On SQLite, where a
transaction has the database to itself from its beginning, they only ask.

A condition of an UPDATE is no substitute when it joins another table: PostgreSQL, having waited for another UPDATE of
the row, asks the row's own columns again, but not the join.
"""

from minitwitter.accounts.errors import TokenInvalid
from minitwitter.accounts.models import AccountStats, User
from minitwitter.tweets.errors import TweetNotFound
from minitwitter.tweets.models import Tweet
from minitwitter.tweets.visibility import visible_tweets


def lock_actor(user: User) -> None:
    """See that the acting account is still active, and keep it so: nobody acts after their own deactivation.

    Raises TokenInvalid.
    """
    active = User.objects.select_for_update(no_key=True).filter(pk=user.pk, is_active=True)
    if not list(active.values_list("pk")):
        raise TokenInvalid


def lock_stats(*user_ids: int) -> None:
    """Lock the counters of those accounts: two people who follow each other at once would deadlock out of order."""
    list(AccountStats.objects.select_for_update(no_key=True).filter(pk__in=user_ids).order_by("pk").values_list("pk"))


def lock_tweet(tweet_id: int) -> Tweet:
    """Lock a visible tweet, so that it is neither deleted nor liked meanwhile. Raises TweetNotFound."""
    tweet = visible_tweets().select_for_update(of=("self",), no_key=True).filter(pk=tweet_id).first()
    if tweet is None:
        raise TweetNotFound
    return tweet
