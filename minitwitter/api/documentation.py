"""The documentation pages, served from local files: OpenAPI 3, Swagger UI, Redoc, and every error explained."""

import inspect
from functools import lru_cache
from http import HTTPStatus

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularRedocView, SpectacularSwaggerView

from minitwitter.core.errors import all_errors


@require_safe
def openapi_json(request: HttpRequest) -> HttpResponse:
    """The OpenAPI 3 description of this API."""
    return HttpResponse(_openapi(), content_type="application/json", headers={"Cache-Control": "no-cache"})


@lru_cache(maxsize=1)
def _openapi() -> bytes:
    return orjson.dumps(SchemaGenerator().get_schema(request=None, public=True))


class Swagger(SpectacularSwaggerView):  # type: ignore[misc]  # drf-spectacular has no types for it.
    """Swagger UI."""

    authentication_classes = ()
    permission_classes = ()
    url = "/v1/openapi.json"


class Redoc(SpectacularRedocView):  # type: ignore[misc]  # drf-spectacular has no types for it.
    """Redoc."""

    authentication_classes = ()
    permission_classes = ()
    url = "/v1/openapi.json"


@require_safe
def errors_page(request: HttpRequest) -> HttpResponse:
    """Every error code, with its status and what to do."""
    rows = [
        {
            "code": error.code,
            "status": error.status,
            "title": HTTPStatus(error.status).phrase,
            "message": error.message,
            "explanation": inspect.getdoc(error),
        }
        for error in all_errors()
    ]
    return render(request, "api/errors.html", {"errors": rows})
