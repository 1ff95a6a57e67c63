"""How long the audit log keeps its entries, and that nothing else removes them."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.conf import LazySettings
from django.db import DatabaseError, connection, models, transaction

from minitwitter.actions import sweeping
from minitwitter.audit.models import AuditEntry, AuditRetention, Event
from minitwitter.audit.retention import remove_entries
from minitwitter.core import ids, tasks
from minitwitter.core.database import insert_with_new_id
from tests.working import run_tasks

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def trigger(db: None) -> None:
    """Tests on SQLite run without it (tests/conftest.py); here it stands until the test's transaction ends."""
    if connection.vendor == "sqlite":
        (statement,) = import_module("minitwitter.audit.migrations.0004_retention").SQLITE
        with connection.cursor() as cursor:
            cursor.execute(statement)


def entry(*, days: float) -> int:
    """An entry of that age."""
    at = ids.now() - timedelta(days=days)
    made = AuditEntry(event=Event.LOGGED_IN, created_at=at)
    assert insert_with_new_id(made, at)
    return made.pk


def kept() -> list[int]:
    return list(AuditEntry.objects.order_by("-pk").values_list("pk", flat=True))


def test_old_entries_go_and_young_ones_stay(settings: LazySettings) -> None:
    settings.AUDIT_DAYS = 100
    ages = [entry(days=days) for days in (1, 99.9, 100.1, 5000)]
    tasks.enqueue("sweep_audit_log")
    run_tasks()
    assert kept() == ages[:2]
    assert not AuditRetention.objects.exists()


def test_many_go_in_chunks(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minitwitter.actions.sweeping.CHUNK", 2)
    settings.AUDIT_DAYS = 30
    young, *_ = [entry(days=days) for days in (5, 31, 32, 33, 34, 35)]
    assert len(list(sweeping.forget_audit_entries())) == 3
    assert kept() == [young]


def test_they_are_kept_for_ever_where_that_was_chosen(settings: LazySettings) -> None:
    settings.AUDIT_DAYS = 0
    old = entry(days=7000)
    tasks.enqueue("sweep_audit_log")
    run_tasks()
    assert kept() == [old]


def test_the_database_removes_nothing_in_any_other_way() -> None:
    old = entry(days=5000)
    rows: models.QuerySet[AuditEntry] = models.QuerySet(AuditEntry)
    for chosen in (rows.all(), rows.filter(pk=old)):
        with pytest.raises(DatabaseError, match="the audit log keeps its entries"), transaction.atomic():
            chosen.delete()
    assert kept() == [old]


def test_the_database_keeps_young_entries_from_retention_too() -> None:
    young = entry(days=29)
    with pytest.raises(DatabaseError, match="the audit log keeps its entries"), transaction.atomic():
        remove_entries(before=ids.now(), at_most=10)
    assert kept() == [young]
    assert not AuditRetention.objects.exists()


def test_a_permission_is_for_older_entries_only() -> None:
    older, newer = entry(days=60), entry(days=50)
    rows: models.QuerySet[AuditEntry] = models.QuerySet(AuditEntry)
    AuditRetention.objects.create(before_id=newer)
    with pytest.raises(DatabaseError, match="the audit log keeps its entries"), transaction.atomic():
        rows.filter(pk=newer).delete()
    rows.filter(pk=older).delete()
    assert kept() == [newer]
