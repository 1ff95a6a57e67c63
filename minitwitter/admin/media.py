"""Stored images. A picture goes with its tweet, an avatar by the list of accounts, so nothing is changed here."""

from django.contrib import admin
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.safestring import SafeString

from minitwitter.accounts.models import User
from minitwitter.admin.base import OperatorAdmin
from minitwitter.admin.display import image_state, thumbnail, user_link
from minitwitter.admin.lists import account_conditions, id_conditions
from minitwitter.media.models import Image


class ImageAdmin(OperatorAdmin[Image]):
    """To look at only."""

    list_display = ("preview", "id", "owner", "dimensions", "file_size", "created_at", "state")
    list_display_links = ("id",)
    search_help_text = "The whole username of the owner, an id, or the key in the file's name."
    fields = readonly_fields = (
        "large_preview",
        "owner",
        "state",
        "name",
        "dimensions",
        "file_size",
        "id",
        "created_at",
    )
    actions = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Image]:
        # The owner is an id without a foreign key, so the name comes with the row instead of a query each.
        username = User.objects.filter(pk=OuterRef("owner_id")).values("username")
        return super().get_queryset(request).annotate(owner_username=Subquery(username))

    def search_conditions(self, term: str) -> list[Q]:
        return [*id_conditions(term), *account_conditions(term, "owner_id"), Q(key=term)]

    @admin.display
    def preview(self, image: Image) -> SafeString | str:
        return thumbnail(image)

    @admin.display(description="Image")
    def large_preview(self, image: Image) -> SafeString | str:
        return thumbnail(image)

    @admin.display
    def owner(self, image: Image) -> SafeString:
        return user_link(image.owner_id, getattr(image, "owner_username", None) or str(image.owner_id))

    @admin.display
    def dimensions(self, image: Image) -> str:
        return f"{image.width} x {image.height}"

    @admin.display(description="Size")
    def file_size(self, image: Image) -> str:
        return filesizeformat(image.size)

    @admin.display
    def state(self, image: Image) -> str:
        return image_state(image)
