"""Who follows whom."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.safestring import SafeString

from minitwitter.accounts.models import User
from minitwitter.accounts.queries import user_by_username
from minitwitter.actions import follows
from minitwitter.admin.base import OperatorAdmin, operator
from minitwitter.admin.display import user_link
from minitwitter.admin.forms import ActionForm
from minitwitter.admin.lists import account_conditions, id_conditions
from minitwitter.relationships.models import Follow


class _AccountField(forms.CharField):
    """An account by its username, in any case: a list of all accounts to choose from would be too long."""

    def clean(self, value: Any) -> User | None:
        username = super().clean(value)
        user = user_by_username(username)
        if user is None:
            raise forms.ValidationError("There is no account of that name.")
        return user


class AddFollowForm(ActionForm[Follow]):
    """Two usernames."""

    follower = _AccountField(help_text="The username of the account that will see the other's tweets.")
    followee = _AccountField(help_text="The username of the account that is followed.")

    class Meta:
        model = Follow
        fields = ()


class FollowAdmin(OperatorAdmin[Follow]):
    """Administrators make follows; moderators may end them."""

    list_display = ("id", "follower_name", "followee_name", "created_at")
    search_help_text = "A whole username, of the follower or the followed, or an id."
    fields = ("id", "follower_name", "followee_name", "created_at")
    readonly_fields = ("id", "follower_name", "followee_name", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Follow]:
        return super().get_queryset(request).select_related("follower", "followee")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return operator(request).is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Follow | None = None) -> bool:
        return operator(request).is_staff

    def search_conditions(self, term: str) -> list[Q]:
        return id_conditions(term) + account_conditions(term, "follower_id", "followee_id")

    @admin.display(description="Follower")
    def follower_name(self, follow: Follow) -> SafeString:
        return user_link(follow.follower_id, follow.follower.username)

    @admin.display(description="Followed")
    def followee_name(self, follow: Follow) -> SafeString:
        return user_link(follow.followee_id, follow.followee.username)

    def get_fields(self, request: HttpRequest, obj: Follow | None = None) -> Any:
        return super().get_fields(request, obj) if obj else ("follower", "followee")

    def get_readonly_fields(self, request: HttpRequest, obj: Follow | None = None) -> Any:
        return super().get_readonly_fields(request, obj) if obj else ()

    def get_form(
        self, request: HttpRequest, obj: Follow | None = None, *args: Any, **kwargs: Any
    ) -> "type[ModelForm[Follow]]":
        return super().get_form(request, obj, *args, **kwargs | ({} if obj else {"form": AddFollowForm}))

    def name_of(self, obj: Follow) -> str:
        return f"{obj.follower.username} follows {obj.followee.username}"

    def save_model(self, request: HttpRequest, obj: Follow, form: Any, change: Any) -> None:
        follower, followee = form.cleaned_data["follower"], form.cleaned_data["followee"]
        follows.follow(follower=follower, followee_id=followee.pk)
        made = Follow.objects.get(follower=follower, followee=followee)
        obj.pk, obj.follower, obj.followee = made.pk, follower, followee  # For the log and the message.

    def delete_model(self, request: HttpRequest, obj: Follow) -> None:
        follows.unfollow(follower=obj.follower, followee_id=obj.followee_id)
