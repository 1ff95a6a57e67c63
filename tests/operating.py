"""The `minitwitter` command as operators run it: in processes of its own, on a data folder and a port of its own."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from minitwitter import work

ROOT = Path(__file__).resolve().parent.parent
COMMAND = [sys.executable, "-m", "minitwitter"]
# Generous, for a machine that runs other tests at the same time; a test that waits this long fails.
DEADLINE = 60.0
# From Python 3.14 on, multiprocessing has a process of its own on Linux, too.
_BESIDE_WORKERS = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")


def environment(folder: Path, **variables: str) -> dict[str, str]:
    """The environment of a bare instance in the folder."""
    dropped = ("MINITWITTER_", "DJANGO_", "PYTEST_", "DATABASE_URL", "COV_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    own = {"MINITWITTER_DATA_DIR": str(folder / "data"), "PYTHONPATH": str(ROOT)}
    return {**kept, **own, **variables}


def call(folder: Path, *arguments: str, text: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in the folder."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(folder, **variables),
        input=text,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port


@dataclass
class Running:
    """A server that was started."""

    process: subprocess.Popen[str]
    port: int
    log: Path

    def get(self, path: str) -> tuple[int, str]:
        """The status and the body of an address."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=DEADLINE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def answers(self, path: str) -> bool:
        """Whether somebody listens, and the address is there."""
        try:
            return self.get(path)[0] == 200
        except OSError:
            return False

    @property
    def output(self) -> str:
        """What it printed so far."""
        return self.log.read_text(encoding="utf-8")

    def wait_for_output(self, text: str) -> str:
        """Wait until it has printed the text."""
        wait_until(lambda: text in self.output, self)
        return self.output

    def workers(self) -> list[int]:
        """The process ids of its workers that answer requests."""
        found = children(self.process.pid)
        return [child for child in found if not does_background_work(child) and not _runs(child, *_BESIDE_WORKERS)]

    def task_workers(self) -> list[int]:
        """The process ids of its workers that do background work."""
        return task_workers(self.process.pid)

    def stop(self, number: int) -> int:
        """Send the signal, and wait for the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=DEADLINE)


def wait_until(is_true: Callable[[], bool], server: Running | None = None) -> None:
    """Poll until the function returns true; fail at the deadline, or when the server has ended."""
    end = time.monotonic() + DEADLINE
    while not is_true():
        assert time.monotonic() < end, server.output if server else "nothing happened"
        assert server is None or server.process.poll() is None, server.output
        time.sleep(0.02)


def children(pid: int) -> list[int]:
    """The process ids of the living children of a process."""
    return [child for child, (state, parent) in _processes().items() if parent == pid and state != "Z"]


def task_workers(pid: int) -> list[int]:
    """The process ids of the living children of a server's process that do background work."""
    return [child for child in children(pid) if does_background_work(child)]


def does_background_work(pid: int) -> bool:
    """Whether the process is one that does background work: by its name on Linux, by its command elsewhere."""
    if Path("/proc/self/stat").exists():
        with contextlib.suppress(OSError):  # It ended meanwhile.
            return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip() == work.PROCESS_NAME
        return False
    return _runs(pid, work.__name__)


def _runs(pid: int, *modules: str) -> bool:
    """Whether the process was started to run one of those modules."""
    if Path("/proc/self/stat").exists():
        with contextlib.suppress(OSError):  # It ended meanwhile.
            command = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace")
            return any(module in command for module in modules)
        return False
    listing = subprocess.run(["/bin/ps", "-o", "command=", str(pid)], capture_output=True, text=True, check=False)
    return any(module in listing.stdout for module in modules)


def is_alive(pid: int) -> bool:
    """Whether there is such a process, and it has not ended."""
    return _processes().get(pid, ("Z", 0))[0] != "Z"


def _processes() -> dict[int, tuple[str, int]]:
    """The state (Z: ended, but not yet waited for) and the parent of every process."""
    if not Path("/proc/self/stat").exists():
        listing = subprocess.run(["/bin/ps", "-axo", "pid=,stat=,ppid="], capture_output=True, text=True, check=True)
        rows = (line.split() for line in listing.stdout.splitlines())
        return {int(pid): (state[:1], int(parent)) for pid, state, parent in rows}
    found = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # It ended meanwhile.
            state, parent = file.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[:2]
            found[int(file.parent.name)] = (state, int(parent))
    return found


@contextlib.contextmanager
def running(folder: Path, *arguments: str, **variables: str) -> Iterator[Running]:
    """Start a server, wait until it answers, and leave nothing of it behind."""
    port = free_port()
    log = folder / "server.log"
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [*COMMAND, "run", "--port", str(port), *arguments],
            cwd=folder,
            env=environment(folder, **variables),
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    server = Running(process, port, log)
    try:
        server.wait_for_output("Stop with Ctrl-C.")
        yield server
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
