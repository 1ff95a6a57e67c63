"""The skeleton of the home feed: the tweets of the accounts that the viewer follows, by id, descending.

That is the plain definition. A page of it is put together from what costs the same however many accounts the viewer
follows, and however many tweets there are:

- the entries of the viewer's kept timeline, down to its floor;
- tweets that a task is still writing to timelines (`PendingFanOut`);
- the tweets of followed accounts with very many followers, which are written to no timeline (`Follow.is_pulled`);
- below the floor: a look at the first of all tweets, which is enough for who follows thousands;
- else, and where no timeline is kept: a look into the tweets of each followed account.
"""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import BigIntegerField, Case, Exists, F, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Greatest

from minitwitter.accounts.queries import (
    BROWSER_SESSION_COLUMNS,
    BrowserSession,
    LiveSession,
    browser_session_rows,
    live_session_rows,
)
from minitwitter.accounts.tokens import browser_id
from minitwitter.core import ids
from minitwitter.core.pagination import MAX_CURSOR, Entry, PageRequest, Skeleton
from minitwitter.core.statements import IdList, Parameter, Row, RowList, Statement, moment, nested
from minitwitter.relationships.models import Follow
from minitwitter.timelines import statements
from minitwitter.timelines.models import PendingFanOut, Timeline, TimelineEntry
from minitwitter.timelines.statements import IsPulled
from minitwitter.tweets.standings import (
    COLUMNS,
    Standings,
    revision,
    standing_columns,
    standing_rows,
    standings_from_columns,
)

# A first guess at how far back a page reaches, where nothing tells.
_HOUR = 3_600_000 << ids.RANDOM_BITS
_BROWSER_END = len(BROWSER_SESSION_COLUMNS)
# Whose feed it is: a parameter, or the user of the session that is read by the same statement.
_Owner = Parameter | OuterRef
# Where the statement of a session finds its user's timeline.
_TIMELINE_COLUMNS = ("user__timeline__floor_id", "user__timeline__read_at")
_NEWER_THAN = Parameter("newer_than", output_field=BigIntegerField())
_OLDER_THAN = Parameter("older_than", output_field=BigIntegerField())
# How much further the next look goes when a window held too little.
_WIDER = 8


class Part(NamedTuple):
    """At most so many tweets of a feed between two ids (exclusive), from the newest down, or from the oldest up."""

    newer_than: int
    older_than: int
    limit: int
    upwards: bool

    def first_of(self, found: set[int]) -> list[int]:
        """Those of the ids that belong to this part, in its order."""
        within = [number for number in found if self.newer_than < number < self.older_than]
        return sorted(within, reverse=not self.upwards)[: self.limit]

    @property
    def is_empty(self) -> bool:
        return self.limit <= 0 or self.newer_than + 1 >= self.older_than


class Kept(NamedTuple):
    """What is kept of a part of a feed, read by one statement, so that a tweet on its way is in one place or another.

    `found`: the ids of entries, of tweets that are still being written, and of those that are pulled. `read_at`: when
    the feed was last read. `standings`: how these tweets stand with the viewer, but for those being written.
    """

    floor_id: int
    read_at: datetime
    found: set[int]
    standings: Standings


def read_kept(viewer_id: int, page: PageRequest) -> Kept | None:
    """What is kept of the page. None when no timeline is, or it is still being built."""
    part = _part(page)
    bounds = {"newer_than": part.newer_than, "older_than": part.older_than}
    row = _kept_statement(part.limit, part.upwards).first(user=viewer_id, **bounds)
    return None if row is None else _kept_from_columns(row)


def open_home(session_id: int, user_id: int, page: PageRequest) -> tuple[LiveSession, Kept | None] | None:
    """The live session of a reader, and what is kept of the page, by one query. None when the session may not be used.

    The home feed is what is asked for most. Its reader's session is looked up like any other, but not apart.
    """
    part = _part(page)
    bounds = {"newer_than": part.newer_than, "older_than": part.older_than}
    statement = _opened_statement(part.limit, part.upwards)
    row = statement.first(session=session_id, user=user_id, now=moment(ids.now()), **bounds)
    if row is None:
        return None
    return LiveSession(session_id, user_id), _kept_if_any(row)


