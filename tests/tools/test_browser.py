"""`make e2e` on machines without a browser: it installs one where it may, asks nothing, never looks like success."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.operating import ROOT

# The tools are scripts beside each other, no package.
sys.path.append(str(ROOT / "tools"))

import browser as browser_tool
import run_tests

CHROMIUM = '#!/bin/sh\necho "Chromium 1.0"\n'
# Writes down what it was asked, by whom, and what it could read; then it does what the test wants.
APT = """#!/bin/sh
echo "$* $DEBIAN_FRONTEND [$(cat)]" >> "{log}"
{then}
"""


def program(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder where programs are found, besides those of a shell."""
    (tmp_path / "bin").mkdir()
    for name in ("sh", "cat", "cp", "chmod"):
        source = next(path for each in ("/bin", "/usr/bin") if (path := Path(each, name)).exists())
        (tmp_path / "bin" / name).symlink_to(source)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("E2E_BROWSER", "")
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(browser_tool, "MAC", str(tmp_path / "no-mac"))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(sys, "argv", ["browser.py", "e2e"])
    monkeypatch.setattr(browser_tool, "end_to_end", lambda _: pytest.fail("the tests ran"))
    return tmp_path


def apt(folder: Path, then: str) -> Path:
    log = folder / "asked.txt"
    program(folder / "bin" / "apt-get", APT.format(log=log, then=then))
    return log


OPTIONS = "-q -y -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold"
ASKED = [
    f"{OPTIONS} update noninteractive []",
    f"{OPTIONS} install --no-install-recommends chromium noninteractive []",
]


def test_root_gets_one_installed_without_a_question(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(folder / "downloaded", CHROMIUM)
    log = apt(folder, f'[ "$9" = update ] || cp "{folder}/downloaded" "{folder}/bin/chromium"')
    monkeypatch.setattr(browser_tool, "end_to_end", lambda _: 0)
    assert browser_tool.main() == 0
    assert os.environ["E2E_BROWSER"] == str(folder / "bin" / "chromium")
    assert log.read_text(encoding="utf-8").splitlines() == ASKED
    # The second time nothing is installed.
    monkeypatch.setenv("E2E_BROWSER", "")
    assert browser_tool.main() == 0
    assert log.read_text(encoding="utf-8").splitlines() == ASKED


def test_an_installation_that_fails_is_told(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log = apt(folder, 'echo "E: no such package" >&2; [ "$9" = update ]')
    assert browser_tool.main() == browser_tool.NO_BROWSER
    assert log.read_text(encoding="utf-8").splitlines() == ASKED
    said = capfd.readouterr().err
    assert "E: no such package" in said
    assert "NOT RUN, nothing was tested: `apt-get install --no-install-recommends chromium` failed" in said
    assert "E2E_BROWSER=/path/to/it" in said


def test_what_only_says_where_to_get_a_browser_is_none(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    program(folder / "bin" / "chromium-browser", '#!/bin/sh\necho "requires the chromium snap" >&2\nexit 1\n')
    apt(folder, "")
    assert browser_tool.main() == browser_tool.NO_BROWSER
    assert "what apt installed does not start" in capfd.readouterr().err


def test_who_is_not_root_is_told_how(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    log = apt(folder, "")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert browser_tool.main() == browser_tool.NO_BROWSER
    assert "only root may install it" in capfd.readouterr().err
    assert not log.exists()


def test_a_system_without_apt_is_told_how(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert browser_tool.main() == browser_tool.NO_BROWSER
    assert "NOT RUN, nothing was tested: there is no browser on this machine" in capfd.readouterr().err


def test_a_browser_that_does_not_start_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("E2E_BROWSER", "/no/where")
    assert browser_tool.main() == browser_tool.NO_BROWSER
    assert "E2E_BROWSER is '/no/where', but that does not start" in capfd.readouterr().err


def test_skipping_is_loud_and_on_purpose(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("E2E_BROWSER", "none")
    assert browser_tool.main() == 0
    assert "SKIPPED, nothing was tested: E2E_BROWSER=none" in capfd.readouterr().err


def test_the_screenshots_need_one_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["browser.py", "screenshots"])
    assert browser_tool.main() == browser_tool.NO_BROWSER


@pytest.mark.parametrize(
    ("arguments", "runs"),
    [
        ([], [("sqlite", ["-n", "2", "tests/e2e"]), ("postgres", ["-n", "2", *browser_tool.POSTGRES_TOO])]),
        (["-k", "like"], [("sqlite", ["-n", "2", "tests/e2e", "-k", "like"])]),
        (["--only", "postgres", "-n", "0"], [("postgres", ["tests/e2e", "-n", "0"])]),
        (["tests/e2e/test_back.py"], [("sqlite", ["-n", "2", "tests/e2e/test_back.py"])]),
    ],
)
def test_each_database_runs_what_it_should(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], runs: list[tuple[str, list[str]]]
) -> None:
    done: list[tuple[str, list[str]]] = []

    def run(database: str, chosen: list[str], _: float) -> run_tests.Outcome:
        done.append((database, chosen))
        return run_tests.Outcome(database, passed=1)

    monkeypatch.setattr(run_tests, "run", run)
    assert browser_tool.end_to_end(arguments) == 0
    assert done == runs


def test_the_files_that_run_on_both_databases_are_there() -> None:
    assert all((ROOT / path).exists() for path in browser_tool.POSTGRES_TOO)


def test_make_fails_without_a_browser(tmp_path: Path) -> None:
    environment = {"PATH": str(tmp_path), "E2E_BROWSER": "/no/where"}
    command = [sys.executable, str(ROOT / "tools" / "browser.py"), "e2e"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == browser_tool.NO_BROWSER
    assert done.stdout == ""
