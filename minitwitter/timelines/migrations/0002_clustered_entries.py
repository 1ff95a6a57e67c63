from typing import Any

from django.db import migrations

# On SQLite a table with a key of two columns has an index beside it, so that each insert writes to two trees and each
# read walks two. Without row ids the key is the table. (Django makes a table anew to change its columns: a migration
# that does so must do this again.)
CLUSTERED = """
CREATE TABLE timelines_timelineentry (
    owner_id bigint NOT NULL, entry_id bigint NOT NULL, tweet_id bigint NOT NULL, actor_id bigint NOT NULL,
    PRIMARY KEY (owner_id, entry_id)
) WITHOUT ROWID
"""


def cluster(_: Any, schema_editor: Any) -> None:
    """Make the table anew, which is empty still."""
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TABLE timelines_timelineentry", params=None)
        schema_editor.execute(CLUSTERED, params=None)


class Migration(migrations.Migration):
    dependencies = [("timelines", "0001_initial")]
    operations = [migrations.RunPython(cluster, migrations.RunPython.noop)]
