"""Write the bill of materials of what a server runs on, and look its versions up among the known weaknesses.

    python tools/audit.py [--osv-url ADDRESS] [--bill FILE]

The versions are those of requirements/run.txt; looked up are the ones for this version of Python. The bill (CycloneDX,
JSON) goes to sbom.cdx.json; the same versions give the same file. The look-up asks the Python Package Index, or any
service that speaks OSV's protocol.

The exit code is 0 when every version was looked up and nothing is known, 1 when something is, and 3 when the look-up
did not happen, in whole or in part: an audit that could not ask has not passed. (make itself then ends with 2, and says
"Error 3".)
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
LOCKED = "requirements/run.txt"
PASSED, WEAK, NOT_CHECKED = 0, 1, 3


def main() -> int:
    """Do both and return the exit code."""
    parser = argparse.ArgumentParser(description="Bill of materials, and known weaknesses.", allow_abbrev=False)
    parser.add_argument("--osv-url", metavar="ADDRESS", help="ask this service instead, such as a mirror of OSV")
    parser.add_argument(
        "--bill", metavar="FILE", type=Path, default=ROOT / "sbom.cdx.json", help="write the bill there"
    )
    parsed = parser.parse_args()
    print(f"{parsed.bill}: {write_bill(parsed.bill)} packages")
    found = look_up(parsed.osv_url)
    return NOT_CHECKED if found is None else report(found)


def write_bill(file: Path) -> int:
    """Write the bill of materials; the number of packages in it."""
    command = [
        str(BIN / "cyclonedx-py"),
        "requirements",
        LOCKED,
        "--of",
        "JSON",
        "--output-reproducible",
        "-o",
        str(file),
    ]
    # It warns that a list of requirements does not tell which of them needs which.
    quiet = {**os.environ, "PYTHONWARNINGS": "ignore::UserWarning"}
    subprocess.run(command, cwd=ROOT, env=quiet, check=True)
    return len(json.loads(file.read_text(encoding="utf-8"))["components"])


def look_up(osv_url: str | None) -> list[dict[str, Any]] | None:
    """What is known of each locked package, as pip-audit tells it; None when it could not ask, which is said why."""
    service = ["-s", "osv", "--osv-url", osv_url] if osv_url else []
    # The locked versions are all there is to ask for, so pip need not resolve (and fetch) anything.
    command = [
        str(BIN / "pip-audit"),
        "-r",
        LOCKED,
        "--disable-pip",
        "-f",
        "json",
        "--progress-spinner",
        "off",
        *service,
    ]
    print("Looking up the locked versions ...", flush=True)
    asked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    try:
        found: list[dict[str, Any]] = json.loads(asked.stdout)["dependencies"]
    except (ValueError, KeyError):
        reason = (asked.stderr.strip().splitlines() or [f"exit code {asked.returncode}"])[-1]
        print(
            f"NOT CHECKED: {osv_url or 'the Python Package Index'} could not be asked ({reason}). Run this where it can"
            " be reached, or name a service that can be with --osv-url.",
            file=sys.stderr,
        )
        return None
    return found


def report(found: list[dict[str, Any]]) -> int:
    """Print what is known, and return the exit code."""
    weak = [package for package in found if package.get("vulns")]
    unknown = [package["name"] for package in found if "skip_reason" in package]
    for package in weak:
        for known in package["vulns"]:
            better = f"fixed in {', '.join(known['fix_versions'])}" if known["fix_versions"] else "not fixed yet"
            print(f"WEAK: {package['name']} {package['version']}: {known['id']} ({better})", file=sys.stderr)
    if weak:
        print("Raise these in pyproject.toml, then `make lock` and `make test`.", file=sys.stderr)
    if unknown:
        print(
            f"NOT CHECKED: the service knew nothing of {len(unknown)} of {len(found)} packages, such as {unknown[0]}."
            " It may be a mirror without that knowledge: name another with --osv-url.",
            file=sys.stderr,
        )
    if weak or unknown:
        return WEAK if weak else NOT_CHECKED
    print(f"{len(found)} packages looked up: nothing is known against them.")
    return PASSED


if __name__ == "__main__":
    sys.exit(main())
