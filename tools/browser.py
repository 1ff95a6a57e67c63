"""What needs a real browser: the end-to-end tests of the web client, and the screenshots of the README.

    python tools/browser.py e2e [--only sqlite|postgres] [PYTEST ARGUMENT ...]
    python tools/browser.py screenshots

Every test runs on SQLite, and those that read and write the most (POSTGRES_TOO) on PostgreSQL as well. With arguments
of one's own, only one database is used: SQLite, or the one that --only names.

The browser is the machine's own Chromium or Chrome (E2E_BROWSER names another). Where there is none, root on a machine
with apt gets it installed; anybody else is told how. Without a browser nothing is tested, which is a failure with an
exit code of its own; E2E_BROWSER=none says that this is meant.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import run_tests

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
EVERYTHING = ["tests/e2e"]
# What differs between the databases is on the server: pages of lists, likes, follows and what is written are enough.
POSTGRES_TOO = ["tests/e2e/test_journey.py", "tests/e2e/test_back.py"]
NO_BROWSER = 3
NONE = "none"
# Seconds. A browser says its version in less than one; an installation downloads 100 MB.
START_TIMEOUT, INSTALL_TIMEOUT = 30, 20 * 60
# Nothing that could ask a question, and a lock that another installation holds is waited for.
APT = (
    "apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=120",
    "-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold",
)  # fmt: skip
UNATTENDED = {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_MODE": "a", "APT_LISTCHANGES_FRONTEND": "none"}


class NoBrowserError(Exception):
    """There is none. The message says what to do."""


def main() -> int:
    """Do what the command line asks for and return the exit code."""
    what, *arguments = sys.argv[1:] or ["e2e"]
    try:
        browser = find() or install()
    except NoBrowserError as error:
        print(f"\nNOT RUN, nothing was tested: {error}", file=sys.stderr)
        return NO_BROWSER
    if browser == NONE:
        print("\nSKIPPED, nothing was tested: E2E_BROWSER=none", file=sys.stderr)
        return 0
    os.environ["E2E_BROWSER"] = browser
    return end_to_end(arguments) if what == "e2e" else screenshots()


def end_to_end(arguments: list[str]) -> int:
    """Run the tests, and return the exit code."""
    parser = argparse.ArgumentParser(allow_abbrev=False, add_help=False)
    parser.add_argument("--only", choices=run_tests.DATABASES)
    parsed, own = parser.parse_known_args(arguments)
    chosen = [(parsed.only or "sqlite", EVERYTHING)]
    if not arguments:
        chosen += [("postgres", POSTGRES_TOO)]
    deadline = time.monotonic() + run_tests.TIME_LIMIT
    outcomes = []
    try:
        for database, paths in chosen:
            # Two browsers, on many cores too: the servers they talk to want some.
            two = ["-n", "2"] if run_tests.parallel(own) else []
            named = any(argument.startswith("tests/") for argument in own)
            outcomes += [run_tests.run(database, [*two, *([] if named else paths), *own], deadline)]
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return run_tests.INTERRUPTED
    return run_tests.summarize(outcomes)


def screenshots() -> int:
    """Take them, and return the exit code."""
    command = [sys.executable, "-m", "tests.e2e.screenshots"]
    return subprocess.run(command, cwd=ROOT, env=run_tests.environment(""), check=False).returncode


def find() -> str:
    """The browser of this machine, or nothing. Raises NoBrowserError where E2E_BROWSER names what is none."""
    given = os.environ.get("E2E_BROWSER", "")
    if given == NONE:
        return NONE
    if given and not works(given):
        raise NoBrowserError(f"E2E_BROWSER is {given!r}, but that does not start: name a Chromium or Chrome.")
    return given or next(filter(works, [*filter(None, map(shutil.which, NAMES)), MAC]), "")


def works(browser: str) -> bool:
    """Whether it starts. Some systems have a program of that name that only says where to get it."""
    try:
        said = subprocess.run([browser, "--version"], capture_output=True, timeout=START_TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return said.returncode == 0


def install() -> str:
    """Chromium from the system's own packages, if this user may install them. Raises NoBrowserError."""
    advice = "install Chromium or Chrome, or name one with E2E_BROWSER=/path/to/it (E2E_BROWSER=none skips the tests)."
    if not shutil.which("apt-get"):
        raise NoBrowserError(f"there is no browser on this machine: {advice}")
    if os.geteuid():
        raise NoBrowserError(
            f"there is no browser on this machine, and only root may install it (`make e2e`): {advice}"
        )
    print("There is no Chromium on this machine: installing it (a minute) ...", flush=True)
    for command in (["update"], ["install", "--no-install-recommends", "chromium"]):
        if not _succeeds([*APT, *command]):
            raise NoBrowserError(f"`apt-get {' '.join(command)}` failed, see above: {advice}")
    browser = find()
    if not browser:
        raise NoBrowserError(f"what apt installed does not start: {advice}")
    return browser


def _succeeds(command: list[str]) -> bool:
    """What it prints is seen, so that nobody wonders what takes so long. It can ask for nothing."""
    environment = {**os.environ, **UNATTENDED}
    try:
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, timeout=INSTALL_TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
