"""Time-ordered identifiers below 2^53, so that every JSON reader holds them exactly (RFC 8259 section 6).

Layout: 41 bits of milliseconds since 2006-03-21T00:00Z (the day of the first tweet), then 12 random bits.
The order of ids is the order of time, so lists page by id. 41 bits last until 2075.
"""

import secrets
import threading
from datetime import UTC, datetime, timedelta

EPOCH = datetime(2006, 3, 21, tzinfo=UTC)
RANDOM_BITS = 12
MAX_ID = 2**53 - 1
_STEP_BITS = 4
_MILLISECOND = timedelta(milliseconds=1)


def now() -> datetime:
    """The current time, cut to the millisecond that ids and answers have."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def new_id(at: datetime | None = None) -> int:
    """A new id of the given time (default now).

    Ids of one process and one millisecond ascend in the order of the calls. Two processes collide once in 2,048
    times of the same millisecond: the caller retries (`database.insert_with_new_id`).

    Raises ValueError for a time before EPOCH or too late for 41 bits.
    """
    milliseconds = ((at or now()) - EPOCH) // _MILLISECOND
    if not 0 <= milliseconds < 2**41:
        raise ValueError(f"{at} cannot be written as an id")
    return _sequence.next(milliseconds)


class _Sequence:
    """Hands out the low bits: random for the first id of a millisecond, a small random step further for the next."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def next(self, milliseconds: int) -> int:
        with self._lock:
            following = self._last + 1 + secrets.randbits(_STEP_BITS)
            if following >> RANDOM_BITS == milliseconds:
                self._last = following
            else:
                # From the lower half, so that what follows within the millisecond has room to ascend.
                self._last = milliseconds << RANDOM_BITS | secrets.randbits(RANDOM_BITS - 1)
            return self._last


_sequence = _Sequence()


def first_id(at: datetime) -> int:
    """The smallest id of the given time: whatever is newer has a larger one."""
    return (at - EPOCH) // _MILLISECOND << RANDOM_BITS


def time_of(identifier: int) -> datetime:
    """The time at which the id was made, to the millisecond."""
    return EPOCH + (identifier >> RANDOM_BITS) * _MILLISECOND
