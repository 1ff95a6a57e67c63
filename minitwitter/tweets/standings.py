"""How tweets stand with a viewer: what of them changes often or is another for each viewer. The rest is `contents`."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.db.models import (
    BigIntegerField,
    ExpressionWrapper,
    F,
    OuterRef,
    QuerySet,
    Subquery,
)
from django.db.models.lookups import In

from minitwitter.accounts.models import Session
from minitwitter.accounts.queries import live_session_rows
from minitwitter.core import ids
from minitwitter.core.statements import ListStatement, Parameter, Row, RowList, Statement, moment, nested
from minitwitter.tweets.models import ContentRevision, Like, TweetStats

# Nobody's id: an anonymous reader likes nothing.
NOBODY = 0
# The columns of `standing_columns`.
COLUMNS = ("like_count", "like")


class Standings(NamedTuple):
    """How some tweets stand with one viewer, and the revision of contents at that moment, None before there was one.

    `tweets` has for each tweet's id how many like it (None for one that is gone), and the id of the viewer's own like.
    """

    revision: int | None
    tweets: Mapping[int, tuple[int | None, int | None]]


def standing_columns(tweet: OuterRef | Parameter, viewer: OuterRef | Parameter) -> dict[str, Any]:
    """The columns of a tweet's standing, for a queryset whose rows name the tweet."""
    return {
        "like_count": Subquery(TweetStats.objects.filter(pk=tweet).values("like_count")),
        "like": _like(tweet, viewer),
    }


def _like(tweet: OuterRef | Parameter, viewer: OuterRef | Parameter) -> Subquery:
    # Not Exists(...): for that, PostgreSQL may choose to look at all that the viewer has ever liked.
    return Subquery(Like.objects.filter(user_id=viewer, tweet_id=tweet).values("pk"))


def standing_rows(condition: Any, *, viewer: OuterRef | Parameter) -> QuerySet[TweetStats, Row]:
    """How the tweets stand whose `tweet_id` meets the condition: a queryset for a `RowList`.

    A `viewer` that is an OuterRef is one of the statement around that.
    """
    found = TweetStats.objects.filter(condition).annotate(like=_like(OuterRef("pk"), nested(viewer)))
    return found.values_list("tweet_id", *COLUMNS)


def revision() -> Subquery:
    """The number of the revision, as a column of another statement. NULL before anything has ever changed."""
    return Subquery(ContentRevision.objects.filter(pk=1).values("number"))


def _select(tweet_ids: list[Parameter]) -> QuerySet[ContentRevision, Row]:
    # A plain number: the ORM takes no list of parameters for a key to another table.
    number = ExpressionWrapper(F("tweet_id"), BigIntegerField())
    rows = standing_rows(In(number, tweet_ids), viewer=Parameter("viewer"))
    return ContentRevision.objects.filter(pk=1).values_list("number", RowList(rows))


def _opened() -> QuerySet[Session, Row]:
    standing = standing_columns(Parameter("tweet"), Parameter("user"))
    return live_session_rows().annotate(**standing).values_list(revision(), *COLUMNS)


_STANDINGS = ListStatement("tweets", _select)
_OPENED = Statement(_opened)


def read_standings(tweet_ids: Sequence[int], viewer_id: int | None) -> Standings:
    """How these tweets stand with the viewer. One query."""
    found = _STANDINGS.rows(tweet_ids, viewer=viewer_id or NOBODY)
    return standings_from_columns(*found[0]) if found else Standings(None, {})


def open_standing(session_id: int, user_id: int, tweet_id: int) -> Standings | None:
    """How one tweet stands with the user of a live session. One query. None when the session may not be used."""
    row = _OPENED.first(session=session_id, user=user_id, now=moment(ids.now()), tweet=tweet_id)
    return None if row is None else standings_from_columns(row[0], [(tweet_id, *row[1:])])


def standings_from_columns(number: int | None, rows: Sequence[Sequence[Any]]) -> Standings:
    """From a revision, and rows of a tweet's id and the columns of its standing."""
    return Standings(number, {tweet_id: (like_count, like) for tweet_id, like_count, like in rows})
