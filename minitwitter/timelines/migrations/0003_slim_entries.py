from typing import Any

from django.db import migrations, models

# As in 0002, and made anew for the same reason.
SLIM = """
CREATE TABLE slim_timelineentry (
    owner_id bigint NOT NULL, entry_id bigint NOT NULL, tweet_id bigint, actor_id bigint,
    PRIMARY KEY (owner_id, entry_id)
) WITHOUT ROWID
"""
MOVE = "INSERT INTO slim_timelineentry (owner_id, entry_id) SELECT owner_id, entry_id FROM timelines_timelineentry"


def slim(_: Any, schema_editor: Any) -> None:
    """Let entries be short. PostgreSQL keeps the long ones that there are: they say the same, and go with time."""
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(SLIM, params=None)
        schema_editor.execute(MOVE, params=None)
        schema_editor.execute("DROP TABLE timelines_timelineentry", params=None)
        schema_editor.execute("ALTER TABLE slim_timelineentry RENAME TO timelines_timelineentry", params=None)
    else:
        schema_editor.execute(
            "ALTER TABLE timelines_timelineentry ALTER tweet_id DROP NOT NULL, ALTER actor_id DROP NOT NULL", params=None
        )


def forget_all(_: Any, schema_editor: Any) -> None:
    """An older version takes an author's tweets out by columns that are empty by now. It builds timelines anew."""
    schema_editor.execute("DELETE FROM timelines_timelineentry", params=None)
    schema_editor.execute("DELETE FROM timelines_timeline", params=None)


class Migration(migrations.Migration):
    dependencies = [("timelines", "0002_clustered_entries")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(slim, forget_all)],
            state_operations=[
                migrations.AlterField("timelineentry", name, models.BigIntegerField(null=True))
                for name in ("tweet_id", "actor_id")
            ],
        )
    ]
