"""Mails in tests: what was sent, the tokens in it, and mail servers of every temper."""

import asyncio
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from django.conf import LazySettings
from django.core import mail as django_mail
from django.core.mail import EmailMultiAlternatives

from minitwitter.mailserver import MailServer
from tests.operating import free_port
from tests.working import run_tasks

BASE = "https://tweets.example.org"
SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
# Good for localhost until the year 2126, and worth nothing: the key is here for all to see.
CERTIFICATE = Path(__file__).with_name("certificates") / "localhost.pem"
_TOKEN = re.compile(r"^[a-z2-7]{32}$", re.MULTILINE)


def configure_mail(settings: LazySettings, server: MailServer | None = None) -> None:
    """Let the instance send mails: to a real server, or else into the outbox that Django has for tests."""
    settings.MAIL_SERVER = server or MailServer("mail.example.org", 587)
    settings.PUBLIC_URL = BASE
    settings.DEFAULT_FROM_EMAIL = "noreply@tweets.example.org"
    if server is not None:
        settings.EMAIL_BACKEND = SMTP_BACKEND


def sent() -> list[Any]:
    """Do the background work; the mails that were sent since this was last asked."""
    run_tasks()
    mails = list(django_mail.outbox)
    django_mail.outbox.clear()
    return mails


def sent_token() -> str:
    """The token in the one mail that was sent."""
    (message,) = sent()
    return token_in(message)


def token_in(message: EmailMultiAlternatives) -> str:
    """The token of a mail."""
    return token_in_text(str(message.body))


def token_in_text(text: str) -> str:
    """The token in the text of a mail."""
    found: list[str] = _TOKEN.findall(text.replace("\r\n", "\n"))
    assert len(found) == 1, text
    return found[0]


class Postbox:
    """What a server of aiosmtpd does with mails: keeps them, after it has answered RCPT and DATA as it is told to."""

    def __init__(self, *, recipient: str = "250 OK", data: str = "250 OK") -> None:
        self.recipient, self.data = recipient, data
        self.received: list[Any] = []

    async def handle_RCPT(  # noqa: N802  # The library's name, as below.
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if self.recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.data == "hang up":
            server.transport.abort()
        elif self.data.startswith("250"):
            self.received.append(envelope)
        return self.data


def server_context() -> ssl.SSLContext:
    """TLS of a server, with the certificate above."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, CERTIFICATE.with_suffix(".key"))
    return context


@contextmanager
def smtp_server(postbox: Postbox, **options: Any) -> Iterator[int]:
    """A real SMTP server; its port is given."""
    loop = asyncio.new_event_loop()
    controller = Controller(postbox, hostname="127.0.0.1", port=free_port(), loop=loop, **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()
        loop.close()


@contextmanager
def silent_server() -> Iterator[int]:
    """A server that accepts connections and says nothing; its port is given."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]
