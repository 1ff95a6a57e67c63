"""Run every check, whatever the ones before found, and end in one line for each.

python tools/lint.py          check
python tools/lint.py --fix    write what the formatter and the safe fixes of the linter want
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
CACHE = ROOT / ".cache"
MANAGE = [sys.executable, "-m", "minitwitter", "manage"]
DOCS = [sys.executable, "tools/write_docs.py", "--check", "--only"]
DEPLOY = ROOT / "deploy"
CHECKS: dict[str, list[str]] = {
    "format": [str(BIN / "ruff"), "format", "--check"],
    "ruff": [str(BIN / "ruff"), "check"],
    "mypy": [str(BIN / "mypy")],
    # Of medium severity and above. What it calls low (that a program is started at all) ruff's S rules judge finer.
    "bandit": [str(BIN / "bandit"), "--quiet", "--recursive", "-ll", "minitwitter", "tools"],
    "import rules": [str(BIN / "lint-imports"), "--cache-dir", str(CACHE / "import-linter")],
    "migrations": [*MANAGE, "makemigrations", "--check", "--dry-run"],
    "openapi.yaml": [*DOCS, "openapi"],
    "docs/configuration.md": [*DOCS, "configuration"],
    "Dockerfile": [str(BIN / "hadolint"), str(DEPLOY / "Dockerfile")],
    "compose.yaml": [
        *(str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec"),
        str(DEPLOY / "compose.yaml"),
    ],
    "Caddyfile": [str(BIN / "caddy"), "validate", "--config", str(DEPLOY / "Caddyfile")],
}
FIXES: dict[str, list[str]] = {
    "ruff": [str(BIN / "ruff"), "check", "--fix-only"],
    "format": [str(BIN / "ruff"), "format"],
}


def main() -> int:
    """Run the checks and return the exit code: 0 when all passed."""
    parser = argparse.ArgumentParser(description="Run every check.")
    parser.add_argument("--fix", action="store_true", help="write what the formatter and safe fixes want")
    commands = FIXES if parser.parse_args().fix else CHECKS
    results = {name: run(name, command) for name, command in commands.items()}
    print()
    for name, seconds in results.items():
        print(f"{name:<24}{'failed' if seconds is None else f'ok   {seconds:5.1f} s'}")
    return 1 if None in results.values() else 0


def run(name: str, command: list[str]) -> float | None:
    """Run one check with its output in sight; the seconds it took, or None when it failed."""
    print(f"--- {name}", flush=True)
    started = time.monotonic()
    code = subprocess.run(command, cwd=ROOT, env=environment(), check=False).returncode
    return None if code else time.monotonic() - started


def environment() -> dict[str, str]:
    """The caller's environment, without its options of the server, and with a data folder out of the way.

    Loading the settings makes the data folder and the keys. The Caddyfile wants to know a site.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MINITWITTER_")}
    kept.pop("DATABASE_URL", None)
    return {**kept, "MINITWITTER_DATA_DIR": str(CACHE / "data"), "SITE_ADDRESS": "tweets.example.org"}


if __name__ == "__main__":
    sys.exit(main())
