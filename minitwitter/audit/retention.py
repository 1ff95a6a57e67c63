"""Removing old entries of the audit log: the only way that there is."""

from datetime import datetime

from django.db import models, transaction

from minitwitter.audit.models import AuditEntry, AuditRetention
from minitwitter.core import ids


def remove_entries(*, before: datetime, at_most: int) -> int:
    """Remove the oldest entries made before that time, and return how many they were.

    The database refuses (DatabaseError) when one of them is younger than 30 days by its own clock.
    """
    limit = ids.new_id(before)
    # AuditEntry.objects refuses to delete.
    entries: models.QuerySet[AuditEntry] = models.QuerySet(AuditEntry)
    old = entries.filter(pk__lt=limit, created_at__lt=before)
    chunk = list(old.order_by("pk").values_list("pk", flat=True)[:at_most])
    if chunk:
        with transaction.atomic():
            permission = AuditRetention.objects.create(before_id=limit)
            old.filter(pk__in=chunk).delete()
            permission.delete()
    return len(chunk)
