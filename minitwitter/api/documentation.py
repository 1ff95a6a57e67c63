"""The documentation pages, served from local files: OpenAPI 3, Swagger UI, Redoc, and every error explained."""

import inspect
from functools import lru_cache
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from drf_spectacular.generators import SchemaGenerator

from minitwitter.api.methods import safe
from minitwitter.core.errors import PROBLEM_CODES, all_errors

# Only this server's own files. Both pages build their styles at run time, and Redoc searches in a worker it builds.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@safe
def openapi_json(request: HttpRequest) -> HttpResponse:
    """The OpenAPI 3 description of this API."""
    return HttpResponse(_openapi(), content_type="application/json", headers={"Cache-Control": "no-cache"})


@lru_cache(maxsize=1)
def _openapi() -> bytes:
    return orjson.dumps(SchemaGenerator().get_schema(request=None, public=True))


@safe
def swagger_page(request: HttpRequest) -> HttpResponse:
    """Swagger UI, to try the operations out."""
    return _page(request, "api/swagger.html", {"page": "swagger"})


@safe
def redoc_page(request: HttpRequest) -> HttpResponse:
    """Redoc, to read."""
    return _page(request, "api/redoc.html", {"page": "redoc"})


@safe
def errors_page(request: HttpRequest) -> HttpResponse:
    """Every error code, with its status and what to do."""
    rows = [
        {
            "code": error.code,
            "status": error.status,
            "title": error.title(),
            "explanation": _with_code(inspect.getdoc(error) or ""),
        }
        for error in all_errors()
    ]
    return _page(request, "api/errors.html", {"page": "errors", "errors": rows, "problems": PROBLEM_CODES.items()})


def _with_code(text: str) -> SafeString:
    """The text as HTML, with what stands in backticks as code."""
    parts = [format_html("<code>{}</code>", part) if odd % 2 else part for odd, part in enumerate(text.split("`"))]
    return format_html_join("", "{}", ((part,) for part in parts))


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    response = render(request, template, context)
    response["Content-Security-Policy"] = _POLICY
    return response
