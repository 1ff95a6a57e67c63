"""Writing the audit log."""

from minitwitter.audit.models import AuditEntry, Event
from minitwitter.core import caller, ids
from minitwitter.core.database import insert_with_new_id


def record(event: Event, *, subject_id: int | None = None, object_id: int | None = None) -> None:
    """Add an entry, in the transaction of the action that calls, so that neither stands without the other."""
    now = ids.now()
    by = caller.current()
    entry = AuditEntry(
        event=event,
        subject_id=subject_id,
        operator_id=by.operator_id,
        object_id=object_id,
        request_id=by.request_id,
        address=by.address,
        created_at=now,
    )
    insert_with_new_id(entry, now)
