"""One's own account, and the profiles of others."""

from pathlib import Path
from typing import Any

import pytest

from minitwitter.accounts.models import AccountStats, Session, User
from minitwitter.actions import accounts
from minitwitter.media.models import Image
from minitwitter.relationships.models import Follow
from minitwitter.tweets.models import Attachment, IdempotencyKey, Like, Tweet, TweetStats
from tests.client import ApiClient, assert_invalid, assert_problem
from tests.factories import PASSWORD, follow, jpeg, make_tweet, make_user
from tests.working import run_tasks

ME = "/v1/users/me/"

pytestmark = pytest.mark.django_db


def test_reads_the_own_account_with_its_address(alice: ApiClient) -> None:
    body = alice.call("GET", ME).json()
    assert (body["username"], body["email"]) == ("alice", "alice@example.org")


def test_changes_only_the_fields_that_are_sent(alice: ApiClient) -> None:
    before = alice.call("GET", ME).json()
    first = alice.call("PATCH", ME, {"display_name": "Alice 🐙", "bio": "Line one\nline two", "website": ""})
    assert first.json() == {**before, "display_name": "Alice 🐙", "bio": "Line one\nline two"}
    second = alice.call("PATCH", ME, {"location": "Porto", "website": "https://alice.example.org/x?y#z"})
    assert second.json() == {**first.json(), "location": "Porto", "website": "https://alice.example.org/x?y#z"}
    assert alice.call("GET", ME).json() == second.json()


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"display_name": "x" * 51}, ("display_name", "max_length")),
        ({"display_name": "Ali\u202ece"}, ("display_name", "invalid")),
        ({"display_name": "Ali\x00ce"}, ("display_name", "invalid")),
        ({"display_name": "Ali\nce"}, ("display_name", "invalid")),
        ({"display_name": 7}, ("display_name", "invalid")),
        ({"display_name": None}, ("display_name", "null")),
        ({"bio": "x" * 501}, ("bio", "max_length")),
        ({"bio": "x" * 100_000}, ("bio", "max_length")),
        ({"bio": "\x07"}, ("bio", "invalid")),
        ({"location": "x" * 51}, ("location", "max_length")),
        ({"website": "javascript:alert(1)"}, ("website", "invalid")),
        ({"website": "data:text/html,x"}, ("website", "invalid")),
        ({"website": "alice.example.org"}, ("website", "invalid")),
        ({"website": "https://x y"}, ("website", "invalid")),
        ({"website": "https://[x"}, ("website", "invalid")),
        ({"website": f"https://example.org/{'x' * 200}"}, ("website", "max_length")),
    ],
)
def test_refuses_a_bad_profile_and_changes_nothing(
    alice: ApiClient, body: dict[str, Any], problem: tuple[str, str]
) -> None:
    before = alice.call("GET", ME).json()
    assert_invalid(alice.call("PATCH", ME, {"location": "Porto", **body}), problem)
    assert alice.call("GET", ME).json() == before


def test_protected_fields_are_never_applied(alice: ApiClient) -> None:
    before = alice.call("GET", ME).json()
    body = {
        "id": 1,
        "username": "mallory",
        "email": "m@example.org",
        "is_staff": True,
        "is_superuser": True,
        "followers_count": 99,
        "password": "another password",
        "created_at": "2000-01-01T00:00:00Z",
    }
    assert alice.call("PATCH", ME, body).json() == before
    assert not alice.me.is_staff
    assert alice.me.check_password(PASSWORD)


def test_sets_replaces_and_removes_the_avatar(alice: ApiClient, media_folder: Path) -> None:
    body = alice.form("PUT", "/v1/users/me/avatar/", {"image": jpeg(64, 48)}).json()
    first = body["avatar_url"]
    assert first.startswith("http://testserver/media/")
    assert alice.media(first)[0] == 200

    second = alice.form("PUT", "/v1/users/me/avatar/", {"image": jpeg(48, 64)}).json()["avatar_url"]
    assert [alice.media(first)[0], alice.media(second)[0]] == [404, 200]

    assert alice.call("DELETE", "/v1/users/me/avatar/").json()["avatar_url"] is None
    assert alice.call("DELETE", "/v1/users/me/avatar/").json()["avatar_url"] is None


