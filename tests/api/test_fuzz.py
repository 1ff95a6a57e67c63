"""Every operation of the OpenAPI description, with requests made up from it: no 5xx, problems, answers as described.

A few hundred requests here; `make fuzz` sends ten thousand by the same code.
"""

from typing import Any

import pytest

from tests.client import ApiClient
from tests.factories import follow, jpeg
from tests.fuzzing import COUNT, fuzz, operations

OPERATIONS = operations()

pytestmark = pytest.mark.django_db


@pytest.fixture
def parts(alice: ApiClient, bob: ApiClient) -> dict[str, Any]:
    """Values of paths that name something."""
    follow(bob.me, alice.me)
    tweet = alice.tweet("Hello", jpeg())
    bob.call("PUT", f"/v1/tweets/{tweet['id']}/like/")
    device = alice.call("GET", "/v1/users/me/sessions/").json()["results"][0]
    return {"tweet_id": tweet["id"], "username": "alice", "session_id": device["id"]}


@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_made_up_requests_get_described_answers(label: str, alice: ApiClient, parts: dict[str, Any]) -> None:
    count = -(-COUNT // len(OPERATIONS))
    statuses = fuzz(OPERATIONS[label], count=count, token=alice.access, parts=parts)
    assert 0 < statuses.total() <= count
