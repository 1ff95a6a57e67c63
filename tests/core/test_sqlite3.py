"""Whose turn it is to write, on SQLite: in a process, among processes, and when something fails."""

import contextlib
import math
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError, connections
from django.db.backends.sqlite3.base import DatabaseWrapper as DjangoWrapper
from django.db.backends.sqlite3.base import SQLiteCursorWrapper as DjangoCursor
from pytest_django import DjangoDbBlocker

from minitwitter.core import database
from minitwitter.core.sqlite3 import base, cursor
from minitwitter.core.sqlite3.base import DatabaseWrapper
from minitwitter.core.sqlite3.cursor import PAUSE
from minitwitter.settings import OPTIONS

TIMEOUT = 0.05


@pytest.fixture
def open_one(tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator["Opener"]:
    with django_db_blocker.unblock(), contextlib.closing(Opener(tmp_path)) as opener:
        yield opener


class Opener:
    """Connections to one new database file, as the threads of a process have them."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "db.sqlite3"
        self._opened: list[DatabaseWrapper] = []

    def __call__(self, timeout: float = TIMEOUT) -> DatabaseWrapper:
        embedded = database.configure(replace(OPTIONS, database_url=""))
        settings = {**connections.settings["default"], **embedded, "NAME": self.path}
        settings["OPTIONS"] = {**settings["OPTIONS"], "timeout": timeout}
        made = DatabaseWrapper(settings, "other")
        made.inc_thread_sharing()
        made.ensure_connection()
        self._opened.append(made)
        return made

    def close(self) -> None:
        for connection in self._opened:
            connection.close()


def begin(connection: DatabaseWrapper) -> None:
    connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)


def assert_free(open_one: Opener) -> None:
    """Another thread may begin at once, and so may another process."""
    assert not base._turns.is_taken
    with contextlib.closing(sqlite3.connect(open_one.path, timeout=0, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")


def test_a_thread_that_waits_too_long_for_another_is_refused(open_one: Opener) -> None:
    first, second = open_one(), open_one()
    begin(first)
    started = time.monotonic()
    with pytest.raises(OperationalError, match="database is locked"):
        begin(second)
    assert TIMEOUT <= time.monotonic() - started < 5
    first.rollback()
    assert_free(open_one)


def test_a_thread_that_waits_too_long_for_another_process_is_refused(open_one: Opener) -> None:
    connection = open_one()
    with contextlib.closing(sqlite3.connect(open_one.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="database is locked"):
            begin(connection)
    assert_free(open_one)
    begin(connection)
    assert base._turns.is_taken


def test_the_next_begins_when_the_one_before_it_has_ended(open_one: Opener) -> None:
    first, second = open_one(), open_one(timeout=60)
    begin(first)
    thread = threading.Thread(target=begin, args=(second,))
    thread.start()
    first.commit()
    thread.join()
    assert second.connection.in_transaction
    second.commit()
    assert_free(open_one)


def test_another_process_is_waited_for(open_one: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = open_one(timeout=60)
    pauses = []
    with contextlib.closing(sqlite3.connect(open_one.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        def pause(seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 3:
                other.execute("COMMIT")

        monkeypatch.setattr(base, "time", SimpleNamespace(monotonic=time.monotonic, sleep=pause))
        begin(connection)
    assert connection.connection.in_transaction
    assert pauses == [PAUSE] * 3


def test_a_statement_outside_of_a_transaction_waits_for_another_process_too(
    open_one: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = open_one()
    pauses: list[float] = []
    with contextlib.closing(sqlite3.connect(open_one.path, isolation_level=None)) as other:
        other.execute("CREATE TABLE t (x)")
        other.execute("BEGIN IMMEDIATE")

        def pause(seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 3:
                other.execute("COMMIT")

        monkeypatch.setattr(cursor, "time", SimpleNamespace(monotonic=time.monotonic, sleep=pause))
        with connection.cursor() as writing:
            writing.execute("INSERT INTO t VALUES (%s)", [1])
        assert other.execute("SELECT x FROM t").fetchall() == [(1,)]
        assert pauses == [PAUSE] * 3


def test_a_statement_outside_of_a_transaction_is_refused_when_its_time_is_up(open_one: Opener) -> None:
    connection = open_one()
    with contextlib.closing(sqlite3.connect(open_one.path, isolation_level=None)) as other:
        other.execute("CREATE TABLE t (x)")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="database is locked"), connection.cursor() as writing:
            writing.execute("INSERT INTO t VALUES (1)")
        other.execute("COMMIT")
        assert other.execute("SELECT x FROM t").fetchall() == []


def test_a_writer_can_collect_what_a_waiting_connection_has_forgotten(
    open_one: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To finalize a statement takes its connection's lock: nobody may wait for the writer while holding that."""
    writing, waiting = open_one(), open_one(timeout=60)
    with writing.cursor() as creating:
        creating.execute("CREATE TABLE t (x)")
    forgotten = [waiting.connection.execute("SELECT 1 UNION SELECT 2")]
    waits, collected = threading.Event(), threading.Event()

    def pause(_: float) -> None:
        waits.set()
        collected.wait()

    monkeypatch.setattr(cursor, "time", SimpleNamespace(monotonic=time.monotonic, sleep=pause))

    def write() -> None:
        with waiting.cursor() as inserting:
            inserting.execute("INSERT INTO t VALUES (1)")

    begin(writing)
    thread = threading.Thread(target=write)
    thread.start()
    assert waits.wait(10)
    forgotten.clear()
    collected.set()
    writing.commit()
    writing.set_autocommit(True)
    thread.join()
    with writing.cursor() as reading:
        assert reading.execute("SELECT x FROM t").fetchall() == [(1,)]


@pytest.fixture
def swallow(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """Has the driver take a refusal for success, once, for a statement that begins so; returns what is executed."""

    def install(start: str) -> list[str]:
        executed: list[str] = []
        execute = DjangoCursor.execute

        def lossy(self: DjangoCursor, query: str, params: Any = None) -> Any:
            executed.append(query)
            if query.startswith(start) and executed.count(query) == 1:
                return sqlite3.Cursor.execute(self, "DELETE FROM t WHERE 0") if start != "BEGIN" else self
            return execute(self, query, params)

        monkeypatch.setattr(DjangoCursor, "execute", lossy)
        return executed

    return install


def test_a_refusal_that_gets_lost_loses_no_write(open_one: Opener, swallow: Callable[[str], list[str]]) -> None:
    """As when a half-read cursor of the connection is collected in another thread at that very moment."""
    connection = open_one()
    with connection.cursor() as writing:
        writing.execute("CREATE TABLE t (x)")
        executed = swallow("INSERT")
        writing.execute("INSERT INTO t VALUES (1)")
        writing.execute("UPDATE t SET x = 2 WHERE x = 1")
        writing.execute("UPDATE t SET x = 2 WHERE x = 1")
    assert connection.connection.execute("SELECT x FROM t").fetchall() == [(2,)]
    insert, update = "INSERT INTO t VALUES (1)", "UPDATE t SET x = 2 WHERE x = 1"
    assert executed == [insert, insert, update, update, update]


def test_an_insert_that_returns_is_made_once(open_one: Opener) -> None:
    with open_one().cursor() as writing:
        writing.execute("CREATE TABLE t (x)")
        assert writing.execute("INSERT INTO t VALUES (1) RETURNING x").fetchall() == [(1,)]
        assert writing.execute("SELECT x FROM t").fetchall() == [(1,)]


def test_a_compiled_change_whose_refusal_gets_lost_is_made(open_one: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = open_one()
    connection.connection.execute("CREATE TABLE t (x)")
    execute, executed = connection._execute, []

    def lossy(sql: str, given: Sequence[Any]) -> Any:
        executed.append(sql)
        return execute(sql, given) if len(executed) > 1 else SimpleNamespace(rowcount=0)

    monkeypatch.setattr(connection, "_execute", lossy)
    insert, delete = "INSERT INTO t VALUES (%s)", "DELETE FROM t WHERE x = %s"
    assert connection.change(insert, [1]) == 1
    assert connection.connection.execute("SELECT x FROM t").fetchall() == [(1,)]
    assert connection.change(delete, [2]) == 0
    assert executed == [insert, insert, delete, delete]


def test_a_transaction_begins_though_its_refusal_gets_lost(
    open_one: Opener, swallow: Callable[[str], list[str]]
) -> None:
    connection = open_one()
    swallow("BEGIN")
    begin(connection)
    assert connection.connection.in_transaction
    connection.rollback()
    assert_free(open_one)


@pytest.mark.parametrize("end", ["commit", "rollback", "close"])
def test_a_transaction_that_ends_gives_up_its_turn_once(open_one: Opener, end: str) -> None:
    connection, other = open_one(), open_one()
    begin(connection)
    getattr(connection, end)()
    assert_free(open_one)
    begin(other)
    connection.close()
    assert base._turns.is_taken  # By the other one.


def test_while_another_process_blocks_writers_some_threads_are_kept_for_readers(
    open_one: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that may wait go on waiting, and those beyond them are refused long before their time is up."""
    monkeypatch.setattr(base, "most_waiting", 2)
    monkeypatch.setattr(base, "BLOCKED_AFTER", TIMEOUT)
    monkeypatch.setattr(base, "SLICE", 0.001)
    refused: list[str] = []
    writers = [open_one(timeout=60) for _ in range(5)]

    def write(connection: DatabaseWrapper) -> None:
        try:
            begin(connection)
        except OperationalError as error:
            refused.append(str(error))
        else:
            connection.commit()
            connection.set_autocommit(True)

    threads = [threading.Thread(target=write, args=(connection,)) for connection in writers]
    with contextlib.closing(sqlite3.connect(open_one.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for thread in threads:
            thread.start()
        while len(refused) < 3:
            time.sleep(0.001)
        with pytest.raises(OperationalError):
            begin(writers[next(number for number, thread in enumerate(threads) if not thread.is_alive())])
        other.execute("COMMIT")
    for thread in threads:
        thread.join()
    assert refused == ["database is locked"] * 3
    assert_free(open_one)


@pytest.mark.parametrize(
    ("blocked_for", "found_before", "waiting", "hopeless"),
    [
        (0.74, 0.01, 9, False),
        (0.76, 0.01, 6, False),
        (0.76, 0.01, 7, True),
        (-math.inf, math.inf, 9, False),
        # Nobody has looked for a while: it may be over by now.
        (0.76, 0.11, 9, False),
    ],
)
def test_as_many_as_may_go_on_waiting_do(
    monkeypatch: pytest.MonkeyPatch, blocked_for: float, found_before: float, waiting: int, hopeless: bool
) -> None:
    monkeypatch.setattr(base._State, "blocked_at", 1000 - found_before)
    monkeypatch.setattr(base, "most_waiting", 6)
    monkeypatch.setattr(base._State, "waiting", [None] * waiting)
    monkeypatch.setattr(base._State, "blocked_since", 1000 - blocked_for)
    assert base._State.is_hopeless(1000.0) is hopeless


def test_a_block_that_is_over_does_not_count_for_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "most_waiting", 6)
    monkeypatch.setattr(base._State, "waiting", [None] * 9)
    monkeypatch.setattr(base._State, "blocked_since", math.inf)
    monkeypatch.setattr(base._State, "blocked_at", -math.inf)
    for moment in (1000.0, 1000.09, 1000.18):
        base._State.found_blocked(moment)
    assert base._State.blocked_since == 1000.0
    base._State.found_blocked(1010.0)
    assert (base._State.blocked_since, base._State.is_hopeless(1010.7)) == (1010.0, False)


def test_a_commit_that_fails_keeps_the_turn_for_the_rollback(open_one: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: DjangoWrapper) -> None:
        raise OperationalError("disk I/O error")

    connection = open_one()
    begin(connection)
    with monkeypatch.context() as patch:
        patch.setattr(DjangoWrapper, "_commit", fail)
        with pytest.raises(OperationalError):
            connection.commit()
    assert base._turns.is_taken
    connection.rollback()
    assert_free(open_one)


def test_a_request_waits_less_than_background_work(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = connections.settings["default"]
    monkeypatch.setitem(settings, "OPTIONS", dict(settings["OPTIONS"]))
    before = settings["OPTIONS"].get("timeout")
    monkeypatch.setattr(base, "most_waiting", base.most_waiting)
    database.wait_briefly(threads=8)
    is_sqlite = connections["default"].vendor == "sqlite"
    assert (before, settings["OPTIONS"].get("timeout")) == ((5.0, 1.5) if is_sqlite else (None, None))
    assert base.most_waiting == (6 if is_sqlite else math.inf)
