"""What browsers, phones and search engines ask of a site beside its pages."""

import json

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from minitwitter.web import assets
from minitwitter.web.pages import Access, page
from minitwitter.web.presenters import NAME
from minitwitter.web.visitors import WebRequest

_A_DAY = "public, max-age=86400"
# Whoever crawls needs people's pages, not forms and lists without end.
_NOT_CRAWLED = ("/settings", "/compose", "/login", "/signup", "/setup", "/people", "/v1/", "/admin/", "/*?")


@csrf_exempt
@require_safe
def asset(request: HttpRequest, digest: str, name: str) -> HttpResponse:
    """A style sheet, script or icon."""
    return assets.serve(request, digest, name)


@csrf_exempt
@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """The icon, where browsers look that were told of none."""
    return assets.answer(request, "icons/32.png", cache=_A_DAY)


@csrf_exempt
@require_safe
def touch_icon(request: HttpRequest) -> HttpResponse:
    """The icon, where phones look."""
    return assets.answer(request, "icons/180.png", cache=_A_DAY)


@csrf_exempt
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Which pages search engines may read (RFC 9309)."""
    rules = [f"Disallow: {path}" for path in _NOT_CRAWLED] if settings.PUBLIC_READ else ["Disallow: /"]
    lines = ["User-agent: *", *rules, ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8", headers={"Cache-Control": _A_DAY})


@page(access=Access.ANYONE)
def manifest(request: WebRequest) -> HttpResponse:
    """What a phone needs to put this site among its apps, and texts of other apps into a tweet."""
    folder = assets.prefix()
    icons = [
        {"src": f"{folder}icons/{size}.png", "sizes": f"{size}x{size}", "type": "image/png", "purpose": "any"}
        for size in (192, 512)
    ]
    maskable = {"src": f"{folder}icons/maskable.png", "sizes": "512x512", "type": "image/png", "purpose": "maskable"}
    body = {
        "id": "/",
        "name": NAME,
        "short_name": NAME,
        "description": _("The private Twitter you own."),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#fbfaf7",
        "theme_color": "#0f766e",
        "lang": request.visitor.language,
        "icons": [*icons, maskable],
        "share_target": {
            "action": "/compose",
            "method": "GET",
            "params": {"title": "title", "text": "text", "url": "url"},
        },
        "shortcuts": [{"name": _("New tweet"), "url": "/compose"}],
    }
    return HttpResponse(json.dumps(body, ensure_ascii=False), content_type="application/manifest+json")
