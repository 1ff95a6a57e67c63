"""HTTP as a client at the other end of a cable: one connection, no retries, and the time that every answer took."""

import http.client
import json
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

TIMEOUT = 30.0
BOUNDARY = "the-boundary"
Outcome = TypeVar("Outcome")


class Unanswered(Exception):
    """The connection was refused, closed or silent: whether the request was carried out is unknown.

    `sent` is when the last of its bytes was handed to the system, or when that failed (a time of the monotonic clock).
    """

    def __init__(self, why: str, sent: float) -> None:
        super().__init__(why)
        self.sent = sent


@dataclass(frozen=True)
class Answer:
    """What the server answered. `seconds` is from the first byte sent to the last one read."""

    status: int
    headers: dict[str, str]
    content: bytes
    seconds: float

    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def code(self) -> str:
        """The code of a problem, or nothing."""
        is_problem = self.headers.get("content-type", "") == "application/problem+json"
        return str(self.json()["code"]) if is_problem else ""


@dataclass
class Client:
    """A connection to the server on a port of this machine, with or without an access token."""

    port: int
    token: str = ""
    timeout: float = TIMEOUT
    _connection: http.client.HTTPConnection | None = field(default=None, repr=False)
    _sent: float = field(default=0.0, repr=False)

    def call(
        self,
        method: str,
        path: str,
        fields: object = None,
        *,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        keep: bool = True,
    ) -> Answer:
        """Send a request: `fields` as JSON, or `body` with its content type among the headers. Raises Unanswered.

        Without `keep` it is on a connection of its own.
        """
        sent = dict(headers or {})
        if fields is not None:
            body, sent["Content-Type"] = json.dumps(fields).encode(), "application/json"
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        if not keep:
            self.close()
        started, self._sent = time.monotonic(), 0.0
        try:
            answer = self._exchange(method, path, body, sent)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            why = f"{method} {path}: {type(error).__name__} {error}"
            raise Unanswered(why, self._sent or time.monotonic()) from error
        if not keep:
            self.close()
        return Answer(*answer, time.monotonic() - started)

    def _exchange(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
            self._connection.connect()
            self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection.request(method, path, body or None, headers)
        self._sent = time.monotonic()
        response = self._connection.getresponse()
        content = response.read()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, content

    def post(self, text: str, key: str = "", picture: bytes = b"", *, keep: bool = True) -> Answer:
        """Post a tweet. Raises Unanswered."""
        headers = {"Idempotency-Key": key} if key else {}
        if not picture:
            return self.call("POST", "/v1/tweets/", {"text": text}, keep=keep, headers=headers)
        headers["Content-Type"] = f"multipart/form-data; boundary={BOUNDARY}"
        return self.call("POST", "/v1/tweets/", body=form(text, picture), keep=keep, headers=headers)

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def form(text: str, picture: bytes) -> bytes:
    """A multipart body of a tweet with a picture."""
    return b"".join(
        (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="text"\r\n\r\n{text}\r\n'.encode(),
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n'.encode(),
            b"Content-Type: image/png\r\n\r\n" + picture + f"\r\n--{BOUNDARY}--\r\n".encode(),
        )
    )


def together(count: int, work: Callable[[int], Outcome]) -> list[Outcome]:
    """`work(0)` to `work(count - 1)` in so many threads; their outcomes in order. Raises what one of them raised."""
    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(work, range(count)))


def percentile(seconds: list[float], share: float) -> float:
    """The value that this share of the values does not exceed."""
    return sorted(seconds)[min(int(len(seconds) * share), len(seconds) - 1)] if seconds else 0.0
