"""Measure what requests cost. `make bench` is the standard set, `make bench-growth` how cost grows.

    python -m benchmarks [--only sqlite|postgres] [--case NAME ...] [--seconds 5] [--no-compare]
    python -m benchmarks [--only sqlite|postgres] [--case NAME ...] --in-process|--profile

Naming cases measures only these, and leaves docs/performance.md as it is.
"""

import argparse
import sys

from benchmarks import standard
from benchmarks.cases import CASES
from benchmarks.instances import POSTGRESQL, SQLITE
from benchmarks.load import DriverError, require
from benchmarks.measure import Figure, WrongAnswer, line

DATABASES = {"sqlite": SQLITE, "postgres": POSTGRESQL}
INTERRUPTED = 130


def main() -> int:
    """Measure what the command line asks for, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure what requests cost.")
    parser.add_argument("--only", choices=DATABASES, help="on one of the two databases")
    names = [case.name for case in CASES]
    parser.add_argument("--case", action="append", choices=names, metavar="NAME", default=[], help=", ".join(names))
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each case lasts (5)")
    parser.add_argument("--no-compare", action="store_true", help="without the textbook and the floor")
    parser.add_argument("--in-process", action="store_true", help="CPU of one thread without a server, 2,000 requests")
    parser.add_argument("--profile", action="store_true", help="as --in-process, and the functions that cost most")
    parsed = parser.parse_args()
    try:
        require()
        return run(parsed)
    except (DriverError, WrongAnswer) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return INTERRUPTED


def run(parsed: argparse.Namespace) -> int:
    """The standard set, or the chosen cases of it."""
    databases = [DATABASES[parsed.only]] if parsed.only else list(DATABASES.values())
    cases = standard.cases_named(parsed.case)
    if parsed.in_process or parsed.profile:
        for database in databases:
            standard.profile(database, cases, functions=parsed.profile, say=say)
        return 0
    outcomes = [
        standard.run(
            database,
            cases,
            parsed.seconds,
            compare=not parsed.no_compare,
            report=show,
            say=say,
        )
        for database in databases
    ]
    for outcome in outcomes:
        memory = f"{outcome.server_memory / 1e6:.0f} MB server + {outcome.database_memory / 1e6:.0f} MB database"
        print(f"{outcome.database:<10} start {outcome.start:.2f} s  memory {memory}")
    return 1 if any(figure.errors for outcome in outcomes for figure in outcome.figures) else 0


def say(text: str) -> None:
    print(f"--- {text}", file=sys.stderr, flush=True)


def show(figure: Figure) -> None:
    print(line(figure), flush=True)


if __name__ == "__main__":
    sys.exit(main())
