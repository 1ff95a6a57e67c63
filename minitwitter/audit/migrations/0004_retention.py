from typing import Any

from django.db import migrations, models

# An entry is given up only to audit/retention.py, which says so by a row, and never before it is 30 days old.
SQLITE = [
    """
    CREATE TRIGGER audit_entry_retention BEFORE DELETE ON audit_auditentry
    WHEN NOT EXISTS (SELECT 1 FROM audit_auditretention WHERE OLD.id < before_id)
    OR OLD.created_at > datetime('now', '-30 days')
    BEGIN SELECT RAISE(ABORT, 'the audit log keeps its entries'); END
    """,
]
POSTGRESQL = [
    """
    CREATE FUNCTION audit_entry_retention() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN
        IF NOT EXISTS (SELECT 1 FROM audit_auditretention WHERE OLD.id < before_id)
        OR OLD.created_at > now() - interval '30 days'
        THEN RAISE EXCEPTION 'the audit log keeps its entries'; END IF;
        RETURN OLD;
    END $$
    """,
    """
    CREATE TRIGGER audit_entry_retention BEFORE DELETE ON audit_auditentry
    FOR EACH ROW EXECUTE FUNCTION audit_entry_retention()
    """,
]


def forbid_removal(_: Any, schema_editor: Any) -> None:
    statements = {"sqlite": SQLITE, "postgresql": POSTGRESQL}.get(schema_editor.connection.vendor, [])
    for statement in statements:
        schema_editor.execute(statement, params=None)


def allow_removal(_: Any, schema_editor: Any) -> None:
    vendor = schema_editor.connection.vendor
    table = " ON audit_auditentry" if vendor == "postgresql" else ""
    schema_editor.execute(f"DROP TRIGGER IF EXISTS audit_entry_retention{table}", params=None)
    if vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION IF EXISTS audit_entry_retention()", params=None)


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_mail_events")]
    operations = [
        migrations.CreateModel(
            name="AuditRetention",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("before_id", models.BigIntegerField()),
            ],
        ),
        migrations.RunPython(forbid_removal, allow_removal),
    ]
