"""Lists that cost the same however long the table is: keyset pages, and searches that only indexes answer."""

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

from minitwitter.accounts.queries import user_by_username
from minitwitter.core import ids
from minitwitter.core.pagination import MAX_CURSOR

if TYPE_CHECKING:
    _Paginator = Paginator[Any]
else:
    _Paginator = Paginator

# A page's boxes are fields of one form when an action runs on them, and a form has at most 50 fields
# (DATA_UPLOAD_MAX_NUMBER_FIELDS).
PAGE_LENGTH = 40
COUNT_LIMIT = 1000
# The parameter that holds the place of a page: its rows are older than this id.
BEFORE = "before"


class KeysetChangeList(ChangeList):
    """A list that is read newest first from a given id downwards. It counts nothing and skips nothing (no OFFSET)."""

    older_link = ""
    newest_link = ""

    def get_queryset(self, request: HttpRequest, exclude_parameters: list[str | None] | None = None) -> QuerySet[Any]:
        # Taken out of the parameters, so that a new search or filter starts again at the newest row.
        self.params.pop(BEFORE, None)
        self.filter_params.pop(BEFORE, None)
        before = parse_id(request.GET.get(BEFORE, ""))
        if before is not None:
            self.root_queryset = self.root_queryset.filter(pk__lt=before)
            self.newest_link = self.get_query_string()
        return super().get_queryset(request, exclude_parameters)

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        # Any other order would sort the whole table.
        return ["-pk"]

    def get_results(self, request: HttpRequest) -> None:
        rows = list(self.queryset[: self.list_per_page + 1])
        self.result_list = rows[: self.list_per_page]
        self.result_count = len(self.result_list)
        if len(rows) > self.list_per_page:
            self.older_link = self.get_query_string({BEFORE: self.result_list[-1].pk})
        self.show_full_result_count = False
        # Equal numbers hide Django's "results" beside the search box; they are only told of a complete search.
        self.full_result_count = None if self.query and not self.older_link else self.result_count
        self.show_admin_actions = True
        self.can_show_all = self.multi_page = False
        self.paginator = None


class BoundedPaginator(_Paginator):
    """Counts to COUNT_LIMIT and no further. For the few pages of Django's that insist on numbered pages."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list  # The admin gives querysets only.
        return int(rows[:COUNT_LIMIT].count())


class ChoiceFilter(admin.SimpleListFilter):
    """A filter with a few fixed choices: `options` maps their names in the address to their titles."""

    options: ClassVar[dict[str, str]]

    def lookups(self, request: HttpRequest, model_admin: "admin.ModelAdmin[Any]") -> Iterable[tuple[str, str]]:
        return self.options.items()

    def condition(self, choice: str) -> Q:
        """What the rows of that choice have in common."""
        raise NotImplementedError

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        choice = self.value()
        return queryset.filter(self.condition(choice)) if choice in self.options else None


class MadeFilter(ChoiceFilter):
    """Rows of the last days. Ids are in the order of time, so this is a range of the primary key."""

    title = "age"
    parameter_name = "made"
    options = {"1": "Past 24 hours", "7": "Past 7 days", "30": "Past 30 days"}

    def condition(self, choice: str) -> Q:
        return Q(pk__gte=ids.new_id(ids.now() - timedelta(days=int(choice))))


def matching(queryset: QuerySet[Any], conditions: Iterable[Q], limit: int) -> QuerySet[Any]:
    """The newest `limit` rows (and a few more) that meet any of the conditions.

    Each condition is asked alone and so answered by its own index; joined by OR they would be a scan. Precondition:
    the queryset is in the order of the list.
    """
    found: set[int] = set()
    for condition in conditions:
        found.update(queryset.filter(condition).values_list("pk", flat=True)[:limit])
    return queryset.filter(pk__in=found)


def id_conditions(term: str) -> list[Q]:
    """The condition that the row has this id, if the term can be one."""
    number = parse_id(term)
    return [] if number is None else [Q(pk=number)]


def account_conditions(term: str, *columns: str) -> list[Q]:
    """The conditions that one of the columns holds the id of the account of that name, in any case and any state."""
    user = user_by_username(term)
    return [] if user is None else [Q(**{column: user.pk}) for column in columns]


def prefix_condition(column: str, prefix: str) -> Q:
    """That the column, an alias for LOWER(...) of letters, digits and punctuation, begins with the prefix.

    A range that the index on LOWER(...) answers, and the exact comparison on what it finds. The range ends at the next
    letter or digit, because punctuation sorts differently under every collation of PostgreSQL.
    """
    condition = Q(**{f"{column}__gte": prefix, f"{column}__startswith": prefix})
    end = _after(prefix)
    return condition & Q(**{f"{column}__lt": end}) if end else condition


def _after(prefix: str) -> str:
    """A text that follows every text with the prefix, or "" if there is none."""
    alphabet = "0123456789abcdefghijklmnopqrstuvwxyz"
    kept = prefix.rstrip("".join(character for character in set(prefix) if character not in alphabet[:-1]))
    return kept[:-1] + alphabet[alphabet.index(kept[-1]) + 1] if kept else ""


def parse_id(term: str) -> int | None:
    """The id that the text is, or None."""
    digits = term.isascii() and term.isdigit() and len(term) <= len(str(MAX_CURSOR))
    return int(term) if digits and int(term) <= MAX_CURSOR else None
