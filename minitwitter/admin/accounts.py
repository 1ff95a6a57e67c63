"""Accounts."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from minitwitter.accounts import rules
from minitwitter.accounts.models import BIO_LENGTH, User
from minitwitter.actions import accounts, sessions
from minitwitter.admin.base import OperatorAdmin, operator, refuse_with, stay_logged_in
from minitwitter.admin.display import account_state, thumbnail
from minitwitter.admin.forms import ActionForm, LinesField, NewPasswordForm, add_refusal
from minitwitter.admin.lists import ChoiceFilter, MadeFilter, id_conditions, prefix_condition
from minitwitter.core.errors import DomainError

PROFILE = ("display_name", "bio", "location", "website")
# The values of the field "role": (is_staff, is_superuser).
ROLES = {"member": (False, False), "moderator": (True, False), "administrator": (True, True)}


def role_of(user: User) -> str:
    """The account's role, a key of ROLES."""
    if user.is_superuser:
        return "administrator"
    return "moderator" if user.is_staff else "member"


class AddUserForm(ActionForm[User]):
    """What registering takes."""

    username = forms.CharField(strip=False, help_text="1 to 30 letters, digits and underscores; kept for ever.")
    email = forms.CharField(label="Email address", widget=forms.EmailInput)
    password = forms.CharField(
        strip=False,
        help_text="8 to 128 characters of any kind; not a common one, not close to the username or the address.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    class Meta:
        model = User
        fields = ("username", "email")


class ChangeUserForm(ActionForm[User]):
    """An account's profile, and what operators decide about it."""

    bio = LinesField(required=False, max_length=BIO_LENGTH)
    role = forms.ChoiceField(
        choices=[(name, name.capitalize()) for name in ROLES],
        help_text="Moderators see everything here and look after tweets, profiles and members' accounts;"
        " administrators do everything.",
    )
    is_active = forms.BooleanField(
        required=False,
        label="Active",
        help_text="Untick to hide the account with its tweets and pictures, and to sign it out everywhere."
        " Ticking it again brings all of that back.",
    )

    class Meta:
        model = User
        fields = ("display_name", "bio", "location", "website", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "role" in self.fields:
            self.fields["role"].initial = role_of(self.instance)


class StateFilter(ChoiceFilter):
    title = "state"
    parameter_name = "state"
    options = {"active": "Active", "deactivated": "Deactivated", "deleted": "Deleted"}

    def condition(self, choice: str) -> Q:
        return {
            "active": Q(is_active=True),
            "deactivated": Q(is_active=False, deleted_at=None),
            "deleted": Q(deleted_at__isnull=False),
        }[choice]


class RoleFilter(ChoiceFilter):
    title = "role"
    parameter_name = "role"
    options = {name: f"{name.capitalize()}s" for name in ROLES}

    def condition(self, choice: str) -> Q:
        is_staff, is_superuser = ROLES[choice]
        return Q(is_staff=is_staff, is_superuser=is_superuser)


class UserAdmin(OperatorAdmin[User]):
    """Moderators look after members; only administrators touch roles, passwords, and other operators' accounts."""

    form = ChangeUserForm
    list_display = ("username", "display_name", "email", "state", "role", "tweets", "followers", "created_at")
    list_select_related = ("stats",)
    list_filter = (StateFilter, RoleFilter, MadeFilter)
    search_help_text = "The beginning of a username or an email address, or an id."
    readonly_fields = (
        "id",
        "username",
        "email",
        "email_verified",
        "avatar_preview",
        "state",
        "created_at",
        "deleted_at",
        "counters",
    )
    fieldsets = (
        (None, {"fields": ("username", "email", "email_verified", "id", "created_at", "counters")}),
        ("Profile", {"fields": ("avatar_preview", *PROFILE)}),
        ("Standing", {"fields": ("state", "is_active", "role")}),
    )
    add_fields = ("username", "email", "password")
    actions = ("deactivate", "reactivate", "end_sessions", "remove_avatar", "delete_selected")

    # --- Who may do what ---

    def has_add_permission(self, request: HttpRequest) -> bool:
        return operator(request).is_superuser

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        if obj is None:
            return operator(request).is_staff
        return obj.deleted_at is None and (operator(request).is_superuser or not obj.is_staff)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return operator(request).is_superuser and (obj is None or obj.deleted_at is None)

    # --- Lists ---

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).alias(lower_username=Lower("username"), lower_email=Lower("email"))

    def search_conditions(self, term: str) -> list[Q]:
        conditions = id_conditions(term)
        if rules.is_username(term):
            conditions.append(prefix_condition("lower_username", term.lower()))
        if term.isascii():
            conditions.append(prefix_condition("lower_email", term.lower()))
        return conditions

    @admin.display
    def state(self, user: User) -> str:
        return account_state(user)

    @admin.display
    def role(self, user: User) -> str:
        return role_of(user)

    @admin.display
    def tweets(self, user: User) -> int:
        return user.stats.tweets_count

    @admin.display
    def followers(self, user: User) -> int:
        return user.stats.followers_count

    # --- The page of one account ---

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        return super().get_fieldsets(request, obj) if obj else [(None, {"fields": self.add_fields})]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj is None:
            return ()
        return self.readonly_fields if operator(request).is_superuser else (*self.readonly_fields, "role")

    def get_form(
        self, request: HttpRequest, obj: User | None = None, *args: Any, **kwargs: Any
    ) -> "type[ModelForm[User]]":
        if obj is None:
            kwargs |= {"form": AddUserForm, "fields": self.add_fields}
        return super().get_form(request, obj, *args, **kwargs)

    @admin.display(description="Avatar")
    def avatar_preview(self, user: User) -> SafeString | str:
        return thumbnail(user.avatar) if user.avatar else "none"

    @admin.display
    def counters(self, user: User) -> str:
        stats = user.stats
        return f"{stats.tweets_count} tweets, {stats.followers_count} followers, following {stats.following_count}"

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        user = kwargs.get("obj")
        context["can_set_password"] = user is not None and self._may_set_password(request, user)
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: Any) -> None:
        if not change:
            made = accounts.create_account(**form.cleaned_data)
            obj.pk, obj.username = made.pk, made.username  # For the log and the message.
            return
        changed = {name: form.cleaned_data[name] for name in form.changed_data}
        self._check_own(request, obj, changed)
        accounts.update_profile(user=obj, fields={name: changed[name] for name in PROFILE if name in changed})
        if "role" in changed:
            is_staff, is_superuser = ROLES[changed["role"]]
            accounts.set_role(user=obj, is_staff=is_staff, is_superuser=is_superuser)
        if "is_active" in changed:
            set_active = accounts.reactivate if changed["is_active"] else accounts.deactivate
            set_active(user=obj)

    def _check_own(self, request: HttpRequest, user: User, changed: dict[str, Any]) -> None:
        """Operators must not lock themselves out by accident; another administrator can do it to them."""
        if user.pk == operator(request).pk and "role" in changed:
            refuse_with("This is your own role; another administrator can change it.", field="role")
        if user.pk == operator(request).pk and "is_active" in changed:
            refuse_with("This is your own account; another administrator can deactivate it.", field="is_active")

    # --- Deletion ---

    def check_deletion(self, request: HttpRequest, obj: User) -> None:
        if obj.pk == operator(request).pk:
            refuse_with("This is your own account; another administrator can delete it.")
        if obj.deleted_at is not None:
            refuse_with("This account is deleted already.")

    def deletion_summary(self, obj: User) -> dict[str, int]:
        follows = obj.stats.followers_count + obj.stats.following_count
        return {"users": 1, "tweets": obj.stats.tweets_count, "follows": follows}

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        accounts.delete_account(user=obj)

    # --- Actions on several accounts ---

    @admin.action(permissions=["change"], description="Deactivate selected users")
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self.for_each(request, self.selected(queryset), self._deactivate, "Deactivated")

    def _deactivate(self, request: HttpRequest, user: User) -> None:
        self._check_change(request, user)
        self._check_own(request, user, {"is_active": False})
        accounts.deactivate(user=user)
        self.log_change(request, user, "Deactivated.")

    @admin.action(permissions=["change"], description="Reactivate selected users")
    def reactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self.for_each(request, self.selected(queryset), self._reactivate, "Reactivated")

    def _reactivate(self, request: HttpRequest, user: User) -> None:
        self._check_change(request, user)
        accounts.reactivate(user=user)
        self.log_change(request, user, "Reactivated.")

    @admin.action(permissions=["change"], description="Sign selected users out everywhere")
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self.for_each(request, self.selected(queryset), self._end_sessions, "Signed out")

    def _end_sessions(self, request: HttpRequest, user: User) -> None:
        self._check_change(request, user)
        sessions.log_out_everywhere(user=user)
        self.log_change(request, user, "Signed out everywhere.")

    @admin.action(permissions=["change"], description="Remove the avatars of selected users")
    def remove_avatar(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self.for_each(request, self.selected(queryset), self._remove_avatar, "Removed the avatars of")

    def _remove_avatar(self, request: HttpRequest, user: User) -> None:
        self._check_change(request, user)
        accounts.remove_avatar(user=user)
        self.log_change(request, user, "Avatar removed.")

    def _check_change(self, request: HttpRequest, user: User) -> None:
        if user.deleted_at is not None:
            refuse_with("This account is deleted.")
        if not self.has_change_permission(request, user):
            refuse_with("Only an administrator can change an operator's account.")

    # --- Passwords ---

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.password_view)
        return [path("<path:object_id>/password/", view, name="accounts_user_password"), *super().get_urls()]

    def _may_set_password(self, request: HttpRequest, user: User) -> bool:
        return operator(request).is_superuser and self.has_change_permission(request, user)

    def password_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give an account a new password, which ends all its sessions."""
        user = self.get_object(request, unquote(object_id))
        if user is None or not self._may_set_password(request, user):
            raise PermissionDenied
        form = NewPasswordForm(request.POST or None)
        if form.is_valid() and self._set_password(request, user, form):
            return HttpResponseRedirect(reverse("admin:accounts_user_change", args=[user.pk]))
        return self._password_page(request, user, form)

    def _set_password(self, request: HttpRequest, user: User, form: NewPasswordForm) -> bool:
        """Whether the password was set; if not, the form says why."""
        try:
            with transaction.atomic():
                accounts.set_password(user=user, new_password=form.cleaned_data["new_password"])
                self.log_change(request, user, "Password set.")
        except DomainError as refusal:
            add_refusal(form, refusal)
            return False
        if user.pk == operator(request).pk:
            stay_logged_in(request)
        self.message_user(request, f"{user} has the new password and was signed out everywhere.", messages.SUCCESS)
        return True

    def _password_page(self, request: HttpRequest, user: User, form: Any) -> HttpResponse:
        fields = helpers.AdminForm(form, [(None, {"fields": list(form.fields)})], {})
        context = {
            **self.admin_site.each_context(request),
            "title": "Set a password",
            "subtitle": str(user),
            "adminform": fields,
            "errors": helpers.AdminErrorList(form, []),
            "original": user,
            "object_id": user.pk,
            "media": self.media + fields.media,
            "inline_admin_formsets": [],
            "is_popup": False,
            "to_field": None,
            "preserved_filters": "",
            "show_delete": False,
            "show_save_and_continue": False,
            "show_save_and_add_another": False,
        }
        return self.render_change_form(request, context, change=True, obj=user)
