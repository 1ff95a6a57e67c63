"""Small pieces of HTML for columns and read-only fields."""

from django.contrib.admin.utils import quote
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from minitwitter.accounts.models import User
from minitwitter.media import files
from minitwitter.media.models import Image


def user_link(user_id: int, username: str) -> SafeString:
    """A link to the account's page."""
    return format_html('<a href="{}">{}</a>', reverse("admin:accounts_user_change", args=[quote(user_id)]), username)


def account_state(user: User) -> str:
    """Active, deactivated or deleted."""
    if user.deleted_at is not None:
        return "deleted"
    return "active" if user.is_active else "deactivated"


def image_state(image: Image) -> str:
    """Shown, hidden with its owner's account, or deleted."""
    if image.deleted_at is not None:
        return "deleted"
    return "hidden" if image.is_hidden else "shown"


def thumbnail(image: Image) -> SafeString | str:
    """The image's thumbnail as a link to the image. The files of an image that is not shown are 404 for everyone."""
    if image_state(image) != "shown":
        return f"({image_state(image)})"
    return format_html(
        '<a class="picture" href="{}"><img src="{}" alt="" loading="lazy"></a>',
        files.url_path(image.key, image.extension),
        files.thumbnail_url_path(image.key),
    )
