"""`minitwitter doctor`: look at everything an instance needs, and say what to do about what is wrong.

It changes nothing: what the first start makes (the data folder, the keys, the database) is left to that.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from minitwitter import env, keys, server, upgrade
from minitwitter.env import ConfigurationError, Options
from minitwitter.mailserver import is_address

# An upload needs its bytes several times for a moment, and SQLite as much as it last wrote.
LITTLE_ROOM, NO_ROOM = 1_000_000_000, 100_000_000
# How long work may wait, in seconds, before nobody seems to do it.
LATE = 300
KEY_FILES = ("secret_key", "token_signing_keys")


class Finding(NamedTuple):
    """What a check has found. `state` is "ok", "note" (for the operator to know) or "wrong"."""

    state: str
    subject: str
    words: str


Check = Callable[[Options], Iterator[Finding]]


def run(options: Options, *, mail_to: str | None = None) -> int:
    """Print the findings as they come, and return the exit code. With `mail_to`, send a test mail to that address."""
    if mail_to is not None and not is_address(mail_to):
        raise ConfigurationError(f"--mail is {mail_to!r}, but it must be an address such as you@example.org.")
    wrong = 0
    for check in (_options, _folder, _database, lambda _: _background(), lambda options: _mail(options, mail_to)):
        for finding in check(options):
            wrong += finding.state == "wrong"
            print(f"{finding.state:<6}{finding.subject:<17}{finding.words}", flush=True)
    print("Everything works." if not wrong else f"Wrong: {wrong}. What to do stands beside it.")
    return 1 if wrong else 0


def _options(options: Options) -> Iterator[Finding]:
    # One that cannot be used stops every command with a sentence about it.
    chosen = [option.variable for option in env.OPTIONS.values() if os.environ.get(option.variable, "").strip()]
    yield Finding("ok", "options", f"set here: {', '.join(chosen)}" if chosen else "all have their defaults")
    if not options.public_url:
        yield Finding("note", "public address", "not set: fine on this machine; set MINITWITTER_PUBLIC_URL for others.")
    elif options.public_url.startswith("https://") and not options.trusted_proxies:
        yield Finding(
            "note",
            "proxies",
            "none is trusted: if one does TLS for this server, name it in MINITWITTER_TRUSTED_PROXIES, or all people"
            " count as one caller.",
        )


def _folder(options: Options) -> Iterator[Finding]:
    folder = options.data_dir
    if not folder.exists():
        yield Finding("note", "data folder", f"{folder} is not there yet: the first start makes it.")
        return
    try:
        keys.prepare_data_dir(folder)
        for name in KEY_FILES:
            if (folder / name).exists():
                keys.read_or_create(folder / name)
    except ConfigurationError as error:
        yield Finding("wrong", "data folder", str(error))
        return
    yield Finding("ok", "data folder", f"{folder} can be written")
    yield _room(folder)


def _room(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    words = f"{free / 1e9:.1f} GB are free"
    if free >= LITTLE_ROOM:
        return Finding("ok", "disk", words)
    state = "wrong" if free < NO_ROOM else "note"
    return Finding(state, "disk", f"{words}: make room in {folder}, or uploads and then all writing will fail.")


def _database(options: Options) -> Iterator[Finding]:
    try:
        applied = upgrade.applied_migrations(options)
    except ConfigurationError as error:
        yield Finding("wrong", "database", str(error))
        return
    if not applied:
        yield Finding("note", "database", "it has no tables yet: the first start makes them.")
    elif _can_load_django(options):
        yield _migrations()
    if not options.database_url and (note := server.sqlite_note()):
        yield Finding("note", "SQLite", note.removeprefix("Note: "))


def _can_load_django(options: Options) -> bool:
    """Loading the settings makes the keys, which is not this command's to do. Then: whether they were loaded."""
    if not all((options.data_dir / name).exists() for name in KEY_FILES):
        return False
    try:
        import django

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", upgrade.DEFAULT_SETTINGS)
        django.setup()
    except ConfigurationError:
        return False  # The data folder or a key is wrong, which was said above.
    return True


def _migrations() -> Finding:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    version = ".".join(map(str, connection.get_database_version()))
    words = f"{connection.display_name} {version} is reachable and up to date"
    if not missing:
        return Finding("ok", "database", words)
    return Finding("note", "database", f"{missing} migrations are not applied yet: the next start does it.")


def _background() -> Iterator[Finding]:
    from django.apps import apps

    if not apps.ready:  # There is no database yet, or it is out of reach.
        return
    from django.db import Error

    from minitwitter.core.tasks import count_dead, longest_delay

    try:
        dead, delay = count_dead(), longest_delay().total_seconds()
    except Error:
        return  # The tables are older than this version, which was said above.
    if delay > LATE:
        yield Finding(
            "wrong",
            "background work",
            f"some has been due for {delay / 60:.0f} minutes: see that `minitwitter run` or `minitwitter work` runs.",
        )
    else:
        yield Finding("ok", "background work", "nothing is late")
    if dead:
        yield Finding("note", "background work", f"{dead} tasks were given up: see /admin/core/task/?state=dead")


def _mail(options: Options, mail_to: str | None) -> Iterator[Finding]:
    if options.email_url is None:
        words = "none are sent: people who forget their password need you. Set MINITWITTER_EMAIL_URL."
        yield Finding("note" if mail_to is None else "wrong", "mail", words)
        return
    if not _can_load_django(options):
        yield Finding(
            "note" if mail_to is None else "wrong",
            "mail",
            "not tried: start the server once, so that it makes its keys.",
        )
        return
    from minitwitter.accounts.mails import compose_test
    from minitwitter.core import mail

    try:
        if mail_to is None:
            mail.check()
        else:
            mail.send(compose_test(mail_to))
    except mail.NotSent as error:
        yield Finding("wrong", "mail", str(error))
        return
    place = options.email_url.place
    if mail_to is None:
        yield Finding("ok", "mail", f"{place} is ready; `--mail you@example.org` sends one")
    else:
        yield Finding("ok", "mail", f"{place} took a mail from {options.mail_sender} to {mail_to}: see that it arrives")
