"""Send many requests made up from the OpenAPI description, on SQLite and on PostgreSQL, and end in one summary.

    python tools/fuzz.py [--count 10000] [--seed NUMBER] [--only sqlite|postgres]

Every answer must be below 500 and as the description says, every failure problem details. The same seed makes up the
same requests. The exit code is 0 only when no answer was wrong.
"""

import argparse
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import embedded_database
import run_tests

# As the suite's, for every ten thousand requests; what takes longer than this many seconds hangs.
SECONDS_FOR_TEN_THOUSAND = 20 * 60


def main() -> int:
    """Run what the command line asks for and return the exit code."""
    parser = argparse.ArgumentParser(description="Send made-up requests to the API.", allow_abbrev=False)
    parser.add_argument("--count", type=int, default=10_000, help="how many requests on each database")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="what they are drawn from")
    parser.add_argument("--only", choices=run_tests.DATABASES, help="run on one of the two databases")
    parsed = parser.parse_args()
    print(f"Seed {parsed.seed}", flush=True)
    chosen = [parsed.only] if parsed.only else list(run_tests.DATABASES)
    failed = [database for database in chosen if not run(database, parsed.count, parsed.seed)]
    print(f"\n{'FAILED' if failed else 'Nothing wrong'} (seed {parsed.seed})", flush=True)
    return 1 if failed else 0


def run(database: str, count: int, seed: int) -> bool:
    """Send the requests on one database and print what came back. Whether all of it was right."""
    name = run_tests.DATABASES[database]
    print(f"\n=== {count:,} requests on {name} ===", flush=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mt-fuzz-") as folder:
        try:
            with run_tests.database_url(database) as url:
                passed = pytest(url, Path(folder), count, seed)
        except (embedded_database.StartError, subprocess.TimeoutExpired) as error:
            print(error, file=sys.stderr)
            return False
        counts = read_counts(Path(folder))
    print_counts(counts)
    print(f"{name}: {sum(counts.values()):,} requests in {time.monotonic() - started:.0f} seconds", flush=True)
    return passed and sum(counts.values()) > 0


def pytest(url: str, folder: Path, count: int, seed: int) -> bool:
    """Run the tests that send; they leave their counts in the folder."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "auto", "tests/api/test_fuzz.py"]
    wanted = {"FUZZ_COUNT": str(count), "FUZZ_SEED": str(seed), "FUZZ_REPORT": str(folder)}
    limit = SECONDS_FOR_TEN_THOUSAND * (1 + count // 10_000)
    environment = {**run_tests.environment(url), **wanted}
    process = subprocess.Popen(command, cwd=run_tests.ROOT, env=environment, start_new_session=True)
    try:
        return process.wait(timeout=limit) == 0
    finally:
        run_tests.end(process)


def read_counts(folder: Path) -> Counter[tuple[str, int]]:
    """How often each operation answered with each status."""
    counts: Counter[tuple[str, int]] = Counter()
    for file in folder.glob("*.json"):
        report = json.loads(file.read_text(encoding="utf-8"))
        for status, number in report["statuses"].items():
            counts[report["operation"], int(status)] += number
    return counts


def print_counts(counts: Counter[tuple[str, int]]) -> None:
    """One line for each operation."""
    for operation in sorted({operation for operation, _ in counts}):
        statuses = {status: number for (name, status), number in sorted(counts.items()) if name == operation}
        print(f"{operation:<48}" + "  ".join(f"{status}: {number}" for status, number in statuses.items()))


if __name__ == "__main__":
    os.chdir(run_tests.ROOT)
    sys.exit(main())
