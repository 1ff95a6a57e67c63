"""The load driver: wrk, which sends prepared requests in a closed loop over a few keep-alive connections."""

import json
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

SCRIPT = Path(__file__).with_name("requests.lua")
CONNECTIONS = 8


class DriverError(Exception):
    """The driver is missing or failed. The message says what to do."""


class Request(NamedTuple):
    """One request. `body` is JSON, or nothing."""

    method: str
    path: str
    token: str = ""
    body: str = ""


@dataclass(frozen=True)
class Load:
    """What the driver saw. Times are in milliseconds; `errors` are answers of 400 and more, and broken connections."""

    requests: int
    seconds: float
    received: int
    p50: float
    p99: float
    errors: int


def require() -> str:
    """The path of wrk. Raises DriverError when it is not installed."""
    path = shutil.which("wrk")
    if path is None:
        raise DriverError(
            "The load driver wrk is not installed: `apt install wrk` on Debian and Ubuntu, `brew install wrk` on macOS."
        )
    return path


def drive(port: int, requests: list[Request], seconds: float, connections: int = CONNECTIONS) -> Load:
    """Send the requests in turn, from the first again after the last, for so long. Raises DriverError."""
    wrk = require()
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.writelines("\t".join(request) + "\n" for request in requests)
        file.flush()
        command = [
            wrk, "--threads", "1", "--connections", str(connections), "--duration", f"{max(round(seconds), 1)}s",
            "--timeout", "30s", "--script", str(SCRIPT), f"http://127.0.0.1:{port}", "--", file.name,
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds + 120)
    return read(done.stdout, done.stderr)


def read(output: str, complaints: str = "") -> Load:
    """What wrk's output says: its last line is the script's summary. Raises DriverError."""
    try:
        summary = json.loads(output.splitlines()[-1])
    except (IndexError, ValueError):
        raise DriverError(f"wrk failed: {' '.join((complaints or output).split())[:500]}") from None
    return Load(
        requests=summary["requests"],
        seconds=summary["duration"] / 1e6,
        received=summary["bytes"],
        p50=summary["p50"] / 1000,
        p99=summary["p99"] / 1000,
        errors=summary["errors"],
    )
