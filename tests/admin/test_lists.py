"""Lists stay cheap in large tables: fixed queries, no COUNT, no OFFSET, searches that indexes answer."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from minitwitter.accounts.models import User
from minitwitter.actions import accounts, tweets
from minitwitter.admin.lists import PAGE_LENGTH, _after
from minitwitter.core.tasks import enqueue
from minitwitter.media.models import Image
from minitwitter.relationships.models import Follow
from minitwitter.tweets.models import Tweet
from tests.admin.client import SECTIONS, AdminClient, messages, text_of
from tests.client import ApiClient
from tests.factories import follow, jpeg, make_tweet, make_user

pytestmark = pytest.mark.django_db


def _make_user(number: int) -> None:
    make_user(f"user_{number}")


def _make_session(number: int) -> None:
    ApiClient(make_user(f"user_{number}"))


def _make_follow(number: int) -> None:
    follow(make_user(f"user_{number}"), User.objects.get(username="operator"))


def _make_tweet(number: int) -> None:
    make_tweet(make_user(f"user_{number}"), f"Tweet {number}", image=jpeg())


def _make_task(number: int) -> None:
    enqueue("purge_tweet", tweet_id=number)


MAKERS: dict[str, Callable[[int], None]] = {
    "users": _make_user,
    "sessions": _make_session,
    "follows": _make_follow,
    "tweets": _make_tweet,
    "images": _make_tweet,
    "tasks": _make_task,
}


def _statements(admin: AdminClient, path: str, **parameters: str) -> list[str]:
    """The statements that opening a page sends."""
    with CaptureQueriesContext(connection) as captured:
        admin.open(path, **parameters)
    return [query["sql"] for query in captured.captured_queries]


@pytest.mark.parametrize("section", SECTIONS)
def test_a_list_asks_as_often_for_50_rows_as_for_5(section: str, admin: AdminClient) -> None:
    for number in range(5):
        MAKERS[section](number)
    few = _statements(admin, SECTIONS[section])
    for number in range(5, 50):
        MAKERS[section](number)
    many = _statements(admin, SECTIONS[section])
    # The operator's log-in, the operator, and the rows.
    assert (len(few), len(many)) == (3, 3)
    assert not any("COUNT(" in sql or "OFFSET" in sql for sql in many)
    assert f"LIMIT {PAGE_LENGTH + 1}" in many[-1]


@pytest.mark.parametrize("section", SECTIONS)
def test_a_search_counts_nothing_and_asks_a_fixed_number_of_times(section: str, admin: AdminClient) -> None:
    for number in range(3):
        MAKERS[section](number)
    few = _statements(admin, SECTIONS[section], q="user_1")
    for number in range(3, 20):
        MAKERS[section](number)
    many = _statements(admin, SECTIONS[section], q="user_1")
    assert len(few) == len(many) <= 8
    assert not any("COUNT(" in sql or "OFFSET" in sql for sql in many)
    # A LIKE only confirms what a range of the index has found.
    assert all(" >= " in sql for sql in many if " LIKE " in sql)


def test_reading_on_leads_to_every_row_once(admin: AdminClient, operator: User) -> None:
    for number in range(2 * PAGE_LENGTH + 3):
        make_tweet(operator, f"Tweet {number}")
    path, html = "/admin/tweets/tweet/", ""
    seen: list[str] = []
    pages = 0
    while path:
        html = admin.open(path)
        seen += re.findall(r">Tweet (\d+)<", html)
        older = re.search(r'href="(\?before=\d+)">Older', html)
        path = f"/admin/tweets/tweet/{older[1]}" if older else ""
        pages += 1
    assert sorted(int(number) for number in seen) == list(range(2 * PAGE_LENGTH + 3))
    assert pages == 3
    assert re.search(r'href="\?">&laquo; Newest', html)


def test_a_new_search_or_filter_starts_at_the_newest_row(admin: AdminClient, operator: User) -> None:
    for number in range(PAGE_LENGTH + 3):
        make_tweet(operator, f"Tweet {number}")
    middle = tweets.create_tweet(author=operator, text="The last").tweet_id
    html = admin.open("/admin/tweets/tweet/", before=str(middle))
    assert 'name="before"' not in html
    assert 'href="?made=1"' in html


@pytest.mark.parametrize(
    "query", ["o=2.-3", "p=9", "all=", "before=x", "before=-1", "before=99999999999999999999", "q=%00", "e=1"]
)
def test_whatever_the_address_says_a_list_is_read_newest_first(query: str, admin: AdminClient) -> None:
    with CaptureQueriesContext(connection) as captured:
        response = admin.get(f"/admin/accounts/user/?{query}")
    assert response.status_code == 200
    statement = captured.captured_queries[-1]["sql"]
    assert re.search(r'ORDER BY "accounts_user"\."id" DESC LIMIT', statement)


@pytest.mark.parametrize(
    "query", ["password__startswith=argon2", "text__contains=a", "stats__likes=3", "author__email=x"]
)
def test_lookups_written_by_hand_are_refused(query: str, admin: AdminClient) -> None:
    for home in SECTIONS.values():
        assert admin.get(f"{home}?{query}").status_code == 400


def _found(admin: AdminClient, section: str, term: str) -> set[str]:
    """Which of the given names stand in the rows that a search finds."""
    html = admin.open(SECTIONS[section], q=term)
    rows = html[html.index('id="changelist-form"') :]
    rows = rows[: rows.index('class="paginator"')]
    return {name for name in ("alice", "alba", "bob", "al_z") if re.search(rf">{name}<", rows)}


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("al", {"alice", "alba", "al_z"}),
        ("AL", {"alice", "alba", "al_z"}),
        ("al_", {"al_z"}),
        ("al_z", {"al_z"}),
        ("alb", {"alba"}),
        (" bob ", {"bob"}),
        ("bob@EXAMPLE", {"bob"}),
        ("bob@example.org", {"bob"}),
        ("lice", set()),
        ("%", set()),
        ("éa", set()),
        ("'; --", set()),
    ],
)
def test_accounts_are_found_by_the_beginning_of_name_or_address(term: str, found: set[str], admin: AdminClient) -> None:
    for name in ("alice", "alba", "bob", "al_z"):
        make_user(name)
    assert _found(admin, "users", term) == found


def test_everything_is_found_by_id_and_by_account(admin: AdminClient) -> None:
    alice, bob = make_user("alice"), make_user("bob")
    session = ApiClient(alice)
    follow(alice, bob)
    tweet_id = make_tweet(alice, "Hello", image=jpeg())
    make_tweet(bob, "Hello too", image=jpeg())
    image = Image.objects.get(owner_id=alice.pk)
    assert session.access
    assert _found(admin, "users", str(alice.pk)) == {"alice"}
    assert _found(admin, "tweets", "ALICE") == _found(admin, "tweets", str(tweet_id)) == {"alice"}
    assert _found(admin, "images", "alice") == _found(admin, "images", image.key) == {"alice"}
    assert _found(admin, "images", str(image.pk)) == {"alice"}
    assert _found(admin, "sessions", "alice") == {"alice"}
    assert _found(admin, "follows", "alice") == _found(admin, "follows", "bob") == {"alice", "bob"}
    assert _found(admin, "follows", str(Follow.objects.get().pk)) == {"alice", "bob"}
    for section in SECTIONS:
        assert _found(admin, section, "nobody") == _found(admin, section, "12345") == set()


def test_filters_narrow_the_list(admin: AdminClient) -> None:
    alice, alba, bob = make_user("alice"), make_user("alba"), make_user("bob")
    accounts.deactivate(user=alice)
    accounts.delete_account(user=alba)
    accounts.set_role(user=bob, is_staff=True, is_superuser=False)
    for parameters, found in (
        ({"state": "active"}, ["bob", "operator"]),
        ({"state": "deactivated"}, ["alice"]),
        ({"state": "deleted"}, ["alba"]),
        ({"state": "nonsense"}, ["alba", "alice", "bob", "operator"]),
        ({"role": "moderator"}, ["bob"]),
        ({"role": "administrator"}, ["operator"]),
        ({"made": "1", "role": "member"}, ["alba", "alice"]),
    ):
        html = admin.open("/admin/accounts/user/", **parameters)
        assert sorted(re.findall(r'change/[^"]*">(\w+)</a></th>', html)) == found


def test_live_and_ended_sessions_are_told_apart(admin: AdminClient) -> None:
    alice, bob = ApiClient(make_user("alice")), ApiClient(make_user("bob"))
    alice.call("POST", "/v1/users/logout/")
    assert bob.access
    for state, name in (("live", "bob"), ("over", "alice")):
        html = admin.open("/admin/accounts/session/", state=state)
        assert re.findall(r">(alice|bob)</a>", html) == [name]


def test_a_whole_page_of_rows_fits_one_form(admin: AdminClient, operator: User) -> None:
    made = [make_tweet(operator, f"Tweet {number}") for number in range(PAGE_LENGTH)]
    response = admin.act("tweets", "delete_selected", *made, select_across=0)
    assert response.status_code == 200
    assert "Are you sure" in text_of(response.content.decode())


def test_an_action_reaches_no_further_than_one_page(admin: AdminClient, operator: User) -> None:
    for number in range(PAGE_LENGTH + 5):
        make_tweet(operator, f"Tweet {number}")
    response = admin.act("tweets", "delete_selected", 1, select_across=1, post="yes")
    assert response.status_code == 200
    operator.refresh_from_db()
    assert operator.stats.tweets_count == 5


@pytest.mark.parametrize("selection", ["abc", "-1", "9" * 30, "\0"])
def test_a_selection_that_is_none_changes_nothing(selection: Any, admin: AdminClient, operator: User) -> None:
    tweet_id = make_tweet(operator)
    response = admin.act("tweets", "delete_selected", tweet_id, selection, post="yes")
    assert messages(response) == ["The selection cannot be read. Nothing was changed."]
    assert Tweet.objects.filter(deleted_at=None).exists()


@pytest.mark.parametrize(
    ("prefix", "after"),
    [
        ("al", "am"),
        ("a9", "aa"),
        ("az", "b"),
        ("zz", ""),
        ("al_", "am"),
        ("bob@", "boc"),
        ("bob@e", "bob@f"),
        ("_", ""),
    ],
)
def test_the_range_of_a_prefix_ends_after_all_texts_with_it(prefix: str, after: str) -> None:
    assert _after(prefix) == after
