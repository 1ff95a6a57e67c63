"""Requests made up from the OpenAPI description, sent to the WSGI application, and what every answer must be."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import schemathesis
from django.db import connections, transaction
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case
from schemathesis.generation.modes import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi import checks

from minitwitter.wsgi import application

# An answer that the description does not have, or not in that form, is as wrong as a failure.
CONFORMANCE = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
# How many requests in all, from which beginning; and the folder where each operation leaves its counts, if any.
COUNT = int(os.environ.get("FUZZ_COUNT", "400"))
SEED = int(os.environ.get("FUZZ_SEED", "0"))
REPORT = os.environ.get("FUZZ_REPORT", "")

Operation = APIOperation[Any, Any, Any, Any]
AnyCase = Case[Operation]


def operations() -> dict[str, Operation]:
    """Every operation of the served description, by method and path."""
    description = schemathesis.openapi.from_wsgi("/v1/openapi.json", application)
    found = [result.ok() for result in description.get_all_operations() if isinstance(result, Ok)]
    return {operation.label: operation for operation in found}


def fuzz(operation: Operation, *, count: int, token: str, parts: dict[str, Any]) -> Counter[int]:
    """Send `count` requests, each on the same database; how often each status came. Fails at the first wrong answer.

    Half of the requests keep to the description and half do not; half of them name what is there by `parts`.
    """
    statuses: Counter[int] = Counter()
    present = {name: value for name, value in parts.items() if f"{{{name}}}" in operation.label}
    strategies = [
        operation.as_strategy(generation_mode=mode, path_parameters=chosen)
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        for chosen in (None, present or None)
    ]

    @seed(SEED)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(strategies))
    def send(case: AnyCase) -> None:
        with transaction.atomic():
            response = case.call(headers={"Authorization": f"Bearer {token}"})
            transaction.set_rollback(True)
        statuses[response.status_code] += 1
        _check(case, response)

    with _one_connection():
        send()
    _report(operation.label, statuses)
    return statuses


def _check(case: AnyCase, response: Response) -> None:
    assert response.status_code < 500, response.content
    if response.status_code >= 400:
        assert response.headers["content-type"] == ["application/problem+json"]
        body = json.loads(response.content)
        assert {"type", "title", "status", "code", "detail", "request_id"} <= set(body)
        assert (body["status"], [body["request_id"]]) == (response.status_code, response.headers["x-request-id"])
    case.validate_response(response, checks=CONFORMANCE)


@contextmanager
def _one_connection() -> Iterator[None]:
    """Keep the test's transaction: the handler would end a connection that a request before it left in one."""
    wrapper: Any = connections["default"]
    wrapper.close_if_unusable_or_obsolete = lambda: None
    try:
        yield
    finally:
        del wrapper.close_if_unusable_or_obsolete


def _report(label: str, statuses: Counter[int]) -> None:
    if REPORT:
        file = Path(REPORT) / f"{abs(hash(label))}.json"
        file.write_text(json.dumps({"operation": label, "statuses": statuses}), encoding="utf-8")
