"""Image files over HTTP: `/media/<folder>/<key>.<extension>` and `/media/<folder>/<key>-small.webp`."""

import re

from django.core.files.storage import default_storage
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseNotModified,
)
from django.http.response import HttpResponseBase
from django.utils.http import parse_etags

from minitwitter.media.models import Image

_NAME = re.compile(
    r"(?P<folder>[0-9a-f]{2})/(?P<key>(?P=folder)[0-9a-f]{30})(?:-small\.webp|\.(?P<extension>jpg|png|webp|gif))"
)
_CONTENT_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "gif": "image/gif"}
_METHODS = ("GET", "HEAD")
_HEADERS = {
    # Private, because a shared cache would go on serving a picture after it was deleted. A picture never changes
    # under its name, so the browser need not ask again.
    "Cache-Control": "private, max-age=31536000, immutable",
    # Whatever a browser may be talked into taking the bytes for, it runs nothing and loads nothing.
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    # Clients on other sites show the pictures of public tweets.
    "Cross-Origin-Resource-Policy": "cross-origin",
}


class _ImageResponse(FileResponse):
    # Django's 4 KiB would be thousands of rounds for one picture.
    block_size = 128 * 1024


def serve(request: HttpRequest, name: str) -> HttpResponseBase:
    """The image file of that name. Raises Http404 for one that was never there, is deleted, or is hidden."""
    if request.method not in _METHODS:
        return HttpResponseNotAllowed(_METHODS)
    match = _NAME.fullmatch(name)
    if match is None or not _is_shown(match["key"], match["extension"]):
        raise Http404
    file_name = name.rpartition("/")[2]
    etag = f'"{file_name.partition(".")[0]}"'
    response = HttpResponseNotModified() if _is_known(request, etag) else _answer(request, name, file_name)
    for header, value in {**_HEADERS, "ETag": etag}.items():
        response[header] = value
    return response


def _is_shown(key: str, extension: str | None) -> bool:
    images = Image.objects.filter(key=key, is_hidden=False, deleted_at=None)
    return (images.filter(extension=extension) if extension else images).exists()


def _is_known(request: HttpRequest, etag: str) -> bool:
    """Whether the reader has this file (RFC 9110 section 13.1.2, weak comparison)."""
    known = parse_etags(request.headers.get("If-None-Match", ""))
    return not {"*", etag, f"W/{etag}"}.isdisjoint(known)


def _answer(request: HttpRequest, name: str, file_name: str) -> HttpResponseBase:
    content_type = _CONTENT_TYPES[file_name.rpartition(".")[2]]
    try:
        response: HttpResponseBase
        if request.method == "HEAD":
            response = HttpResponse(content_type=content_type)
            response["Content-Length"] = str(default_storage.size(name))
            response["Content-Disposition"] = f'inline; filename="{file_name}"'
        else:
            file = default_storage.open(name)
            response = _ImageResponse(file, content_type=content_type, filename=file_name)
    except FileNotFoundError as error:
        raise Http404 from error
    return response
