"""What every list has in common."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.client import ApiClient, assert_invalid
from tests.factories import follow, make_tweet, make_user

pytestmark = pytest.mark.django_db

LISTS = [
    "/v1/feed/",
    "/v1/tweets/",
    "/v1/users/alice/tweets/",
    "/v1/users/alice/followers/",
    "/v1/users/bob/following/",
    "/v1/users/me/sessions/",
    "/v1/tweets/{tweet}/likes/",
]


@pytest.fixture
def seven(alice: ApiClient, bob: ApiClient) -> dict[str, Any]:
    """A world in which each list of LISTS has seven items for bob."""
    tweets = [make_tweet(alice.me, str(number)) for number in range(7)]
    people = [make_user(f"person{number}") for number in range(6)]
    follow(bob.me, alice.me)
    for person in people:
        follow(person, alice.me)
        follow(bob.me, person)
        ApiClient(person).call("PUT", f"/v1/tweets/{tweets[0]}/like/")
    bob.call("PUT", f"/v1/tweets/{tweets[0]}/like/")
    for _ in range(6):
        ApiClient(bob.user)
    return {"tweet": tweets[0], "tweets": tweets[::-1]}


def _follow_links(client: ApiClient, address: str, link: str) -> list[list[int]]:
    pages = []
    while address:
        body = client.call("GET", address.removeprefix("http://testserver")).json()
        pages.append([row["id"] for row in body["results"]])
        address = body[link]
    return pages


@pytest.mark.parametrize("address", LISTS)
def test_walking_down_and_up_again_shows_everything_once(bob: ApiClient, seven: dict[str, Any], address: str) -> None:
    address = address.format(**seven)
    whole = [row["id"] for row in bob.call("GET", address).json()["results"]]
    assert len(whole) == 7
    down = _follow_links(bob, f"{address}?limit=3", "next")
    assert down == [whole[:3], whole[3:6], whole[6:]]

    first = bob.call("GET", f"{address}?limit=3").json()
    assert first["previous"] is None
    second = bob.call("GET", first["next"].removeprefix("http://testserver")).json()
    third = bob.call("GET", second["next"].removeprefix("http://testserver")).json()
    assert third["next"] is None
    assert _follow_links(bob, third["previous"], "previous") == [whole[3:6], whole[:3]]


def test_the_link_header_says_the_same(bob: ApiClient, seven: dict[str, Any]) -> None:
    first = bob.call("GET", "/v1/feed/?limit=3")
    assert first["Link"] == f'<{first.json()["next"]}>; rel="next"'
    second = bob.call("GET", first.json()["next"].removeprefix("http://testserver"))
    body = second.json()
    assert second["Link"] == f'<{body["next"]}>; rel="next", <{body["previous"]}>; rel="prev"'
    assert body["next"].startswith("http://testserver/v1/feed/?limit=3&max_id=")
    assert "Link" not in bob.call("GET", "/v1/feed/")


def test_the_three_cursors(bob: ApiClient, seven: dict[str, Any]) -> None:
    ids = seven["tweets"]

    def page(query: str) -> list[int]:
        return [row["id"] for row in bob.call("GET", f"/v1/feed/?{query}").json()["results"]]

    assert page(f"max_id={ids[2]}") == ids[3:]
    assert page(f"since_id={ids[4]}") == ids[:4]
    assert page(f"since_id={ids[4]}&limit=2") == ids[:2]
    assert page(f"min_id={ids[4]}&limit=2") == ids[2:4]
    assert page(f"min_id={ids[5]}&max_id={ids[1]}&limit=2") == ids[3:5]
    assert page(f"since_id={ids[5]}&max_id={ids[1]}") == ids[2:5]
    assert page(f"min_id={2**63 - 1}") == []
    assert page("max_id=0") == []
    assert page("min_id=0") == ids


def test_a_since_page_leads_down_to_where_the_reader_was(bob: ApiClient, seven: dict[str, Any]) -> None:
    ids = seven["tweets"]
    assert _follow_links(bob, f"/v1/feed/?since_id={ids[5]}&limit=2", "next") == [ids[:2], ids[2:4], ids[4:5]]


def test_a_nearest_page_at_the_very_end_leads_nowhere_older(bob: ApiClient, seven: dict[str, Any]) -> None:
    ids = seven["tweets"]
    body = bob.call("GET", "/v1/feed/?min_id=0&limit=2").json()
    assert [row["id"] for row in body["results"]] == ids[-2:]
    assert body["next"] is None
    assert body["previous"] is not None


def test_polling_for_newer_ones_finds_them_once(alice: ApiClient, bob: ApiClient, seven: dict[str, Any]) -> None:
    newest = seven["tweets"][0]
    assert bob.call("GET", f"/v1/feed/?since_id={newest}").json() == {"next": None, "previous": None, "results": []}
    posted = alice.tweet("New")
    assert bob.call("GET", f"/v1/feed/?since_id={newest}").json()["results"] == [posted]


def test_lists_have_twenty_items_unless_told(alice: ApiClient, api: ApiClient) -> None:
    for number in range(22):
        make_tweet(alice.me, str(number))
    assert len(api.call("GET", "/v1/tweets/").json()["results"]) == 20
    assert len(api.call("GET", "/v1/tweets/?limit=100").json()["results"]) == 22


BAD_LIMITS = ["0", "101", "-1", "", "abc", "1.5", "٣", "+5", " 5", "5%00", "9" * 5000, "1e1", "0x5"]
BAD_CURSORS = ["-1", "", "abc", "1.5", "٣", "+5", "%00", str(2**63), "9" * 5000, "1;DROP TABLE"]


@pytest.mark.parametrize("value", BAD_LIMITS)
def test_refuses_a_bad_limit(api: ApiClient, value: str) -> None:
    assert_invalid(api.get(f"/v1/tweets/?limit={value}"), ("limit", "out_of_range"))


@pytest.mark.parametrize("value", BAD_CURSORS)
@pytest.mark.parametrize("name", ["max_id", "since_id", "min_id"])
def test_refuses_a_bad_cursor(api: ApiClient, name: str, value: str) -> None:
    assert_invalid(api.get(f"/v1/tweets/?{name}={value}"), (name, "invalid_cursor"))


def test_names_every_bad_parameter_at_once(api: ApiClient) -> None:
    response = api.get("/v1/tweets/?limit=0&max_id=x&since_id=1&min_id=1")
    assert_invalid(response, ("limit", "out_of_range"), ("max_id", "invalid_cursor"), ("min_id", "invalid_cursor"))
    assert_invalid(api.get("/v1/tweets/?limit=1&limit=2"), ("limit", "out_of_range"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)
@given(st.dictionaries(st.sampled_from(["limit", "max_id", "since_id", "min_id", "page"]), st.text(max_size=30)))
def test_no_parameter_ever_fails_the_server(api: ApiClient, parameters: dict[str, str]) -> None:
    try:
        response = api.get("/v1/tweets/", parameters)
    except UnicodeEncodeError:
        return  # A lone surrogate, which the client cannot send.
    assert response.status_code in {200, 400}
