"""tools/bootstrap.py: what keeps `make` from starting is said in one sentence."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# pip's own settings may name a registry; here there is none, and no waiting for it.
NO_REGISTRY = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": ""}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in a folder with a space in its name."""
    folder = tmp_path / "a check out"
    for part in ("tools", "requirements"):
        shutil.copytree(ROOT / part, folder / part)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def bootstrap(
    checkout: Path, *, kind: str = "run", before: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run it with nothing on PATH but the system's own programs; `before` is Python that runs first."""
    script = checkout / "tools" / "bootstrap.py"
    code = f"import runpy, sys; sys.argv = [{str(script)!r}, {kind!r}, '/bin/true']\n{before}\n"
    code += f"runpy.run_path({str(script)!r}, run_name='__main__')"
    return subprocess.run(
        [sys.executable, "-I", "-c", code],
        cwd=checkout,
        env={"PATH": "/usr/bin:/bin", "HOME": str(checkout), **NO_REGISTRY, **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def assert_one_sentence(result: subprocess.CompletedProcess[str], telling: str) -> None:
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1, result.stderr
    assert telling in result.stderr


def test_a_too_old_python_is_refused(checkout: Path) -> None:
    result = bootstrap(checkout, before="sys.version_info = (3, 10, 13)")

    assert_one_sentence(result, "Mini Twitter needs Python 3.11 or newer")
    assert not (checkout / ".venv").exists()


def test_python_3_6_can_read_it() -> None:
    import ast

    ast.parse((ROOT / "tools" / "bootstrap.py").read_text(encoding="utf-8"), feature_version=(3, 6))


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_missing_module_is_said_with_what_to_install(checkout: Path, module: str) -> None:
    missing = (
        "import importlib.util as u; find = u.find_spec\n"
        f"u.find_spec = lambda name, *rest: None if name == {module!r} else find(name, *rest)"
    )
    result = bootstrap(checkout, before=missing)

    assert_one_sentence(result, "`apt install python3-venv`")
    assert not (checkout / ".venv").exists()


def test_an_unreachable_registry_is_said(checkout: Path) -> None:
    result = bootstrap(checkout)

    assert_one_sentence(result, "The packages could not be installed: see that this machine reaches")
    assert (checkout / ".venv" / "install.log").stat().st_size > 0
    assert (checkout / ".venv" / "minitwitter-stamp.txt").read_text() == "unfinished"


def test_an_environment_that_cannot_be_made_is_said(checkout: Path) -> None:
    (checkout / ".venv").symlink_to(checkout / "nowhere" / "there")

    result = bootstrap(checkout)

    assert_one_sentence(result, "cannot be made")


def finished(checkout: Path, kind: str) -> None:
    """Make `.venv` look as a finished installation leaves it."""
    code = (
        "import sys, runpy; names = runpy.run_path(sys.argv[1]);"
        " names['VENV_PYTHON'].parent.mkdir(parents=True); names['VENV_PYTHON'].touch();"
        " names['STAMP'].write_text(names['stamp'](sys.argv[2]))"
    )
    script = checkout / "tools" / "bootstrap.py"
    subprocess.run([sys.executable, "-I", "-c", code, str(script), kind], check=True)


@pytest.mark.parametrize("kind", ["run", "dev", "bench"])
def test_a_finished_environment_is_used_at_once(checkout: Path, kind: str) -> None:
    finished(checkout, kind)

    result = bootstrap(checkout)

    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.parametrize(("kind", "there"), [("dev", "run"), ("bench", "run"), ("bench", "dev")])
def test_an_environment_that_holds_less_is_not_enough(checkout: Path, kind: str, there: str) -> None:
    finished(checkout, there)

    result = bootstrap(checkout, kind=kind)

    assert f"Installing the packages locked in requirements/{kind}.txt" in result.stdout
    assert_one_sentence(result, "")


def test_developers_use_the_environment_of_benchmarks(checkout: Path) -> None:
    finished(checkout, "bench")

    result = bootstrap(checkout, kind="dev")

    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_changed_requirements_are_installed_again(checkout: Path) -> None:
    finished(checkout, "run")
    with (checkout / "requirements" / "run.txt").open("a") as file:
        file.write("# changed\n")

    result = bootstrap(checkout)

    assert "Making .venv" in result.stdout or "Installing" in result.stdout
    assert_one_sentence(result, "")


def test_an_interrupted_installation_is_made_from_scratch(checkout: Path) -> None:
    finished(checkout, "run")
    (checkout / ".venv" / "minitwitter-stamp.txt").write_text("unfinished")
    (checkout / ".venv" / "half").touch()

    result = bootstrap(checkout)

    assert result.stdout.startswith("Making .venv with Python")
    assert not (checkout / ".venv" / "half").exists()
