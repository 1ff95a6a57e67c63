"""The statements of home feeds that the ORM does not have: INSERT ... SELECT, a look into each author's tweets, and one
into the first of all tweets.

They run on SQLite and on PostgreSQL. Where the two need other words, both stand here side by side. The order of the
tables is the order in which they are to be read: SQLite keeps to it for CROSS JOIN.
"""

import re
from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Expression
from django.db.models.sql.compiler import SQLCompiler

from minitwitter.core.database import change, fetch
from minitwitter.core.ids import MAX_ID

_FILL = """
INSERT INTO timelines_timelineentry (owner_id, entry_id)
SELECT f.follower_id, t.id
FROM relationships_follow f CROSS JOIN tweets_tweet t
WHERE f.follower_id = %s AND NOT f.is_pulled {part}
    AND t.author_id = f.followee_id AND t.deleted_at IS NULL AND t.id > %s
ON CONFLICT DO NOTHING
"""
# The followers of an author, or those whose follows are between two.
_ALL_FOLLOWERS = "f.followee_id = t.author_id"
# An account's rows between two ids (the upper one inclusive). In two columns, so that nothing but the index of these
# serves PostgreSQL: by ids alone it may read everybody's rows between the two.
_BETWEEN = {
    "sqlite": "{owner} = {account} AND {id} > %s AND {id} <= %s",
    "postgresql": "({owner}, {id}) > ({account}, %s) AND ({owner}, {id}) <= ({account}, %s)",
}
_FOLLOWS = "SELECT f.id, f.follower_id FROM relationships_follow f WHERE {part} ORDER BY f.followee_id, f.id LIMIT %s"
_FAN_OUT = {
    "sqlite": """
INSERT INTO timelines_timelineentry (owner_id, entry_id)
SELECT f.follower_id, t.id
FROM tweets_tweet t CROSS JOIN relationships_follow f CROSS JOIN timelines_timeline l
WHERE t.id = %s AND {part}
    AND l.owner_id = f.follower_id AND (l.floor_id IS NULL OR l.floor_id < t.id)
ON CONFLICT DO NOTHING
""",
    # OFFSET 0 keeps the planner from beginning with all timelines there are, which it does for an author of few
    # followers where the average author has many: 12 ms instead of 1.
    "postgresql": """
INSERT INTO timelines_timelineentry (owner_id, entry_id)
SELECT f.follower_id, t.id
FROM (SELECT id, author_id FROM tweets_tweet WHERE id = %s) t
CROSS JOIN LATERAL (
    SELECT f.follower_id FROM relationships_follow f WHERE {part} OFFSET 0
) f
CROSS JOIN LATERAL (
    SELECT 1 FROM timelines_timeline l
    WHERE l.owner_id = f.follower_id AND (l.floor_id IS NULL OR l.floor_id < t.id) OFFSET 0
) l
ON CONFLICT DO NOTHING
""",
}
_TWEETS_OF = """
SELECT id FROM (SELECT id FROM tweets_tweet WHERE {part} AND deleted_at IS NULL LIMIT %s) posted
UNION ALL SELECT id FROM tweets_tweet WHERE author_id = %s AND id > %s AND deleted_at IS NOT NULL
"""
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
# Where somebody follows so many that a good part of all tweets are theirs, a page is found among the first of all
# tweets: to look at a third as many of them as are followed, and whose they are, costs less than a look into each one's
# tweets. Not tried where these are not some pages long: the reader's page would have to be a good part of them.
SCANNED_PERCENT = 33
SCANNED_PAGES = 4
# Not EXISTS(...): for that, PostgreSQL may choose to begin with all follows.
_SCAN = """
SELECT first.id FROM (
    SELECT id, author_id, deleted_at FROM tweets_tweet WHERE id > %s AND id < %s ORDER BY id {order}
    LIMIT COALESCE((
        SELECT following_count * {percent} / 100 FROM accounts_accountstats
        WHERE user_id = %s AND following_count * {percent} / 100 >= {least}
    ), 0)
) first
WHERE first.deleted_at IS NULL AND (
    SELECT f.id FROM relationships_follow f WHERE f.follower_id = %s AND f.followee_id = first.author_id
) IS NOT NULL
{sorted} LIMIT {limit}
"""
# SQLite passes on the rows of a subquery in its order, as PostgreSQL does, though neither promises it; and told to sort
# them, it would read all of them first. (tests/timelines/test_home_feed.py would tell.)
_SORTED = {"sqlite": "", "postgresql": "ORDER BY first.id {order}"}
_IS_PULLED = {
    # What json_each does here LATERAL does there: look into each author's tweets, and no further than the limit.
    "sqlite": """
{tweet} IN (
    SELECT found.value
    FROM (SELECT {newer_than} AS newer_than, {older_than} AS older_than) bounds
    CROSS JOIN relationships_follow f
    CROSS JOIN json_each((
        SELECT json_group_array(id) FROM (
            SELECT t.id FROM tweets_tweet t
            WHERE t.author_id = f.followee_id AND t.deleted_at IS NULL
                AND t.id > bounds.newer_than AND t.id < bounds.older_than
            ORDER BY t.id {order} LIMIT {limit}
        )
    )) found
    WHERE f.follower_id = {follower} AND f.is_pulled
    ORDER BY found.value {order} LIMIT {limit}
)
""",
    "postgresql": """
{tweet} = ANY(ARRAY(
    SELECT found.id
    FROM (SELECT {newer_than} AS newer_than, CAST({older_than} AS bigint) AS older_than) bounds
    CROSS JOIN relationships_follow f
    CROSS JOIN LATERAL (
        SELECT t.id FROM tweets_tweet t
        WHERE t.author_id = f.followee_id AND t.deleted_at IS NULL
            AND t.id > bounds.newer_than AND t.id < bounds.older_than
        ORDER BY t.id {order} LIMIT {limit}
    ) found
    WHERE f.follower_id = {follower} AND f.is_pulled
    ORDER BY found.id {order} LIMIT {limit}
))
""",
}


