"""What stands between a reader and an account."""

from typing import NamedTuple

from django.db.models import Q

from minitwitter.accounts.errors import UserNotFound
from minitwitter.accounts.hydration import Profile, hydrate_profile
from minitwitter.accounts.queries import visible_user_id
from minitwitter.relationships.models import Follow


class Relation(NamedTuple):
    """Whether the viewer follows the account, and the account the viewer."""

    following: bool
    followed_by: bool


class SeenProfile(NamedTuple):
    """A profile as a reader sees it. `relation` is None for an anonymous reader."""

    profile: Profile
    relation: Relation | None


def see_profile(username: str, viewer_id: int | None) -> SeenProfile:
    """The profile of that name. Three queries, two for an anonymous reader. Raises UserNotFound."""
    user_id = visible_user_id(username)
    profile = hydrate_profile(user_id)
    if profile is None:
        raise UserNotFound
    return SeenProfile(profile, None if viewer_id is None else relation_between(viewer_id, user_id))


def relation_between(viewer_id: int, user_id: int) -> Relation:
    """The relation of the two, by one query."""
    edges = Follow.objects.filter(
        Q(follower_id=viewer_id, followee_id=user_id) | Q(follower_id=user_id, followee_id=viewer_id)
    ).values_list("follower_id", flat=True)
    found = set(edges)
    return Relation(following=viewer_id in found, followed_by=user_id in found)
