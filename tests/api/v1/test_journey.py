"""The seed's main job, as two people do it, over the API alone."""

import pytest

from tests.client import ApiClient
from tests.factories import PASSWORD, jpeg

pytestmark = pytest.mark.django_db


def _join(username: str) -> ApiClient:
    client = ApiClient()
    body = {"username": username, "email": f"{username}@example.org", "password": PASSWORD}
    assert client.call("POST", "/v1/users/register/", body).status_code == 201
    response = client.call("POST", "/v1/users/login/", {"username": username, "password": PASSWORD})
    assert response.status_code == 200
    client.sign_in(response.json()["access"], response.json()["refresh"])
    return client


def test_two_people_meet_post_follow_read_like_edit_and_delete() -> None:
    alice, bob = _join("alice"), _join("bob")

    first = alice.tweet("Good morning")
    second = alice.tweet("With a picture", jpeg())
    assert bob.call("POST", "/v1/users/follow/alice/").json()["following"] is True

    feed = bob.call("GET", "/v1/feed/").json()
    assert [tweet["id"] for tweet in feed["results"]] == [second["id"], first["id"]]
    assert feed["results"] == [second, first]

    assert bob.call("POST", f"/v1/tweets/like/{first['id']}/").json() == {"liked": True, "like_count": 1}
    assert bob.call("POST", f"/v1/tweets/like/{first['id']}/").json() == {"liked": False, "like_count": 0}

    edited = alice.call("PATCH", f"/v1/tweets/{second['id']}/", {"text": "Edited"}).json()
    assert edited["edited_at"] is not None
    assert edited == {**second, "text": "Edited", "edited_at": edited["edited_at"]}

    assert alice.call("DELETE", f"/v1/tweets/{first['id']}/").status_code == 204
    assert [tweet["id"] for tweet in bob.call("GET", "/v1/feed/").json()["results"]] == [second["id"]]

    assert bob.call("POST", "/v1/users/unfollow/alice/").json()["following"] is False
    assert bob.call("GET", "/v1/feed/").json() == {"next": None, "previous": None, "results": []}
