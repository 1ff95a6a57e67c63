from typing import Any

from django.db import migrations, models

# What is shown of tweets. Whoever alters one of these tables on SQLite must write its trigger again: Django makes the
# table anew there, and the trigger goes with the old one. (tests/tweets/test_contents.py would tell.)
WATCHED = {
    "tweets_tweet": ("author_id", "text", "created_at", "edited_at", "deleted_at"),
    "tweets_attachment": ("tweet_id", "image_id", "position", "alt"),
    "accounts_user": ("username", "display_name", "avatar_id", "is_active"),
    "media_image": ("key", "extension", "width", "height", "blurhash"),
}

SQLITE_CHANGE = (
    "INSERT INTO tweets_contentrevision (id, number) VALUES (1, random())"
    " ON CONFLICT (id) DO UPDATE SET number = excluded.number"
)
POSTGRESQL_FUNCTION = """
CREATE FUNCTION tweets_content_changed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    INSERT INTO tweets_contentrevision (id, number) VALUES (1, (random() * 9007199254740991)::bigint)
    ON CONFLICT (id) DO UPDATE SET number = excluded.number;
    RETURN NULL;
END $$
"""


def watch(_: Any, schema_editor: Any) -> None:
    vendor = schema_editor.connection.vendor
    if vendor not in {"sqlite", "postgresql"}:
        return
    if vendor == "postgresql":
        schema_editor.execute(POSTGRESQL_FUNCTION, params=None)
    for table, columns in WATCHED.items():
        schema_editor.execute(_trigger(vendor, table, columns), params=None)


def _trigger(vendor: str, table: str, columns: tuple[str, ...]) -> str:
    differs = {"sqlite": "IS NOT", "postgresql": "IS DISTINCT FROM"}[vendor]
    what = {"sqlite": f"BEGIN {SQLITE_CHANGE}; END", "postgresql": "EXECUTE FUNCTION tweets_content_changed()"}[vendor]
    condition = " OR ".join(f"OLD.{column} {differs} NEW.{column}" for column in columns)
    return (
        f"CREATE TRIGGER {table}_changed AFTER UPDATE OF {', '.join(columns)} ON {table}"
        f" FOR EACH ROW WHEN ({condition}) {what}"
    )


def stop_watching(_: Any, schema_editor: Any) -> None:
    vendor = schema_editor.connection.vendor
    for table in WATCHED:
        place = f" ON {table}" if vendor == "postgresql" else ""
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_changed{place}", params=None)
    if vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION IF EXISTS tweets_content_changed()", params=None)


def begin(apps: Any, _: Any) -> None:
    apps.get_model("tweets", "ContentRevision").objects.create(number=0)


class Migration(migrations.Migration):
    dependencies = [("tweets", "0001_initial"), ("accounts", "0005_mail_language"), ("media", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="ContentRevision",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("number", models.BigIntegerField()),
            ],
        ),
        migrations.RunPython(begin, migrations.RunPython.noop),
        migrations.RunPython(watch, stop_watching),
    ]
