"""Where the time of a request goes: the application in one thread of one process, without a server.

    python -m benchmarks.inprocess [--profile]      requests as JSON on standard input

Runs in a process that has an instance's environment. Says the microseconds of this thread's processor time for each
request, then, with --profile, the functions that cost most. What the database's own processes cost is not in it.
"""

import cProfile
import io
import json
import os
import pstats
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote, urlsplit

from benchmarks.load import Request

WARM_UP = 100
COUNT = 2000
PROFILED = 500
SHOWN = 30
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def main() -> None:
    """Measure the requests."""
    from minitwitter.server import load_application

    requests = [Request(*fields) for fields in json.load(sys.stdin)]
    application = load_application()

    def call(number: int) -> None:
        send(application, requests[number % len(requests)])

    for number in range(WARM_UP):
        call(number)
    times = sorted(timed(call, WARM_UP + number) for number in range(COUNT))
    middle, mean, late = (value * 1e6 for value in (times[COUNT // 2], sum(times) / COUNT, times[COUNT * 99 // 100]))
    print(f"{COUNT} requests, each: median {middle:.0f} us CPU, mean {mean:.0f} us, p99 {late:.0f} us", flush=True)
    if "--profile" in sys.argv:
        profile(call)


def timed(call: Callable[[int], object], number: int) -> float:
    """The seconds of this thread's processor time that the call takes."""
    started = time.thread_time()
    call(number)
    return time.thread_time() - started


def profile(call: Callable[[int], object]) -> None:
    """Print what costs most. The profiler itself makes calls dearer, so shares tell more than times."""
    profiler = cProfile.Profile()
    profiler.enable()
    for number in range(WARM_UP + COUNT, WARM_UP + COUNT + PROFILED):
        call(number)
    profiler.disable()
    for order in ("tottime", "cumulative"):
        output = io.StringIO()
        pstats.Stats(profiler, stream=output).strip_dirs().sort_stats(order).print_stats(SHOWN)
        print(output.getvalue())


def send(application: Application, request: Request) -> None:
    """Carry out a request as the server would. Raises RuntimeError for a failure."""
    statuses: list[str] = []
    chunks = application(environ(request), lambda status, *_: statuses.append(status))
    for _ in chunks:
        pass
    close = getattr(chunks, "close", None)
    if close is not None:
        close()
    if statuses[0][0] not in "23":
        raise RuntimeError(f"{request.method} {request.path}: {statuses[0]}")


def environ(request: Request) -> dict[str, Any]:
    """The request as WSGI (PEP 3333) has it."""
    parts = urlsplit(request.path)
    body = request.body.encode()
    made: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(parts.path),
        "QUERY_STRING": parts.query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1:8000",
        "HTTP_ACCEPT": "application/json",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if request.token:
        made["HTTP_AUTHORIZATION"] = f"Bearer {request.token}"
    if body:
        made.update(CONTENT_TYPE="application/json", CONTENT_LENGTH=str(len(body)))
    return made


if __name__ == "__main__":
    main()
    # Some threads of the application do not end by themselves.
    sys.stdout.flush()
    os._exit(0)
