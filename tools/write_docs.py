"""Write what is derived from the code: openapi.yaml and docs/configuration.md.

python tools/write_docs.py           write both
python tools/write_docs.py --check   change nothing; exit code 1 when a file differs from what would be written
"""

import argparse
import difflib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from minitwitter.env import OPTIONS
from minitwitter.option import Option

ROOT = Path(__file__).resolve().parent.parent
CONFIGURATION = ROOT / "docs" / "configuration.md"
OPENAPI = ROOT / "openapi.yaml"
INTRODUCTION = """\
# Configuration

Every option is an environment variable. `make run` and `minitwitter run` read the same ones, and so do `minitwitter
createadmin` and `minitwitter manage`: give all of them the same environment. All have a default, so none has to be set.
A variable that is set but empty counts as not set.

The first five are also options of the command line, which go before the environment: `minitwitter run --port 8001`.
A value that cannot be used, and a variable that begins with `MINITWITTER_` but is not listed here, keep the server from
starting, and the message says which. A changed option takes effect when the server is started again.

This page is written by `make docs` from `minitwitter/env.py`.

| variable | default | what it does |
|---|---|---|
"""


def main() -> int:
    """Write or check the derived files and return the exit code."""
    parser = argparse.ArgumentParser(description="Write openapi.yaml and docs/configuration.md from the code.")
    parser.add_argument("--check", action="store_true", help="change nothing, and fail when a file is out of date")
    parser.add_argument("--only", choices=("openapi", "configuration"), help="one of the two")
    parsed = parser.parse_args()
    writers = {"openapi": (OPENAPI, openapi), "configuration": (CONFIGURATION, configuration)}
    for name, (path, render) in writers.items():
        if parsed.only not in {None, name}:
            continue
        text = render()
        if parsed.check and not is_current(path, text):
            return 1
        if not parsed.check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"Wrote {path.relative_to(ROOT)}.")
    return 0


def is_current(path: Path, text: str) -> bool:
    """Whether the file holds the text; says what differs where not."""
    found = path.read_text(encoding="utf-8") if path.exists() else ""
    name = str(path.relative_to(ROOT))
    changes = difflib.unified_diff(
        found.splitlines(), text.splitlines(), f"{name} (in the checkout)", f"{name} (from the code)", lineterm=""
    )
    if shown := list(changes):
        print("\n".join(shown[:40]))
        print(f"{name} is not what the code says: run `make docs` and commit the result.")
    return not shown


def configuration() -> str:
    """docs/configuration.md."""
    return INTRODUCTION + "".join(row(option) for option in OPTIONS.values())


def row(option: Option) -> str:
    """One line of the table."""
    default = f"`{option.default}`" if option.default else "not set"
    return f"| `{option.variable}` | {default} | {option.why.replace('|', chr(92) + '|')} |\n"


def openapi() -> str:
    """openapi.yaml, as the running server would describe itself with default options."""
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / "openapi.yaml"
        # The options of whoever runs this must not get into the description.
        environ = {name: value for name, value in os.environ.items() if not name.startswith("MINITWITTER_")}
        environ.pop("DATABASE_URL", None)
        command = [sys.executable, "-m", "minitwitter", "manage", "spectacular", "--validate", "--fail-on-warn"]
        subprocess.run(
            [*command, "--file", str(draft)],
            cwd=ROOT,
            env={**environ, "MINITWITTER_DATA_DIR": str(Path(folder) / "data")},
            check=True,
        )
        return draft.read_text(encoding="utf-8")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(f"The description of the API could not be made (exit code {error.returncode}): see above.")
