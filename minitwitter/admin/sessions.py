"""Sessions of accounts."""

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from minitwitter.accounts.errors import SessionNotFound
from minitwitter.accounts.models import Session
from minitwitter.actions import sessions
from minitwitter.admin.base import OperatorAdmin, operator, refuse_with
from minitwitter.admin.display import user_link
from minitwitter.admin.lists import ChoiceFilter, MadeFilter, account_conditions, id_conditions
from minitwitter.core import ids


class LiveFilter(ChoiceFilter):
    title = "state"
    parameter_name = "state"
    options = {"live": "Live", "over": "Over"}

    def condition(self, choice: str) -> Q:
        live = Q(ended_at=None, expires_at__gt=ids.now())
        return live if choice == "live" else ~live


class SessionAdmin(OperatorAdmin[Session]):
    """Sessions are looked at and ended, never changed.

    The log-ins to these pages are not among them. They end one by one by logging out, and all together with all of the
    account's sessions.
    """

    list_display = ("id", "account", "browser", "created_at", "refreshed_at", "state")
    list_filter = (LiveFilter, MadeFilter)
    search_help_text = "A whole username, or a session's id."
    fields = ("id", "account", "device", "created_at", "refreshed_at", "expires_at", "ended_at", "state")
    readonly_fields = ("account", "state")
    actions = ("end",)

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Who may end a session, for the list's action."""
        return operator(request).is_staff

    def get_queryset(self, request: HttpRequest) -> QuerySet[Session]:
        return super().get_queryset(request).select_related("user")

    def search_conditions(self, term: str) -> list[Q]:
        return id_conditions(term) + account_conditions(term, "user_id")

    def name_of(self, obj: Session) -> str:
        return f"Session of {obj.user.username}"

    @admin.display(description="Device")
    def browser(self, session: Session) -> str:
        return Truncator(session.device).chars(60)

    @admin.display
    def account(self, session: Session) -> SafeString:
        return user_link(session.user_id, session.user.username)

    @admin.display
    def state(self, session: Session) -> str:
        if session.ended_at is not None:
            return "ended"
        return "live" if session.expires_at > ids.now() else "expired"

    @admin.action(permissions=["end"], description="End selected sessions")
    def end(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        self.for_each(request, self.selected(queryset), self._end, "Ended")

    def _end(self, request: HttpRequest, session: Session) -> None:
        if session.user.is_staff and not operator(request).is_superuser:
            refuse_with("Only an administrator can sign an operator out.")
        try:
            sessions.end_session(user=session.user, session_id=session.pk)
        except SessionNotFound:
            raise SessionNotFound("It is over already.") from None
        self.log_change(request, session, "Ended.")
