"""The server: what starts, what it says, how it stops, and when it migrates."""

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from minitwitter import setup_code, upgrade, work
from minitwitter.server import sqlite_note
from tests.operating import COMMAND, ROOT, Running, call, environment, free_port, is_alive, running, wait_until

MAKING = "Making the database ..."
UPGRADING = "Bringing the database up to date ..."


@pytest.fixture
def database() -> Iterator[dict[str, str]]:
    """The environment that names a database of the kind this run is about, new and for one test."""
    given = os.environ.get("DATABASE_URL", "")
    if not given.startswith("postgres"):
        yield {}
        return
    name = f"server_{uuid.uuid4().hex}"
    with psycopg.connect(given, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield {"DATABASE_URL": urlsplit(given)._replace(path=f"/{name}").geturl()}
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_new_instance_starts_says_what_to_open_and_stops(tmp_path: Path, database: dict[str, str]) -> None:
    with running(tmp_path, **database) as server:
        assert server.get("/healthz")[0] == 200
        assert server.get("/readyz")[0] == 200
        output = server.output
        workers = server.workers()
        code = server.stop(signal.SIGTERM)

    assert (code, len(workers)) == (0, 2)
    assert output.startswith(MAKING)
    assert f"http://127.0.0.1:{server.port}/v1/docs/" in output
    assert f"http://127.0.0.1:{server.port}/admin/" in output
    assert "-m minitwitter createadmin\n" in output.replace("   (with the same DATABASE_URL)", "")
    assert str(tmp_path / "data") in output
    assert ("PostgreSQL" in output) is bool(database)
    assert not any(is_alive(worker) for worker in workers)
    assert "Traceback" not in server.output
    assert "Unexpected exit" not in server.output


def test_workers_that_are_forked_from_one_process_give_no_request_the_id_of_another(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        problems = [json.loads(server.get("/v1/nothing/")[1]) for _ in range(100)]
    assert len({problem["request_id"] for problem in problems}) == 100


def test_a_code_is_printed_until_there_is_an_administrator(tmp_path: Path, database: dict[str, str]) -> None:
    def printed() -> tuple[bool, bool, bool]:
        with running(tmp_path, **database) as server:
            server.stop(signal.SIGTERM)
            file = tmp_path / "data" / setup_code.FILE
            return "/setup?code=" in server.output, file.exists(), "minitwitter demo" in server.output

    assert printed() == (True, True, True)
    register = "from minitwitter.actions.accounts import register; register("
    fields = "username='ana', email='ana@example.org', password='correct horse battery')"
    made = call(tmp_path, "manage", "shell", "--no-imports", "-c", register + fields, **database)
    assert made.returncode == 0, made.stderr
    assert printed() == (True, True, False)
    promote = "from minitwitter.accounts.models import User; User.objects.update(is_superuser=True, is_active=%s)"
    call(tmp_path, "manage", "shell", "--no-imports", "-c", promote % "False", **database)
    assert printed() == (True, True, False)
    call(tmp_path, "manage", "shell", "--no-imports", "-c", promote % "True", **database)
    assert printed() == (False, False, False)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_ctrl_c_and_a_closed_terminal_stop_everything(tmp_path: Path, number: int) -> None:
    with running(tmp_path, "--data-dir", "my data") as server:
        assert f"createadmin --data-dir '{tmp_path}/my data'\n" in server.output
        workers = server.workers()
        os.killpg(server.process.pid, number)  # As a terminal does: every process gets it.
        code = server.process.wait(timeout=30)

    assert code == 0
    assert not any(is_alive(worker) for worker in workers)
    assert "Unexpected exit" not in server.output


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not tell which signals wait")
def test_a_worker_that_was_suspended_answers_what_came_before_the_signal_and_stops(tmp_path: Path) -> None:
    with running(tmp_path, "--workers", "1", MINITWITTER_TASK_WORKERS="0") as server:
        (worker,) = server.workers()
        os.kill(worker, signal.SIGSTOP)
        # Until then the thread that waits for SIGTERM could still take it.
        wait_until(lambda: _is_suspended(worker), server)
        connections = [socket.create_connection(("127.0.0.1", server.port), timeout=30) for _ in range(8)]
        for connection in connections:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: _is_waiting(worker, signal.SIGTERM), server)
        os.kill(worker, signal.SIGCONT)
        answers = [_first_line(connection) for connection in connections]
        code = server.process.wait(timeout=20)  # Sooner than it kills what does not stop.

    assert answers == ["HTTP/1.1 200 OK"] * 8
    assert code == 0


def _is_suspended(pid: int) -> bool:
    """Whether every thread of the process has stopped."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return all(_linux_status(thread)["State"].startswith("T") for thread in threads)


def _is_waiting(pid: int, number: int) -> bool:
    """Whether the process was sent the signal and has not taken it yet."""
    return bool(int(_linux_status(Path(f"/proc/{pid}"))["ShdPnd"], 16) >> (number - 1) & 1)


def _linux_status(task: Path) -> dict[str, str]:
    """What Linux tells of a process or a thread (proc_pid_status(5))."""
    lines = (task / "status").read_text(encoding="ascii", errors="replace").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _first_line(connection: socket.socket) -> str:
    """Of what the server answers on the connection, which is closed after that."""
    with connection, connection.makefile(encoding="latin-1") as stream:
        return stream.readline().rstrip()


def test_a_killed_supervisor_takes_its_workers_along(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        wait_until(lambda: len(server.task_workers()) == 1, server)
        workers = server.workers() + server.task_workers()
        assert len(workers) == 3
        server.stop(signal.SIGKILL)

        wait_until(lambda: not any(is_alive(worker) for worker in workers))


def test_a_killed_worker_is_replaced(tmp_path: Path) -> None:
    with running(tmp_path, "--workers", "1") as server:
        (before,) = server.workers()
        os.kill(before, signal.SIGKILL)

        wait_until(lambda: server.answers("/healthz"), server)
        assert before not in server.workers()


def test_what_is_deleted_is_purged_in_the_background(tmp_path: Path, database: dict[str, str]) -> None:
    code = (
        "from tests.factories import *; alice = make_user('alice'); tweet = make_tweet(alice, image=jpeg());"
        " tweets.delete_tweet(tweet_id=tweet, editor=alice)"
    )
    media = tmp_path / "data" / "media"
    with running(tmp_path, **database) as server:
        made = call(tmp_path, "manage", "shell", "--no-imports", "-c", code, **database)
        assert (made.returncode, made.stderr) == (0, "")
        wait_until(lambda: not any(path.is_file() for path in media.rglob("*")), server)
        (worker,) = server.task_workers()
        assert server.stop(signal.SIGTERM) == 0
        assert not is_alive(worker)
    assert "Traceback" not in server.output
    assert "background work ended" not in server.output


def test_a_killed_task_worker_is_replaced(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        wait_until(lambda: len(server.task_workers()) == 1, server)
        (before,) = server.task_workers()
        os.kill(before, signal.SIGKILL)

        wait_until(lambda: server.task_workers() not in ([], [before]), server)
        assert "background work ended (SIGKILL); another one starts in 1 s." in server.output
        assert server.answers("/readyz")
        assert server.stop(signal.SIGTERM) == 0


def test_background_work_can_run_apart(tmp_path: Path) -> None:
    with running(tmp_path, MINITWITTER_TASK_WORKERS="0") as server:
        with subprocess.Popen(
            [*COMMAND, "work"], cwd=tmp_path, env=environment(tmp_path), stdout=subprocess.PIPE, text=True
        ) as apart:
            assert apart.stdout is not None
            assert "Background work" in apart.stdout.readline()
            apart.send_signal(signal.SIGTERM)
            apart.wait(timeout=30)
        assert server.task_workers() == []
        assert server.stop(signal.SIGTERM) == 0


def test_a_task_worker_that_dies_at_once_is_replaced_less_and_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(work, "_say", said.append)
    monkeypatch.setattr(work, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(work, "LONGEST_WAIT", 0.04)
    waits: list[float] = []
    workers = work.TaskWorkers(1, launch=lambda: subprocess.Popen([sys.executable, "-c", "raise SystemExit(1)"]))
    monkeypatch.setattr(workers._keepers[0]._stopping, "wait", waits.append)
    workers.start()
    wait_until(lambda: len(said) > 4)
    workers.stop()
    workers.join()
    assert waits[:4] == [0.01, 0.02, 0.04, 0.04]
    assert "ended (exit code 1)" in said[0]


def test_two_servers_do_not_share_a_port(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        result = call(tmp_path, "run", "--port", str(server.port))

    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert f"Port {server.port} on 127.0.0.1 is in use" in result.stderr


def test_the_supervisor_does_not_import_django(tmp_path: Path) -> None:
    code = (
        "import sys; from minitwitter import cli, server; import granian;"
        " server.serve = lambda *_: print(sorted(m for m in sys.modules if m.partition('.')[0] == 'django'));"
        f" cli.main(['run', '--port', '{free_port()}'])"
    )
    for _ in range(2):  # The first start migrates.
        result = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            check=True,
        )
        assert result.stdout.splitlines()[-1] == "[]"


def test_a_second_start_does_not_migrate(tmp_path: Path, database: dict[str, str]) -> None:
    with running(tmp_path, **database) as first:
        first.stop(signal.SIGTERM)
    with running(tmp_path, **database) as second:
        assert second.get("/readyz")[0] == 200
        assert MAKING not in second.output
        assert UPGRADING not in second.output


def test_a_lost_record_and_an_older_database_are_migrated(tmp_path: Path) -> None:
    assert _migrate(tmp_path).startswith(MAKING)
    (tmp_path / "data" / upgrade.RECORD).unlink()
    assert _migrate(tmp_path).startswith(UPGRADING)
    assert _migrate(tmp_path) == ""
    (tmp_path / "data" / upgrade.RECORD).write_text("[]")
    assert _migrate(tmp_path).startswith(UPGRADING)
    with sqlite3.connect(tmp_path / "data" / "db.sqlite3") as connection:
        connection.execute("DROP TABLE django_session")
        connection.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
    connection.close()
    assert "Applying sessions.0001_initial" in _migrate(tmp_path)


def test_a_new_migration_is_applied(tmp_path: Path, database: dict[str, str]) -> None:
    checkout = tmp_path / "checkout"
    shutil.copytree(ROOT / "minitwitter", checkout / "minitwitter", ignore=shutil.ignore_patterns("__pycache__"))
    variables = {**database, "PYTHONPATH": str(checkout)}
    assert _migrate(tmp_path, **variables).startswith(MAKING)
    assert _migrate(tmp_path, **variables) == ""
    migrations = checkout / "minitwitter" / "tweets" / "migrations"
    latest = max(path.stem for path in migrations.glob("0*.py"))
    (migrations / "9999_new.py").write_text(
        "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n"
        f"    dependencies = [('tweets', '{latest}')]\n"
        "    operations = [migrations.RunSQL('CREATE TABLE new (id int)')]\n"
    )

    assert "Applying tweets.9999_new... OK" in _migrate(tmp_path, **variables)
    assert _migrate(tmp_path, **variables) == ""


def test_an_older_versions_entries_are_kept_and_a_newer_ones_are_not(tmp_path: Path, database: dict[str, str]) -> None:
    _manage(tmp_path, "migrate", "timelines", "0002", **database)
    with _opened(tmp_path, database) as connection:
        connection.execute("INSERT INTO timelines_timelineentry VALUES (1, 2, 2, 3), (1, 4, 4, 5)")
    _manage(tmp_path, "migrate", **database)
    with _opened(tmp_path, database) as connection:
        found = connection.execute("SELECT owner_id, entry_id FROM timelines_timelineentry ORDER BY entry_id")
        assert found.fetchall() == [(1, 2), (1, 4)]
        connection.execute("INSERT INTO timelines_timelineentry (owner_id, entry_id) VALUES (1, 6)")
    _manage(tmp_path, "migrate", "timelines", "0002", **database)
    with _opened(tmp_path, database) as connection:  # The older version could not take them out again.
        assert connection.execute("SELECT owner_id FROM timelines_timelineentry").fetchall() == []


def _manage(folder: Path, *arguments: str, **variables: str) -> None:
    command = [*COMMAND, "manage", *arguments]
    subprocess.run(command, cwd=folder, env=environment(folder, **variables), capture_output=True, check=True)


@contextmanager
def _opened(folder: Path, database: dict[str, str]) -> Iterator[Any]:
    """A connection to the database of an instance; what was done is committed."""
    address = database.get("DATABASE_URL")
    connection: Any = psycopg.connect(address) if address else sqlite3.connect(folder / "data" / "db.sqlite3")
    with closing(connection):
        yield connection
        connection.commit()


def test_several_instances_may_start_on_a_new_database_at_once(tmp_path: Path, database: dict[str, str]) -> None:
    outputs: list[str] = []
    # On PostgreSQL each has a data folder of its own, as on several machines.
    folders = [tmp_path / (str(number) if database else "") for number in range(3)]
    for folder in folders:
        folder.mkdir(exist_ok=True)
    starts = [threading.Thread(target=lambda f=folder: outputs.append(_migrate(f, **database))) for folder in folders]
    for start in starts:
        start.start()
    for start in starts:
        start.join()

    assert len(outputs) == 3
    assert sum(MAKING in output for output in outputs) == 1


def _migrate(folder: Path, **variables: str) -> str:
    """What bringing the database up to date prints."""
    code = "from minitwitter import cli, env; cli._prepare(env.load())"
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=environment(folder, **variables),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def test_too_large_headers_are_refused(tmp_path: Path) -> None:
    with running(tmp_path, "--workers", "1") as server:
        assert _status(server, "a" * 20_000) == 200
        assert _status(server, "a" * 100_000) in {400, 431}


def _status(server: Running, header: str) -> int:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("GET", "/healthz", headers={"X-Large": header})
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize(
    ("version", "has_bug"),
    [
        ((3, 6, 23), False),
        ((3, 40, 1), True),
        ((3, 44, 6), False),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
    ],
)
def test_the_wal_reset_bug_of_sqlite_is_told(version: tuple[int, ...], has_bug: bool) -> None:
    assert bool(sqlite_note(version)) is has_bug
    assert "\n" not in sqlite_note(version)
