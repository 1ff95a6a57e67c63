"""How answers are written."""

from collections.abc import Mapping
from typing import Any

import orjson
from django.http import HttpResponse


class Response(HttpResponse):
    """JSON in UTF-8 (RFC 8259). Presenters hand over plain values, so nothing needs converting.

    REST framework's own response is a template that is rendered later, by a renderer that is negotiated first; here
    every address has one form of answer, whatever Accept says: who asks for text/html gets JSON, not a 406.
    """

    def __init__(self, data: Any = None, *, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(
            b"" if data is None else orjson.dumps(data),
            status=status,
            content_type="application/json",
            headers=dict(headers or {}),
        )
        if data is None:
            del self.headers["Content-Type"]
