"""Styles, scripts and icons: read once when the server starts, compressed, and served under their hash for ever.

No step has to be run before the first start, and nothing is written. All files share one hash, which stands in their
address as a folder, so that scripts and styles find each other by relative addresses.
"""

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse

_FOLDER = Path(__file__).parent / "static" / "web"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
}
_COMPRESSED = {".css", ".js", ".svg"}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent, and compressed where that makes it smaller."""

    content: bytes
    compressed: bytes | None
    content_type: str


@lru_cache(maxsize=1)
def _bundle() -> tuple[str, dict[str, Asset]]:
    """The hash of all files, and each by its name."""
    files = _read_files()
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(b"%s\0%d\0" % (name.encode(), len(content)) + content)
    return digest.hexdigest()[:12], {name: _asset(name, content) for name, content in files.items()}


def _read_files() -> dict[str, bytes]:
    # What begins with a digit is a part of the one style sheet, in that order: one request instead of many.
    styles = sorted(_FOLDER.glob("css/*.css"))
    files = {str(path.relative_to(_FOLDER)): path.read_bytes() for path in _FOLDER.rglob("*") if path.suffix in _TYPES}
    for path in styles:
        del files[str(path.relative_to(_FOLDER))]
    files["style.css"] = b"\n".join(path.read_bytes() for path in styles)
    files["htmx.js"] = _htmx().read_bytes()
    return files


def _htmx() -> Path:
    """The htmx that django-htmx ships. Only this file of it is used."""
    spec = find_spec("django_htmx")
    assert spec is not None  # noqa: S101  # A locked dependency.
    assert spec.origin is not None  # noqa: S101
    return Path(spec.origin).parent / "static" / "django_htmx" / "htmx-2.min.js"


def _asset(name: str, content: bytes) -> Asset:
    suffix = Path(name).suffix
    compressed = gzip.compress(content, mtime=0) if suffix in _COMPRESSED else None
    return Asset(content, compressed, _TYPES[suffix])


def prefix() -> str:
    """The folder of the files, as pages name it."""
    return f"/assets/{_bundle()[0]}/"


@lru_cache(maxsize=1)
def modules() -> list[str]:
    """The scripts that `app.js` imports, which a browser shall fetch before it has read that."""
    return sorted(name for name in _bundle()[1] if name.startswith("js/") and name != "js/app.js")


def serve(request: HttpRequest, digest: str, name: str) -> HttpResponse:
    """A file. One of another version is not here: a page and its scripts must fit together."""
    current, files = _bundle()
    if digest != current or name not in files:
        raise Http404
    return answer(request, name, cache="public, max-age=31536000, immutable")


def answer(request: HttpRequest, name: str, *, cache: str) -> HttpResponse:
    """The file of that name, compressed if the browser reads that."""
    asset = _bundle()[1][name]
    zipped = asset.compressed is not None and "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", "")
    content = asset.compressed if zipped and asset.compressed is not None else asset.content
    headers = {"Cache-Control": cache, "Vary": "Accept-Encoding", "Cross-Origin-Resource-Policy": "same-origin"}
    if zipped:
        headers["Content-Encoding"] = "gzip"
    if asset.content_type == _TYPES[".svg"]:
        headers["Content-Security-Policy"] = _POLICY
    return HttpResponse(content, content_type=asset.content_type, headers=headers)
