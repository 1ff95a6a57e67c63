"""Serve the textbook or the floor, as `minitwitter run` serves the product: python -m benchmarks.baseline ROLE."""

import os
import sys

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from minitwitter.env import load
from minitwitter.server import HEADER_BYTES, HEADER_TIMEOUT

ROLE = "BENCHMARK_ROLE"


def main() -> None:
    """Serve until SIGTERM."""
    os.environ[ROLE] = sys.argv[1]  # The workers inherit it.
    options = load()
    Granian(
        "benchmarks.baseline.wsgi:application",
        address=options.host,
        port=options.port,
        interface=Interfaces.WSGI,
        workers=options.workers,
        blocking_threads=options.threads,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_TIMEOUT, max_buffer_size=HEADER_BYTES),
        websockets=False,
        log_level=LogLevels.error,
    ).serve()


if __name__ == "__main__":
    main()
