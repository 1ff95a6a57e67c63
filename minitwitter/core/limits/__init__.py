"""How many requests one account or one address may make in a while.

Each limit is a rule with a name: `account`, `address` (requests without a token), `refresh`, `upload`, `sign-up`,
`log-in-address`, `log-in-account`, `mail-address` and `mail-account`. The windows move: however one looks, no stretch
of the rule's seconds has more requests than the rule's number. The counts are kept by all worker processes of a machine
together, in a file (`storage.py`), or by those of several machines in Redis.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from functools import lru_cache
from math import ceil

import structlog

from minitwitter.core.errors import RateLimited
from minitwitter.core.limits.addresses import client_address
from minitwitter.option import Rate

__all__ = [
    "Count",
    "Limiter",
    "client_address",
    "count",
    "count_email_change",
    "count_log_in",
    "count_password",
    "count_password_reset",
    "remember_log_in",
    "require_room",
]

# An address from which somebody logged in to an account is known to it for so long.
_KNOWN = "known-log-in"
_KNOWN_RATE = Rate(1, 20 * 24 * 3600)
# How long the counts are left alone after they failed, in seconds: waiting for them is not for each request.
_RETRY_AFTER = 5.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Count:
    """How one caller stands with one rule after a request. `reset`: the seconds until a request more is free."""

    rule: str
    rate: Rate
    _: KW_ONLY
    passed: bool
    remaining: int
    reset: int


# (key, number of requests allowed, seconds, requests to count) -> (whether there was room for them, the moment of the
# oldest one in the window, how many there are now). Raises OSError when the counts cannot be kept.
Visit = Callable[[str, int, int, int], tuple[bool, float, int]]


class Limiter:
    """Counts by rules of those names.

    Counts that cannot be kept (no room for the file at the first start, an unreachable Redis) let requests pass and
    are logged: a limit protects the service, so it must not be what takes it away. Passwords then still cost Argon2.
    """

    def __init__(self, visit: Visit, rates: Mapping[str, Rate], clock: Callable[[], float] = time.time) -> None:
        self._take = visit
        self._rates = dict(rates)
        self._clock = clock
        self._failed_at = 0.0

    def count(self, rule: str, key: str) -> Count | None:
        """Count a request of that key if there is room for it. None when the counts cannot be kept."""
        rate = self._rates[rule]
        visit = self._visit(f"{rule}/{key}", rate, 1)
        if visit is None:
            return None
        passed, oldest, used = visit
        reset = max(1, ceil(round(oldest + rate.seconds - self._clock(), 3)))
        return Count(rule, rate, passed=passed, remaining=max(0, rate.amount - used), reset=reset)

    def has(self, rule: str, key: str) -> bool:
        """Whether there is a request of that key in the window."""
        visit = self._visit(f"{rule}/{key}", self._rates[rule], 0)
        return visit is not None and visit[2] > 0

    def _visit(self, key: str, rate: Rate, amount: int) -> tuple[bool, float, int] | None:
        if self._failed_at and time.monotonic() - self._failed_at < _RETRY_AFTER:
            return None
        try:
            return self._take(key, rate.amount, rate.seconds, amount)
        except OSError as error:
            self._failed_at = time.monotonic()
            log.warning("requests are not counted", reason=str(error))
            return None


def count(rule: str, key: str) -> Count | None:
    """Count a request by this instance's rules. None when there are no limits, or the counts cannot be kept."""
    limiter = current()
    return None if limiter is None else limiter.count(rule, key)


def count_log_in(address: str, login: str) -> list[Count]:
    """Count an attempt to log in, by its address and by the name that was given; the last count may have no room.

    Names are counted as they were given, without case, whether there is such an account or not: the answer tells
    nothing about that, nor which address of mail belongs to which name. Strangers share one count for a name. An
    address that logged in to it before has a count of its own, so that strangers who guess cannot lock the owner out.
    """
    limiter = current()
    if limiter is None:
        return []
    counted = limiter.count("log-in-address", address)
    if counted is None or not counted.passed:
        return [counted] if counted else []
    name = login.lower()
    own = f"{name} {address}"
    by_name = limiter.count("log-in-account", own if limiter.has(_KNOWN, own) else name)
    return [counted, by_name] if by_name else [counted]


def remember_log_in(address: str, login: str) -> None:
    """The attempt from that address was right."""
    limiter = current()
    if limiter is not None:
        limiter.count(_KNOWN, f"{login.lower()} {address}")


def count_password(user_id: int) -> Count | None:
    """Count an attempt of a signed-in user to give their password: whoever stole a token shall not guess it."""
    return count(*_password(user_id))


def count_password_reset(address: str, email: str) -> list[Count]:
    """Count a request for a mail by somebody who is not signed in; the last count may have no room.

    It counts for its network address, and for the mail address as it was given, without case, whether that is an
    account's or not.
    """
    return _count_in_turn(("mail-address", address), _mail_to(email))


def count_email_change(address: str, email: str, user_id: int) -> list[Count]:
    """Count a request for a mail to a new address, which takes the password; the last count may have no room.

    An attempt at the password is counted first, and then what leads to mails: for the network address, for the account
    that asks, and for the mail address.
    """
    account = ("mail-account", f"account {user_id}")
    return _count_in_turn(_password(user_id), ("mail-address", address), account, _mail_to(email))


def _password(user_id: int) -> tuple[str, str]:
    return "log-in-account", f"password of {user_id}"


def _mail_to(email: str) -> tuple[str, str]:
    return "mail-account", f"to {email.lower()}"


def _count_in_turn(*visits: tuple[str, str]) -> list[Count]:
    """Count by each rule and key, up to the first that has no room: what is refused counts for nothing after that."""
    counts = []
    for rule, key in visits:
        counted = count(rule, key)
        if counted is not None:
            counts.append(counted)
            if not counted.passed:
                break
    return counts


def require_room(*counts: Count | None) -> None:
    """Raises RateLimited when one of what was counted for a request had no room."""
    for each in counts:
        if each is not None and not each.passed:
            raise RateLimited(each.reset)


@lru_cache(maxsize=1)
def current() -> Limiter | None:
    """The limiter of this process; None when the operator switched the limits off."""
    from django.conf import settings

    if not settings.LIMITS:
        return None
    rates = {**settings.LIMIT_RATES, _KNOWN: _KNOWN_RATE}
    # Imported here: neither is needed where the limits are off, and the library takes a while to load.
    if settings.LIMITS_URL:
        from minitwitter.core.limits.redis import redis_visit

        return Limiter(redis_visit(settings.LIMITS_URL), rates)
    from minitwitter.core.limits.storage import MappedStorage

    amounts = {name: rate.amount for name, rate in rates.items()}
    return Limiter(MappedStorage(settings.LIMITS_FOLDER, amounts).visit, rates)
