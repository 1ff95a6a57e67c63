"""Make `.venv` with the locked packages and the project in it, then become the given command.

    python3 tools/bootstrap.py run|dev|bench COMMAND [ARGUMENT ...]

`run` installs what the server needs (requirements/run.txt), `dev` also what tests and checks need
(requirements/dev.txt), `bench` also what benchmarks need (requirements/bench.txt). When all that is there already this
costs a few milliseconds.

Only the standard library is used, and nothing is written in a syntax newer than Python 3.6's: a Python that is too
old must still be able to read this file, so that it can say what is wrong in one sentence.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        f"Mini Twitter needs Python 3.11 or newer, but {sys.executable} is Python {sys.version_info[0]}."
        f"{sys.version_info[1]}: install a newer one and name it, as in `make run PYTHON=python3.12`."
    )

import fcntl
import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
# Says what the environment holds: "run", "dev" or "bench", and the digest of what that was made from.
STAMP = VENV / "minitwitter-stamp.txt"
UNFINISHED = "unfinished"
# How long an interrupted installation may take to clean up, in seconds.
STOP_TIMEOUT = 5
LOG = VENV / "install.log"
LOCKED = {kind: ROOT / "requirements" / (kind + ".txt") for kind in ("run", "dev", "bench")}
# The developers' environment holds everything the server needs, and the one for benchmarks everything developers need.
SATISFIED_BY = {"run": ("run", "dev", "bench"), "dev": ("dev", "bench"), "bench": ("bench",)}


class SetupError(Exception):
    """The environment cannot be made. The message is one sentence that says what to do."""


def main() -> None:
    """Make the environment if it is not there, then replace this process by the command."""
    if len(sys.argv) < 3 or sys.argv[1] not in LOCKED:
        sys.exit("Usage: python3 tools/bootstrap.py run|dev|bench COMMAND [ARGUMENT ...]")
    kind, command = sys.argv[1], sys.argv[2:]
    try:
        if not is_ready(kind):
            prepare(kind)
    except SetupError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(
            f"The environment {VENV} cannot be made ({error.strerror}: {error.filename}): see that this user may write"
            " there, that the disk is not full, and run make again."
        )
    except KeyboardInterrupt:
        sys.exit("\nInterrupted: the next run of make goes on with it.")
    os.execv(command[0], command)


def is_ready(kind: str) -> bool:
    """Whether `.venv` was finished from exactly the present lock files, project file, place and Python."""
    return VENV_PYTHON.exists() and read_stamp() in {stamp(name) for name in SATISFIED_BY[kind]}


def read_stamp() -> str:
    """What `.venv` says it holds, or nothing."""
    try:
        return STAMP.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""


def stamp(kind: str) -> str:
    """What `.venv` says when it holds the packages of this kind. Scripts in it name its place, so that counts too."""
    digest = hashlib.sha256(repr((str(ROOT), sys.version_info[:2])).encode())
    for path in (LOCKED[kind], ROOT / "pyproject.toml"):
        digest.update(path.read_bytes())
    return f"{kind} {digest.hexdigest()}"


def prepare(kind: str) -> None:
    """Make or renew `.venv`. Raises SetupError and OSError."""
    signal.signal(signal.SIGTERM, _stop)
    with one_at_a_time():
        if is_ready(kind):  # Another make did it while this one waited.
            return
        uv = shutil.which("uv")
        require_modules(with_pip=uv is None)
        make_environment()
        STAMP.write_text(UNFINISHED, encoding="utf-8")
        install(kind, uv)
        STAMP.write_text(stamp(kind) + "\n", encoding="utf-8")
        say("Done.")


def _stop(*_: object) -> NoReturn:
    raise KeyboardInterrupt


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold the checkout's folder, so that `make run` and `make test` side by side do not install into each other."""
    folder = os.open(str(ROOT), os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
    except OSError:
        say("This file system has no locks: start only one make at a time.")
    try:
        yield
    finally:
        os.close(folder)


def require_modules(*, with_pip: bool) -> None:
    """Raise SetupError when this Python was packaged without what makes an environment."""
    needed = ("venv", "ensurepip") if with_pip else ("venv",)
    if not all(importlib.util.find_spec(name) for name in needed):
        raise SetupError(
            f"This Python ({sys.executable}) comes without its venv module: install that (on Debian and Ubuntu:"
            " `apt install python3-venv`) and run make again."
        )


def make_environment() -> None:
    """Make `.venv`, from scratch unless a finished one of the same Python is there to build on."""
    if VENV_PYTHON.exists() and read_stamp() != UNFINISHED and environment_version() == sys.version_info[:2]:
        return
    say(f"Making .venv with Python {sys.version_info[0]}.{sys.version_info[1]} ...")
    if VENV.exists():
        shutil.rmtree(str(VENV))
    VENV.mkdir()
    # Written first: a folder that was not finished must not pass for one that somebody made by hand.
    STAMP.write_text(UNFINISHED, encoding="utf-8")
    if not run_logged([sys.executable, "-I", "-m", "venv", "--without-pip", str(VENV)]):
        raise SetupError(f"The environment {VENV} cannot be made: the reason is at the end of {LOG}.")


def environment_version() -> tuple[int, ...]:
    """The Python version `.venv` was made with; empty when it does not say."""
    settings = VENV / "pyvenv.cfg"
    for line in settings.read_text(encoding="utf-8").splitlines() if settings.exists() else []:
        name, _, value = line.partition("=")
        if name.strip() in {"version", "version_info"}:
            return tuple(int(part) for part in value.strip().split(".")[:2])
    return ()


def install(kind: str, uv: str | None) -> None:
    """Install the locked packages, then the project. Raises SetupError."""
    locked = LOCKED[kind]
    say(f"Installing the packages locked in requirements/{locked.name} (the first time this may take a minute) ...")
    # uv may be set up for another registry than pip; what it cannot get, pip may.
    if uv and run_logged(uv_command(uv, "--require-hashes", "--requirement", str(locked)), locked):
        tool = uv_command(uv)
    else:
        tool = pip_command()
        if not run_logged([*tool, "--require-hashes", "--requirement", str(locked)], locked):
            raise SetupError(why_it_failed())
    say("Installing Mini Twitter itself ...")
    # The build backend is among the locked packages, so nothing unlocked is fetched.
    itself = ["--no-build-isolation", "--no-deps", "--no-index", "--editable", str(ROOT)]
    if not run_logged([*tool, *itself], locked):
        raise SetupError(f"Mini Twitter could not be installed into .venv: the reason is at the end of {LOG}.")
    # The first start is as quick as the second, also for a user whose Python keeps no compiled files.
    run_logged([str(VENV_PYTHON), "-m", "compileall", "-q", str(ROOT / "minitwitter")])


def uv_command(uv: str, *arguments: str) -> list[str]:
    """The command that installs with uv."""
    return [uv, "pip", "install", "--python", str(VENV_PYTHON), "--compile-bytecode", *arguments]


def pip_command() -> list[str]:
    """The command that installs with the environment's own pip, which is put there first if need be."""
    require_modules(with_pip=True)
    if not run_logged([str(VENV_PYTHON), "-I", "-m", "ensurepip", "--upgrade", "--default-pip"]):
        raise SetupError(
            f"This Python ({sys.executable}) cannot put pip into an environment: install its venv module (on Debian"
            f" and Ubuntu: `apt install python3-venv`) and run make again; details are in {LOG}."
        )
    return [str(VENV_PYTHON), "-m", "pip", "install", "--no-user", "--disable-pip-version-check"]


def run_logged(command: list[str], locked: Path | None = None) -> bool:
    """Run the command with its output in the log, and tell whether it succeeded.

    With a lock file, show on a terminal how many of its packages were fetched.
    """
    with LOG.open("a", encoding="utf-8") as log:
        log.write("$ {}\n".format(" ".join(command)))
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=str(ROOT),
            start_new_session=True,
        )
        try:
            follow(process, log.write, locked)
            return process.wait() == 0
        finally:
            end(process)


