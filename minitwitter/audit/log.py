"""Writing the audit log."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from minitwitter.audit.models import AuditEntry, Event
from minitwitter.core import ids
from minitwitter.core.database import insert_with_new_id


class Caller(NamedTuple):
    """Where the present request comes from, and which operator makes it from the admin."""

    request_id: str = ""
    address: str = ""
    operator_id: int | None = None


_NOBODY = Caller()
_caller: ContextVar[Caller] = ContextVar("caller", default=_NOBODY)


@contextmanager
def called_by(caller: Caller) -> Iterator[None]:
    """What is recorded inside the block came from this caller."""
    token = _caller.set(caller)
    try:
        yield
    finally:
        _caller.reset(token)


def set_operator(operator_id: int) -> None:
    """What is recorded in the rest of the request was done by this operator, from the admin."""
    _caller.set(_caller.get()._replace(operator_id=operator_id))


def record(event: Event, *, subject_id: int | None = None, object_id: int | None = None) -> None:
    """Add an entry, in the transaction of the action that calls, so that neither stands without the other."""
    now = ids.now()
    caller = _caller.get()
    entry = AuditEntry(
        event=event,
        subject_id=subject_id,
        operator_id=caller.operator_id,
        object_id=object_id,
        request_id=caller.request_id,
        address=caller.address,
        created_at=now,
    )
    insert_with_new_id(entry, now)
