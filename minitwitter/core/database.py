"""The database: its settings, and the few statements the ORM does not have.

Everything that differs between SQLite and PostgreSQL stands in this file.
"""

import hashlib
import threading
from functools import cache
from math import ceil
from typing import TYPE_CHECKING, Any

import dj_database_url

from minitwitter.core import ids
from minitwitter.env import ConfigurationError, Options

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from django.db.models import Field, Model

# How long a request waits for the database before it is answered 503, in seconds.
CONNECT_TIMEOUT = 2
# Each query here begins with a few rows and goes on by indexes. PostgreSQL's planner guesses otherwise where tables are
# small or statistics old, and reads whole tables for a page of twenty tweets; and it plans each execution anew as long
# as it believes to gain by that, which takes longer than the query. (docs/adr/0013)
PLANNER = (
    "-c plan_cache_mode=force_generic_plan -c enable_hashjoin=off -c enable_mergejoin=off -c enable_seqscan=off"
    " -c random_page_cost=1.1 -c jit=off"
)
# When a machine vanishes without closing its connections, libpq's defaults wait for its answer for up to two hours.
LOST_PEER = {"tcp_user_timeout": 5000, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 2}
# How long a SQLite writer waits for those before it, in seconds: background work, commands and migrations; and
# requests, which are answered within two seconds, as when PostgreSQL is away.
BUSY_TIMEOUT, BUSY_REQUEST_TIMEOUT = 5.0, 1.5
# How long `wait_for_sharers` waits.
SHARERS_TIMEOUT_MS = 500
# With 2,048 random values a millisecond, this many clashes in a row mean a defect, not bad luck.
NEW_ID_ATTEMPTS = 20
_PLAIN: "frozenset[type]" = frozenset({int, str, type(None)})


def configure(options: Options) -> dict[str, Any]:
    """Django's settings for the database of the options.

    Raises ConfigurationError for an address that cannot be used.
    """
    if not options.database_url:
        return _sqlite({"NAME": options.data_dir / "db.sqlite3"}, options)
    try:
        settings: dict[str, Any] = {**dj_database_url.parse(options.database_url)}
    except (ValueError, KeyError) as error:  # dj_database_url raises both for a wrong scheme or port.
        raise ConfigurationError(
            "DATABASE_URL cannot be read. Write it as postgres://user:password@host:5432/name"
            f" or sqlite:////folder/file.sqlite3 ({type(error).__name__})."
        ) from None
    if not settings.get("NAME"):
        raise ConfigurationError("DATABASE_URL names no database: add its name after the last slash.")
    engine = settings["ENGINE"]
    if engine.endswith("sqlite3"):
        return _sqlite(settings, options)
    if engine.endswith("postgresql"):
        return _postgresql(settings)
    return settings


def _sqlite(settings: dict[str, Any], options: Options) -> dict[str, Any]:
    return {
        **settings,
        "ENGINE": "minitwitter.core.sqlite3",
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            # A transaction takes the write lock when it begins. One that reads first and writes later would fail
            # at once ("database is locked") when another wrote in between, whatever the timeout.
            "transaction_mode": "IMMEDIATE",
            "timeout": BUSY_TIMEOUT,
            # Statements of many rows keep what they may have to undo in memory: in a file, that was a third of the
            # writing of a tweet for fifty followers. The file is not mapped into memory: with 16 threads in two
            # workers, writes cost half as much without, reads are no dearer, and an error of the disk is an answer 500,
            # not the end of the process. Each thread keeps half a megabyte of pages; what else was read lately, the
            # system keeps once for all. The log is written back when it has 64 megabytes, not four: a page that was
            # changed many times until then is copied once, which is a fifth of the cost of writing a tweet for fifty
            # followers. To read so much of it after a crash takes 30 milliseconds.
            "init_command": (
                f"PRAGMA journal_mode=WAL; PRAGMA synchronous={options.sqlite_synchronous.upper()};"
                " PRAGMA cache_size=-500; PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=16000;"
            ),
        },
    }


def _postgresql(settings: dict[str, Any]) -> dict[str, Any]:
    given = settings.get("OPTIONS", {})
    return {
        **settings,
        "ENGINE": "minitwitter.core.postgresql",
        # Each thread keeps a connection of its own. psycopg's pool would be no smaller (the server has few threads) and
        # stands an outage badly: it lets requests wait for seconds, and when the database is back it may still be
        # pausing before its next attempt, or hand out one broken connection after the other until time is up.
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            **LOST_PEER,
            **given,
            "options": f"{PLANNER} {given.get('options', '')}".strip(),
            "connect_timeout": CONNECT_TIMEOUT,
            # Parameters travel apart from the statement. What is asked often is prepared by `core.postgresql.prepared`;
            # psycopg would forget all that is prepared on a connection at each rollback, ours as well.
            "server_side_binding": True,
            "prepare_threshold": None,
        },
    }


def wait_briefly(*, threads: int) -> None:
    """From now on this process carries out requests, in so many threads.

    Whoever sent one is told soon that another process writes, and some threads stay free for reading meanwhile.
    """
    from django.db import connections

    settings = connections.settings["default"]
    if settings["ENGINE"].endswith("sqlite3"):
        from minitwitter.core.sqlite3 import base

        settings["OPTIONS"]["timeout"] = BUSY_REQUEST_TIMEOUT
        base.most_waiting = max(threads - ceil(threads / 4), 1)


