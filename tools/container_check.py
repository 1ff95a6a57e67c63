"""Build and try the container image without a container engine.

    python tools/container_check.py

The steps of deploy/Dockerfile are carried out in a new folder (tools/image.py). Then a server is started as a container
would start it: by the image's entrypoint, as its user, in its environment, with the code read-only. It has to become
healthy, stand examples/quickstart.sh, alone and behind Caddy with deploy/Caddyfile, and stop when told. Run as root,
the user is the image's own.
"""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import image

ROOT = image.ROOT
START_TIMEOUT, STOP_TIMEOUT = 60.0, 40.0
TOO_LARGE, READ_AHEAD = 12 * 1024 * 1024, 300_000


class CheckError(Exception):
    """What does not hold. The message says so in one sentence."""


def main() -> int:
    """Build, try, say what was seen; the exit code is 0 when everything holds."""
    folder = Path(tempfile.mkdtemp(prefix="mt-image-"))
    folder.chmod(0o755)  # The image's user has to get through.
    try:
        check(folder)
    except (image.BuildError, CheckError) as error:
        print(f"\nThe container image does not hold: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        _make_writable(folder)
        shutil.rmtree(folder)
    print("\nThe container image holds.")
    return 0


def check(folder: Path) -> None:
    """All of it. Raises BuildError and CheckError."""
    context = folder / "context"
    image.copy_context(context)
    built = image.build(ROOT / "deploy" / "Dockerfile", context, folder / "root")
    print(f"     {_megabytes(built.folder):.0f} MB beside the base image")
    _make_read_only(built)
    before = _listing(built)
    port = _free_port()
    with _server(built, port) as process:
        _wait(lambda: _is_healthy(built, port), process, "become healthy")
        _say("healthy")
        _quickstart(f"http://127.0.0.1:{port}")
        _say("examples/quickstart.sh")
        with _caddy(folder, port) as front:
            _quickstart(front)
            _say("examples/quickstart.sh behind Caddy")
            _expect_too_large(front)
            _say("a body that is too large is refused by Caddy")
        process.send_signal(signal.SIGTERM)
        if (code := process.wait(timeout=STOP_TIMEOUT)) != 0:
            raise CheckError(f"told to stop, the server ended with exit code {code}.")
        _say("stops when told")
    if _is_healthy(built, port):
        raise CheckError("the health check is content with a server that has ended.")
    if _listing(built) != before:
        raise CheckError("something was written beside /data.")
    _say("nothing was written but in /data")


def _say(what: str) -> None:
    print(f"ok   {what}", flush=True)


def _as_user(built: image.Image) -> dict[str, Any]:
    """How the image's processes are started, in the form subprocess wants."""
    if os.geteuid() != 0:
        return {}
    user, group = built.user_ids
    return {"user": user, "group": group, "extra_groups": []}


def _variables(built: image.Image, port: int) -> dict[str, str]:
    # As `docker run --env`; here, unlike in a container, 0.0.0.0 would be seen by others.
    return built.variables({"MINITWITTER_HOST": "127.0.0.1", "MINITWITTER_PORT": str(port)})


@contextmanager
def _server(built: image.Image, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    variables = {**_variables(built, port), "MINITWITTER_TRUSTED_PROXIES": "127.0.0.1"}
    program = shutil.which(built.entrypoint[0], path=variables["PATH"])
    if program is None:
        raise CheckError(f"the entrypoint {built.entrypoint[0]} is not on the image's PATH.")
    process = subprocess.Popen(
        [program, *built.entrypoint[1:], *built.command],
        cwd=built.here(built.directory),
        env=variables,
        start_new_session=True,
        **_as_user(built),
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _is_healthy(built: image.Image, port: int) -> bool:
    program, *arguments = built.healthcheck
    variables = _variables(built, port)
    found = shutil.which(program, path=variables["PATH"])
    if found is None:
        raise CheckError(f"the health check {program} is not on the image's PATH.")
    result = subprocess.run(
        [found, *map(built.here, arguments)], env=variables, capture_output=True, check=False, **_as_user(built)
    )
    return result.returncode == 0


def _quickstart(address: str) -> None:
    result = subprocess.run(
        [ROOT / "examples" / "quickstart.sh", address], capture_output=True, text=True, timeout=120, check=False
    )
    if result.returncode:
        raise CheckError(f"examples/quickstart.sh {address} failed: {result.stderr.strip() or result.stdout[-2000:]}")


@contextmanager
def _caddy(folder: Path, server_port: int) -> Iterator[str]:
    """Caddy in front of the server, without TLS; gives its address."""
    program = Path(sys.executable).with_name("caddy")
    if not program.exists():
        raise CheckError("Caddy is missing in .venv: `make test` installs it from requirements/dev.txt.")
    address = f"http://127.0.0.1:{_free_port()}"
    variables = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "SITE_ADDRESS": address,
        "SERVER_ADDRESS": f"127.0.0.1:{server_port}",
    }
    with (folder / "caddy.log").open("wb") as log:
        process = subprocess.Popen(
            [program, "run", "--config", ROOT / "deploy" / "Caddyfile"], env=variables, stdout=log, stderr=log
        )
    try:
        _wait(lambda: _answers(f"{address}/healthz"), process, "start as Caddy")
        yield address
    finally:
        process.terminate()
        process.wait()


def _expect_too_large(address: str) -> None:
    # Caddy reads a little of it before it answers. Who sends all may find the connection closed before that is read.
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=10)
    connection.request("POST", "/v1/users/login/", b"x" * READ_AHEAD, {"Content-Length": str(TOO_LARGE)})
    answer = connection.getresponse()
    if (answer.status, json.loads(answer.read())["code"]) != (413, "payload_too_large"):
        raise CheckError(f"a body of {TOO_LARGE} bytes was answered {answer.status} instead of 413.")


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310  # nosec B310  (our own address)
            return bool(answer.status == http.HTTPStatus.OK)
    except OSError:
        return False


def _wait(is_true: Callable[[], bool], process: "subprocess.Popen[bytes]", what: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while not is_true():
        if process.poll() is not None or time.monotonic() > deadline:
            raise CheckError(f"it did not {what} within {START_TIMEOUT:.0f} seconds.")
        time.sleep(0.2)


def _free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port


def _megabytes(folder: Path) -> float:
    return sum(path.lstat().st_size for path in folder.rglob("*")) / 1_000_000


def _code(built: image.Image) -> Iterator[Path]:
    """Everything in the image but the data folder."""
    data = Path(built.here("/data"))
    return (path for path in built.folder.rglob("*") if path != data and data not in path.parents)


def _make_read_only(built: image.Image) -> None:
    for path in _code(built):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))


def _make_writable(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)


def _listing(built: image.Image) -> dict[str, tuple[int, int]]:
    return {str(path): (path.lstat().st_size, path.lstat().st_mtime_ns) for path in _code(built) if not path.is_dir()}


if __name__ == "__main__":
    sys.exit(main())
