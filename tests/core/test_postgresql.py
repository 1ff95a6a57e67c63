"""Django's backend for PostgreSQL as it is changed here: kept connections, statements run by libpq's own calls."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DataError, IntegrityError, OperationalError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from minitwitter.accounts.models import User
from minitwitter.core.database import change, fetch
from tests.factories import make_user

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="about PostgreSQL"),
]


def _begin_request() -> None:
    """What Django does before the first query of a request."""
    wrapper: Any = connection
    wrapper.health_check_done, wrapper.health_check_enabled = False, True


def test_a_good_connection_costs_no_query() -> None:
    User.objects.exists()
    _begin_request()
    with CaptureQueriesContext(connection) as captured:
        assert connection.is_usable()
        User.objects.exists()
    assert len(captured) == 1


def test_a_connection_that_the_server_has_ended_is_replaced_before_it_is_used() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (process,) = cursor.fetchone()
    other = connection.copy()
    with other.cursor() as cursor:
        # Waits until the process has ended.
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [process])
    other.close()
    assert not connection.is_usable()
    _begin_request()
    assert not User.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchone() != (process,)


def test_times_read_as_they_were_written() -> None:
    user = make_user("somebody")
    for moment in (datetime(2006, 3, 21, tzinfo=UTC), datetime(2026, 11, 24, 13, 37, 0, 123000, tzinfo=UTC)):
        User.objects.filter(pk=user.pk).update(created_at=moment)
        found = User.objects.values_list("created_at", flat=True).get()
        assert (found, found.utcoffset()) == (moment, timedelta(0))


def _prepared() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE '\\_statement\\_%'")
        return int(cursor.fetchone()[0])


def test_values_arrive_as_they_are_given_and_rows_read_as_a_cursor_reads_them() -> None:
    user = make_user("somebody")
    moment = datetime(2026, 11, 24, 13, 37, 0, 123000, tzinfo=UTC)
    changed = change(
        "UPDATE accounts_user SET bio = %s, created_at = %s, is_staff = %s, avatar_id = %s WHERE id = %s",
        ["100 % 'quoted' \\ ünïcödé 🎉", moment, True, None, user.pk],
    )
    sql = "SELECT id, bio, created_at, is_staff, avatar_id, ARRAY[id, 2], bio LIKE '%%quoted%%' FROM accounts_user"
    with connection.cursor() as cursor:
        cursor.execute(sql, [])
        expected = cursor.fetchall()
    assert (changed, fetch(sql, [])) == (1, expected)
    assert expected == [
        (user.pk, "100 % 'quoted' \\ ünïcödé 🎉", moment, True, None, [user.pk, 2], True),
    ]


def test_a_nul_is_refused_before_the_database_takes_what_is_before_it() -> None:
    make_user("somebody")
    with pytest.raises(DataError, match="NUL"):
        fetch("SELECT id FROM accounts_user WHERE username = %s", ["somebody\0else"])


def test_a_value_of_another_type_is_left_to_the_cursor() -> None:
    assert fetch("SELECT %s::numeric + 1", [Decimal("0.5")]) == [(Decimal("1.5"),)]


def test_a_failure_is_the_error_that_a_cursor_would_raise_and_the_connection_goes_on() -> None:
    with pytest.raises(DataError):
        fetch("SELECT 1 / %s::int", [0])
    with pytest.raises(ProgrammingError):
        fetch("SELECT nothing FROM nowhere", [])
    assert fetch("SELECT 1 / %s::int", [1]) == [(1,)]
    user = make_user("somebody")
    with pytest.raises(IntegrityError), transaction.atomic():
        change("UPDATE accounts_user SET username = NULL WHERE id = %s", [user.pk])
    assert User.objects.get().username == "somebody"


def test_what_was_changed_in_a_transaction_is_kept_or_undone_with_it() -> None:
    user = make_user("somebody")
    with transaction.atomic():
        change("UPDATE accounts_user SET bio = %s WHERE id = %s", ["undone", user.pk])
        transaction.set_rollback(True)
    assert User.objects.get().bio == ""
    with transaction.atomic():
        assert change("UPDATE accounts_user SET bio = %s WHERE id = %s", ["kept", user.pk]) == 1
        with transaction.atomic():
            change("UPDATE accounts_user SET bio = %s WHERE id = %s", ["undone", user.pk])
            transaction.set_rollback(True)
        assert _bio_as_others_see_it() == ""
    assert _bio_as_others_see_it() == "kept"


def _bio_as_others_see_it() -> str:
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT bio FROM accounts_user")
        (bio,) = cursor.fetchone()
    other.close()
    return str(bio)


def test_a_statement_is_prepared_once_and_stays_so_when_a_transaction_is_undone() -> None:
    connection.close()
    for number in range(3):
        assert fetch("SELECT %s::int", [number]) == [(number,)]
    with transaction.atomic():
        User.objects.exists()
        transaction.set_rollback(True)
    assert fetch("SELECT %s::int", [4]) == [(4,)]
    assert _prepared() == 1


def test_so_many_stay_prepared_and_no_more() -> None:
    connection.close()
    for number in [*range(105), 0, 1]:
        assert fetch(f"SELECT {number} + %s::int", [1]) == [(number + 1,)]
    assert _prepared() == 100


def test_a_connection_that_breaks_under_a_statement_is_told_and_replaced() -> None:
    ((process,),) = fetch("SELECT pg_backend_pid()", [])
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [process])
    other.close()
    with pytest.raises(OperationalError):
        fetch("SELECT pg_backend_pid()", [])
    connection.close_if_unusable_or_obsolete()
    assert fetch("SELECT pg_backend_pid()", []) != [(process,)]
