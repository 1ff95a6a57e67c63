"""Where the present request comes from: for the audit log, for every line of the log, and for the mails it leads to."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import NamedTuple

ENGLISH = "en"


class Caller(NamedTuple):
    """Where the present request comes from, and which operator makes it from the admin.

    `find_language` finds out which of the server's languages is asked for: few requests need to know.
    """

    request_id: str = ""
    address: str = ""
    operator_id: int | None = None
    find_language: Callable[[], str] = lambda: ENGLISH


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


def language() -> str:
    """The code of the language that the present request asks for; English, outside of any."""
    return _caller.get().find_language()


def set_operator(operator_id: int) -> None:
    """What happens in the rest of the request is done by this operator, from the admin."""
    _caller.set(_caller.get()._replace(operator_id=operator_id))