@pytest.mark.django_db(transaction=True)
def test_a_replaced_avatar_is_gone_with_its_files(alice: ApiClient, media_folder: Path) -> None:
    addresses = []
    for size in (64, 48):
        body = alice.form("PUT", "/v1/users/me/avatar/", {"image": jpeg(size, size)}).json()
        addresses.append(body["avatar_url"])
    assert [alice.media(address)[0] for address in addresses] == [404, 200]
    run_tasks()
    assert len([path for path in media_folder.rglob("*") if path.is_file()]) == 2
    alice.call("DELETE", "/v1/users/me/avatar/")
    run_tasks()
    assert [path for path in media_folder.rglob("*") if path.is_file()] == []
    assert Image.objects.count() == 0


def test_an_avatar_must_be_an_image_in_a_form(alice: ApiClient) -> None:
    address = "/v1/users/me/avatar/"
    assert_invalid(alice.form("PUT", address, {}), ("image", "required"))
    assert_invalid(alice.form("PUT", address, {"image": "text"}), ("image", "invalid"))
    assert_problem(alice.call("PUT", address, {"image": "x"}), 415, "unsupported_media_type")
    assert_problem(alice.form("PUT", address, {"image": b"<svg/>"}), 415, "unsupported_image")
    assert Image.objects.count() == 0


def test_changes_the_password_and_ends_every_other_session(alice: ApiClient) -> None:
    other = ApiClient(alice.user)
    body = {"current_password": PASSWORD, "new_password": "another long password"}
    assert alice.call("POST", "/v1/users/me/password/", body).status_code == 204
    assert [client.call("GET", ME).status_code for client in (alice, other)] == [200, 401]
    login = {"username": "alice", "password": "another long password"}
    assert ApiClient().call("POST", "/v1/users/login/", login).status_code == 200


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        (
            {"current_password": "wrong", "new_password": "short"},
            [("current_password", "wrong_password"), ("new_password", "min_length")],
        ),
        ({"current_password": PASSWORD, "new_password": "my alice secret"}, [("new_password", "password_too_similar")]),
        ({"current_password": PASSWORD}, [("new_password", "required")]),
        ({"current_password": PASSWORD, "new_password": "x" * 129}, [("new_password", "max_length")]),
    ],
)
def test_refuses_a_bad_password_change(alice: ApiClient, body: dict[str, Any], problems: list[tuple[str, str]]) -> None:
    other = ApiClient(alice.user)
    assert_invalid(alice.call("POST", "/v1/users/me/password/", body), *problems)
    assert alice.me.check_password(PASSWORD)
    assert other.call("GET", ME).status_code == 200


def test_a_profile_tells_a_reader_how_they_stand(alice: ApiClient, bob: ApiClient, api: ApiClient) -> None:
    follow(bob.me, alice.me)
    make_tweet(alice.me)
    anonymous = api.call("GET", "/v1/users/ALICE/").json()
    assert anonymous == {
        "id": alice.me.pk,
        "username": "alice",
        "display_name": "",
        "avatar_url": None,
        "bio": "",
        "location": "",
        "website": "",
        "created_at": anonymous["created_at"],
        "followers_count": 1,
        "following_count": 0,
        "tweets_count": 1,
    }
    assert bob.call("GET", "/v1/users/alice/").json() == {**anonymous, "following": True, "followed_by": False}
    assert alice.call("GET", "/v1/users/bob/").json()["followed_by"] is True


@pytest.mark.parametrize("name", ["nobody", "al%00ice", "älice", "a" * 31, "..", "%ff"])
def test_an_unknown_profile_is_404(api: ApiClient, name: str) -> None:
    assert api.get(f"/v1/users/{name}/").status_code == 404


def test_another_users_address_is_in_no_answer(alice: ApiClient, bob: ApiClient) -> None:
    follow(bob.me, alice.me)
    tweet = alice.tweet("Hello")
    bob.call("PUT", f"/v1/tweets/{tweet['id']}/like/")
    for address in (
        "/v1/users/alice/",
        "/v1/users/alice/tweets/",
        "/v1/users/bob/followers/",
        "/v1/users/bob/following/",
        "/v1/feed/",
        "/v1/tweets/",
        f"/v1/tweets/{tweet['id']}/",
    ):
        assert b"alice@example.org" not in bob.call("GET", address).content


