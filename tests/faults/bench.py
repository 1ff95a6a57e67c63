"""The place where faults happen: a real server with two workers, its database, and people who use it."""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import psycopg

from tests.faults.client import TIMEOUT, Answer, Client, Unanswered, together
from tests.faults.postgresql import Server, installed
from tests.operating import COMMAND, call, children, environment, free_port

WORKERS = 2
PASSWORD = "correct horse battery"
# An access token is good for ten minutes; a new one is fetched in time.
TOKEN_AGE = 300.0
# Few enough that a fault can take them all.
MAX_CONNECTIONS = 40
Value = TypeVar("Value")


@dataclass
class Instance:
    """A server on a data folder and a port of its own, which faults stop and start again."""

    folder: Path
    database_url: str = ""
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def launch(self) -> None:
        """Start it without waiting. Its log goes on where it was."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*COMMAND, "run", "--port", str(self.port), "--workers", str(WORKERS)],
                cwd=self.folder,
                env=environment(self.folder, **self.variables),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def start(self) -> float:
        """Start it and return the seconds until it was ready. Raises TimeoutError, and OSError when it ended."""
        started = time.monotonic()
        self.launch()
        self.wait_until_ready()
        return time.monotonic() - started

    def wait_until_ready(self, timeout: float = TIMEOUT) -> None:
        """Wait until readiness is 200. Raises TimeoutError, and OSError when the server ended."""
        deadline = time.monotonic() + timeout
        while not self.is_ready():
            if self.process is None or self.process.poll() is not None:
                raise OSError(f"the server ended: {self.log[-1000:]}")
            if time.monotonic() > deadline:
                raise TimeoutError(f"the server was not ready after {timeout} s: {self.log[-1000:]}")
            time.sleep(0.02)

    def is_ready(self) -> bool:
        try:
            return self.once("GET", "/readyz").status == 200
        except Unanswered:
            return False

    def once(self, method: str, path: str, token: str = "", *, timeout: float = TIMEOUT) -> Answer:
        """One request on a connection of its own. Raises Unanswered."""
        return Client(self.port, token, timeout).call(method, path, keep=False)

    def kill(self) -> None:
        """kill -9 of all its processes at once; nothing happens when it does not run."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def stop(self) -> tuple[int, float]:
        """SIGTERM; its exit code and the seconds it took. Raises subprocess.TimeoutExpired."""
        assert self.process is not None
        started = time.monotonic()
        self.process.terminate()
        code = self.process.wait(timeout=60)
        self.process = None
        return code, time.monotonic() - started

    @property
    def variables(self) -> dict[str, str]:
        """Its options. Request limits have tests of their own and would only refuse what these tests want to see."""
        given = {"DATABASE_URL": self.database_url} if self.database_url else {}
        return {"MINITWITTER_LIMITS": "off", **given}

    @property
    def log(self) -> str:
        return (self.folder / "server.log").read_text(encoding="utf-8", errors="replace")

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def workers(self) -> list[int]:
        """The process ids of its children."""
        return children(self.process.pid) if self.process else []

    def run_command(self, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
        """A `minitwitter` command for this instance, in another process."""
        return call(self.folder, *arguments, text=text, **self.variables)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of a statement, by a connection of its own that waits for nobody's lock."""
        if self.database_url:
            with psycopg.connect(self.database_url) as connection:
                return connection.execute(statement.encode()).fetchall()
        with contextlib.closing(sqlite3.connect(self.data / "db.sqlite3")) as connection:
            return connection.execute(statement).fetchall()

    def execute(self, statement: str) -> None:
        """Change something behind the server's back."""
        if self.database_url:
            with psycopg.connect(self.database_url) as connection:
                connection.execute(statement.encode())
            return
        with contextlib.closing(sqlite3.connect(self.data / "db.sqlite3")) as database, database:
            database.execute(statement)


@dataclass
class Person:
    """Somebody who is signed in."""

    username: str
    token: str
    refresh: str
    since: float


@dataclass
class Bench:
    """An instance with its database, for one fault after the other. `short` asks for a run of a second or two."""

    instance: Instance
    postgresql: Server | None = None
    short: bool = False
    say: Callable[[str], None] = lambda _: None
    _people: dict[str, Person] = field(default_factory=dict)
    _serial: int = 0

    @property
    def database(self) -> str:
        return "PostgreSQL" if self.postgresql else "SQLite"

    def repair(self) -> None:
        """Start again what a fault that failed left stopped."""
        if self.postgresql is not None and not self.postgresql.is_running:
            self.postgresql.start()
        process = self.instance.process
        if process is None or process.poll() is not None:
            self.instance.kill()
            self.instance.start()

    def scale(self, short: Value, full: Value) -> Value:
        """The first value in a short run, the second in a full one."""
        return short if self.short else full

    def name(self, prefix: str) -> str:
        """A name that nothing had before."""
        self._serial += 1
        return f"{prefix}{self._serial}"

    def people(self, count: int) -> list[Person]:
        """So many people, the same ones each time, with fresh tokens."""
        names = [f"person{number}" for number in range(count)]
        missing = [name for name in names if name not in self._people]
        old = [name for name in names if name in self._people and self._is_old(self._people[name])]
        if missing:
            for name, person in zip(missing, self.sign_up(missing), strict=True):
                self._people[name] = person
        for name in old:
            self._people[name] = log_in(self.instance.port, name)
        return [self._people[name] for name in names]

    def _is_old(self, person: Person) -> bool:
        return time.monotonic() - person.since > TOKEN_AGE

    def sign_up(self, names: list[str]) -> list[Person]:
        """New accounts, four requests at a time."""
        lanes = together(4, lambda lane: [(name, self._sign_up(name)) for name in names[lane::4]])
        made = dict(pair for lane in lanes for pair in lane)
        return [made[name] for name in names]

    def _sign_up(self, name: str) -> Person:
        fields = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
        answer = Client(self.instance.port).call("POST", "/v1/users/register/", fields, keep=False)
        assert answer.status == 201, answer
        return log_in(self.instance.port, name)

    def client(self, person: Person) -> Client:
        """A new connection of that person."""
        return Client(self.instance.port, person.token)

    def new_database(self) -> str:
        """The address of a new, empty database beside the bench's own; nothing for SQLite."""
        if self.postgresql is None:
            return ""
        name = self.name("spare")
        with psycopg.connect(self.postgresql.url, autocommit=True) as server:
            server.execute(f"CREATE DATABASE {name}".encode())
        return urlsplit(self.postgresql.url)._replace(path=f"/{name}").geturl()


def log_in(port: int, name: str, password: str = PASSWORD) -> Person:
    """Sign somebody in."""
    fields = {"username": name, "password": password}
    answer = Client(port).call("POST", "/v1/users/login/", fields, keep=False)
    assert answer.status == 200, answer
    pair = answer.json()
    return Person(name, pair["access"], pair["refresh"], time.monotonic())


@contextmanager
def bench(database: str, *, short: bool, say: Callable[[str], None] = lambda _: None) -> Iterator[Bench]:
    """A running instance on the database "SQLite" or "PostgreSQL", and nothing left of it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="mt-faults-"))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        server = None
        if database == "PostgreSQL":
            server = stack.enter_context(installed({"max_connections": str(MAX_CONNECTIONS)}))
            server.start()
        instance = Instance(folder, server.url if server else "")
        stack.callback(instance.kill)
        instance.start()
        yield Bench(instance, server, short, say)
