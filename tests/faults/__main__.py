"""Do every fault to a real server on SQLite and on PostgreSQL, and end in one table.

    python -m tests.faults [--only sqlite|postgres] [--short] [WORD ...]

Words choose the faults whose name holds all of them. The exit code is 0 only when no verdict is bad.
"""

import argparse
import signal
import sys
import time
import traceback
from typing import NoReturn

from tests.faults.bench import Bench, bench
from tests.faults.catalogue import POSTGRESQL, SQLITE, Fault, Report
from tests.faults.suite import faults

DATABASES = {"sqlite": SQLITE, "postgres": POSTGRESQL}
INTERRUPTED = 130
# A fault that takes longer than this many seconds hangs.
TIME_LIMIT = 180
Row = tuple[str, str, Report]


def main() -> int:
    """Run what the command line asks for, print the table and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="Do faults to a real server.")
    parser.add_argument("--only", choices=DATABASES, help="on one of the two databases")
    parser.add_argument("--short", action="store_true", help="as in `make test`: a second or two for each fault")
    parser.add_argument("words", nargs="*", metavar="WORD", help="only faults whose name holds all of the words")
    parsed = parser.parse_args()
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGALRM, _take_too_long)
    rows: list[Row] = []
    try:
        for database in [DATABASES[parsed.only]] if parsed.only else DATABASES.values():
            rows += run_all(database, tuple(parsed.words), short=parsed.short)
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return INTERRUPTED
    return summarize(rows)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _take_too_long(*_: object) -> NoReturn:
    raise TimeoutError(f"not finished after {TIME_LIMIT} s")


def run_all(database: str, words: tuple[str, ...], *, short: bool) -> list[Row]:
    """Do the faults one after the other to one instance on the database."""
    chosen = faults(database, words, short=short)
    if not chosen:
        return []
    print(f"\n=== {database} ===", flush=True)
    rows = []
    with bench(database, short=short, say=lambda text: print(f"      {text}", flush=True)) as place:
        for number, fault in enumerate(chosen, start=1):
            print(f"[{number}/{len(chosen)}] {fault.name}", flush=True)
            started = time.monotonic()
            report = run_one(fault, place)
            print(f"      {report.verdict} ({time.monotonic() - started:.1f} s) {report.note}", flush=True)
            rows.append((fault.name, database, report))
    return rows


def run_one(fault: Fault, place: Bench) -> Report:
    """Do one fault; whatever it raises is a bad verdict. The next one finds the instance and its database running."""
    signal.alarm(TIME_LIMIT)
    try:
        return fault.run(place)
    except Exception as error:  # noqa: BLE001  (any failure is a verdict)
        traceback.print_exc()
        return Report(problems=[f"{type(error).__name__}: {error}"[:300]])
    finally:
        signal.alarm(0)
        place.repair()


def summarize(rows: list[Row]) -> int:
    """Print the table, and return the exit code."""
    width = max((len(name) for name, _, _ in rows), default=0)
    print(f"\n{'fault':<{width}}  {'database':<10}  {'runs':>6}  {'acknowledged':>12}  {'lost':>4}  verdict")
    for name, database, report in rows:
        numbers = f"{report.runs:>6}  {report.acknowledged:>12}  {report.lost:>4}"
        note = f" ({report.note})" if report.note else ""
        print(f"{name:<{width}}  {database:<10}  {numbers}  {report.verdict}{note}")
    bad = sum(report.is_bad for _, _, report in rows)
    skipped = sum(bool(report.skipped) for _, _, report in rows)
    print(f"\n{len(rows) - bad - skipped} stood, {bad} bad, {skipped} skipped", flush=True)
    return 1 if bad or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
