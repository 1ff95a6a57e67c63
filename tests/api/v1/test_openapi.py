"""The OpenAPI description is true, whole, and what the documentation pages show."""

import re
from typing import Any

import pytest
from django.conf import LazySettings
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft4Validator

from minitwitter.api.v1.urls import urlpatterns
from minitwitter.core.text import pattern_without_controls
from tests.client import ApiClient
from tests.factories import follow, jpeg
from tests.mailing import configure_mail

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    generated: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return generated


def _operations(description: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    ]


def test_every_address_is_described(description: dict[str, Any]) -> None:
    undescribed = ("openapi.json", "docs/")
    expected = {
        "/v1/" + re.sub(r"<\w+:(\w+)>", r"{\1}", str(pattern.pattern))
        for pattern in urlpatterns
        if not str(pattern.pattern).startswith(undescribed)
    }
    assert set(description["paths"]) == expected


def test_every_operation_has_examples_of_what_is_sent_and_answered(description: dict[str, Any]) -> None:
    for path, method, operation in _operations(description):
        contents = [answer.get("content", {}) for answer in operation["responses"].values()]
        contents.append(operation.get("requestBody", {}).get("content", {}))
        for content in contents:
            for media_type, described in content.items():
                if media_type == "multipart/form-data" and "application/json" in content:
                    continue  # The same fields as in JSON, which has the example.
                assert described.get("examples"), (path, method, media_type)


def test_every_token_that_is_asked_for_is_described(description: dict[str, Any]) -> None:
    named = {name for _, _, operation in _operations(description) for each in operation["security"] for name in each}
    assert named == set(description["components"]["securitySchemes"]) == {"accessToken"}


