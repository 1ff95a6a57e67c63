"""How the OpenAPI description is written: one decorator for each operation."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar, cast

from drf_spectacular.drainage import has_override
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers

from minitwitter.accounts.errors import NotAuthenticated, TokenInvalid
from minitwitter.accounts.rules import USERNAME_PATTERN
from minitwitter.api.errors import CONTENT_TYPE, DOCUMENTATION
from minitwitter.core import errors
from minitwitter.core.errors import DomainError
from minitwitter.core.ids import MAX_ID
from minitwitter.core.pagination import DEFAULT_LIMIT, MAX_CURSOR, MAX_LIMIT

Handler = TypeVar("Handler", bound=Callable[..., Any])
Input = type[serializers.BaseSerializer[Any]]

PUBLIC: list[dict[str, list[str]]] = [{}]
OPTIONAL: list[dict[str, list[str]]] = [{}, {"accessToken": []}]
REQUIRED: list[dict[str, list[str]]] = [{"accessToken": []}]

_PATH_PARAMETERS: dict[str, dict[str, Any]] = {
    "tweet_id": {
        "schema": {"type": "integer", "format": "int64", "minimum": 1, "maximum": MAX_ID},
        "description": "A tweet's id.",
        "example": 2663958413180928,
    },
    "session_id": {
        "schema": {"type": "integer", "format": "int64", "minimum": 1, "maximum": MAX_ID},
        "description": "A session's id, from the list of sessions.",
        "example": 2663958413180930,
    },
    "username": {
        "schema": {"type": "string", "pattern": USERNAME_PATTERN},
        "description": "A username, in any case.",
        "example": "alice",
    },
}


def answer_header(name: str, description: str, *statuses: int) -> OpenApiParameter:
    """A header of the answers with those statuses."""
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, description=description, response=list(statuses))


def _cursor_parameter(name: str, description: str) -> OpenApiParameter:
    schema = {"type": "integer", "format": "int64", "minimum": 0, "maximum": MAX_CURSOR}
    return OpenApiParameter(name, schema, description=description)


PAGE_PARAMETERS = [
    OpenApiParameter(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
        description="How many items a page has at most.",
    ),
    _cursor_parameter("max_id", "Only items older than this (exclusive)."),
    _cursor_parameter("since_id", "Only items newer than this (exclusive), newest first. Not together with min_id."),
    _cursor_parameter("min_id", "Only items newer than this (exclusive), the page nearest to it."),
    answer_header("Link", "The addresses of `next` and `previous` (RFC 8288).", 200),
]


class Schema(AutoSchema):
    """Knows the paths' converters; names operations after their views and tags after the views' files."""

    def _resolve_path_parameters(self, variables: Sequence[str]) -> list[dict[str, Any]]:
        return [{"in": "path", "name": name, "required": True, **_PATH_PARAMETERS[name]} for name in variables]

    def _insert_field_validators(self, field: Any, schema: dict[str, Any]) -> None:
        if not has_override(field, "field"):  # v1/inputs.py tells all of its own fields, and means no more.
            super()._insert_field_validators(field, schema)  # type: ignore[no-untyped-call]

    def get_operation_id(self) -> str:
        return f"{self.method.lower()}{type(self.view).__name__}"

    def get_tags(self) -> list[str]:
        return [type(self.view).__module__.rsplit(".", 1)[1]]


class ProblemEntry(serializers.Serializer[Any]):
    field = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class Problem(serializers.Serializer[Any]):
    type = serializers.CharField(help_text="Where the code is explained, relative to the server.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="Stable; programs decide by it.")
    detail = serializers.CharField(help_text="For people; may change.")
    request_id = serializers.CharField(help_text="The same as X-Request-Id; name it when you ask the operator.")

    def get_fields(self) -> dict[str, "serializers.Field[Any, Any, Any, Any]"]:
        # Not an attribute, because a serializer has an `errors` of its own.
        entries = ProblemEntry(many=True, required=False, help_text="With validation_error: one for each problem.")
        return {**super().get_fields(), "errors": entries}


def operation(
    summary: str,
    *,
    answers: Mapping[int, Input | None],
    input: Input | Mapping[str, Input] | None = None,  # noqa: A002  # Reads as what it is at every use.
    errors: Sequence[type[DomainError]] = (),
    auth: list[dict[str, list[str]]] = REQUIRED,
    parameters: Sequence[OpenApiParameter] = (),
    description: str = "",
) -> Callable[[Handler], Handler]:
    """Describes one method of a view: its input, its answers by status, and the errors that are its own.

    The errors that every operation of its kind has are added. Examples come from the schemas' EXAMPLE.
    """
    listed = [*errors, *_usual_errors(auth, has_input=input is not None, has_parameters=bool(parameters))]
    responses: dict[Any, Any] = {status: _response(status, schema) for status, schema in answers.items()}
    for status in sorted({error.status for error in listed}):
        responses[status, CONTENT_TYPE] = _problem_response([error for error in listed if error.status == status])
    return extend_schema(
        summary=summary,
        description=description or summary + ".",
        request=_content_types(input),
        responses=responses,
        auth=cast("Any", auth),  # Its type knows the names of schemes only, not the objects that OpenAPI has.
        parameters=list(parameters),
        examples=_request_examples(input),
    )


@cache  # One schema for each kind of item, however many lists there are of it.
def page_of(schema: Input) -> Input:
    """The schema of a page of those items."""
    name = schema.__name__
    page = inline_serializer(
        f"{name}Page",
        {
            "next": serializers.URLField(allow_null=True, help_text="The page of older items; null on the last."),
            "previous": serializers.URLField(allow_null=True, help_text="The page of newer items."),
            "results": schema(many=True),
        },
    )
    page_class: Input = type(page)
    page_class.EXAMPLE = {"next": None, "previous": None, "results": [_example(schema)]}  # type: ignore[attr-defined]
    return page_class


def _usual_errors(
    auth: list[dict[str, list[str]]], *, has_input: bool, has_parameters: bool
) -> list[type[DomainError]]:
    usual: list[type[DomainError]] = [errors.ServiceUnavailable, errors.Overloaded, errors.RateLimited]
    if auth is not PUBLIC:
        usual.append(TokenInvalid)
    if auth is REQUIRED:
        usual.append(NotAuthenticated)
    if has_input or has_parameters:
        usual.append(errors.ValidationFailed)
    if has_input:
        usual += [
            errors.MalformedRequest,
            errors.RequestTimeout,
            errors.PayloadTooLarge,
            errors.UnsupportedMediaType,
        ]
    return usual


def _content_types(described: Input | Mapping[str, Input] | None) -> Any:
    if described is None or isinstance(described, Mapping):
        return described
    return {"application/json": described, "multipart/form-data": described}


def _request_examples(described: Input | Mapping[str, Input] | None) -> list[OpenApiExample]:
    if described is None:
        return []
    by_type = described if isinstance(described, Mapping) else {"application/json": described}
    return [
        OpenApiExample("A request", _example(schema), media_type=media_type, request_only=True)
        for media_type, schema in by_type.items()
    ]


def _response(status: int, schema: Input | None) -> OpenApiResponse:
    if schema is None:
        return OpenApiResponse(description="Accepted; no body." if status == 202 else "Done; no body.")
    return OpenApiResponse(schema, description="", examples=[OpenApiExample("An answer", _example(schema))])


def _problem_response(listed: Sequence[type[DomainError]]) -> OpenApiResponse:
    unique = list(dict.fromkeys(listed))
    return OpenApiResponse(
        Problem,
        description=" ".join(f"`{error.code}`: {error.message}" for error in unique),
        examples=[OpenApiExample(error.code, _problem_example(error), media_type=CONTENT_TYPE) for error in unique],
    )


def _problem_example(error: type[DomainError]) -> dict[str, Any]:
    example: dict[str, Any] = {
        "type": f"{DOCUMENTATION}#{error.code}",
        "title": error.title(),
        "status": error.status,
        "code": error.code,
        "detail": error.message,
        "request_id": "4f1d2a9c8b7e6f50",
    }
    if issubclass(error, errors.ValidationFailed):
        example["errors"] = [{"field": "text", "code": "max_length", "detail": "A tweet has at most 280 characters."}]
    return example


def _example(schema: Input) -> Any:
    return schema.EXAMPLE  # type: ignore[attr-defined]  # Each schema and input of the API has one; a missing one fails.
