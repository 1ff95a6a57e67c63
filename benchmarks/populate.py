"""Fill an instance's database, and sign people in. Runs in a process that has the instance's environment.

    python -m benchmarks.populate load      rows of a dataset ({"shape": ..., "until": ...}), past the ORM
    python -m benchmarks.populate tokens    access tokens of people ([name, ...])

What to do it with is JSON on standard input, and so is the answer on standard output.

The database must have been migrated. What a model has beside the columns of the dataset gets its default, so that
columns which come later need no change here.
"""

import json
import os
import secrets
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import django
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.dataset import PASSWORD, Dataset, Shape, Table

BATCH = 5000
NAMES_AT_ONCE = 500
# PostgreSQL checks no foreign key of these rows, and SQLite writes them without waiting for the disk.
FASTER = {
    "sqlite": (
        "PRAGMA foreign_keys=OFF",
        "PRAGMA synchronous=OFF",
        "PRAGMA cache_size=-400000",
    ),
    "postgresql": ("SET session_replication_role = replica",),
}
AFTERWARDS = {
    "sqlite": ("ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)"),
    "postgresql": ("VACUUM (ANALYZE)", "CHECKPOINT"),
}
Row = tuple[Any, ...]


def load(dataset: Dataset) -> None:
    """Write all tables of the dataset, and let the database look at its statistics."""
    from django.db import connection

    _execute(FASTER[connection.vendor])
    with _progress() as follow:
        for table in dataset.tables():
            write(table._replace(rows=follow(table)))
    _execute(AFTERWARDS[connection.vendor])
    # Whoever comes next gets a connection that is as careful as ever.
    connection.close()


def _execute(statements: Iterable[str]) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@contextmanager
def _progress() -> Iterator[Callable[[Table], Iterator[Row]]]:
    """What shows on a terminal how far the rows of a table are."""
    columns = (TextColumn("{task.description:<12}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:

        def follow(table: Table) -> Iterator[Row]:
            bar = progress.add_task(table.model.rpartition(".")[2], total=table.total)
            while batch := list(islice(table.rows, BATCH)):
                yield from batch
                progress.advance(bar, len(batch))

        yield follow


def write(table: Table) -> None:
    """Insert the rows of the table in bulk."""
    from django.apps import apps
    from django.db import connection

    model = apps.get_model(table.model)
    names, complete = _completion(model, table.columns)
    quoted = ", ".join(connection.ops.quote_name(name) for name in names)
    target = f"{connection.ops.quote_name(model._meta.db_table)} ({quoted})"
    rows = map(complete, table.rows)
    if connection.vendor == "postgresql":
        _copy(target, rows)
    else:
        _insert(f"INSERT INTO {target} VALUES ({', '.join('?' * len(names))})", rows)  # noqa: S608  (names of the schema)


def _completion(model: Any, columns: tuple[str, ...]) -> tuple[list[str], Callable[[Row], Row]]:
    """The names of all columns to write, and what makes such a row of the dataset's."""
    from django.db import connection
    from django.db.models import AutoField, DateTimeField

    fields = {field.attname: field for field in model._meta.concrete_fields}
    given = [fields[name] for name in columns]
    others = [
        field
        for field in fields.values()
        if field not in given and not field.has_db_default() and not isinstance(field, AutoField)
    ]
    defaults = tuple(field.get_db_prep_save(field.get_default(), connection) for field in others)
    times = [place for place, field in enumerate(given) if isinstance(field, DateTimeField)]
    adapt = connection.ops.adapt_datetimefield_value

    def complete(row: Row) -> Row:
        values = list(row)
        for place in times:
            values[place] = adapt(values[place])
        return (*values, *defaults)

    return [field.column for field in (*given, *others)], complete


def _copy(target: str, rows: Iterable[Row]) -> None:
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor, cursor.cursor.copy(f"COPY {target} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _insert(statement: str, rows: Iterable[Row]) -> None:
    from django.db import connection, transaction

    with transaction.atomic():
        # Django's own cursor would rewrite the statement and keep each of them for its log.
        connection.connection.executemany(statement, rows)


def sign_in(names: list[str]) -> dict[str, str]:
    """A fresh access token of each of these people, whose sessions are made at their first one."""
    from django.db.models.functions import Lower

    from minitwitter.accounts import tokens
    from minitwitter.accounts.models import Session, User
    from minitwitter.core import ids

    now = ids.now()
    people: dict[str, int] = {}
    named = User.objects.alias(lower=Lower("username"))  # As the index has it.
    # Few at a time: for thousands, PostgreSQL would rather compare each of a million users with each of the names.
    for start in range(0, len(names), NAMES_AT_ONCE):
        some = named.filter(lower__in=[name.lower() for name in names[start : start + NAMES_AT_ONCE]])
        people.update(some.values_list("username", "id"))
    known: dict[int, int] = dict(Session.objects.values_list("user_id", "id"))
    strangers = [user_id for user_id in people.values() if user_id not in known]
    new = {user_id: ids.new_id(now - number * timedelta(milliseconds=1)) for number, user_id in enumerate(strangers)}
    columns = ("id", "user_id", "refresh_id", "device", "created_at", "refreshed_at", "expires_at")
    ends = now + timedelta(days=30)
    rows = ((made, user_id, secrets.token_hex(16), "benchmark", now, now, ends) for user_id, made in new.items())
    write(Table("accounts.Session", columns, len(new), rows))
    sessions = {**known, **new}
    return {
        name: tokens.encode(
            "access",
            user_id=people[name],
            session_id=sessions[people[name]],
            token_id=secrets.token_hex(16),
            issued_at=now,
        )
        for name in names
    }


def shape_from(fields: dict[str, Any]) -> Shape:
    """A shape that was written as JSON."""
    values: dict[str, Any] = dict(fields)
    # JSON has lists where a shape has tuples.
    return Shape(**{**values, "readers": tuple(values["readers"]), "authors": tuple(values["authors"])})


def main() -> None:
    """Do what the argument says."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "minitwitter.settings")
    django.setup()
    asked = json.load(sys.stdin)
    if sys.argv[1:] == ["load"]:
        from django.contrib.auth.hashers import make_password

        load(Dataset(shape_from(asked["shape"]), datetime.fromisoformat(asked["until"]), make_password(PASSWORD)))
    else:
        json.dump(sign_in(asked), sys.stdout)


if __name__ == "__main__":
    main()