def _resolve(schema: Any, description: dict[str, Any]) -> Any:
    """The schema with its references written out; `nullable` (OpenAPI 3.0) becomes JSON Schema's type null."""
    if isinstance(schema, list):
        return [_resolve(item, description) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return _resolve(description["components"]["schemas"][name], description)
    resolved = {key: _resolve(value, description) for key, value in schema.items()}
    if resolved.pop("nullable", False):
        resolved["type"] = [resolved["type"], "null"]
    if resolved.get("type") == "object" and "properties" in resolved:
        resolved["additionalProperties"] = False
    return resolved


def _assert_described(description: dict[str, Any], path: str, method: str, response: Any) -> None:
    answer = description["paths"][path][method.lower()]["responses"][str(response.status_code)]
    if "content" not in answer:
        assert response.content == b""
        return
    schema = answer["content"][response["Content-Type"]]["schema"]
    Draft4Validator(_resolve(schema, description)).validate(response.json())


def test_answers_are_as_described(
    description: dict[str, Any], alice: ApiClient, bob: ApiClient, settings: LazySettings
) -> None:
    configure_mail(settings)
    follow(bob.me, alice.me)
    tweet = alice.tweet("Hello", jpeg())
    bob.call("PUT", f"/v1/tweets/{tweet['id']}/like/")
    alice.form("PUT", "/v1/users/me/avatar/", {"image": jpeg()})
    names = {"tweet_id": tweet["id"], "username": "alice", "session_id": 1}
    bodies = {
        "/v1/users/login/": {"username": "alice", "password": "correct horse battery"},
        "/v1/users/refresh/": {"refresh": bob.refresh},
        "/v1/tweets/{tweet_id}/": {"text": "Edited"},
        "/v1/users/password-reset/": {"email": "alice@example.org"},
    }
    seen = set()
    for path, method, _ in sorted(_operations(description), key=lambda each: each[1] == "delete"):
        if path in {"/v1/users/logout/", "/v1/users/logout-all/", "/v1/users/me/"} and method != "get":
            continue
        client = alice if path == "/v1/tweets/{tweet_id}/" else bob
        response = client.call(method.upper(), path.format(**names), bodies.get(path))
        _assert_described(description, path, method, response)
        seen.add(response.status_code)
    assert seen == {200, 202, 204, 400, 404, 409}


def test_the_pages_load_nothing_from_elsewhere(api: ApiClient) -> None:
    for address in ("/v1/docs/", "/v1/docs/redoc/"):
        page = api.get(address)
        assert page.status_code == 200
        html = page.content.decode()
        assert "<script>" not in html
        sources = re.findall(r"""(?:src|href)=["']([^"']+)["']""", html)
        assert sources
        assert all(source.startswith("/") for source in sources), sources
        assert any(source.endswith(".js") for source in sources)


def test_redoc_is_kept_from_asking_for_its_makers_logo(api: ApiClient) -> None:
    """A script must have its hands on the addresses of pictures before Redoc runs; seen in a browser once."""
    scripts = re.findall(r'<script src="([^"]+)"></script>', api.get("/v1/docs/redoc/").content.decode())
    assert [script.rpartition("/")[2] for script in scripts] == ["redoc.js", "redoc.standalone.js"]
    assert b'HTMLImageElement.prototype, "src"' in b"".join(api.get(scripts[0]).streaming_content)  # type: ignore[attr-defined]


def test_the_description_is_served(api: ApiClient, description: dict[str, Any]) -> None:
    response = api.get("/v1/openapi.json")
    assert response["Content-Type"] == "application/json"
    assert response.json()["openapi"].startswith("3.")
    assert set(response.json()["paths"]) == set(description["paths"])


def test_the_rules_of_fields_are_told_with_the_numbers_that_count(description: dict[str, Any]) -> None:
    fields = {
        f"{name}.{field}": {key: value for key, value in told.items() if key not in {"type", "description"}}
        for name, schema in description["components"]["schemas"].items()
        if name.endswith("InputRequest")
        for field, told in schema["properties"].items()
        if told.get("format") != "binary"
    }
    line, lines = pattern_without_controls(), pattern_without_controls(allow_line_breaks=True)
    assert fields == {
        "RegistrationInputRequest.username": {"minLength": 1, "maxLength": 30, "pattern": "^[A-Za-z0-9_]{1,30}$"},
        "RegistrationInputRequest.email": {"maxLength": 254, "format": "email"},
        "RegistrationInputRequest.password": {"minLength": 8, "maxLength": 128, "format": "password"},
        "LoginInputRequest.username": {},
        "LoginInputRequest.email": {},
        "LoginInputRequest.password": {"maxLength": 128, "format": "password"},
        "RefreshInputRequest.refresh": {},
        "PatchedProfileInputRequest.display_name": {"maxLength": 50, "pattern": line},
        "PatchedProfileInputRequest.bio": {"maxLength": 500, "pattern": lines},
        "PatchedProfileInputRequest.location": {"maxLength": 50, "pattern": line},
        "PatchedProfileInputRequest.website": {"maxLength": 200, "pattern": "^(https?://.*)?$"},
        "PasswordInputRequest.current_password": {"maxLength": 128, "format": "password"},
        "PasswordInputRequest.new_password": {"minLength": 8, "maxLength": 128, "format": "password"},
        "EmailInputRequest.email": {"maxLength": 254, "format": "email"},
        "EmailInputRequest.current_password": {"maxLength": 128, "format": "password"},
        "MailTokenInputRequest.token": {},
        "PasswordResetInputRequest.email": {"maxLength": 254, "format": "email"},
        "NewPasswordInputRequest.token": {},
        "NewPasswordInputRequest.new_password": {"minLength": 8, "maxLength": 128, "format": "password"},
        "NewTweetInputRequest.text": {"maxLength": 10_000},
        "NewTweetInputRequest.image_alt": {"maxLength": 1_500},
        "NewTextTweetInputRequest.text": {"minLength": 1, "maxLength": 10_000, "pattern": r"\S"},
        "EditTweetInputRequest.text": {"maxLength": 10_000},
        "PatchedEditTweetInputRequest.text": {"maxLength": 10_000},
    }


def test_examples_keep_to_the_rules_that_are_told(description: dict[str, Any]) -> None:
    for path, method, operation in _operations(description):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            schema = _resolve(content["schema"], description)
            for example in content.get("examples", {}).values():
                Draft4Validator(schema).validate(example["value"])
                assert example["value"], (path, method)
