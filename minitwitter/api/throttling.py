"""The request limits as the API has them: whose request it is, 429, and the headers that tell how one stands."""

from typing import TYPE_CHECKING, cast

from django.http import HttpResponseBase
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from minitwitter.accounts.queries import LiveSession
from minitwitter.core import limits
from minitwitter.core.limits import Count, client_address

if TYPE_CHECKING:  # rest_framework.views itself loads the default throttles.
    from rest_framework.views import APIView


class RequestLimit(BaseThrottle):
    """A request counts for the account of its token, or else for its address."""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """Raises RateLimited."""
        session = cast("LiveSession | None", request.auth)
        if session is None:
            spend(request, limits.count("address", client_address(request.META)))
        else:
            spend(request, limits.count("account", str(session.user_id)))
        return True


class RefreshLimit(BaseThrottle):
    """An exchange of a refresh token counts for its address, but with the number that accounts have.

    It comes without an access token from everybody who is signed in, and a whole school may sit behind one address.
    """

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """Raises RateLimited."""
        spend(request, limits.count("refresh", client_address(request.META)))
        return True


def spend(request: Request, *counts: Count | None) -> None:
    """Note what was counted for this request, for the headers. Raises RateLimited when one of them had no room."""
    made = [count for count in counts if count is not None]
    request._request.__dict__.setdefault("counts", []).extend(made)
    limits.require_room(*made)


def tell_limits(request: Request, response: HttpResponseBase) -> None:
    """Adds the RateLimit and RateLimit-Policy headers (draft-ietf-httpapi-ratelimit-headers-11), if anything counted.

    `t` is the time until a request more is free; where none is left, the same as Retry-After.
    """
    counts: list[Count] = request._request.__dict__.get("counts", [])
    if counts:
        response["RateLimit"] = ", ".join(f'"{each.rule}";r={each.remaining};t={each.reset}' for each in counts)
        response["RateLimit-Policy"] = ", ".join(
            f'"{each.rule}";q={each.rate.amount};w={each.rate.seconds}' for each in counts
        )