def _visible(client: ApiClient, tweet: dict[str, Any]) -> list[int]:
    addresses = ["/v1/users/alice/", "/v1/users/alice/tweets/", f"/v1/tweets/{tweet['id']}/"]
    return [client.get(address).status_code for address in addresses] + [client.media(tweet["image"])[0]]


def _ids(client: ApiClient, address: str) -> list[int]:
    return [row["id"] for row in client.call("GET", address).json()["results"]]


def test_a_deactivated_account_is_404_with_all_it_posted_and_comes_back(alice: ApiClient, bob: ApiClient) -> None:
    tweet = alice.tweet("Hello", jpeg())
    follow(bob.me, alice.me)
    follow(alice.me, bob.me)
    alice.call("PUT", f"/v1/tweets/{tweet['id']}/like/")

    accounts.deactivate(user=alice.me)
    assert _visible(bob, tweet) == [404, 404, 404, 404]
    lists = ("/v1/feed/", "/v1/tweets/", "/v1/users/bob/followers/", "/v1/users/bob/following/")
    assert [_ids(bob, address) for address in lists] == [[], [], [], []]
    assert_problem(bob.call("POST", "/v1/users/unfollow/alice/"), 404, "user_not_found")

    accounts.reactivate(user=alice.me)
    assert _visible(bob, tweet) == [200, 200, 200, 200]
    assert [len(_ids(bob, address)) for address in lists] == [1, 1, 1, 1]


@pytest.mark.django_db(transaction=True)
def test_a_deleted_account_leaves_its_name_and_nothing_else(
    alice: ApiClient, bob: ApiClient, media_folder: Path
) -> None:
    tweet = alice.tweet("Hello", jpeg())
    alice.form("PUT", "/v1/users/me/avatar/", {"image": jpeg()})
    alice.call("PATCH", ME, {"bio": "A person", "display_name": "Alice"})
    theirs = bob.tweet("Keep me")
    follow(bob.me, alice.me)
    follow(alice.me, bob.me)
    alice.call("PUT", f"/v1/tweets/{theirs['id']}/like/")
    bob.call("PUT", f"/v1/tweets/{tweet['id']}/like/")
    alice.call("POST", "/v1/tweets/", {"text": "Once"}, **{"Idempotency-Key": "k"})

    assert_invalid(alice.call("DELETE", ME, {"password": "wrong"}), ("password", "wrong_password"))
    assert alice.call("GET", ME).status_code == 200
    assert alice.call("DELETE", ME, {"password": PASSWORD}).status_code == 204

    assert_problem(alice.call("GET", ME), 401, "token_invalid")
    assert _visible(bob, tweet) == [404, 404, 404, 404]
    profile = bob.call("GET", "/v1/users/bob/").json()
    assert (profile["followers_count"], profile["following_count"], profile["tweets_count"]) == (0, 0, 1)
    assert bob.call("GET", f"/v1/tweets/{theirs['id']}/").json()["like_count"] == 0

    run_tasks()
    row = User.objects.get(username="alice")
    assert (row.is_active, row.email, row.bio, row.display_name, row.avatar) == (False, None, "", "", None)
    assert not row.has_usable_password()
    assert list(Tweet.objects.values_list("pk", flat=True)) == [theirs["id"]]
    assert TweetStats.objects.count() == 1
    left = [model.objects.count() for model in (Follow, Like, Attachment, Image, IdempotencyKey)]
    assert left == [0, 0, 0, 0, 0]
    assert Session.objects.filter(user=row).count() == 0
    assert AccountStats.objects.filter(user=row, tweets_count=0, followers_count=0, following_count=0).exists()
    assert [path for path in media_folder.rglob("*") if path.is_file()] == []

    again = {"username": "Alice", "email": "alice@example.org", "password": PASSWORD}
    assert_invalid(ApiClient().call("POST", "/v1/users/register/", again), ("username", "username_taken"))
    assert make_user("alice2", email="alice@example.org").pk


def test_reading_can_be_reserved_for_signed_in_people(alice: ApiClient, api: ApiClient, settings: Any) -> None:
    tweet = alice.tweet("Hello")
    settings.PUBLIC_READ = False
    for address in ("/v1/tweets/", f"/v1/tweets/{tweet['id']}/", "/v1/users/alice/", "/v1/users/alice/followers/"):
        assert_problem(api.call("GET", address), 401, "not_authenticated")
        assert alice.call("GET", address).status_code == 200
