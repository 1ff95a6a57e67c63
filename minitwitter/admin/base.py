"""What the pages of all models have in common.

Lists cost the same however long the table is, and nothing is written here but Django's log of what operators did:
`save_model` and `delete_model` of each subject call an action, and what the action refuses is shown on the page.

There are two roles, and Django's table of permissions is not asked. A moderator (`is_staff`) sees everything and looks
after what people write; an administrator (`is_superuser`) does the rest.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic

from django.contrib import admin, messages
from django.contrib.admin.actions import delete_selected
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import ShowFacets
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from minitwitter.accounts.models import User
from minitwitter.admin.forms import ActionForm, Row, explain
from minitwitter.admin.lists import (
    PAGE_LENGTH,
    BoundedPaginator,
    ChoiceFilter,
    KeysetChangeList,
    MadeFilter,
    matching,
    parse_id,
)
from minitwitter.core.errors import DomainError, FieldProblem, refuse

if TYPE_CHECKING:

    class _ModelAdmin(admin.ModelAdmin[Row]):
        pass
else:

    class _ModelAdmin(admin.ModelAdmin, Generic[Row]):
        pass


class OperatorAdmin(_ModelAdmin[Row]):
    """Everybody with a role may look; a subject says in its `has_..._permission` who may do what.

    A subject defines `search_conditions`, and if it can be changed or deleted `save_model` and `delete_model`.
    """

    form: type[ActionForm[Row]] = ActionForm
    change_list_template = "operator/change_list.html"
    list_per_page = PAGE_LENGTH
    list_filter: ClassVar[tuple[type[ChoiceFilter], ...]] = (MadeFilter,)
    search_fields = ("pk",)  # Shows the search box; what is searched is `search_conditions`.
    ordering = ("-pk",)
    sortable_by = ()
    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # They would count every value of every filter.
    paginator = BoundedPaginator
    actions: Sequence[Any] = ("delete_selected",)

    class Media:
        css = {"all": ("operator/admin.css",)}

    # --- Who may do what ---

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_staff

    def has_view_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return request.user.is_staff

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False

    # --- Lists ---

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetChangeList

    def search_conditions(self, term: str) -> list[Q]:
        """What the search box looks for: conditions that an index answers, of which a row meets at least one."""
        raise NotImplementedError

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Row], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        return matching(queryset, self.search_conditions(term), self.list_per_page + 1), False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        # Django allows any lookup of a column by hand, which is a scan at best and reads password hashes at worst.
        return lookup in {item.parameter_name for item in self.list_filter}

    def name_of(self, obj: Row) -> str:
        """How pages and messages name the row."""
        return str(obj)

    def refused(self, row: Row, refusal: DomainError) -> str:
        """The message that an action left this row as it is."""
        # In quotes, because Django writes the first letter of a message as a capital.
        return f"“{self.name_of(row)}”: {explain(refusal)}"

    # --- Changes ---

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if kwargs.get("obj"):
            context["subtitle"] = self.name_of(kwargs["obj"])
        return super().render_change_form(request, context, *args, **kwargs)

    def get_form(
        self, request: HttpRequest, obj: Row | None = None, *args: Any, **kwargs: Any
    ) -> "type[ModelForm[Row]]":
        form = super().get_form(request, obj, *args, **kwargs)
        form.refusal = getattr(request, "refusal", None)  # type: ignore[attr-defined]  # It is an ActionForm.
        return form

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except DomainError as refusal:
            # What was done has been rolled back. The same again, but now the form is not valid and says why.
            request.refusal = refusal  # type: ignore[attr-defined]  # Django's request takes what views add.
            return super().changeform_view(request, object_id, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: Row, form: Any, change: Any) -> None:
        raise NotImplementedError

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        """Nothing: what belongs to a row is the action's matter."""

    # --- Deletions ---

    def check_deletion(self, request: HttpRequest, obj: Row) -> None:
        """Raise a DomainError if this row must not be deleted."""

    def deletion_summary(self, obj: Row) -> dict[str, int]:
        """What goes, for the page that asks for confirmation: names and how many, from counters."""
        return {str(self.opts.verbose_name_plural): 1}

    def get_deleted_objects(
        self, objs: Sequence[Row] | QuerySet[Row], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        # Django's own would load every row that hangs on these, of which there may be a million.
        summary: dict[str, int] = {}
        for obj in objs:
            self.check_deletion(request, obj)
            for name, count in self.deletion_summary(obj).items():
                summary[name] = summary.get(name, 0) + count
        return [self.name_of(obj) for obj in objs], summary, set(), []

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except DomainError as refusal:
            self.message_user(request, explain(refusal), messages.ERROR)
            meta = self.opts
            return HttpResponseRedirect(reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[object_id]))

    def delete_model(self, request: HttpRequest, obj: Row) -> None:
        raise NotImplementedError

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        raise NotImplementedError("Rows are deleted one by one, each in a transaction of its own.")

    @admin.action(permissions=["delete"], description="Delete selected %(verbose_name_plural)s")
    def delete_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        rows = self.selected(queryset)
        if request.POST.get("post"):
            self.for_each(request, rows, self._delete_one, "Deleted")
            return None
        refused = [row for row in rows if not self._may_go(request, row)]
        # Django's action; without a confirmation it only shows the page that asks for one.
        return None if refused else delete_selected(self, request, rows)

    def _may_go(self, request: HttpRequest, row: Row) -> bool:
        try:
            self.check_deletion(request, row)
        except DomainError as refusal:
            self.message_user(request, self.refused(row, refusal), messages.ERROR)
            return False
        return True

    def _delete_one(self, request: HttpRequest, row: Row) -> None:
        self.check_deletion(request, row)
        self.log_deletions(request, [row])  # type: ignore[arg-type]  # It only iterates.
        self.delete_model(request, row)

    # --- Actions on several rows ---

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], *args: Any) -> HttpResponse | None:
        # Django takes the boxes' values as they come; what is no id would be a failure of the server.
        if any(parse_id(value) is None for value in request.POST.getlist(ACTION_CHECKBOX_NAME)):
            self.message_user(request, "The selection cannot be read. Nothing was changed.", messages.ERROR)
            return None
        return super().response_action(request, queryset, *args)

    def selected(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows an action is about: at most those of one page, whatever the request says."""
        return queryset[: self.list_per_page]

    def for_each(
        self, request: HttpRequest, rows: QuerySet[Any], change: Callable[[HttpRequest, Row], None], done: str
    ) -> None:
        """Change each row in a transaction of its own, and tell how many were and why others were not."""
        count = 0
        for row in rows:
            try:
                with transaction.atomic():
                    change(request, row)
                count += 1
            except DomainError as refusal:
                self.message_user(request, self.refused(row, refusal), messages.ERROR)
        if count:
            kind = self.opts.verbose_name if count == 1 else self.opts.verbose_name_plural
            self.message_user(request, f"{done} {count} {kind}.", messages.SUCCESS)


def operator(request: HttpRequest) -> User:
    """The signed-in operator. Precondition: the page asks for a log-in, as all of the admin's do."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def stay_logged_in(request: HttpRequest) -> None:
    """Keep this window's log-in, after the operator's own password was changed in it.

    Log-ins are bound to what `User.get_session_auth_hash` is made of, which has changed just now.
    """
    user = operator(request)
    user.refresh_from_db(fields=["password", "signed_out_at"])
    update_session_auth_hash(request, user)


def refuse_with(detail: str, *, field: str = "") -> None:
    """Refuse for a reason that only the admin has."""
    refuse([FieldProblem(field, "not_allowed", detail)])
