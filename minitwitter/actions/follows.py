"""Following and unfollowing."""

from django.db import transaction
from django.db.models import F

from minitwitter.accounts.errors import UserNotFound
from minitwitter.accounts.models import AccountStats, Delivery, User
from minitwitter.accounts.visibility import visible_users
from minitwitter.actions import timelines
from minitwitter.actions.locks import lock_actor, lock_stats
from minitwitter.core import ids
from minitwitter.core.database import insert_with_new_id
from minitwitter.relationships.errors import AlreadyFollowing, NotFollowing, SelfFollow
from minitwitter.relationships.models import Follow


def follow(*, follower: User, followee_id: int) -> None:
    """`follower` sees the followee's tweets from now on. Raises SelfFollow, UserNotFound and AlreadyFollowing."""
    if follower.pk == followee_id:
        raise SelfFollow
    now = ids.now()
    with transaction.atomic():
        lock_actor(follower)
        lock_stats(follower.pk, followee_id)
        # Asked under the lock, which deleting an account takes too: nobody follows the dead.
        username = visible_users().filter(pk=followee_id).values_list("username", flat=True).first()
        if username is None:
            raise UserNotFound
        # Also while that is only about to be so, because what follows from now on is not looked at any more.
        is_pulled = not AccountStats.objects.filter(pk=followee_id, delivery=Delivery.WRITTEN).exists()
        edge = Follow(follower=follower, followee_id=followee_id, created_at=now, is_pulled=is_pulled)
        if not insert_with_new_id(edge, now):
            raise AlreadyFollowing(f"You are already following {username}.")
        _move_counters(follower.pk, followee_id, 1)
        timelines.start_following(follower.pk, followee_id)


def unfollow(*, follower: User, followee_id: int) -> None:
    """The followee's tweets leave the follower's feed. Raises NotFollowing."""
    with transaction.atomic():
        lock_stats(follower.pk, followee_id)
        deleted, _ = Follow.objects.filter(follower=follower, followee_id=followee_id).delete()
        if not deleted:
            raise NotFollowing
        _move_counters(follower.pk, followee_id, -1)
        timelines.stop_following(follower.pk, followee_id)


def _move_counters(follower_id: int, followee_id: int, by: int) -> None:
    AccountStats.objects.filter(pk=follower_id).update(following_count=F("following_count") + by)
    AccountStats.objects.filter(pk=followee_id).update(followers_count=F("followers_count") + by)
