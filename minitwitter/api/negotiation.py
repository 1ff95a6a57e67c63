"""Which form an answer takes."""

from collections.abc import Sequence

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.utils.mediatypes import media_type_matches


class FirstRenderer(BaseContentNegotiation):
    """Every address has one form of answer, whatever Accept says: a client that asks for text/html gets JSON, no 406."""

    def select_parser(self, request: Request, parsers: Sequence[BaseParser]) -> BaseParser | None:
        wanted = request.content_type or ""
        return next((parser for parser in parsers if media_type_matches(parser.media_type, wanted)), None)

    def select_renderer(
        self, request: Request, renderers: Sequence[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type
