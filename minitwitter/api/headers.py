"""What browsers are told with every answer: what a page may load, who may frame it, whose scripts may call the API.

Own lines instead of django-cors-headers: this API has one policy (exact origins, no cookies), and most of what the
library does (patterns of origins, credentials, signals) would be a way to open more than was meant.
"""

from http import HTTPStatus

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_vary_headers

from minitwitter.api.middleware import GetResponse

# A page runs and loads only this server's own files, and nothing that stands in the page itself. A view that needs
# another policy sets its own (documentation.py, media/views.py).
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# Whatever is no page is nothing that a browser has to run.
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
PERMISSIONS = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"

_SHARED_PATH = "/v1/"
_SHARED_METHODS = "GET, POST, PUT, PATCH, DELETE"
_SHARED_REQUEST_HEADERS = "Authorization, Content-Type, Idempotency-Key, If-None-Match, X-Request-Id"
_SHARED_ANSWER_HEADERS = (
    "ETag, Idempotent-Replayed, Link, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"
)
# How long a browser may remember the answer to a preflight, in seconds. Chromium keeps none for longer.
_PREFLIGHT_SECONDS = "7200"


def security_headers(get_response: GetResponse) -> GetResponse:
    """Gives every answer its policies, and HSTS where the operator chose it.

    Django's SecurityMiddleware is not used: its HSTS waits for a request over TLS, which ends at the proxy.
    """
    hsts = f"max-age={settings.HSTS_SECONDS}" if settings.HSTS_SECONDS else ""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        is_page = response.get("Content-Type", "").startswith("text/html")
        response.headers.setdefault("Content-Security-Policy", PAGE_POLICY if is_page else DATA_POLICY)
        response["X-Content-Type-Options"] = "nosniff"
        response["Referrer-Policy"] = "same-origin"
        if is_page:
            response["Cross-Origin-Opener-Policy"] = "same-origin"
            response["Permissions-Policy"] = PERMISSIONS
        if hsts:
            response["Strict-Transport-Security"] = hsts
        return response

    return middleware


def cross_origin(get_response: GetResponse) -> GetResponse:
    """Lets scripts of the allowed origins call the API (the CORS protocol of the Fetch standard, without credentials).

    A preflight carries no token, so it is answered here, before anything asks for one.
    """
    origins = frozenset(settings.CORS_ORIGINS)
    if not origins:
        raise MiddlewareNotUsed

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith(_SHARED_PATH):
            return get_response(request)
        origin = request.META.get("HTTP_ORIGIN", "")
        preflight = request.method == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in request.META
        allowed = origin in origins
        response = _preflight() if allowed and preflight else get_response(request)
        if allowed:
            response["Access-Control-Allow-Origin"] = origin
            response["Access-Control-Expose-Headers"] = _SHARED_ANSWER_HEADERS
        # Also where no origin was named: a cache must not give that answer to one that is.
        patch_vary_headers(response, ["Origin"])
        return response

    return middleware


def _preflight() -> HttpResponse:
    return HttpResponse(
        status=HTTPStatus.NO_CONTENT,
        headers={
            "Access-Control-Allow-Methods": _SHARED_METHODS,
            "Access-Control-Allow-Headers": _SHARED_REQUEST_HEADERS,
            "Access-Control-Max-Age": _PREFLIGHT_SECONDS,
        },
    )
