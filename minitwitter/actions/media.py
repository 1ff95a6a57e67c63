"""Keeping pictures."""

from django.conf import settings
from django.db.models import Sum

from minitwitter.core.database import insert_with_new_id
from minitwitter.media.errors import QuotaExceeded
from minitwitter.media.models import Image


def keep_image(image: Image) -> None:
    """Insert the row of a picture whose files are stored. Raises QuotaExceeded.

    Precondition: in a transaction that holds the owner's lock (`lock_actor`), so that two uploads at once do not both
    find room.
    """
    quota = settings.MEDIA_QUOTA_BYTES
    if quota and _used_bytes(image.owner_id) + image.size > quota:
        raise QuotaExceeded
    insert_with_new_id(image, image.created_at)


def _used_bytes(owner_id: int) -> int:
    kept = Image.objects.filter(owner_id=owner_id, deleted_at=None)
    return kept.aggregate(used=Sum("size"))["used"] or 0
