"""Time-ordered identifiers."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minitwitter.core import ids

MOMENTS = st.datetimes(datetime(2006, 3, 21), datetime(2075, 11, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS)
def test_an_id_tells_its_time_to_the_millisecond(moment: datetime) -> None:
    made = ids.new_id(moment)
    assert 0 <= made <= ids.MAX_ID
    assert timedelta(0) <= moment - ids.time_of(made) < timedelta(milliseconds=1)


@given(MOMENTS, MOMENTS)
def test_the_order_of_ids_is_the_order_of_time(one: datetime, other: datetime) -> None:
    if abs(one - other) >= timedelta(milliseconds=1):
        assert (ids.new_id(one) < ids.new_id(other)) == (one < other)


def test_ids_of_one_millisecond_ascend_and_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minitwitter.core.ids.secrets.randbits", lambda bits: bits)
    moment = ids.now() + timedelta(days=1)
    made = [ids.new_id(moment) for _ in range(100)]
    assert all(earlier < later for earlier, later in pairwise(made))
    assert {ids.time_of(each) for each in made} == {moment}


def test_when_the_low_bits_run_out_they_begin_anew_in_the_same_millisecond(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minitwitter.core.ids.secrets.randbits", lambda bits: 2**bits - 1)
    moment = ids.now() + timedelta(days=2)
    *ascending, last = [ids.new_id(moment) for _ in range(130)]
    assert ascending == sorted(set(ascending))
    assert last == ascending[0]  # Of this generator; a random one differs, and the insert draws again if it does not.
    assert ids.time_of(last) == moment


@pytest.mark.parametrize("moment", [datetime(2006, 3, 20, 23, 59, tzinfo=UTC), datetime(2076, 1, 1, tzinfo=UTC)])
def test_a_time_that_does_not_fit_is_refused(moment: datetime) -> None:
    with pytest.raises(ValueError, match="cannot be written as an id"):
        ids.new_id(moment)
