"""What REST framework has to know of how answers are written."""

from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import BaseRenderer


class JSONRenderer(BaseRenderer):
    """Names the media type for the OpenAPI description. Answers are `responses.Response`, which render themselves."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        raise NotImplementedError("answer with api.responses.Response")
