"""Keyset pages by id: which part of a list is asked for, and how a page is filled.

A page starts from a *skeleton*: entries of (cursor, target). The cursor is the id by which the list is ordered; the
target is the id of what is shown (a tweet, an account). In a list of tweets both are the same.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from django.db.models import QuerySet

from minitwitter.core.errors import FieldProblem, refuse
from minitwitter.core.statements import Parameter, Statement

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
MAX_CURSOR = 2**63 - 1
# So many looks of a hundred entries each: as much as a timeline keeps, all by somebody whose account was closed.
_REFILLS = 8

Item = TypeVar("Item")


class PageRequest(NamedTuple):
    """The part of a list that a caller asks for.

    `max_id`: older than (exclusive). `since_id`: newer than (exclusive), newest first.
    `min_id`: newer than (exclusive), the page nearest to it. `since_id` and `min_id` exclude each other.
    """

    limit: int = DEFAULT_LIMIT
    max_id: int | None = None
    since_id: int | None = None
    min_id: int | None = None

    @property
    def upwards(self) -> bool:
        """Whether the page is filled from its oldest entry towards newer ones."""
        return self.min_id is not None


class Entry(NamedTuple):
    """One line of a skeleton."""

    cursor: int
    target: int


class Skeleton(NamedTuple):
    """The entries of a page in the direction it is filled, and whether more follow in that direction."""

    entries: list[Entry]
    has_more: bool


@dataclass(frozen=True)
class Page(Generic[Item]):
    """A filled page, newest first. `next` leads to older items, `previous` to newer ones."""

    items: list[Item]
    next: PageRequest | None
    previous: PageRequest | None


def parse_page(parameters: Mapping[str, Sequence[str]]) -> PageRequest:
    """Read `limit`, `max_id`, `since_id` and `min_id` from a query string's parameters (each with its values).

    Raises ValidationFailed with one entry for each parameter that is not a plain decimal number in its range.
    """
    problems: list[FieldProblem] = []
    values: dict[str, int] = {}
    for name, (low, high, code) in _PARAMETERS.items():
        if name not in parameters:
            continue
        number = _number(parameters[name], low, high)
        if number is None:
            problems.append(FieldProblem(name, code, f"Send one whole number from {low} to {high}."))
        else:
            values[name] = number
    if "since_id" in parameters and "min_id" in parameters:
        problems.append(FieldProblem("min_id", "invalid_cursor", "Send since_id or min_id, not both."))
    refuse(problems)
    return PageRequest(**values)


_PARAMETERS = {
    "limit": (1, MAX_LIMIT, "out_of_range"),
    "max_id": (0, MAX_CURSOR, "invalid_cursor"),
    "since_id": (0, MAX_CURSOR, "invalid_cursor"),
    "min_id": (0, MAX_CURSOR, "invalid_cursor"),
}


def _number(values: Sequence[str], low: int, high: int) -> int | None:
    """The one plain decimal number that the values are, if it is in the range."""
    digits = values[0] if len(values) == 1 else ""
    # The length is looked at first: Python refuses to read a number of over 4,300 digits.
    if digits.isascii() and digits.isdigit() and len(digits) <= 19 and low <= int(digits) <= high:
        return int(digits)
    return None


class PagedList:
    """A list that is read in pages, by one query each: the rows of a queryset, which may have `Parameter`s.

    `cursor` and `target` name its columns.
    """

    def __init__(self, rows: Callable[[], QuerySet[Any, Any]], *, cursor: str = "id", target: str = "id") -> None:
        self._rows = rows
        self._cursor = cursor
        self._target = target
        self._statements: dict[tuple[bool, int], Statement] = {}

    def skeleton(self, page: PageRequest, **values: Any) -> Skeleton:
        """The entries of the page, with these values for the queryset's parameters."""
        newer_than = page.min_id if page.upwards else page.since_id
        found = self._statement(page).rows(
            page_older_than=MAX_CURSOR if page.max_id is None else page.max_id,
            page_newer_than=-1 if newer_than is None else newer_than,
            **values,
        )
        entries = [Entry(*row) for row in found[: page.limit]]
        return Skeleton(entries, len(found) > page.limit)

    def _statement(self, page: PageRequest) -> Statement:
        shape = (page.upwards, page.limit)
        if shape not in self._statements:
            self._statements[shape] = Statement(lambda: self._select(page.limit, upwards=page.upwards))
        return self._statements[shape]

    def _select(self, limit: int, *, upwards: bool) -> QuerySet[Any, Any]:
        within = {
            f"{self._cursor}__lt": Parameter("page_older_than"),
            f"{self._cursor}__gt": Parameter("page_newer_than"),
        }
        ordered = self._rows().filter(**within).order_by(self._cursor if upwards else f"-{self._cursor}")
        # One more than is shown tells whether anything follows.
        return ordered.values_list(self._cursor, self._target)[: limit + 1]


def load_page(
    page: PageRequest,
    skeleton: Callable[[PageRequest], Skeleton],
    hydrate: Callable[[list[int]], Mapping[int, Item]],
) -> Page[Item]:
    """Fill a page: skeleton, hydrate, drop what is gone or hidden, and refill.

    `hydrate` maps the targets that the caller may see to what is shown. A page can stay shorter than its limit
    when very much of it is hidden; `next` follows the skeleton, so that nothing is skipped.
    """
    entries, has_more = skeleton(page)
    shown = _hydrated(entries, hydrate)
    for _ in range(_REFILLS):
        if not has_more or len(shown) >= page.limit:
            break
        # Much is hidden here, so a longer look is taken.
        more, has_more = skeleton(_continue(page, entries[-1].cursor)._replace(limit=MAX_LIMIT))
        missing = page.limit - len(shown)
        extra = _hydrated(more, hydrate)
        if len(extra) > missing:
            # Stop right behind the last entry that still fits; what follows belongs to the next page.
            extra, has_more = extra[:missing], True
            more = more[: more.index(extra[-1][0]) + 1]
        shown, entries = shown + extra, entries + more
    return _finish(page, Skeleton(entries, has_more), [item for _, item in shown], skeleton)


def _hydrated(entries: list[Entry], hydrate: Callable[[list[int]], Mapping[int, Item]]) -> list[tuple[Entry, Item]]:
    found = hydrate([entry.target for entry in entries])
    return [(entry, found[entry.target]) for entry in entries if entry.target in found]


def _continue(page: PageRequest, cursor: int) -> PageRequest:
    return page._replace(min_id=cursor) if page.upwards else page._replace(max_id=cursor)


def _finish(
    page: PageRequest,
    walked: Skeleton,
    items: list[Item],
    skeleton: Callable[[PageRequest], Skeleton],
) -> Page[Item]:
    entries, has_more = walked
    if page.min_id is not None:
        oldest = entries[0].cursor if entries else min(page.min_id + 1, MAX_CURSOR)
        older = PageRequest(limit=page.limit, max_id=oldest)
        # Only here is it not known whether anything older exists; one short query tells.
        has_older = bool(skeleton(older._replace(limit=1)).entries)
        newer = _continue(page, entries[-1].cursor) if has_more else None
        return Page(items[::-1], older if has_older else None, newer)
    next_page = _continue(page, entries[-1].cursor) if has_more else None
    if page.max_id is None:
        return Page(items, next_page, None)
    newest = entries[0].cursor if entries else max(page.max_id - 1, 0)
    return Page(items, next_page, PageRequest(limit=page.limit, min_id=newest))
