"""Kinds of columns, as the database has them."""

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import BigIntegerField, ForeignKey, Model

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="about SQLite"),
]

# Of one number: a BIGINT, or another row's key.
KEYS = (BigIntegerField, ForeignKey)
NUMBERED = [
    model
    for app in apps.get_app_configs()
    if app.name.startswith("minitwitter.")
    for model in app.get_models()
    if isinstance(model._meta.pk, KEYS)
]


@pytest.mark.parametrize("model", NUMBERED, ids=lambda model: model._meta.label)
def test_ids_are_the_tables_own_keys(model: type[Model]) -> None:
    """With a key of another type than INTEGER a table has an index beside it, and each look-up walks two trees."""
    plan = model._base_manager.filter(pk=1).order_by().explain()
    assert plan.splitlines()[0].endswith(f"SEARCH {model._meta.db_table} USING INTEGER PRIMARY KEY (rowid=?)")
