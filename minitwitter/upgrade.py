"""Bring the database up to date before anything is served; know without Django when nothing is to do.

Importing Django costs the supervisor memory for as long as it lives, and every start half a second. So migrations are
applied in a child process (this module, run by name), which then writes a record into the data folder: the migration
files it found, and the rows of the table `django_migrations`. While the same files are there, and the table has those
rows, a migration would find nothing to do. In any other case, and when in doubt, the child runs.
"""

import fcntl
import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from minitwitter.core.database import BUSY_TIMEOUT, configure
from minitwitter.env import ConfigurationError, Options

if TYPE_CHECKING:
    import psycopg

RECORD = "migrations.json"
LOCK = "migrations.lock"
DEFAULT_SETTINGS = "minitwitter.settings"
SETTINGS = Path(__file__).with_name("settings.py")
# Any number that no other program takes for its advisory lock; this one is "minitwit" in ASCII.
ADVISORY_LOCK = int.from_bytes(b"minitwit")
# A migration that waits for a busy table makes every request behind it wait, so it gives up after this many seconds.
LOCK_TIMEOUT = 10
POLL_INTERVAL = 0.2
# What Django's settings for PostgreSQL hold beside libpq's own parameters.
_NOT_FOR_LIBPQ = {"pool", "server_side_binding", "prepare_threshold", "assume_role", "isolation_level"}


def apply(options: Options) -> None:
    """Apply the migrations that are missing, if any.

    Several instances may do this at once: one works, the others wait. Raises ConfigurationError when the database
    cannot be used, SystemExit when a migration failed (the child has said why).
    """
    record = options.data_dir / RECORD
    if is_current(record, applied_migrations(options)):
        return
    with _one_at_a_time(options.data_dir / LOCK) as lock, _advisory_lock(configure(options)):
        applied = applied_migrations(options)
        if not is_current(record, applied):
            _run_child(lock, verbose=bool(applied))


def applied_migrations(options: Options) -> frozenset[str]:
    """The migrations the database says were applied, as "app.name"; none when it is new. Creates nothing.

    Raises ConfigurationError when the database cannot be reached, or is of a kind this server does not know.
    """
    settings = configure(options)
    if settings["ENGINE"].endswith("sqlite3"):
        return _applied_in_sqlite(settings["NAME"], options.data_dir)
    if settings["ENGINE"].endswith("postgresql"):
        return _applied_in_postgresql(settings)
    raise ConfigurationError("DATABASE_URL must begin with postgres:// or with sqlite://.")


def _applied_in_sqlite(name: str | Path, data_dir: Path) -> frozenset[str]:
    if str(name) == ":memory:":
        raise ConfigurationError("DATABASE_URL names a database in memory, which processes cannot share: name a file.")
    path = Path(name).absolute()
    _require_usable(path, data_dir)
    if not path.exists():
        return frozenset()
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT)) as connection:
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'django_migrations'").fetchone():
                return frozenset()
            return _names(connection.execute("SELECT app, name FROM django_migrations"))
    except sqlite3.Error as error:
        raise ConfigurationError(
            f"The database file {path} cannot be used ({error}): restore it from a backup, or name another database."
        ) from None


def _require_usable(path: Path, data_dir: Path) -> None:
    # The data folder is made later, and any other must be there.
    if not path.parent.is_dir() and path.parent != data_dir:
        raise ConfigurationError(
            f"The folder of the database file {path} is missing: make it, or correct DATABASE_URL."
        )
    if path.is_dir():
        raise ConfigurationError(f"The database file {path} is a folder: name a file in DATABASE_URL.")
    # SQLite writes beside the file, too.
    if not all(os.access(place, os.W_OK) for place in (path.parent, path) if place.exists()):
        raise ConfigurationError(f"The database file {path} cannot be written: give this user write access to it.")


def _applied_in_postgresql(settings: dict[str, Any]) -> frozenset[str]:
    with _connect(settings) as connection:
        row = connection.execute("SELECT to_regclass('django_migrations')").fetchone()
        if row is None or row[0] is None:
            return frozenset()
        return _names(connection.execute("SELECT app, name FROM django_migrations"))


def has_accounts(options: Options) -> bool:
    """Whether the database, which is up to date, has any account."""
    return _finds(options, "SELECT 1 FROM accounts_user LIMIT 1")


def has_administrator(options: Options) -> bool:
    """Whether the database, which is up to date, has an administrator who may log in."""
    return _finds(options, "SELECT 1 FROM accounts_user WHERE is_superuser AND is_active LIMIT 1")


def _finds(options: Options, query: str) -> bool:
    settings = configure(options)
    if settings["ENGINE"].endswith("sqlite3"):
        with closing(sqlite3.connect(settings["NAME"], timeout=BUSY_TIMEOUT)) as connection:
            return connection.execute(query).fetchone() is not None
    with _connect(settings) as server:
        return server.execute(query).fetchone() is not None


def _names(rows: Any) -> frozenset[str]:
    return frozenset(f"{app}.{name}" for app, name in rows)


