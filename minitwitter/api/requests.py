"""The request as the API's views have it."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from django.http import HttpRequest
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from minitwitter.api.negotiation import ParserByType

_NEGOTIATOR = ParserByType()


class ApiRequest(Request):
    """REST framework's request, which looks for whatever it has not itself in Django's, anew each time.

    What every view asks for is at hand here. And nothing refers to it in a circle: it is gone with its answer, and
    leaves Python's collector of garbage nothing to do.
    """

    def __init__(self, request: HttpRequest, parsers: Iterable[type[BaseParser]]) -> None:
        super().__init__(request, parsers=_one_of_each(tuple(parsers)), negotiator=_NEGOTIATOR)
        self.method = request.method
        self.META = request.META
        self.path = request.path
        # Nobody's, until the view finds out whose it is.
        self._user = self._auth = self._authenticator = None

    @property
    def parser_context(self) -> dict[str, Any]:
        """What a parser is given beside the body."""
        return {"request": self}

    @parser_context.setter
    def parser_context(self, _: object) -> None:
        """REST framework would keep one in the request that it refers to."""


@cache
def _one_of_each(kinds: tuple[type[BaseParser], ...]) -> tuple[BaseParser, ...]:
    """They know nothing of a request, so one serves all."""
    return tuple(kind() for kind in kinds)
