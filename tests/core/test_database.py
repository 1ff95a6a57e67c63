"""The statements that the ORM does not have, and the settings."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction

from minitwitter import env
from minitwitter.accounts.models import Session
from minitwitter.core import database, ids
from minitwitter.env import ConfigurationError
from minitwitter.relationships.models import Follow
from tests.factories import make_user

OPTIONS = env.load({})


@pytest.mark.django_db
def test_an_insert_that_a_constraint_forbids_leaves_the_transaction_usable() -> None:
    one, other = make_user("one"), make_user("other")
    now = ids.now()
    with transaction.atomic():
        assert database.insert_with_new_id(Follow(follower=one, followee=other, created_at=now), now)
        assert not database.insert_with_new_id(Follow(follower=one, followee=other, created_at=now), now)
        assert Follow.objects.count() == 1


@pytest.mark.django_db
def test_an_id_that_is_taken_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_user("one")
    drawn = iter([7, 7, 7, 8])
    monkeypatch.setattr("minitwitter.core.ids.new_id", lambda _: next(drawn))

    def session() -> Session:
        now = ids.now()
        return Session(user=user, refresh_id="x", created_at=now, refreshed_at=now, expires_at=now + timedelta(1))

    assert [database.insert_with_new_id(row) for row in (session(), session())] == [True, True]
    assert set(Session.objects.values_list("pk", flat=True)) == {7, 8}


@pytest.mark.django_db
def test_an_id_that_is_never_free_is_a_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_user("one")
    now = ids.now()
    monkeypatch.setattr("minitwitter.core.ids.new_id", lambda _: user.pk)
    user.username, user.email = "two", "two@example.org"
    with pytest.raises(RuntimeError, match="no free id for User"):
        database.insert_with_new_id(user, now)


@pytest.mark.django_db(transaction=True)
def test_sqlite_is_opened_so_that_writers_wait_and_answered_writes_last() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("about SQLite")
    with connection.cursor() as cursor:
        names = ("journal_mode", "synchronous", "foreign_keys", "temp_store")
        values = [cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in names]
    assert values == ["wal", 2, 1, 2]
    with connection.cursor() as cursor, transaction.atomic():
        # A second connection cannot begin to write: this one took the lock with BEGIN IMMEDIATE.
        assert cursor.connection.in_transaction


def test_each_thread_has_a_connection_of_its_own_and_finds_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_connections", None)
    database.know_threads_only()
    found: list[object] = []

    def look() -> None:
        assert connections["default"] is connections["default"]
        found.append(connections["default"])

    for _ in range(2):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    look()
    assert len({id(each) for each in found}) == 3
    assert [each.alias for each in connections.all(initialized_only=True)] == ["default"]


def test_no_address_means_sqlite_in_the_data_folder() -> None:
    settings = database.configure(OPTIONS)
    assert (settings["ENGINE"], settings["NAME"]) == (
        "minitwitter.core.sqlite3",
        OPTIONS.data_dir / "db.sqlite3",
    )
    assert settings["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_postgresql_keeps_checked_connections_and_prepared_statements() -> None:
    url = "postgres://u:p%40ss@db:5433/name?sslmode=require&keepalives_idle=60"
    settings = database.configure(replace(OPTIONS, database_url=url))
    assert {name: settings[name] for name in ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT")} == {
        "ENGINE": "minitwitter.core.postgresql",
        "NAME": "name",
        "USER": "u",
        "PASSWORD": "p@ss",
        "HOST": "db",
        "PORT": 5433,
    }
    assert (settings["CONN_MAX_AGE"], settings["CONN_HEALTH_CHECKS"]) == (None, True)
    assert settings["OPTIONS"] == {
        "options": database.PLANNER,
        "sslmode": "require",
        "connect_timeout": 2,
        "tcp_user_timeout": 5000,
        "keepalives_idle": 60,  # The operator's own.
        "keepalives_interval": 2,
        "keepalives_count": 2,
        "server_side_binding": True,
        "prepare_threshold": None,
    }


@pytest.mark.parametrize("url", ["nonsense", "oracle9://x/y", "postgres://host:port/name", "postgres://host"])
def test_an_address_that_cannot_be_used_is_one_sentence_without_the_password(url: str) -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL") as refused:
        database.configure(replace(OPTIONS, database_url=url.replace("//", "//user:secret@", 1)))
    assert "secret" not in str(refused.value)
