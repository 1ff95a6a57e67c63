"""The admin's addresses (`site.urls`) and which models have pages."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from minitwitter.accounts.models import Session, User
from minitwitter.actions import accounts
from minitwitter.admin.accounts import UserAdmin
from minitwitter.admin.audit import AuditEntryAdmin
from minitwitter.admin.base import operator, stay_logged_in
from minitwitter.admin.forms import LogInForm, OwnPasswordForm, add_refusal
from minitwitter.admin.media import ImageAdmin
from minitwitter.admin.relationships import FollowAdmin
from minitwitter.admin.sessions import SessionAdmin
from minitwitter.admin.tasks import TaskAdmin
from minitwitter.admin.tweets import TweetAdmin
from minitwitter.audit import log as audit
from minitwitter.audit.models import AuditEntry, Event
from minitwitter.core import caller
from minitwitter.core.errors import DomainError
from minitwitter.core.models import Task
from minitwitter.media.models import Image
from minitwitter.relationships.models import Follow
from minitwitter.tweets.models import Tweet


class OperatorSite(AdminSite):
    """Django's admin, with the log-in and the change of one's own password going the product's ways."""

    site_header = site_title = "Mini Twitter"
    index_title = "Administration"
    site_url = None
    enable_nav_sidebar = False  # All kinds of rows are a click away from the first page; the lists want the width.
    login_form = LogInForm

    def __init__(self) -> None:
        # The name is the namespace that Django's own templates ask for.
        super().__init__(name="admin")
        self.disable_action("delete_selected")  # `OperatorAdmin` has its own.

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether the request may see these pages. What an operator does from here on is recorded as theirs."""
        allowed = super().has_permission(request)
        if allowed:
            caller.set_operator(operator(request).pk)
        return allowed

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The log-in form."""
        response = super().login(request, extra_context)
        context = response.context_data if isinstance(response, TemplateResponse) else None
        limited = context["form"].limited if context else None
        if limited is not None:
            response.status_code = limited.status
            response["Retry-After"] = str(limited.retry_after)
        if request.method == "POST" and request.user.is_authenticated:
            audit.record(Event.LOGGED_IN, subject_id=request.user.pk)
        return response

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Change one's own password: every session ends but this window's."""
        form = OwnPasswordForm(request.POST or None)
        if form.is_valid() and _change_password(request, form):
            return HttpResponseRedirect(reverse("admin:password_change_done"))
        context = {**self.each_context(request), "title": "Change your password", "form": form, **(extra_context or {})}
        request.current_app = self.name  # Where Django's templates look for it.
        return TemplateResponse(request, "operator/password_change.html", context)


def _change_password(request: HttpRequest, form: OwnPasswordForm) -> bool:
    """Whether the password was changed; if not, the form says why."""
    try:
        accounts.change_password(
            user=operator(request),
            current_password=form.cleaned_data["current_password"],
            new_password=form.cleaned_data["new_password"],
            keep_session_id=None,
        )
    except DomainError as refusal:
        add_refusal(form, refusal)
        return False
    stay_logged_in(request)
    return True


site = OperatorSite()
site.register(AuditEntry, AuditEntryAdmin)
site.register(User, UserAdmin)
site.register(Session, SessionAdmin)
site.register(Follow, FollowAdmin)
site.register(Tweet, TweetAdmin)
site.register(Image, ImageAdmin)
site.register(Task, TaskAdmin)
