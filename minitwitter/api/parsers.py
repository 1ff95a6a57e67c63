"""How bodies are read: JSON and multipart, strictly, within the caps."""

from collections.abc import Mapping
from typing import IO, Any, cast

import orjson
from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, QueryDict, UnreadablePostError
from django.http.multipartparser import MultiPartParser as DjangoMultiPartParser
from django.http.multipartparser import MultiPartParserError
from django.utils.http import parse_header_parameters
from rest_framework.parsers import BaseParser, DataAndFiles

from minitwitter.core.errors import MalformedRequest, PayloadTooLarge, UnsupportedMediaType


def _check_headers(request: HttpRequest, media_type: str | None) -> None:
    if request.META.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
        raise UnsupportedMediaType("Send the body without a content encoding.")
    if not media_type or ";" not in media_type:
        return
    try:
        _, parameters = parse_header_parameters(media_type)
    except ValueError as error:
        raise MalformedRequest("The Content-Type cannot be read.") from error
    charset = parameters.get("charset", "utf-8")
    if charset.lower() not in {"utf-8", "utf8", "us-ascii"}:
        raise MalformedRequest("Send the body in UTF-8; other character sets are not read.")


def _is_cut_off(request: HttpRequest, received: int) -> bool:
    """Whether the client promised more than it sent. A body that comes in chunks has no promised length."""
    chunked = request.META.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked"
    return not chunked and received < int(request.META.get("CONTENT_LENGTH") or 0)


class JSONParser(BaseParser):
    """JSON in UTF-8 (RFC 8259): no NaN, no lone surrogates, at most 1,024 levels deep (orjson's bound)."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Raises MalformedRequest and PayloadTooLarge."""
        request = (parser_context or {})["request"]
        _check_headers(request, media_type)
        try:
            body = stream.read(settings.MAX_JSON_BYTES + 1)
        except UnreadablePostError as error:
            raise MalformedRequest("The body ended early.") from error
        if len(body) > settings.MAX_JSON_BYTES:
            raise PayloadTooLarge(f"A JSON body has at most {settings.MAX_JSON_BYTES:,} bytes.")
        if _is_cut_off(request, len(body)):
            raise MalformedRequest("The body ended early.")
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise MalformedRequest(f"The body is not valid JSON: {error.msg}, at character {error.pos}.") from None


class MultiPartParser(BaseParser):
    """multipart/form-data (RFC 7578) with fields in UTF-8, complete up to its closing boundary."""

    media_type = "multipart/form-data"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> "DataAndFiles[Any, Any]":
        """Raises MalformedRequest and PayloadTooLarge."""
        request = (parser_context or {})["request"]
        _check_headers(request, media_type)
        meta = {**request.META, "CONTENT_TYPE": media_type}
        closing = _ClosingBoundary(stream, media_type or "")
        try:
            # Latin-1 keeps every byte of a field, so that `_decoded` sees what Django would replace by U+FFFD.
            parser = _NamelessFiles(meta, cast("Any", closing), request.upload_handlers, "latin-1")
            data, files = parser.parse()
        except RequestDataTooBig as error:
            raise PayloadTooLarge("The form fields are larger than this server takes.") from error
        except (TooManyFieldsSent, TooManyFilesSent) as error:
            raise MalformedRequest("The form has more fields or files than this server takes.") from error
        except (MultiPartParserError, UnreadablePostError, ValueError) as error:
            raise MalformedRequest("The multipart body cannot be read.") from error
        if not closing.seen and closing.size >= settings.MAX_BODY_BYTES:
            raise PayloadTooLarge  # Of a body that came in chunks, without a length that could have been refused.
        if not closing.seen:
            raise MalformedRequest("The multipart body ended before its closing boundary.")
        return DataAndFiles(_decoded(data), files)


class _NamelessFiles(DjangoMultiPartParser):
    """Names of files mean nothing here; Django would drop a file, without a word, for a name such as ".."."""

    def sanitize_file_name(self, file_name: str) -> str:
        return "upload"


def _decoded(data: QueryDict) -> QueryDict:
    decoded = QueryDict(mutable=True)
    try:
        for name, values in data.lists():
            decoded.setlist(_utf8(name), [_utf8(value) for value in values])
    except UnicodeError as error:
        raise MalformedRequest("The form has text that is not UTF-8.") from error
    return decoded


def _utf8(latin1: str) -> str:
    return latin1.encode("latin-1").decode("utf-8")


class _ClosingBoundary:
    """Passes a stream on and notices the closing boundary, which Django's parser does not insist on.

    Without it a body that a lost connection cut off would be taken for a whole one.
    """

    def __init__(self, stream: IO[Any], content_type: str) -> None:
        self.seen = False
        self.size = 0
        self._stream = stream
        _, parameters = parse_header_parameters(content_type)
        self._mark = b"--" + parameters.get("boundary", "").encode("latin-1", "replace") + b"--"
        self._tail = b""

    def read(self, size: int = -1) -> bytes:
        chunk: bytes = self._stream.read(size)
        self.size += len(chunk)
        if not self.seen:
            window = self._tail + chunk
            self.seen = self._mark in window
            self._tail = window[-len(self._mark) :]
        return chunk