def open_home_in_browser(session_id: int, secret: str, page: PageRequest) -> tuple[BrowserSession, Kept | None] | None:
    """The same of the session of a browser's cookie."""
    part = _part(page)
    bounds = {"newer_than": part.newer_than, "older_than": part.older_than}
    statement = _opened_in_browser_statement(part.limit, part.upwards)
    row = statement.first(session=session_id, browser=browser_id(secret), now=moment(ids.now()), **bounds)
    if row is None:
        return None
    return BrowserSession(session_id, row[:_BROWSER_END]), _kept_if_any(row[_BROWSER_END:])


def home_page(viewer_id: int, page: PageRequest, kept: Kept | None) -> Skeleton:
    """One page of the viewer's home feed, when what is kept of it has been read."""
    found = _ids(viewer_id, _part(page), kept)
    return Skeleton([Entry(number, number) for number in found[: page.limit]], len(found) > page.limit)


def floor_of_newest(viewer_id: int, count: int) -> int:
    """The id below which all but the newest so many tweets of the viewer's home feed are; 0 if it has no more."""
    newest = _pull(viewer_id, Part(0, MAX_CURSOR, count + 1, upwards=False), span=_HOUR)
    return newest[count] if len(newest) > count else 0


def _part(page: PageRequest) -> Part:
    newer_than = page.min_id if page.upwards else page.since_id
    return Part(
        newer_than=newer_than or 0,
        older_than=MAX_CURSOR if page.max_id is None else page.max_id,
        # One more than is shown tells whether anything follows.
        limit=page.limit + 1,
        upwards=page.upwards,
    )


@lru_cache(maxsize=256)
def _kept_statement(limit: int, upwards: bool) -> Statement:  # noqa: FBT001  (the key of the cache)
    kept = Timeline.objects.filter(owner_id=Parameter("user"), floor_id__isnull=False)
    lists = _lists(limit, upwards=upwards, owner=Parameter("user"), floor="floor_id")
    return Statement(lambda: kept.values_list("floor_id", "read_at", *lists))


@lru_cache(maxsize=256)
def _opened_statement(limit: int, upwards: bool) -> Statement:  # noqa: FBT001  (as above)
    lists = _lists(limit, upwards=upwards, owner=Parameter("user"), floor=_TIMELINE_COLUMNS[0])
    return Statement(lambda: live_session_rows().values_list(*_TIMELINE_COLUMNS, *lists))


@lru_cache(maxsize=256)
def _opened_in_browser_statement(limit: int, upwards: bool) -> Statement:  # noqa: FBT001  (as above)
    lists = _lists(limit, upwards=upwards, owner=OuterRef("user_id"), floor=_TIMELINE_COLUMNS[0])
    columns = (*BROWSER_SESSION_COLUMNS, *_TIMELINE_COLUMNS)
    return Statement(lambda: browser_session_rows().values_list(*columns, *lists))


def _lists(limit: int, *, upwards: bool, owner: _Owner, floor: str) -> list[Case | Subquery]:
    """The entries, the tweets that are being written, and those that are pulled, of the owner; and the revision.

    `floor` is where the statement finds the timeline's floor.
    """
    sign = "" if upwards else "-"
    inner = nested(owner)
    entries = _entries(owner, OuterRef(floor)).annotate(**standing_columns(OuterRef("entry_id"), inner))
    followed = Follow.objects.filter(follower_id=inner, followee_id=OuterRef("author_id"))
    pending = PendingFanOut.objects.filter(Exists(followed), **_within("tweet_id", OuterRef(floor)))
    pulled = standing_rows(_pulled(limit, upwards=upwards, owner=owner, floor=OuterRef(floor)), viewer=owner)
    # Most people follow nobody who is pulled, and need not pay for it.
    pulls = Exists(Follow.objects.filter(follower_id=owner, is_pulled=True))
    return [
        RowList(entries.order_by(f"{sign}entry_id").values("entry_id", *COLUMNS)[:limit]),
        IdList(pending.order_by(f"{sign}tweet_id").values("tweet_id")[:limit]),
        Case(When(pulls, then=RowList(pulled), **{f"{floor}__isnull": False}), default=Value(None)),
        revision(),
    ]


