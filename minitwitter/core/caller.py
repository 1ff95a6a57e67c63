"""Where the present request comes from: for the audit log, and for every line of the log."""

from contextvars import ContextVar
from typing import NamedTuple


class Caller(NamedTuple):
    """Where the present request comes from, and which operator makes it from the admin."""

    request_id: str = ""
    address: str = ""
    operator_id: int | None = None


_NOBODY = Caller()
_caller: ContextVar[Caller] = ContextVar("caller", default=_NOBODY)


class called_by:  # noqa: N801  # A context manager, named as Python's own are.
    """What happens inside the block was asked for by this caller."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def __enter__(self) -> None:
        self._token = _caller.set(self._caller)

    def __exit__(self, *failure: object) -> None:
        _caller.reset(self._token)


def current() -> Caller:
    """The caller of the present request; one without a name, outside of any."""
    return _caller.get()


def set_operator(operator_id: int) -> None:
    """What happens in the rest of the request is done by this operator, from the admin."""
    _caller.set(_caller.get()._replace(operator_id=operator_id))
