"""Liking tweets."""

from typing import NamedTuple

from django.db import transaction
from django.db.models import F, IntegerField

from minitwitter.accounts.models import User
from minitwitter.actions.locks import lock_actor, lock_tweet
from minitwitter.core import ids
from minitwitter.core.database import insert_with_new_id
from minitwitter.core.statements import Parameter, Statement, delete, update
from minitwitter.tweets.models import Like, TweetStats

_REMOVE = delete(lambda: Like.objects.filter(user_id=Parameter("user"), tweet_id=Parameter("tweet")))
_MOVE = update(
    lambda: TweetStats.objects.filter(pk=Parameter("tweet")),
    like_count=F("like_count") + Parameter("by", output_field=IntegerField()),
)
_COUNT = Statement(lambda: TweetStats.objects.filter(pk=Parameter("tweet")).values_list("like_count"))


class LikeState(NamedTuple):
    """How a tweet stands with the user after the action."""

    liked: bool
    like_count: int


def toggle_like(*, user: User, tweet_id: int) -> LikeState:
    """Like the tweet, or take the like back. Raises TweetNotFound and TokenInvalid."""
    with transaction.atomic():
        lock_actor(user)
        lock_tweet(tweet_id)
        moved = -_remove(user, tweet_id) or _add(user, tweet_id)
        return LikeState(liked=moved > 0, like_count=_move_counter(tweet_id, moved))


def like(*, user: User, tweet_id: int) -> LikeState:
    """Like the tweet; once is as good as often. Raises TweetNotFound and TokenInvalid."""
    with transaction.atomic():
        lock_actor(user)
        lock_tweet(tweet_id)
        return LikeState(liked=True, like_count=_move_counter(tweet_id, _add(user, tweet_id)))


def unlike(*, user: User, tweet_id: int) -> LikeState:
    """Take the like back, if there is one. Raises TweetNotFound and TokenInvalid."""
    with transaction.atomic():
        lock_actor(user)
        lock_tweet(tweet_id)
        return LikeState(liked=False, like_count=_move_counter(tweet_id, -_remove(user, tweet_id)))


def _add(user: User, tweet_id: int) -> int:
    """The number of rows inserted, 0 or 1."""
    now = ids.now()
    return int(insert_with_new_id(Like(user_id=user.pk, tweet_id=tweet_id, created_at=now), now))


def _remove(user: User, tweet_id: int) -> int:
    """The number of rows deleted, 0 or 1."""
    return _REMOVE.apply(user=user.pk, tweet=tweet_id)


def _move_counter(tweet_id: int, by: int) -> int:
    """The counter after it was moved. Precondition: the tweet is locked."""
    if by:
        _MOVE.apply(tweet=tweet_id, by=by)
    ((like_count,),) = _COUNT.rows(tweet=tweet_id)
    return int(like_count)
