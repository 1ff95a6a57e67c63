"""Queries that are compiled once answer as the ORM's own do, each time with other values."""

import pytest
from django.db import connection, transaction
from django.db.models import Exists, F, IntegerField, OuterRef
from django.test.utils import CaptureQueriesContext

from minitwitter.accounts.models import AccountStats, User
from minitwitter.core import ids
from minitwitter.core.pagination import PagedList, PageRequest
from minitwitter.core.statements import IdList, ListStatement, Parameter, Statement, delete, moment, update
from minitwitter.relationships.models import Follow
from tests.factories import follow, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> list[User]:
    return [make_user(f"person{number}") for number in range(3)]


def test_a_statement_is_built_once_and_answers_with_other_values(people: list[User]) -> None:
    built = []

    def build() -> "object":
        built.append(1)
        return User.objects.filter(pk=Parameter("user"), is_active=True).values_list("username", "created_at")

    statement = Statement(build)  # type: ignore[arg-type]
    for person in people:
        assert statement.rows(user=person.pk) == [(person.username, person.created_at)]
    assert statement.rows(user=1) == []
    assert statement.first(user=1) is None
    assert built == [1]


def test_what_the_database_has_no_type_for_reads_as_django_reads_it(people: list[User]) -> None:
    one, other, _ = people
    follow(one, other)
    followed = Exists(Follow.objects.filter(follower_id=Parameter("viewer"), followee_id=OuterRef("pk")))
    statement = Statement(lambda: User.objects.order_by("pk").values_list("is_active", "deleted_at", "created_at"))
    assert statement.rows() == [(True, None, person.created_at) for person in people]
    assert [type(row[0]) for row in statement.rows()] == [bool] * 3
    seen = Statement(lambda: User.objects.annotate(seen=followed).order_by("pk").values_list("seen"))
    assert [row[0] == 1 for row in seen.rows(viewer=one.pk)] == [False, True, False]


def test_a_time_is_compared_as_a_time(people: list[User]) -> None:
    older = Statement(lambda: User.objects.filter(created_at__lt=Parameter("at")).values_list("pk"))
    assert older.rows(at=moment(people[0].created_at)) == []
    assert len(older.rows(at=moment(ids.now().replace(year=2099)))) == 3


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_list_of_any_length_finds_each_of_its_items_once(people: list[User], count: int) -> None:
    statement = ListStatement("users", lambda users: User.objects.filter(pk__in=users).values_list("pk"))
    chosen = [person.pk for person in people[:count]]
    assert sorted(statement.rows(chosen)) == [(pk,) for pk in sorted(chosen)]


def test_ids_come_as_one_value_of_a_row(people: list[User]) -> None:
    one, other, third = people
    follow(one, other)
    follow(one, third)
    followees = Follow.objects.filter(follower_id=Parameter("user")).values("followee_id")
    statement = Statement(lambda: User.objects.filter(pk=Parameter("user")).values_list("username", IdList(followees)))
    with CaptureQueriesContext(connection) as captured:
        ((name, found),) = statement.rows(user=one.pk)
    assert (name, sorted(found), len(captured)) == ("person0", sorted([other.pk, third.pk]), 1)
    assert statement.rows(user=other.pk) == [("person1", [])]


def test_a_change_tells_how_many_rows_it_changed(people: list[User]) -> None:
    one, other, _ = people
    follow(one, other)
    by = Parameter("by", output_field=IntegerField())
    move = update(lambda: AccountStats.objects.filter(pk=Parameter("user")), tweets_count=F("tweets_count") + by)
    remove = delete(lambda: Follow.objects.filter(follower_id=Parameter("user")))
    assert [move.apply(user=one.pk, by=3), move.apply(user=one.pk, by=-1), move.apply(user=1, by=1)] == [1, 1, 0]
    assert AccountStats.objects.get(pk=one.pk).tweets_count == 2
    assert [remove.apply(user=other.pk), remove.apply(user=one.pk), remove.apply(user=one.pk)] == [0, 1, 0]


def test_a_locking_statement_locks(people: list[User]) -> None:
    statement = Statement(
        lambda: User.objects.select_for_update(no_key=True).filter(pk=Parameter("user")).values_list("pk")
    )
    with CaptureQueriesContext(connection) as captured, transaction.atomic():
        assert statement.rows(user=people[0].pk) == [(people[0].pk,)]
    locks = [query["sql"] for query in captured if "FOR NO KEY UPDATE" in query["sql"]]
    assert len(locks) == (connection.vendor == "postgresql")


def test_a_page_of_a_list_is_read_in_both_directions(people: list[User]) -> None:
    users = PagedList(User.objects.all)
    keys = sorted(person.pk for person in people)

    def page(**asked: int) -> tuple[list[int], bool]:
        skeleton = users.skeleton(PageRequest(**asked))
        return [entry.target for entry in skeleton.entries], skeleton.has_more

    assert page(limit=2) == ([keys[2], keys[1]], True)
    assert page(limit=2, max_id=keys[1]) == ([keys[0]], False)
    assert page(limit=2, since_id=keys[0]) == ([keys[2], keys[1]], False)
    assert page(limit=1, min_id=keys[0]) == ([keys[1]], True)
