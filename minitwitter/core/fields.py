"""Kinds of columns."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

if TYPE_CHECKING:
    _BigInteger = models.BigIntegerField[int, int]
else:
    _BigInteger = models.BigIntegerField  # Not generic outside of the type checker.


class IdField(_BigInteger):
    """The primary key of rows whose ids `core.ids` makes.

    On SQLite only a column of the very type INTEGER is the table's own key; a BIGINT has an index beside the table,
    so that each look-up and each insert walks two trees.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "primary_key": True})

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        return "integer" if connection.vendor == "sqlite" else super().db_type(connection)

    def rel_db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        return models.BigIntegerField().db_type(connection)


if TYPE_CHECKING:
    SharedIdField = models.OneToOneField
else:

    class SharedIdField(models.OneToOneField):
        """The primary key of rows that stand beside those of another table: it is the other row's `IdField`.

        Like that, it is the table's own key on SQLite.
        """

        def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
            return "integer" if connection.vendor == "sqlite" else super().db_type(connection)
