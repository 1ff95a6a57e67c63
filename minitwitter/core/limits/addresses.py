"""Whose address a request came from."""

import ipaddress
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.conf import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# More proxies than this stand in a row nowhere; a longer header is a caller's invention.
_MAX_HOPS = 32
_MAX_LENGTH = 64
_HOST_BITS = 64


def client_address(meta: Mapping[str, Any]) -> str:
    """The address that a request (its WSGI environment) is counted for; an IPv6 one as its /64 network.

    X-Forwarded-For is read only when the connection comes from a trusted proxy (MINITWITTER_TRUSTED_PROXIES). Each
    proxy adds on the right whom it was called by, so the address is the right-most one that is no trusted proxy:
    what stands left of it is whatever the caller wrote. Something that is no address ends the search in the same way.
    """
    remote = meta.get("REMOTE_ADDR", "")
    forwarded = meta.get("HTTP_X_FORWARDED_FOR")
    return _find(remote, forwarded, settings.TRUSTED_PROXIES) if forwarded else _counted_as(remote)


def _find(remote: str, forwarded: str, trusted: tuple[Network, ...]) -> str:
    found = remote
    for hop in reversed(forwarded.rsplit(",", _MAX_HOPS)[-_MAX_HOPS:]):
        if not _is_trusted(found, trusted) or _parse(hop) is None:
            break
        found = hop
    return _counted_as(found)


def _is_trusted(text: str, trusted: tuple[Network, ...]) -> bool:
    address = _parse(text)
    return address is not None and any(address in network for network in trusted)


@lru_cache(maxsize=4096)
def _counted_as(text: str) -> str:
    address = _parse(text)
    if address is None:
        return "unknown"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    # Every customer gets a /64 at least, and may use any address in it.
    return f"{ipaddress.IPv6Address(int(address) >> _HOST_BITS << _HOST_BITS)}/64"


def _parse(text: str) -> Address | None:
    """The address, without a port and a zone; an IPv4 address that is written as IPv6 becomes itself."""
    host = text.strip() if len(text) <= _MAX_LENGTH else ""
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