def end(process: "subprocess.Popen[str]") -> None:
    """End the process and all it started, which else would go on writing into `.venv`; nothing after a normal end."""
    if process.poll() is not None:
        return
    try:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        pass
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def follow(process: "subprocess.Popen[str]", write: "Callable[[str], object]", locked: Path | None) -> None:
    """Write the lines of the process on, and count the packages it fetches."""
    total = sum(line[0].isalnum() for line in locked.read_text(encoding="utf-8").splitlines()) if locked else 0
    fetched = 0
    assert process.stdout is not None
    for line in process.stdout:
        write(line)
        if total and line.startswith("Collecting "):
            fetched += 1
            show(f"  {fetched} of about {total} packages")
        elif total and line.startswith("Installing collected packages"):
            show(f"  unpacking {fetched} packages      ")
    if fetched:
        show("\033[K")


def why_it_failed() -> str:
    """One sentence for the operator about the installation that just failed."""
    output = LOG.read_text(encoding="utf-8")
    if "DO NOT MATCH THE HASHES" in output:
        return (
            "A downloaded package is not the one that was locked (its hash differs), so nothing was installed: see"
            f" {LOG} for its name, and whether a proxy or a mirror of the package registry alters files."
        )
    if "No space left on device" in output:
        return f"The disk is full: make room and run make again (details are in {LOG})."
    return (
        "The packages could not be installed: see that this machine reaches pip's package registry (network, proxy,"
        f" pip's configuration) and run make again; details are at the end of {LOG}."
    )


def say(text: str) -> None:
    """Tell what is going on."""
    print(text, flush=True)


def show(text: str) -> None:
    """Show progress on a terminal, on one line that is written over."""
    if sys.stdout.isatty():
        print(f"\r{text}", end="", flush=True)


if __name__ == "__main__":
    main()
