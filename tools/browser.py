"""What needs a real browser: the end-to-end tests of the web client, and the screenshots of the README.

    python tools/browser.py e2e [PYTEST ARGUMENT ...]
    python tools/browser.py screenshots

The browser is the machine's own Chromium or Chrome (E2E_BROWSER names another). Where there is none, root on a machine
with apt gets it installed; anybody else is told how. In continuous integration (CI=true) it has to be there.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


def main() -> int:
    """Do what the command line asks for and return the exit code."""
    what, *arguments = sys.argv[1:] or ["e2e"]
    browser = find() or install()
    if not browser:
        return missing()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MINITWITTER_")}
    environment |= {"E2E_BROWSER": browser}
    environment.pop("DATABASE_URL", None)
    command = ["-m", "pytest", "-n", "2", "tests/e2e", *arguments] if what == "e2e" else ["-m", "tests.e2e.screenshots"]
    return subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, check=False).returncode


def find() -> str:
    """The browser of this machine, or nothing."""
    given = os.environ.get("E2E_BROWSER", "")
    found = next(filter(None, map(shutil.which, NAMES)), "") or (MAC if Path(MAC).exists() else "")
    return given or found


def install() -> str:
    """Chromium from the system's own packages, if this user may install them."""
    if os.geteuid() or not shutil.which("apt-get"):
        return ""
    print("There is no Chromium on this machine: installing it (a minute) ...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            print(done.stderr.strip().splitlines()[-1:] or "", file=sys.stderr)
            return ""
    return find()


def missing() -> int:
    """Say what to do. A failure where the tests have to run."""
    print(
        "The browser tests did not run: install Chromium or Chrome, or name one with E2E_BROWSER=/path/to/it.",
        file=sys.stderr,
    )
    return 1 if os.environ.get("CI") else 0


if __name__ == "__main__":
    sys.exit(main())
