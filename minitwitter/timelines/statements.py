"""The statements of home feeds that the ORM does not have: INSERT ... SELECT, and a look into each author's tweets.

They run on SQLite and on PostgreSQL. Where the two need other words, both stand here side by side. The order of the
tables is the order in which they are to be read: SQLite keeps to it for CROSS JOIN.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db import connection

from minitwitter.core.database import change, fetch

_FILL = """
INSERT INTO timelines_timelineentry (owner_id, entry_id, tweet_id, actor_id)
SELECT f.follower_id, t.id, t.id, t.author_id
FROM relationships_follow f CROSS JOIN tweets_tweet t
WHERE f.follower_id = %s AND NOT f.is_pulled {part}
    AND t.author_id = f.followee_id AND t.deleted_at IS NULL AND t.id > %s
ON CONFLICT DO NOTHING
"""
_FAN_OUT = {
    "sqlite": """
INSERT INTO timelines_timelineentry (owner_id, entry_id, tweet_id, actor_id)
SELECT f.follower_id, t.id, t.id, t.author_id
FROM tweets_tweet t CROSS JOIN relationships_follow f CROSS JOIN timelines_timeline l
WHERE t.id = %s AND f.followee_id = t.author_id {part}
    AND l.owner_id = f.follower_id AND (l.floor_id IS NULL OR l.floor_id < t.id)
ON CONFLICT DO NOTHING
""",
    # OFFSET 0 keeps the planner from beginning with all timelines there are, which it does for an author of few
    # followers where the average author has many: 12 ms instead of 1.
    "postgresql": """
INSERT INTO timelines_timelineentry (owner_id, entry_id, tweet_id, actor_id)
SELECT f.follower_id, t.id, t.id, t.author_id
FROM (SELECT id, author_id FROM tweets_tweet WHERE id = %s) t
CROSS JOIN LATERAL (
    SELECT f.follower_id FROM relationships_follow f WHERE f.followee_id = t.author_id {part} OFFSET 0
) f
CROSS JOIN LATERAL (
    SELECT 1 FROM timelines_timeline l
    WHERE l.owner_id = f.follower_id AND (l.floor_id IS NULL OR l.floor_id < t.id) OFFSET 0
) l
ON CONFLICT DO NOTHING
""",
}
_PULL = {
    "sqlite": """
SELECT t.id FROM relationships_follow f CROSS JOIN tweets_tweet t
WHERE f.follower_id = %s
    AND t.author_id = f.followee_id AND t.deleted_at IS NULL AND t.id > %s AND t.id < %s
ORDER BY t.id {order} LIMIT {limit}
""",
    # Each author's newest by the index, whatever the planner thinks of how many tweets there are.
    "postgresql": """
SELECT t.id FROM (SELECT followee_id FROM relationships_follow f WHERE f.follower_id = %s) f
CROSS JOIN LATERAL (
    SELECT id FROM tweets_tweet
    WHERE author_id = f.followee_id AND deleted_at IS NULL AND id > %s AND id < %s
    ORDER BY id {order} LIMIT {limit}
) t
ORDER BY t.id {order} LIMIT {limit}
""",
}
_OF_AUTHOR = """
SELECT * FROM (
    SELECT id FROM tweets_tweet
    WHERE author_id = %s AND deleted_at IS NULL AND id > %s AND id < %s
    ORDER BY id {order} LIMIT {limit}
) a{number}
"""


def fill(owner_id: int, *, newer_than: int) -> None:
    """Write the tweets of all whom the owner follows into the owner's timeline; not those that are pulled."""
    change(_FILL.format(part=""), [owner_id, newer_than])


def fill_from(owner_id: int, followee_id: int, *, newer_than: int) -> None:
    """The same for one of them."""
    change(_FILL.format(part="AND f.followee_id = %s"), [owner_id, followee_id, newer_than])


def fan_out(tweet_id: int) -> None:
    """Write the tweet into the timelines of its author's followers, of those who have one."""
    change(_FAN_OUT[connection.vendor].format(part=""), [tweet_id])


def fan_out_to(tweet_id: int, *, after: int, up_to: int) -> None:
    """The same for the followers whose follow has an id within these bounds (the upper one inclusive)."""
    change(_FAN_OUT[connection.vendor].format(part="AND f.id > %s AND f.id <= %s"), [tweet_id, after, up_to])


def pull(follower_id: int, *, newer_than: int, older_than: int, limit: int, upwards: bool) -> list[int]:
    """The first ids, in that direction, of the tweets between the bounds (exclusive) of all whom somebody follows."""
    statement = _PULL[connection.vendor].format(order="ASC" if upwards else "DESC", limit=limit)
    return _ids(statement, [follower_id, newer_than, older_than])


def pull_from(author_ids: Sequence[int], *, newer_than: int, older_than: int, limit: int, upwards: bool) -> list[int]:
    """The same of these authors. Each one's tweets are read up to the limit: who posts very much costs no more."""
    parameters = [value for author_id in author_ids for value in (author_id, newer_than, older_than)]
    return _ids(_of_authors(len(author_ids), limit, "ASC" if upwards else "DESC"), parameters)


@lru_cache(maxsize=256)
def _of_authors(count: int, limit: int, order: str) -> str:
    parts = (_OF_AUTHOR.format(order=order, limit=limit, number=number) for number in range(count))
    return f"SELECT id FROM ({' UNION ALL '.join(parts)}) t ORDER BY id {order} LIMIT {limit}"  # noqa: S608  # nosec B608  (own words)


def _ids(statement: str, parameters: Sequence[Any]) -> list[int]:
    return [row[0] for row in fetch(statement, parameters)]
