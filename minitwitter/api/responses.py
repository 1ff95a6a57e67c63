"""How answers are written."""

from collections.abc import Mapping
from typing import Any

import orjson
from django.http import HttpResponse
from django.http.cookie import SimpleCookie
from django.http.response import ResponseHeaders


class Response(HttpResponse):
    """JSON in UTF-8 (RFC 8259). Presenters hand over plain values, so nothing needs converting.

    REST framework's own response is a template that is rendered later, by a renderer that is negotiated first; here
    every address has one form of answer, whatever Accept says: who asks for text/html gets JSON, not a 406.
    """

    def __init__(self, data: Any = None, *, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Sets what Django's does, which looks at all that it might be given first: five times as long."""
        self.status_code = status
        self.headers = Headers(headers or {})
        if data is not None:
            self.headers["Content-Type"] = "application/json"
        self.cookies = SimpleCookie()
        self.closed = False
        self._charset = self._reason_phrase = self._handler_class = None
        self._resource_closers: list[Any] = []
        self._container = [b"" if data is None else orjson.dumps(data)]


class Headers(ResponseHeaders):
    """Those of an answer. Nearly all are plain ASCII, of which one look is enough."""

    def __contains__(self, name: object) -> bool:
        return str(name).lower() in self._store

    def __setitem__(self, name: str, value: Any) -> None:
        """Raises BadHeaderError for a line break, as Django's does."""
        if type(value) is str and value.isascii() and value.isprintable() and name.isascii() and name.isprintable():
            self._store[name.lower()] = name, value
        else:
            super().__setitem__(name, value)
