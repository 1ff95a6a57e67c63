"""The locks that actions take, so that what they have seen is still true when they commit.

Always in this order: the actor's account, then counters (in the order of their ids) or a tweet. Whatever tweets show
is changed last (a tweet, the name or the state of an account): that locks the one row of `ContentRevision`. On SQLite,
where a transaction has the database to itself from its beginning, they only ask.

A condition of an UPDATE is no substitute when it joins another table: PostgreSQL, having waited for another UPDATE of
the row, asks the row's own columns again, but not the join.
"""

from typing import NamedTuple

from django.db.models import Q

from minitwitter.accounts.errors import TokenInvalid
from minitwitter.accounts.models import AccountStats, User
from minitwitter.core.statements import Parameter, Statement
from minitwitter.tweets.errors import TweetNotFound
from minitwitter.tweets.visibility import visible_tweets

_ACTOR = Statement(
    lambda: (
        User.objects.select_for_update(no_key=True)
        .filter(pk=Parameter("user"), is_active=True)
        .values_list("pk")
        .order_by()
    )
)
_ACCOUNT = Statement(
    lambda: User.objects.select_for_update(no_key=True).filter(pk=Parameter("user")).values_list("pk").order_by()
)
_TWEET = Statement(
    lambda: (
        visible_tweets()
        .select_for_update(of=("self",), no_key=True)
        .filter(pk=Parameter("tweet"))
        .values_list("pk", "author_id")
    )
)


# Of one or two accounts, which is what requests ask for.
_FEW = 2
_STATS = Statement(
    lambda: (
        AccountStats.objects.select_for_update(no_key=True)
        .filter(Q(pk=Parameter("one")) | Q(pk=Parameter("other")))
        .order_by("pk")
        .values_list("pk")
    )
)


class LockedTweet(NamedTuple):
    """A visible tweet that stays as it is until the transaction ends."""

    pk: int
    author_id: int


def lock_actor(user: User) -> None:
    """See that the acting account is still active, and keep it so: nobody acts after their own deactivation.

    Raises TokenInvalid.
    """
    if not _ACTOR.rows(user=user.pk):
        raise TokenInvalid


def lock_account(user: User) -> None:
    """Lock an account in whatever state, so that its state is changed by one at a time."""
    _ACCOUNT.rows(user=user.pk)


def lock_stats(*user_ids: int) -> None:
    """Lock the counters of those accounts: two people who follow each other at once would deadlock out of order."""
    if len(user_ids) <= _FEW:
        _STATS.rows(one=user_ids[0], other=user_ids[-1])
        return
    stats = AccountStats.objects.select_for_update(no_key=True).filter(pk__in=user_ids)
    list(stats.order_by("pk").values_list("pk"))


def lock_tweet(tweet_id: int) -> LockedTweet:
    """Lock a visible tweet, so that it is neither deleted nor liked meanwhile. Raises TweetNotFound."""
    row = _TWEET.first(tweet=tweet_id)
    if row is None:
        raise TweetNotFound
    return LockedTweet(*row)
