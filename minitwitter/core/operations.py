"""Operations that migrations are made of."""

from typing import Any

from django.db import migrations


class AlterFieldOnSQLite(migrations.AlterField):
    """For a field that only SQLite has otherwise than before. PostgreSQL would check all its references anew."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "sqlite":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
