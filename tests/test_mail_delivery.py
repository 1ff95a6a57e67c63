"""The whole way: a running server, its background work, and a real mail server."""

import json
import time
import urllib.error
import urllib.request
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from tests.mailing import Postbox, silent_server, smtp_server, token_in_text
from tests.operating import DEADLINE, Running, running, wait_until

PASSWORD, NEW_PASSWORD = "correct horse battery", "staple of a better horse"


def _post(server: Running, path: str, **fields: str) -> int:
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}/v1/users/{path}/",
        json.dumps(fields).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def _options(port: int) -> dict[str, str]:
    return {
        "MINITWITTER_EMAIL_URL": f"smtp://127.0.0.1:{port}?tls=off",
        "MINITWITTER_PUBLIC_URL": "http://127.0.0.1:8000",
        "MINITWITTER_ACCESS_LOG": "on",
    }


def _next_token(postbox: Postbox, server: Running, number: int) -> str:
    wait_until(lambda: len(postbox.received) >= number, server)
    message: Any = message_from_bytes(postbox.received[number - 1].content, policy=policy.default)
    assert message["To"] == "alice@example.org"
    return token_in_text(message.get_body(("plain",)).get_content())


def test_a_forgotten_password_is_replaced_by_mail(tmp_path: Path) -> None:
    postbox = Postbox()
    with smtp_server(postbox) as port, running(tmp_path, **_options(port)) as server:
        assert _post(server, "register", username="alice", email="alice@example.org", password=PASSWORD) == 201
        assert _post(server, "email/confirm", token=_next_token(postbox, server, 1)) == 204
        assert _post(server, "password-reset", email="alice@example.org") == 202
        token = _next_token(postbox, server, 2)
        assert _post(server, "password-reset/confirm", token=token, new_password=NEW_PASSWORD) == 204
        assert _post(server, "login", username="alice", password=PASSWORD) == 401
        assert _post(server, "login", username="alice", password=NEW_PASSWORD) == 200
        assert token not in server.output


def test_a_mail_server_that_says_nothing_holds_no_request(tmp_path: Path) -> None:
    with silent_server() as port, running(tmp_path, **_options(port)) as server:
        assert _post(server, "register", username="alice", email="alice@example.org", password=PASSWORD) == 201
        started = time.monotonic()
        statuses = [_post(server, "password-reset", email="alice@example.org") for _ in range(5)]
        assert statuses == [202] * 5
        # The mail server is given ten seconds.
        assert time.monotonic() - started < 5
