"""What an option is, and how the values of options are read.

A parser raises ValueError with a phrase that says what the value must be. Like `env.py`, which lists the options, this
module imports nothing of Django.
"""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

_ORIGIN = re.compile(
    r"(http://(?!.*:80$)|https://(?!.*:443$))([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:[1-9][0-9]{0,4})?"
)
_RATE = re.compile(r"([1-9][0-9]{0,4})/([1-9][0-9]{0,3})([smh])")
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_MAX_RATE, _MAX_RATE_SECONDS = 10_000, 24 * 3600


@dataclass(frozen=True)
class Option:
    """One option. `parse` raises ValueError with a phrase that says what the value must be.

    The value of a secret one (a password may stand in it) is not repeated when it is refused.
    """

    variable: str
    parse: Callable[[str], Any]
    default: str
    why: str
    is_secret: bool = False


class Rate(NamedTuple):
    """At most so many, in any stretch of so many seconds."""

    amount: int
    seconds: int


def parse_text(value: str) -> str:
    return value


def parse_path(value: str) -> Path:
    return Path(value).expanduser().absolute()


def parse_list(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def parse_switch(value: str) -> bool:
    if value.lower() in {"on", "true", "yes", "1"}:
        return True
    if value.lower() in {"off", "false", "no", "0"}:
        return False
    raise ValueError("on or off")


def integer(low: int, high: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
            raise ValueError(f"a whole number from {low} to {high}")
        return int(value)

    return parse


def parse_audit_days(value: str) -> int:
    days = integer(0, 36500)(value)
    if 0 < days < 30:
        # The database itself refuses to give up younger entries (audit/migrations/0003).
        raise ValueError("0, or a whole number from 30 to 36500")
    return days


def choice(*allowed: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value.lower() not in allowed:
            raise ValueError(" or ".join(allowed))
        return value.lower()

    return parse


def parse_origins(value: str) -> tuple[str, ...]:
    """Origins as browsers write them (RFC 6454 section 6.2): compared as text, so a slip would never match."""
    origins = parse_list(value)
    if not all(_ORIGIN.fullmatch(origin) for origin in origins):
        raise ValueError(
            "origins such as https://app.example.org: in small letters, without a slash at the end or the usual port"
        )
    return origins


def parse_rate(value: str) -> Rate:
    match = _RATE.fullmatch(value.lower())
    if match:
        rate = Rate(int(match[1]), int(match[2]) * _SECONDS[match[3]])
        if rate.amount <= _MAX_RATE and rate.seconds <= _MAX_RATE_SECONDS:
            return rate
    raise ValueError(f"a number and a time such as 300/5m (s, m or h), at most {_MAX_RATE} in at most 24h")


def parse_networks(value: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    try:
        networks = tuple(ipaddress.ip_network(part) for part in parse_list(value))
    except ValueError:
        networks = None
    if networks is None or not all(network.prefixlen for network in networks):
        raise ValueError("addresses or networks such as 10.0.0.5 or 10.0.0.0/8, separated by commas")
    return networks


def parse_redis_address(value: str) -> str:
    if not value.startswith(("redis://", "rediss://", "redis+unix://")):
        raise ValueError("an address such as redis://127.0.0.1:6379/0 (also for Valkey)")
    return value


def parse_web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"} or parts.query:
        raise ValueError("an address such as https://tweets.example.org, without a path")
    return value.rstrip("/")
