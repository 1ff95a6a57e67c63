"""The servers that are measured: real ones, with release settings, each on a port of its own."""

import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.dataset import Shape
from benchmarks.processes import cpu_seconds, memory_bytes
from tests.faults.bench import Instance
from tests.faults.postgresql import Server, installed
from tests.operating import ROOT, environment

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
DATABASES = {"sqlite": SQLITE, "postgres": POSTGRESQL}
# An access token is good for ten minutes; new ones are made in time.
TOKEN_AGE = 240.0
BACKGROUND_TIMEOUT = 300.0
UNFINISHED = "SELECT COUNT(*) FROM core_task WHERE finished_at IS NULL"


@dataclass
class Measured(Instance):
    """The product on a data folder and a port of its own, with its database."""

    postgresql: Server | None = None
    options: dict[str, str] = field(default_factory=dict)
    until: datetime = field(default_factory=lambda: datetime.now(UTC))
    _tokens: dict[str, str] = field(default_factory=dict)
    _tokens_made: float = 0.0

    @property
    def variables(self) -> dict[str, str]:
        return {**super().variables, **self.options}

    @property
    def database(self) -> str:
        return POSTGRESQL if self.postgresql else SQLITE

    @property
    def server_pids(self) -> list[int]:
        """The root of the server's processes."""
        return [self.process.pid] if self.process else []

    @property
    def database_pids(self) -> list[int]:
        """The root of the database's processes; none for SQLite."""
        return [self.postgresql.pid] if self.postgresql else []

    def cpu(self) -> tuple[float, float]:
        """The seconds of processor time that the server's and the database's processes have used so far."""
        return cpu_seconds(self.server_pids), cpu_seconds(self.database_pids)

    def memory(self) -> tuple[int, int]:
        """The bytes of memory (PSS) of the server's and of the database's processes."""
        return memory_bytes(self.server_pids), memory_bytes(self.database_pids)

    def populate(self, shape: Shape) -> None:
        """Migrate the database and fill it."""
        self.start()
        self.stop()
        self.until = datetime.now(UTC)
        self.call("benchmarks.populate", "load", given={"shape": asdict(shape), "until": self.until.isoformat()})

    def call(self, module: str, *arguments: str, given: object) -> str:
        """The output of a module that runs in another process with this instance's options."""
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env=environment(self.folder, **self.variables),
            input=json.dumps(given),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return done.stdout

    def tokens(self, names: list[str]) -> list[str]:
        """Access tokens of these people, good for some minutes more."""
        wanted = dict.fromkeys(names)
        if time.monotonic() - self._tokens_made > TOKEN_AGE:
            wanted |= dict.fromkeys(self._tokens)
            self._tokens.clear()
            self._tokens_made = time.monotonic()
        missing = [name for name in wanted if name not in self._tokens]
        if missing:
            self._tokens.update(json.loads(self.call("benchmarks.populate", "tokens", given=missing)))
        return [self._tokens[name] for name in names]

    def finish_background_work(self) -> None:
        """Wait until the queue of tasks is empty. Raises TimeoutError."""
        deadline = time.monotonic() + BACKGROUND_TIMEOUT
        while self.query(UNFINISHED)[0][0]:
            if time.monotonic() > deadline:
                raise TimeoutError(f"background work was not done after {BACKGROUND_TIMEOUT:.0f} s")
            time.sleep(0.05)


@dataclass
class Compared(Instance):
    """The textbook or the empty view, by the server and on the database of a measured instance that is stopped."""

    role: str = "textbook"
    options: dict[str, str] = field(default_factory=dict)

    def launch(self) -> None:
        """Start it without waiting."""
        with (self.folder / f"{self.role}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.baseline", self.role],
                cwd=ROOT,
                env=environment(self.folder, **self.options, MINITWITTER_PORT=str(self.port)),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def log(self) -> str:
        return (self.folder / f"{self.role}.log").read_text(encoding="utf-8", errors="replace")


@contextmanager
def instance(database: str, shape: Shape, **options: str) -> Iterator[Measured]:
    """An instance on that database with the dataset in it, not started, and nothing left of it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="mt-bench-"))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        server = None
        if database == POSTGRESQL:
            server = stack.enter_context(installed({}))
            server.start()
        made = Measured(folder, server.url if server else "", postgresql=server, options=options)
        stack.callback(made.kill)
        made.populate(shape)
        yield made


@contextmanager
def running(started: Instance) -> Iterator[None]:
    """Start the instance, and stop it in the end."""
    try:
        started.start()
        yield
    finally:
        end(started)


def end(started: Instance) -> None:
    """Stop the instance, if it runs, and wait for all its processes: a killed one may hold the port a little longer."""
    try:
        if started.process is not None and started.process.poll() is None:
            started.stop()
    finally:
        started.kill()
