"""Whether a database and its files are whole: counters equal rows, every picture has its files, no page is damaged."""

import psycopg

from tests.faults.bench import Bench, Instance
from tests.faults.catalogue import Report

# Each finds rows that must not be.
CONTRADICTIONS = {
    "like counters that differ from the likes": (
        "SELECT s.tweet_id FROM tweets_tweetstats s"
        " WHERE s.like_count <> (SELECT count(*) FROM tweets_like l WHERE l.tweet_id = s.tweet_id)"
    ),
    "follower counters that differ from the follows": (
        "SELECT s.user_id FROM accounts_accountstats s"
        " WHERE s.followers_count <> (SELECT count(*) FROM relationships_follow f WHERE f.followee_id = s.user_id)"
        " OR s.following_count <> (SELECT count(*) FROM relationships_follow f WHERE f.follower_id = s.user_id)"
    ),
    "tweet counters that differ from the tweets": (
        "SELECT s.user_id FROM accounts_accountstats s WHERE s.tweets_count <>"
        " (SELECT count(*) FROM tweets_tweet t WHERE t.author_id = s.user_id AND t.deleted_at IS NULL)"
    ),
    "tweets without counters": (
        "SELECT t.id FROM tweets_tweet t LEFT JOIN tweets_tweetstats s ON s.tweet_id = t.id WHERE s.tweet_id IS NULL"
    ),
    "idempotency keys without their tweet": (
        "SELECT k.id FROM tweets_idempotencykey k LEFT JOIN tweets_tweet t ON t.id = k.tweet_id WHERE t.id IS NULL"
    ),
    "pictures that belong to nothing": (
        "SELECT i.id FROM media_image i LEFT JOIN tweets_attachment a ON a.image_id = i.id"
        " LEFT JOIN accounts_user u ON u.avatar_id = i.id"
        " WHERE a.id IS NULL AND u.id IS NULL AND i.deleted_at IS NULL"
    ),
}


def inspect(bench: Bench, report: Report) -> None:
    """Add whatever is not whole to the report."""
    instance = bench.instance
    for what, statement in CONTRADICTIONS.items():
        report.expect_none([str(row) for row in instance.query(statement)], what)
    missing, _ = compare_files(instance)
    report.expect_none(missing, "picture rows without their files")
    report.expect_none(
        _damage_in_postgresql(instance) if instance.database_url else _damage_in_sqlite(instance), "errors"
    )


def compare_files(instance: Instance) -> tuple[list[str], list[str]]:
    """The files that rows name and that are not there, and the files that no row names."""
    folder = instance.data / "media"
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    rows = instance.query("SELECT key, extension, deleted_at FROM media_image")
    # Of a deleted picture the files go first, then the row.
    shown = {name for *row, deleted_at in rows if deleted_at is None for name in _names(*row)}
    return sorted(shown - there), sorted(there - {name for *row, _ in rows for name in _names(*row)})


def _names(key: str, extension: str) -> tuple[str, str]:
    return f"{key[:2]}/{key}.{extension}", f"{key[:2]}/{key}-small.webp"


def _damage_in_sqlite(instance: Instance) -> list[str]:
    checks = instance.query("PRAGMA integrity_check") + instance.query("PRAGMA foreign_key_check")
    return [str(row) for row in checks if row != ("ok",)]


def _damage_in_postgresql(instance: Instance) -> list[str]:
    """Read every row (the pages have checksums) and build every index anew, which finds rows that are there twice.

    The bundled server comes without amcheck.
    """
    with psycopg.connect(instance.database_url, autocommit=True) as connection:
        tables = connection.execute("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'")
        try:
            for (table,) in tables.fetchall():
                connection.execute(f"SELECT count(t::text) FROM {table} t".encode())  # noqa: S608  (its own tables)
                connection.execute(f"REINDEX TABLE {table}".encode())
        except psycopg.Error as error:
            return [str(error)]
        return []
