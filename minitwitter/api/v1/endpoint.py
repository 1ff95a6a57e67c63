"""What all views of the API share: reading the request and forming the answer."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from math import ceil
from typing import Any, NoReturn, TypeVar, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import cached_property
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from minitwitter.accounts.errors import TokenInvalid
from minitwitter.accounts.hydration import hydrate_authors
from minitwitter.accounts.models import User
from minitwitter.accounts.queries import LiveSession, live_session
from minitwitter.accounts.tokens import Claims
from minitwitter.api.authentication import BearerAuthentication
from minitwitter.api.requests import ApiRequest
from minitwitter.api.responses import Response
from minitwitter.api.throttling import RequestLimit, tell_limits
from minitwitter.api.v1 import presenters
from minitwitter.core.errors import RateLimited
from minitwitter.core.pagination import PageRequest, Skeleton, load_page, parse_page
from minitwitter.tweets.hydration import hydrate_tweets
from minitwitter.tweets.standings import Standings

Item = TypeVar("Item")
READS = frozenset({"GET", "HEAD"})


class Endpoint(APIView):
    """One address. A view parses, makes one domain call, answers."""

    request: Request
    throttle_classes: Sequence[type[BaseThrottle]] = (RequestLimit,)

    def __init_subclass__(cls) -> None:
        """Django would give each view a `head` of its own, in which it refers to itself."""
        super().__init_subclass__()
        if "get" in cls.__dict__ and "head" not in cls.__dict__:
            cls.head = cls.get  # type: ignore[attr-defined]  # A view has what methods it answers.

    @property
    def user(self) -> User:
        """The signed-in user. For addresses that need one."""
        return self.session.user

    @property
    def session(self) -> LiveSession:
        """The session of the access token. For addresses that need one."""
        return cast("LiveSession", self.request.auth)

    @property
    def viewer_id(self) -> int | None:
        """The id of the reader; None for an anonymous one."""
        session = cast("LiveSession | None", self.request.auth)
        return None if session is None else session.user_id

    @cached_property
    def base(self) -> str:
        """The address of this server: the configured one, else the one that the request named."""
        asked: Any = self.request._request
        return settings.PUBLIC_URL or f"{asked.scheme}://{asked.host}"

    @cached_property
    def page(self) -> PageRequest:
        """The part of a list that is asked for. Raises ValidationFailed for wrong page parameters."""
        if not self.request.META.get("QUERY_STRING"):
            return PageRequest()
        return parse_page(dict(self.request.query_params.lists()))

    def list_response(
        self,
        skeleton: Callable[[PageRequest], Skeleton],
        hydrate: Callable[[list[int]], Mapping[int, Item]],
        present: Callable[[Item], Any],
    ) -> Response:
        """One page of a list, with a Link header (RFC 8288). Raises ValidationFailed for wrong page parameters."""
        page = load_page(self.page, skeleton, hydrate)
        next_url, previous_url = self._page_url(page.next), self._page_url(page.previous)
        links = [(next_url, "next"), (previous_url, "prev")]
        response = Response(presenters.page(page, present, next_url, previous_url))
        if link := ", ".join(f'<{url}>; rel="{relation}"' for url, relation in links if url):
            response["Link"] = link
        return response

    def tweets_response(
        self, skeleton: Callable[[PageRequest], Skeleton], standings: Standings | None = None
    ) -> Response:
        """One page of a list of tweets, as this reader sees them. `standings`: if they were read already."""
        return self.list_response(
            skeleton,
            partial(hydrate_tweets, viewer_id=self.viewer_id, standings=standings),
            partial(presenters.tweet, base=self.base),
        )

    def accounts_response(self, skeleton: Callable[[PageRequest], Skeleton]) -> Response:
        """One page of a list of accounts, in the short form that stands beside a tweet."""
        return self.list_response(skeleton, hydrate_authors, partial(presenters.author, base=self.base))

    def _page_url(self, page: PageRequest | None) -> str | None:
        if page is None:
            return None
        cursors = (("max_id", page.max_id), ("since_id", page.since_id), ("min_id", page.min_id))
        asked = "".join(f"&{name}={value}" for name, value in cursors if value is not None)
        return f"{self.base}{self.request.path}?limit={page.limit}{asked}"

    def find_session(self, claims: Claims) -> LiveSession | None:
        """The session of a verified token, if it may still be used."""
        return live_session(claims.session_id, claims.user_id)

    def get_authenticators(self) -> list[BaseAuthentication]:
        kinds = cast("Sequence[type[BearerAuthentication]]", self.authentication_classes)
        return [kind(self.find_session) for kind in kinds]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """As REST framework does it, without what these views have one of: renderers, versions, negotiators.

        All that took as long as everything else about a short answer.
        """
        self.args, self.kwargs = args, kwargs
        self.request = asked = self.initialize_request(request)
        try:
            self.initial(asked)
            method = (request.method or "").lower()
            known = method in self.http_method_names
            handler = getattr(self, method, self.http_method_not_allowed) if known else self.http_method_not_allowed
            response: Any = handler(asked, *args, **kwargs)
        except Exception as failure:  # noqa: BLE001  (what it is told of is decided in one place)
            response = self.handle_exception(failure)
        return self.finalize_response(asked, response)  # type: ignore[no-any-return]

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> ApiRequest:
        """The request as views have it."""
        return ApiRequest(request, self.parser_classes)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Who calls, and whether they may. OPTIONS is for everyone: a browser's preflight has no token to show."""
        if request.method != "OPTIONS":
            self.perform_authentication(request)
            self.check_permissions(request)

    def perform_authentication(self, request: Request) -> None:
        """Whose request this is, and that they did not make too many. Whoever is refused after this was counted, too.

        A bad token is nobody's, so it counts for the address.
        """
        try:
            for authenticator in self.get_authenticators():
                if known := authenticator.authenticate(request):
                    request.user, request.auth = known
                    break
        except TokenInvalid:
            self.check_throttles(request)
            raise
        self.check_throttles(request)

    def throttled(self, request: HttpRequest, wait: float | None) -> NoReturn:
        """What a throttle that says no means. Raises RateLimited."""
        raise RateLimited(ceil(wait or 1))

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The methods of the address, in the Allow header."""
        return Response(status=204)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Keeps what one reader may see out of every cache; what all may see is asked for again each time."""
        public = request.auth is None and request.method in READS
        response.headers.setdefault("Cache-Control", "no-cache" if public else "no-store")
        if public:
            response["Vary"] = "Authorization"
        if request.method == "OPTIONS" or response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            response["Allow"] = ", ".join(self.allowed_methods)
        tell_limits(request, response)
        return response
