"""The WSGI application that the server runs."""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "minitwitter.settings")

_django = get_wsgi_application()


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[Any]:
    """Django, which takes a body of unknown length (Transfer-Encoding: chunked) for none.

    Told the largest length instead, it reads to the end that the server marks, and never past the cap.
    """
    if environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
        environ["CONTENT_LENGTH"] = str(settings.MAX_BODY_BYTES)
    return _django(environ, start_response)
