"""Following and unfollowing."""

from typing import Any

from django.db import transaction
from django.db.models import F, IntegerField

from minitwitter.accounts.errors import UserNotFound
from minitwitter.accounts.models import AccountStats, Delivery, User
from minitwitter.accounts.visibility import visible_users
from minitwitter.actions import timelines
from minitwitter.actions.locks import lock_actor, lock_stats
from minitwitter.core import ids
from minitwitter.core.database import insert_with_new_id
from minitwitter.core.statements import Parameter, Statement, delete, update
from minitwitter.relationships.errors import AlreadyFollowing, NotFollowing, SelfFollow
from minitwitter.relationships.models import Follow

_BY: Any = Parameter("by", output_field=IntegerField())
_FOLLOWEE = Statement(lambda: visible_users().filter(pk=Parameter("user")).values_list("username", "stats__delivery"))
_REMOVE = delete(lambda: Follow.objects.filter(follower_id=Parameter("follower"), followee_id=Parameter("followee")))
_MOVE_FOLLOWING = update(
    lambda: AccountStats.objects.filter(pk=Parameter("user")), following_count=F("following_count") + _BY
)
_MOVE_FOLLOWERS = update(
    lambda: AccountStats.objects.filter(pk=Parameter("user")), followers_count=F("followers_count") + _BY
)


def follow(*, follower: User, followee_id: int) -> None:
    """`follower` sees the followee's tweets from now on. Raises SelfFollow, UserNotFound and AlreadyFollowing."""
    if follower.pk == followee_id:
        raise SelfFollow
    now = ids.now()
    with transaction.atomic():
        lock_actor(follower)
        lock_stats(follower.pk, followee_id)
        # Asked under the lock, which deleting an account takes too: nobody follows the dead.
        followee = _FOLLOWEE.first(user=followee_id)
        if followee is None:
            raise UserNotFound
        username, delivery = followee
        # Also while that is only about to be so, because what follows from now on is not looked at any more.
        is_pulled = delivery != Delivery.WRITTEN
        edge = Follow(follower=follower, followee_id=followee_id, created_at=now, is_pulled=is_pulled)
        if not insert_with_new_id(edge, now):
            raise AlreadyFollowing(f"You are already following {username}.")
        _move_counters(follower.pk, followee_id, 1)
        if not is_pulled:
            timelines.start_following(follower.pk, followee_id)


def unfollow(*, follower: User, followee_id: int) -> None:
    """The followee's tweets leave the follower's feed. Raises NotFollowing."""
    with transaction.atomic():
        lock_stats(follower.pk, followee_id)
        if not _REMOVE.apply(follower=follower.pk, followee=followee_id):
            raise NotFollowing
        _move_counters(follower.pk, followee_id, -1)
        timelines.stop_following(follower.pk, followee_id)


def _move_counters(follower_id: int, followee_id: int, by: int) -> None:
    _MOVE_FOLLOWING.apply(user=follower_id, by=by)
    _MOVE_FOLLOWERS.apply(user=followee_id, by=by)
