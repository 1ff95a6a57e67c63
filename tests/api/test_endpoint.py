"""What the API's own way through REST framework must not leave out."""

from collections.abc import Sequence

import orjson
from django.test import RequestFactory
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from minitwitter.api.permissions import Anyone
from minitwitter.api.responses import Response
from minitwitter.api.v1.endpoint import Endpoint


class Never(BasePermission):
    def has_permission(self, request: Request, view: APIView) -> bool:
        return False


class NotNow(BaseThrottle):
    def allow_request(self, request: Request, view: APIView) -> bool:
        return False


class Asked(Endpoint):
    authentication_classes = ()
    permission_classes: Sequence[type[BasePermission]] = (Anyone,)
    throttle_classes: Sequence[type[BaseThrottle]] = ()

    def get(self, request: Request) -> Response:
        return Response({"method": request.method})


class Forbidden(Asked):
    permission_classes = (Never,)


class Throttled(Asked):
    throttle_classes = (NotNow,)


class WithHead(Asked):
    def head(self, request: Request) -> Response:
        return Response(status=204)


def test_a_permission_that_says_no_is_an_answer_403() -> None:
    answer = Forbidden.as_view()(RequestFactory().get("/v1/nowhere/"))
    assert (answer.status_code, orjson.loads(answer.content)["code"]) == (403, "permission_denied")


def test_a_throttle_that_says_no_refuses() -> None:
    answer = Throttled.as_view()(RequestFactory().get("/v1/nowhere/"))
    assert (answer.status_code, answer["Retry-After"]) == (429, "1")
    assert orjson.loads(answer.content)["code"] == "rate_limited"


def test_head_is_answered_as_get_and_other_methods_are_not() -> None:
    view = Asked.as_view()
    assert orjson.loads(view(RequestFactory().head("/v1/nowhere/")).content) == {"method": "HEAD"}
    assert WithHead.as_view()(RequestFactory().head("/v1/nowhere/")).status_code == 204
    refused = view(RequestFactory().post("/v1/nowhere/"))
    assert (refused.status_code, refused["Allow"]) == (405, "GET, HEAD, OPTIONS")
    assert view(RequestFactory().generic("DISPATCH", "/v1/nowhere/")).status_code == 405