def _entries(owner: _Owner, floor: OuterRef) -> QuerySet[TimelineEntry]:
    return TimelineEntry.objects.filter(owner_id=owner, **_within("entry_id", floor))


def _within(column: str, floor: OuterRef) -> dict[str, Any]:
    return {f"{column}__lt": _OLDER_THAN, f"{column}__gt": Greatest(floor, _NEWER_THAN)}


def _pulled(limit: int, *, upwards: bool, owner: _Owner, floor: OuterRef) -> IsPulled:
    """Which tweets are pulled into the page: where its entries fill it, only those that push one of these out."""
    order = "entry_id" if upwards else "-entry_id"
    entries = _entries(nested(owner), OuterRef(floor)).order_by(order).values("entry_id")
    last = Subquery(entries[limit - 1 : limit])
    newest, oldest = _OLDER_THAN, Greatest(floor, _NEWER_THAN)
    return IsPulled(
        F("tweet_id"),
        owner,
        newer_than=oldest if upwards else Coalesce(last, oldest),
        older_than=Coalesce(last, newest) if upwards else newest,
        limit=limit,
        upwards=upwards,
    )


def _kept_if_any(row: Row) -> Kept | None:
    return None if row[0] is None else _kept_from_columns(row)


def _kept_from_columns(row: Row) -> Kept:
    floor_id, read_at, entries, pending, pulled, number = row
    standings = standings_from_columns(number, [*entries, *(pulled or ())])
    return Kept(floor_id, read_at, {*pending, *standings.tweets}, standings)


def _ids(viewer_id: int, part: Part, kept: Kept | None) -> list[int]:
    """The first ids of the part, in its order."""
    if kept is None:
        return _pull(viewer_id, part, span=_HOUR)
    found: list[int] = []
    for is_kept in (False, True) if part.upwards else (True, False):
        left = part.limit - len(found)
        if is_kept:
            zone = Part(max(part.newer_than, kept.floor_id), part.older_than, left, part.upwards)
        else:
            zone = Part(part.newer_than, min(part.older_than, kept.floor_id + 1), left, part.upwards)
        if not zone.is_empty:
            found += zone.first_of(kept.found) if is_kept else _beyond(viewer_id, zone, kept)
    return found


def _beyond(viewer_id: int, part: Part, kept: Kept) -> list[int]:
    """Of a part below the floor."""
    found = statements.scan(viewer_id, **part._asdict())
    return found if len(found) == part.limit else _pull(viewer_id, part, span=_span(part.limit, kept))


def _span(limit: int, kept: Kept) -> int:
    """How far back so many tweets of the feed reach, by what is kept of it; with a margin."""
    kept_span = max(ids.first_id(ids.now()) - kept.floor_id, 0)
    return max(2 * limit * kept_span // settings.TIMELINE_LENGTH, _HOUR)


def _pull(viewer_id: int, part: Part, *, span: int) -> list[int]:
    """The part by the plain definition: from a window of that span at its beginning, and wider ones if need be."""
    # Whatever the clocks of several machines say, no tweet is of tomorrow.
    part = part._replace(older_than=min(part.older_than, ids.first_id(ids.now() + timedelta(days=1))))
    end = min(part.older_than, ids.first_id(ids.now()))
    while True:
        window = part._replace(
            newer_than=part.newer_than if part.upwards else max(part.newer_than, end - span),
            older_than=min(part.older_than, part.newer_than + span) if part.upwards else part.older_than,
        )
        found = statements.pull(viewer_id, **window._asdict())
        if len(found) == part.limit or window == part:
            return found
        span *= _WIDER