def know_threads_only() -> None:
    """From now on this process runs no coroutines, so that a thread's connection need not be looked for by theirs.

    Django asks each time, which takes a microsecond; a post looks for its connection twenty times.
    """
    from django.db import connections

    connections._connections = threading.local()  # type: ignore[attr-defined]  # noqa: SLF001


def fetch(sql: str, given: "Sequence[Any]") -> "list[tuple[Any, ...]]":
    """The rows that a query finds, which is the same at each call but for these values in the places of its `%s`.

    Like a cursor's, and in its transaction, but without the four layers that Django puts around each method of one:
    they took as long as SQLite itself. On PostgreSQL see `core.postgresql.prepared`.
    """
    return _run("fetch", sql, given)  # type: ignore[no-any-return]


def change(sql: str, given: "Sequence[Any]") -> int:
    """How many rows such a statement changes."""
    return int(_run("change", sql, given))


def _run(way: str, sql: str, given: "Sequence[Any]") -> Any:
    from django.db import connections

    database: Any = connections["default"]
    if database.queries_logged or database.execute_wrappers:  # Somebody listens: tests do, to count queries.
        with database.cursor() as cursor:
            cursor.execute(sql, given)
            return cursor.fetchall() if way == "fetch" else cursor.rowcount
    # What Django's cursor sees to before each query, asked only where there is something to see to.
    if database.connection is None or (database.health_check_enabled and not database.health_check_done):
        database.close_if_health_check_failed()
        database.ensure_connection()
    if database.needs_rollback:
        database.validate_no_broken_transaction()
    with database.wrap_database_errors:
        return getattr(database, way)(sql, given)


def insert_or_ignore(row: "Model") -> bool:
    """Insert the row unless a unique constraint forbids it (INSERT ... ON CONFLICT DO NOTHING).

    Returns whether it was inserted. The caller's transaction goes on either way, which on PostgreSQL it
    would not after an IntegrityError.
    """
    from django.db import connection

    statement, fields = _insertion(type(row))
    values = [
        value
        if type(value := getattr(row, field.attname)) in plain
        else field.get_db_prep_save(field.pre_save(row, add=True), connection)
        for field, plain in fields
    ]
    return change(statement, values) == 1


@cache
def _insertion(model: "type[Model]") -> "tuple[str, list[tuple[Field[Any, Any], frozenset[type]]]]":
    """The INSERT for a row with a plain value in each column, which reads the same for every such row.

    And its fields, each with the types of values that drivers write as they are: Django asks the field about each
    value, which takes as long as the statement itself.
    """
    from django.db import connection
    from django.db.models import JSONField
    from django.db.models.constants import OnConflict
    from django.db.models.sql import InsertQuery

    fields = model._meta.concrete_fields
    query = InsertQuery(model, on_conflict=OnConflict.IGNORE)
    query.insert_values(fields, [model()])
    ((statement, _),) = query.get_compiler(connection=connection).as_sql()
    return str(statement), [(field, frozenset() if isinstance(field, JSONField) else _PLAIN) for field in fields]


def insert_with_new_id(row: "Model", at: "datetime | None" = None) -> bool:
    """Insert the row under a new id of the given time (default now).

    Returns False when another unique constraint than the id's forbids it; nothing is inserted then.
    """
    for _ in range(NEW_ID_ATTEMPTS):
        row.pk = ids.new_id(at)
        if insert_or_ignore(row):
            return True
        if not type(row)._default_manager.filter(pk=row.pk).exists():
            return False
    raise RuntimeError(f"no free id for {type(row).__name__} after {NEW_ID_ATTEMPTS} attempts")


def share(name: str) -> None:
    """Take part in something until the transaction ends: `wait_for_sharers` of that name waits for it.

    On SQLite, where transactions that write follow each other, there is never anybody to wait for.
    """
    _advisory_lock("pg_advisory_xact_lock_shared", name)


def wait_for_sharers(name: str) -> None:
    """Wait until all transactions that `share` the name now have ended. Precondition: not in a transaction.

    What they did can be seen from then on, and whoever shares it later sees what was committed before this call.
    Raises OperationalError when one of them takes too long: others who want to share it wait behind this call.
    """
    from django.db import connection, transaction

    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{SHARERS_TIMEOUT_MS}ms'")
        _advisory_lock("pg_advisory_xact_lock", name)


def _advisory_lock(function: str, name: str) -> None:
    from django.db import connection

    if connection.vendor == "postgresql":
        fetch(f"SELECT {function}(%s)", [_lock_number(name)])


def _lock_number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


def try_lock(name: str) -> bool:
    """Take an exclusive lock of that name until the transaction ends; False when another transaction holds it.

    On PostgreSQL an advisory lock on a 64-bit hash of the name. On SQLite a transaction excludes all other
    writers from its beginning, so the lock is always had.
    """
    from django.db import connection

    if connection.vendor != "postgresql":
        return True
    ((taken,),) = fetch("SELECT pg_try_advisory_xact_lock(%s)", [_lock_number(name)])
    return bool(taken)