def _connect(settings: dict[str, Any]) -> "psycopg.Connection":
    import psycopg

    options = {name: value for name, value in settings["OPTIONS"].items() if name not in _NOT_FOR_LIBPQ}
    place = {name: settings.get(name.upper()) for name in ("user", "password", "host", "port")}
    parameters = {**options, "dbname": settings["NAME"], **{name: value for name, value in place.items() if value}}
    try:
        return psycopg.connect(autocommit=True, **parameters)
    except psycopg.Error as error:
        raise ConfigurationError(
            f"The database {_place(settings)} cannot be reached ({_reason(error)}): start it, or correct DATABASE_URL."
        ) from None


def _place(settings: dict[str, Any]) -> str:
    """Names the database without its password."""
    host, port = settings.get("HOST") or "", settings.get("PORT") or ""
    return f"{settings['NAME']} on {host or 'this machine'}{f':{port}' if port else ''}"


def _reason(error: Exception) -> str:
    """What libpq says, in one line without its long introduction."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = next((line for line in lines if "failed: " in line), lines[0] if lines else type(error).__name__)
    return telling.rpartition("failed: ")[2].removeprefix("FATAL:").strip().rstrip(".")


def is_current(record: Path, applied: frozenset[str]) -> bool:
    """Whether the record proves that a migration of a database with these migrations would find nothing to do."""
    try:
        known = json.loads(record.read_text(encoding="utf-8"))
        return (
            known["settings"] == _settings_digest()
            and all(_files(Path(folder)) == files for folder, files in known["folders"].items())
            and frozenset(known["applied"]) <= applied
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _settings_digest() -> str:
    """Stands for the list of installed apps, which is what says where migrations are."""
    module = os.environ.get("DJANGO_SETTINGS_MODULE", DEFAULT_SETTINGS)
    return hashlib.sha256(module.encode() + b"\0" + SETTINGS.read_bytes()).hexdigest()


def _files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.py"))


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[int]:
    """Hold the lock file: one of the instances that share a data folder. Gives its descriptor.

    The lock is held until the last process that has the descriptor closes it or ends.
    """
    with path.open("w") as file:
        _wait_for(lambda: _lock(file.fileno()))
        yield file.fileno()


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _advisory_lock(settings: dict[str, Any]) -> AbstractContextManager[object]:
    """Hold PostgreSQL's advisory lock: one of the instances that share a database."""
    if not settings["ENGINE"].endswith("postgresql"):
        return nullcontext()
    connection = _connect(settings)

    def try_lock() -> bool:
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", [ADVISORY_LOCK]).fetchone()
        return row is not None and row[0] is True

    _wait_for(try_lock)
    return connection


def _wait_for(is_mine: Callable[[], bool]) -> None:
    if is_mine():
        return
    print("Another instance is bringing the database up to date; waiting for it ...", flush=True)
    while not is_mine():
        time.sleep(POLL_INTERVAL)


def _run_child(lock: int, *, verbose: bool) -> None:
    """Migrate in a child, which holds the lock as well: were this process killed, the child would go on for a moment,
    and the next start has to wait for it."""
    print("Bringing the database up to date ..." if verbose else "Making the database ...", flush=True)
    previous = signal.signal(signal.SIGTERM, _interrupt)
    command = [sys.executable, "-m", __name__, *(["--verbose"] if verbose else [])]
    child = subprocess.Popen(command, pass_fds=[lock])
    try:
        code = child.wait()
    finally:
        # A migration is one transaction: what an interrupted one did is undone, and the next start does it again.
        if child.poll() is None:
            child.terminate()
            child.wait()
        signal.signal(signal.SIGTERM, previous)
    if code:
        raise SystemExit(code)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _migrate(options: Options, *, verbose: bool) -> None:
    """Apply the migrations with Django, in this process, and write the record."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", interactive=False, verbosity=1 if verbose else 0)
    draft = options.data_dir / f"{RECORD}.{os.getpid()}.new"
    draft.write_text(json.dumps(_what_is_applied(), indent=1), encoding="utf-8")
    draft.replace(options.data_dir / RECORD)


def _what_is_applied() -> dict[str, Any]:
    from importlib import import_module

    from django.apps import apps
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(connection)
    modules = [import_module(str(loader.migrations_module(label)[0])) for label in sorted(loader.migrated_apps)]
    # An app that has no migrations yet may get its first ones, in the usual place.
    places = [Path(app.path) / "migrations" for app in apps.get_app_configs()]
    folders = {*places, *(Path(module.__path__[0]) for module in modules)}
    return {
        "settings": _settings_digest(),
        "folders": {str(folder): _files(folder) for folder in sorted(folders)},
        "applied": sorted(f"{app}.{name}" for app, name in loader.applied_migrations),
    }


def _main() -> int:
    """The child: exit code 0, or 2 after one sentence about what the operator can do."""
    from django.db.utils import OperationalError

    from minitwitter import env

    # Read by libpq; a migration that cannot get its lock gives up and is tried again at the next start.
    os.environ.setdefault("PGOPTIONS", f"-c lock_timeout={LOCK_TIMEOUT}s")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", DEFAULT_SETTINGS)
    try:
        _migrate(env.load(), verbose="--verbose" in sys.argv)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
    except OperationalError as error:
        reason = str(error).strip().replace("\n", " ")
        print(f"The database could not be brought up to date ({reason}): start again when it can.", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    else:
        return 0
    return 2


if __name__ == "__main__":
    sys.exit(_main())
