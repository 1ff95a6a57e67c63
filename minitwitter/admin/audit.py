"""The audit log."""

from django.contrib import admin
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.safestring import SafeString

from minitwitter.accounts.models import User
from minitwitter.admin.base import OperatorAdmin
from minitwitter.admin.display import user_link
from minitwitter.admin.lists import MadeFilter, account_conditions, id_conditions
from minitwitter.audit.models import AuditEntry


class AuditEntryAdmin(OperatorAdmin[AuditEntry]):
    """To look at only, and for administrators alone: it tells from where people logged in."""

    list_display = ("id", "created_at", "event", "subject", "done_by", "address")
    list_filter = (MadeFilter,)
    search_help_text = "The whole username of an account it was done to, or an entry's id."
    fields = readonly_fields = (
        "event",
        "created_at",
        "subject",
        "done_by",
        "object_id",
        "address",
        "request_id",
        "id",
    )
    actions = ()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_view_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return request.user.is_superuser

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        # Accounts stand there by id without a foreign key, so the names come with the row instead of a query each.
        users = User.objects.all()
        return (
            super()
            .get_queryset(request)
            .annotate(
                subject_name=Subquery(users.filter(pk=OuterRef("subject_id")).values("username")),
                operator_name=Subquery(users.filter(pk=OuterRef("operator_id")).values("username")),
            )
        )

    def search_conditions(self, term: str) -> list[Q]:
        return id_conditions(term) + account_conditions(term, "subject_id")

    @admin.display(description="Account")
    def subject(self, entry: AuditEntry) -> SafeString | str:
        return _account(entry.subject_id, getattr(entry, "subject_name", None))

    @admin.display(description="Operator")
    def done_by(self, entry: AuditEntry) -> SafeString | str:
        return _account(entry.operator_id, getattr(entry, "operator_name", None))


def _account(user_id: int | None, username: str | None) -> SafeString | str:
    return "-" if user_id is None else user_link(user_id, username or str(user_id))
