"""Administrators make follows, operators end them."""

import pytest
from django.contrib.admin.models import LogEntry

from minitwitter.accounts.models import AccountStats
from minitwitter.actions import accounts
from minitwitter.relationships.models import Follow
from tests.admin.client import AdminClient, form_errors, messages
from tests.factories import follow, make_user

FOLLOWS = "/admin/relationships/follow/"
pytestmark = pytest.mark.django_db


def _counters() -> dict[str, tuple[int, int]]:
    """Followers and followed of every account that has any, by name."""
    rows = AccountStats.objects.values_list("user__username", "followers_count", "following_count")
    return {name: (followers, following) for name, followers, following in rows if followers or following}


def test_makes_a_follow(admin: AdminClient) -> None:
    alice, bob = make_user("alice"), make_user("bob")
    response = admin.send(f"{FOLLOWS}add/", follower="Alice", followee="BOB")
    assert response.redirect_chain == [(FOLLOWS, 302)]
    edge = Follow.objects.get()
    assert (edge.follower, edge.followee) == (alice, bob)
    assert _counters() == {"alice": (0, 1), "bob": (1, 0)}
    assert LogEntry.objects.get().object_id == str(edge.pk)


@pytest.mark.parametrize(
    ("follower", "followee", "field"),
    [
        ("alice", "alice", "__all__"),
        ("alice", "bob", "__all__"),
        ("alice", "gone", "__all__"),
        ("alice", "nobody", "followee"),
        ("", "bob", "follower"),
        ("al\0ice", "bob", "follower"),
        ("älice", "bob", "follower"),
    ],
)
def test_a_refused_follow_is_not_made(follower: str, followee: str, field: str, admin: AdminClient) -> None:
    alice, bob, gone = make_user("alice"), make_user("bob"), make_user("gone")
    follow(alice, bob)
    accounts.deactivate(user=gone)
    response = admin.send(f"{FOLLOWS}add/", follower=follower, followee=followee)
    assert set(form_errors(response)) == {field}
    assert Follow.objects.count() == 1
    assert _counters() == {"alice": (0, 1), "bob": (1, 0)}
    assert not LogEntry.objects.exists()


def test_ends_a_follow(admin: AdminClient) -> None:
    alice, bob = make_user("alice"), make_user("bob")
    follow(alice, bob)
    edge = Follow.objects.get()
    response = admin.post(f"{FOLLOWS}{edge.pk}/delete/", {"post": "yes"}, follow=True)
    assert response.status_code == 200
    assert _counters() == {}
    assert not Follow.objects.exists()


def test_a_moderator_ends_several_follows(moderator: AdminClient) -> None:
    alice, bob, carol = make_user("alice"), make_user("bob"), make_user("carol")
    for follower, followee in ((alice, bob), (bob, alice), (carol, alice)):
        follow(follower, followee)
    edges = list(Follow.objects.filter(followee=alice).values_list("pk", flat=True))
    assert messages(moderator.act("follows", "delete_selected", *edges, post="yes")) == ["Deleted 2 follows."]
    assert _counters() == {"alice": (0, 1), "bob": (1, 0)}


def test_a_follow_is_never_changed(admin: AdminClient) -> None:
    alice, bob = make_user("alice"), make_user("bob")
    follow(alice, bob)
    edge = Follow.objects.get()
    assert admin.post(f"{FOLLOWS}{edge.pk}/change/", {"follower": "bob"}).status_code == 403
    assert Follow.objects.get().follower == alice
