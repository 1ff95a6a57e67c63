"""`make audit`: what it says, and that it never passes without having asked. The service is one of the test's own."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.operating import ROOT, free_port

# The tools are scripts beside each other, no package.
sys.path.append(str(ROOT / "tools"))

import audit as audit_tool

# Some packages have one version for older and one for newer Pythons.
LOCKED = {
    tuple(line.split()[0].split("=="))
    for line in (ROOT / "requirements/run.txt").read_text(encoding="utf-8").splitlines()
    if "==" in line and not line.startswith((" ", "#")) and "win32" not in line
}
NAMES = {name for name, _ in LOCKED}
WEAKNESS = {
    "id": "GHSA-made-up",
    "summary": "Made up.",
    "details": "Made up.",
    "aliases": [],
    "affected": [
        {
            "package": {"name": "pyjwt", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.1"}]}],
        }
    ],
}


class Service(ThreadingHTTPServer):
    """Speaks OSV's protocol: what is known of one version of one package."""

    known: dict[str, list[dict[str, Any]]]
    asked: dict[str, str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1/query"


class _Handler(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = query["package"]["name"]
        self.server.asked[name] = query["version"]
        answer = json.dumps({"vulns": self.server.known.get(name, [])}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  # Its name there.
        """Say nothing."""


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service(("127.0.0.1", 0), _Handler)
    made.known, made.asked = {}, {}
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def audit(url: str, bill: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "tools/audit.py", "--osv-url", url, "--bill", str(bill)],
        cwd=ROOT,
        env={**os.environ, "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_locked_version_is_listed_and_looked_up_and_a_known_weakness_fails(
    service: Service, tmp_path: Path
) -> None:
    service.known["pyjwt"] = [WEAKNESS]
    result = audit(service.url, tmp_path / "bill.json")
    assert set(service.asked) == NAMES
    assert set(service.asked.items()) <= LOCKED
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        f"WEAK: pyjwt {service.asked['pyjwt']}: GHSA-made-up (fixed in 99.1)",
        "Raise these in pyproject.toml, then `make lock` and `make test`.",
    ]
    bill = json.loads((tmp_path / "bill.json").read_text(encoding="utf-8"))
    assert bill["bomFormat"] == "CycloneDX"
    listed = {(component["name"], component["version"]) for component in bill["components"]}
    assert listed >= LOCKED


def test_a_service_that_is_away_is_no_pass(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}/v1/query"
    result = audit(url, tmp_path / "bill.json")
    assert result.returncode == 3
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"NOT CHECKED: {url} could not be asked (")
    assert line.endswith("Run this where it can be reached, or name a service that can be with --osv-url.")


GOOD: dict[str, Any] = {"name": "a", "version": "1", "vulns": []}


def test_packages_of_which_nothing_is_known_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert audit_tool.report([GOOD, GOOD]) == 0
    assert capsys.readouterr() == ("2 packages looked up: nothing is known against them.\n", "")


def test_packages_that_the_service_skipped_are_no_pass(capsys: pytest.CaptureFixture[str]) -> None:
    """The Python Package Index answers so for what it does not know, and pip-audit passes it."""
    assert audit_tool.report([GOOD, {"name": "b", "skip_reason": "Dependency not found"}]) == 3
    assert capsys.readouterr().err == (
        "NOT CHECKED: the service knew nothing of 1 of 2 packages, such as b. It may be a mirror without that"
        " knowledge: name another with --osv-url.\n"
    )