class IsPulled(Expression):
    """Whether a tweet is among the first ones, in that direction, of the authors who are pulled into somebody's feed.

    Of those between the bounds (exclusive), and at most `limit`. Each author's tweets are read no further than that:
    who posts very much costs no more.
    """

    output_field = BooleanField()

    def __init__(
        self, tweet: Any, follower: Any, *, newer_than: Any, older_than: Any, limit: int, upwards: bool
    ) -> None:
        super().__init__()
        self.sources = {"tweet": tweet, "follower": follower, "newer_than": newer_than, "older_than": older_than}
        self.words = {"order": "ASC" if upwards else "DESC", "limit": str(limit)}

    def get_source_expressions(self) -> list[Any]:
        return list(self.sources.values())

    def set_source_expressions(self, expressions: Sequence[Any]) -> None:
        self.sources = dict(zip(self.sources, expressions, strict=True))

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, tuple[Any, ...]]:
        compiled = {name: compiler.compile(source) for name, source in self.sources.items()}
        places: list[Any] = []

        def word(match: re.Match[str]) -> str:
            name = match[1]
            if name in self.words:
                return self.words[name]
            sql, of_source = compiled[name]
            places.extend(of_source)
            return sql

        return re.sub(r"\{(\w+)\}", word, _IS_PULLED[connection.vendor]), tuple(places)


def fill(owner_id: int, *, newer_than: int) -> None:
    """Write the tweets of all whom the owner follows into the owner's timeline; not those that are pulled."""
    change(_FILL.format(part=""), [owner_id, newer_than])


def fill_from(owner_id: int, followee_id: int, *, newer_than: int) -> None:
    """The same for one of them."""
    change(_FILL.format(part="AND f.followee_id = %s"), [owner_id, followee_id, newer_than])


def follows_of(author_id: int, *, after: int, limit: int) -> list[tuple[int, int]]:
    """The ids of the author's next so many followers' follows behind that one, and of the followers."""
    part, places = _newer("f.followee_id", "f.id", author_id, after)
    return fetch(_FOLLOWS.format(part=part), [*places, limit])


def fan_out(tweet_id: int) -> None:
    """Write the tweet into the timelines of its author's followers, of those who have one."""
    change(_FAN_OUT[connection.vendor].format(part=_ALL_FOLLOWERS), [tweet_id])


def fan_out_to(tweet_id: int, *, after: int, up_to: int) -> None:
    """The same for the followers whose follow has an id within these bounds (the upper one inclusive)."""
    part = _BETWEEN[connection.vendor].format(owner="f.followee_id", id="f.id", account="t.author_id")
    change(_FAN_OUT[connection.vendor].format(part=part), [tweet_id, after, up_to])


def tweets_of(author_id: int, *, newer_than: int, limit: int) -> list[int]:
    """The ids of the author's tweets since then, in no order, and of those that are deleted and not purged yet.

    Of the former no more than the limit; of the latter there are few at any time.
    """
    part, places = _newer("author_id", "id", author_id, newer_than)
    return _ids(_TWEETS_OF.format(part=part), [*places, limit, author_id, newer_than])


def pull(follower_id: int, *, newer_than: int, older_than: int, limit: int, upwards: bool) -> list[int]:
    """The first ids, in that direction, of the tweets between the bounds (exclusive) of all whom somebody follows."""
    statement = _PULL[connection.vendor].format(order="ASC" if upwards else "DESC", limit=limit)
    return _ids(statement, [follower_id, newer_than, older_than])


def scan(follower_id: int, *, newer_than: int, older_than: int, limit: int, upwards: bool) -> list[int]:
    """The same, of what is found among the first of all tweets: so many as limit are all there is to know of the page.

    Fewer tell nothing: the rest may be further on.
    """
    order = "ASC" if upwards else "DESC"
    in_order = _SORTED[connection.vendor].format(order=order)
    least = SCANNED_PAGES * limit
    statement = _SCAN.format(percent=SCANNED_PERCENT, least=least, order=order, sorted=in_order, limit=limit)
    return _ids(statement, [newer_than, older_than, follower_id, follower_id])


def _newer(owner: str, key: str, account_id: int, newer_than: int) -> tuple[str, list[int]]:
    """The condition for an account's rows above an id, with these columns, and the values in its places."""
    part = _BETWEEN[connection.vendor].format(owner=owner, id=key, account="%s")
    places = {
        "sqlite": [account_id, newer_than, MAX_ID],
        "postgresql": [account_id, newer_than, account_id, MAX_ID],
    }
    return part, places[connection.vendor]


def _ids(statement: str, parameters: Sequence[Any]) -> list[int]:
    return [row[0] for row in fetch(statement, parameters)]
