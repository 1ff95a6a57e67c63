"""Measure what requests cost: the standard set. How cost grows is in growth.py.

    python -m benchmarks [--only sqlite|postgres] [--case NAME ...] [--seconds 5] [--no-compare]
    python -m benchmarks [--only sqlite|postgres] [--case NAME ...] --in-process|--profile

A complete run writes its results into docs/performance.md; one that leaves something out only prints them.
"""

import argparse
import sys

from benchmarks import report, standard
from benchmarks.cases import CASES, named
from benchmarks.instances import DATABASES
from benchmarks.measure import Figure, line
from benchmarks.terminal import carry_out


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
    return carry_out(lambda: run(parsed))


def run(parsed: argparse.Namespace) -> int:
    """The standard set, or the chosen cases of it."""
    databases = [DATABASES[parsed.only]] if parsed.only else list(DATABASES.values())
    cases = named(parsed.case)
    if parsed.in_process or parsed.profile:
        for database in databases:
            standard.profile(database, cases, functions=parsed.profile)
        return 0
    compare = not (parsed.no_compare or parsed.case)
    outcomes = [standard.run(database, cases, parsed.seconds, compare=compare, tell=show) for database in databases]
    for outcome in outcomes:
        memory = f"{outcome.server_memory / 1e6:.0f} MB server + {outcome.database_memory / 1e6:.0f} MB database"
        print(f"{outcome.database:<10} start {outcome.start:.2f} s  memory {memory}")
    if compare and not parsed.only:
        report.write_standard(outcomes)
    return 1 if any(figure.errors for outcome in outcomes for figure in outcome.figures) else 0


def show(figure: Figure) -> None:
    """Print a figure as soon as there is one."""
    print(line(figure), flush=True)


if __name__ == "__main__":
    sys.exit(main())
