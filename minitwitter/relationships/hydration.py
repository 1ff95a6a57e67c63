"""What stands between a reader and an account."""

from collections.abc import Sequence
from typing import NamedTuple

from django.db.models import Q

from minitwitter.accounts.hydration import Profile, hydrate_profile, hydrate_profile_named, hydrate_profiles
from minitwitter.core.statements import ListStatement, Parameter, Statement
from minitwitter.relationships.models import Follow

_EDGES = Statement(
    lambda: Follow.objects.filter(
        Q(follower_id=Parameter("one"), followee_id=Parameter("other"))
        | Q(follower_id=Parameter("other"), followee_id=Parameter("one"))
    ).values_list("follower_id")
)
_EDGES_AMONG = ListStatement(
    "others",
    lambda places: Follow.objects.filter(
        Q(follower_id=Parameter("viewer"), followee__id__in=places)
        | Q(follower__id__in=places, followee_id=Parameter("viewer"))
    ).values_list("follower_id", "followee_id"),
)


class Relation(NamedTuple):
    """Whether the viewer follows the account, and the account the viewer."""

    following: bool
    followed_by: bool


class SeenProfile(NamedTuple):
    """A profile as a reader sees it. `relation` is None for an anonymous reader."""

    profile: Profile
    relation: Relation | None


def see_profile(username: str, viewer_id: int | None) -> SeenProfile:
    """The profile of that name. Two queries, one for an anonymous reader. Raises UserNotFound."""
    profile = hydrate_profile_named(username)
    if viewer_id is None:
        return SeenProfile(profile, None)
    return SeenProfile(profile, relation_between(viewer_id, profile.author.id))


def see_own_profile(user_id: int) -> SeenProfile:
    """One's own profile, by one query: nobody follows themselves. Raises UserNotFound."""
    profile = hydrate_profile(user_id)
    return SeenProfile(profile, Relation(following=False, followed_by=False))


def see_profiles(user_ids: Sequence[int], viewer_id: int | None) -> dict[int, SeenProfile]:
    """The visible ones of those profiles, by id. Two queries, one for an anonymous reader."""
    profiles = hydrate_profiles(user_ids) if user_ids else {}
    if viewer_id is None or not profiles:
        return {user_id: SeenProfile(profile, None) for user_id, profile in profiles.items()}
    found = set(_EDGES_AMONG.rows(user_ids, viewer=viewer_id))
    return {
        user_id: SeenProfile(profile, Relation((viewer_id, user_id) in found, (user_id, viewer_id) in found))
        for user_id, profile in profiles.items()
    }


def relation_between(viewer_id: int, user_id: int) -> Relation:
    """The relation of the two, by one query."""
    found = {follower_id for (follower_id,) in _EDGES.rows(one=viewer_id, other=user_id)}
    return Relation(following=viewer_id in found, followed_by=user_id in found)
