"""Kinds of columns, as the database has them."""

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import Model

from minitwitter.core.fields import IdField, SharedIdField

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="about SQLite"),
]

OWN_KEYS = [model for model in apps.get_models() if isinstance(model._meta.pk, IdField | SharedIdField)]


@pytest.mark.parametrize("model", OWN_KEYS, ids=lambda model: model._meta.label)
def test_ids_are_the_tables_own_keys(model: type[Model]) -> None:
    """With a key of another type than INTEGER a table has an index beside it, and each look-up walks two trees."""
    plan = model._base_manager.filter(pk=1).order_by().explain()
    assert plan.splitlines()[0].endswith(f"SEARCH {model._meta.db_table} USING INTEGER PRIMARY KEY (rowid=?)")
