"""The WSGI application that the server runs."""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

from minitwitter.bodies import Bodies

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "minitwitter.settings")


class Request(WSGIRequest):
    """Reads a Content-Type that Python's own parser stumbles over as none, instead of failing outside of everything."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]  # Not in Django's stubs.
        except ValueError:
            self.content_type, self.content_params = "", {}


class Handler(WSGIHandler):
    request_class = Request


django.setup(set_prefix=False)
_django = Handler()
bodies = Bodies(threads=settings.OPTIONS.threads)


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[Any]:
    """Django, which takes a body of unknown length (Transfer-Encoding: chunked) for none.

    Told the largest length instead, it reads to the end that the server marks, and never past the cap.
    """
    chunked = environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked"
    if chunked:
        environ["CONTENT_LENGTH"] = str(settings.MAX_BODY_BYTES)
    if environ.get("CONTENT_LENGTH", "0") != "0":
        environ["wsgi.input"] = bodies.open(environ["wsgi.input"], has_length=not chunked)
    return _django(environ, start_response)
