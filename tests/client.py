"""A client of the API, for tests."""

from typing import Any

import orjson
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from minitwitter.accounts.models import User
from minitwitter.actions import sessions
from tests.factories import PASSWORD

Response = Any  # Django's test client adds `json()` and more to its responses.


class ApiClient(Client):
    """Sends JSON or multipart to the API, signed in as `user` if one is given.

    An exception in a view becomes the 500 that a caller would see, so that no test passes over one.
    """

    def __init__(self, user: User | None = None, *, password: str = PASSWORD) -> None:
        super().__init__(raise_request_exception=False)
        self.user = user
        self.access = self.refresh = ""
        if user is not None:
            pair = sessions.log_in(login=user.username, password=password, device="tests")
            self.sign_in(pair.access, pair.refresh)

    @property
    def me(self) -> User:
        """The signed-in user, as the database has them now."""
        assert self.user is not None
        return User.objects.get(pk=self.user.pk)

    def sign_in(self, access: str, refresh: str = "") -> None:
        """Send this access token from now on."""
        self.access, self.refresh = access, refresh
        self.defaults["HTTP_AUTHORIZATION"] = f"Bearer {access}"

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        """A request with a JSON body (none for None)."""
        data = b"" if body is None else orjson.dumps(body)
        return self.generic(method, path, data, "application/json" if data else "", headers=headers or None)

    def raw(
        self, method: str, path: str, data: bytes, content_type: str = "application/json", **extra: Any
    ) -> Response:
        """A request with those very bytes."""
        return self.generic(method, path, data, content_type, **extra)

    def form(self, method: str, path: str, fields: dict[str, Any], **headers: str) -> Response:
        """A multipart request; bytes are sent as a file."""
        parts = {
            name: SimpleUploadedFile("picture.jpg", value, "image/jpeg") if isinstance(value, bytes) else value
            for name, value in fields.items()
        }
        return self.generic(method, path, encode_multipart(BOUNDARY, parts), MULTIPART_CONTENT, headers=headers or None)

    def media(self, address: str) -> tuple[int, bytes]:
        """The status and the bytes of a media file, by its absolute address."""
        response: Any = self.get(address.removeprefix("http://testserver"))
        body = b"".join(response.streaming_content) if response.streaming else response.content
        return response.status_code, body

    def tweet(self, text: str = "Hello", image: bytes | None = None) -> dict[str, Any]:
        """Post a tweet and return it."""
        fields: dict[str, Any] = {"text": text} | ({"image": image} if image else {})
        response = self.form("POST", "/v1/tweets/", fields) if image else self.call("POST", "/v1/tweets/", fields)
        assert response.status_code == 201, response.content
        posted: dict[str, Any] = response.json()
        return posted


def assert_problem(response: Response, status: int, code: str) -> dict[str, Any]:
    """The answer is the problem of that code, whole and well formed. Returns its body."""
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json"), response.content
    body: dict[str, Any] = response.json()
    expected = {"type", "title", "status", "code", "detail", "request_id"}
    assert set(body) == expected | ({"errors"} if code == "validation_error" else set())
    assert (body["status"], body["code"], body["type"]) == (status, code, f"/v1/docs/errors/#{code}")
    assert body["title"]
    assert body["request_id"] == response["X-Request-Id"]
    assert body["detail"]
    return body


def assert_invalid(response: Response, *problems: tuple[str, str]) -> None:
    """The answer is 400 with exactly these (field, code) entries, in whatever order."""
    body = assert_problem(response, 400, "validation_error")
    assert sorted((entry["field"], entry["code"]) for entry in body["errors"]) == sorted(problems)
    assert all(set(entry) == {"field", "code", "detail"} and entry["detail"] for entry in body["errors"])
