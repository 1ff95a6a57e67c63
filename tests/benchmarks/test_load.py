"""The load driver: what wrk says is read, what it sends is what was asked for."""

import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from benchmarks.load import DriverError, Load, Request, drive, read, require


def test_a_missing_driver_is_said_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)

    with pytest.raises(DriverError, match="apt install wrk"):
        require()


def test_the_summary_is_the_last_line_of_the_output() -> None:
    summary = '{"requests": 200, "duration": 2000000, "bytes": 5000, "p50": 1500, "p99": 9000, "errors": 3}'

    assert read(f"Running 1s test\n{summary}\n") == Load(
        requests=200, seconds=2.0, received=5000, p50=1.5, p99=9.0, errors=3
    )


def test_a_driver_that_fails_is_quoted() -> None:
    with pytest.raises(DriverError, match=r"unable to connect to 127\.0\.0\.1:1 Connection refused"):
        read("", "unable to connect to 127.0.0.1:1\nConnection refused\n")


class Recorder(BaseHTTPRequestHandler):
    """Remembers what it was asked, and refuses to post."""

    protocol_version = "HTTP/1.1"
    asked: ClassVar[list[tuple[str, str, str | None, bytes]]] = []

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.asked.append((self.command, self.path, self.headers["Authorization"], body))
        self.send_response(200 if self.command == "GET" else 403)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET  # noqa: N815  (the library's name)

    def log_message(self, *_: object) -> None:
        return


class Server(ThreadingHTTPServer):
    """Says nothing of the connections that the driver breaks off when its time is over."""

    def handle_error(self, *_: object) -> None:
        return


@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")
def test_the_requests_are_sent_in_turn_and_refusals_are_counted() -> None:
    requests = [
        Request("GET", "/a/", "one"),
        Request("GET", "/b/?c=d"),
        Request("POST", "/e/", "two", '{"f": "g\\th"}'),
    ]
    Recorder.asked.clear()
    found = _driven(requests)

    assert set(Recorder.asked) == {
        ("GET", "/a/", "Bearer one", b""),
        ("GET", "/b/?c=d", None, b""),
        ("POST", "/e/", "Bearer two", b'{"f": "g\\th"}'),
    }
    assert found.requests > 30
    assert found.errors == pytest.approx(found.requests / 3, abs=8)


@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")
def test_the_first_request_is_sent_too() -> None:
    # More than can be sent, so that none is there because its turn came again.
    Recorder.asked.clear()
    found = _driven([Request("GET", f"/{number}/") for number in range(50_000)], connections=1)
    assert found.requests < 50_000
    assert [asked[1] for asked in Recorder.asked[:3]] == ["/0/", "/1/", "/2/"]


def _driven(requests: list[Request], connections: int = 8) -> Load:
    with Server(("127.0.0.1", 0), Recorder) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        found = drive(server.server_address[1], requests, 1, connections)
        server.shutdown()
    return found
