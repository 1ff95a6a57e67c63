"""The WSGI application that the server runs."""

import os
from collections.abc import Iterable
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import django
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from minitwitter import stopping
from minitwitter.bodies import Bodies
from minitwitter.core.errors import Overloaded
from minitwitter.overload import PROBED, Line
from minitwitter.threads import Threads

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "minitwitter.settings")

# Whoever watches over the server shall not take one that is busy for one that is broken.
HEALTH_PATHS = frozenset({"/healthz", "/readyz"})


django.setup(set_prefix=False)
threads = Threads()
bodies = Bodies(threads=settings.OPTIONS.threads)
line = Line(threads, count=settings.OPTIONS.threads)

# These need the settings, and the models that django.setup() has loaded.
from minitwitter.api.errors import problem_response  # noqa: E402
from minitwitter.api.headers import DATA_POLICY  # noqa: E402
from minitwitter.handler import Handler  # noqa: E402

_django = Handler()


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[Any]:
    """Django, unless the request has stood in line for too long. Liveness and readiness are asked in any case."""
    path = environ["PATH_INFO"]
    if path in line.probe_paths:
        line.probe_arrived(path)
        start_response(f"{PROBED} No Content", [])
        return []
    if stopping.begun.is_set():
        start_response = _closing(start_response)
    if line.waited_too_long() and path not in HEALTH_PATHS:
        line.refused()
        return refuse(environ, start_response)
    threads.begin()
    line.begun()
    try:
        response = _answer(environ, start_response)
    except BaseException:
        threads.end()
        raise
    return threads.body(response, environ["wsgi.input"])


def _closing(start_response: "StartResponse") -> "StartResponse":
    """The same, for an answer that is the last one of its connection."""

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Any:
        others = [header for header in headers if header[0].lower() != "connection"]
        return start_response(status, [*others, ("Connection", "close")], exc_info)

    return start


def _answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> HttpResponseBase:
    """Django takes a body of unknown length (Transfer-Encoding: chunked) for none.

    Told the largest length instead, it reads to the end that the server marks, and never past the cap.
    """
    if "HTTP_TRANSFER_ENCODING" in environ:  # In chunks, whatever else: other bodies the server refuses.
        environ["CONTENT_LENGTH"] = str(settings.MAX_BODY_BYTES)
        environ["wsgi.input"] = bodies.open(environ["wsgi.input"], length=None)
    elif (length := environ.get("CONTENT_LENGTH", "0")) != "0":
        environ["wsgi.input"] = bodies.open(environ["wsgi.input"], length=int(length or 0))
    return _django(environ, start_response)


def refuse(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Answer 503 without any of Django's middleware: under overload, what is refused must cost next to nothing."""
    request = HttpRequest()
    request.request_id = token_hex(8)  # type: ignore[attr-defined]  # As api.middleware.request_context gives one.
    problem = problem_response(Overloaded(), request)
    headers = [
        *problem.items(),
        ("Content-Length", str(len(problem.content))),
        ("Content-Security-Policy", DATA_POLICY),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Request-Id", request.request_id),  # type: ignore[attr-defined]
    ]
    if environ.get("CONTENT_LENGTH", "0") != "0" or "HTTP_TRANSFER_ENCODING" in environ:
        headers.append(("Connection", "close"))  # The body was not read.
    start_response(f"{problem.status_code} {problem.reason_phrase}", headers)
    return [problem.content]
