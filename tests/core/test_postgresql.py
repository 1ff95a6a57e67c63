"""Whether a kept connection is still good is seen without a query."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from minitwitter.accounts.models import User
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
