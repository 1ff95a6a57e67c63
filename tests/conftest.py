"""Fixtures that all tests share."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.files.storage import default_storage
from django.db import connection
from pytest_django import DjangoDbBlocker

from tests.client import ApiClient
from tests.factories import make_user


@pytest.fixture(autouse=True)
def media_folder(settings: LazySettings) -> Iterator[Path]:
    """The folder that uploads go to; empty at the beginning of each test."""
    folder = Path(default_storage.location)  # type: ignore[attr-defined]  # Tests run on the local storage.
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """On SQLite Django empties the tables after a test with transactions by DELETE, which the audit log refuses."""
    with django_db_blocker.unblock():
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("DROP TRIGGER audit_entry_retention")


@pytest.fixture
def api() -> ApiClient:
    """An anonymous client."""
    return ApiClient()


@pytest.fixture
def alice(db: None) -> ApiClient:
    """A client signed in as alice."""
    return ApiClient(make_user("alice"))


@pytest.fixture
def bob(db: None) -> ApiClient:
    """A client signed in as bob."""
    return ApiClient(make_user("bob"))
