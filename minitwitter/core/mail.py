"""Handing a mail to the operator's mail server, and saying in words why it did not take it.

Only background work and `minitwitter doctor` call this: a server that is slow or away holds no request.
"""

import smtplib
import socket
import ssl
import time
from contextlib import closing
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from minitwitter.mailserver import MailServer

# How long the server may take to accept the connection, and then for each of its answers, in seconds.
TIMEOUT = 10.0
# After a server let a mail wait and then failed, the next ones are not tried for so long, in seconds: hundreds that
# wait one after the other would keep the worker from everything else.
PAUSE = 30.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Mail:
    """What one person is sent. Both forms say the same.

    `key` is the same when a mail is sent once more, so that mail programs can see that they have it already.
    """

    key: str
    to: str
    subject: str
    text: str
    html: str


class NotSent(Exception):
    """The mail may be sent later. The message says what went wrong and what the operator can do."""


class Refused(NotSent):
    """The server will never take a mail to that address."""


class _Pause:
    """Until when no mail is tried."""

    until = float("-inf")


def is_configured() -> bool:
    """Whether the operator has named a mail server."""
    return settings.MAIL_SERVER is not None


def send(mail: Mail) -> None:
    """Hand the mail over. Raises NotSent, and Refused when it is of no use to try again."""
    server = _server()
    if time.monotonic() < _Pause.until:
        raise NotSent(f"The mail server {server.place} did not answer a moment ago; the mail is sent later.")
    started = time.monotonic()
    try:
        # Closed in any case: Django leaves a connection open that broke off before the log-in was through.
        with closing(_connection(server)) as connection:
            connection.send_messages([_message(mail)])
    except (OSError, smtplib.SMTPException) as error:
        if time.monotonic() - started > TIMEOUT / 2:
            _Pause.until = time.monotonic() + PAUSE
        kind = Refused if _is_final(error) else NotSent
        # The server's own words may repeat the address, and this goes into logs.
        raise kind(explain(error, server).replace(mail.to, "the address")) from None


def check() -> None:
    """Connect to the server, log in and leave again. Raises NotSent."""
    server = _server()
    try:
        with closing(_connection(server)) as connection:
            connection.open()
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(explain(error, server)) from None


def _server() -> MailServer:
    server: MailServer | None = settings.MAIL_SERVER
    if server is None:
        raise NotSent("There is no mail server any more: set MINITWITTER_EMAIL_URL.")
    return server


def _connection(server: MailServer) -> Any:
    return get_connection(
        host=server.host,
        port=server.port,
        username=server.user,
        password=server.password,
        use_tls=server.security == "starttls",
        use_ssl=server.security == "tls",
        timeout=TIMEOUT,
    )


def _message(mail: Mail) -> EmailMultiAlternatives:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    headers = {
        "Message-ID": f"<{mail.key}@{domain}>",
        "Auto-Submitted": "auto-generated",  # RFC 3834: no out-of-office note shall answer this.
    }
    message = EmailMultiAlternatives(mail.subject, mail.text, to=[mail.to], headers=headers)
    message.attach_alternative(mail.html, "text/html")
    return message


def _is_final(error: Exception) -> bool:
    """Whether the recipient was refused for good (RFC 5321 section 4.2.1: 5yz).

    Everything else is for the operator to mend, or passes: the queue tries again for hours.
    """
    return isinstance(error, smtplib.SMTPRecipientsRefused) and all(
        code >= 500 for code, _ in error.recipients.values()
    )


def explain(error: Exception, server: MailServer) -> str:
    """What went wrong with the server, and what its operator can do, in one or two sentences."""
    place = server.place
    if isinstance(error, smtplib.SMTPException):
        return _explain_answer(error, place)
    if isinstance(error, socket.gaierror):
        return f"The host of the mail server {place} is not known: correct it in MINITWITTER_EMAIL_URL."
    if isinstance(error, TimeoutError):
        return (
            f"The mail server {place} does not answer within {TIMEOUT:.0f} seconds: see that host and port in"
            " MINITWITTER_EMAIL_URL are right, and that no firewall is in between (many providers block port 25)."
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"The certificate of the mail server {place} is not good ({error.verify_message}): name the host as its"
            " certificate does; for an authority of your own, set SSL_CERT_FILE to its certificate."
        )
    if isinstance(error, ssl.SSLError):
        return (
            f"The mail server {place} does not speak TLS as expected: use smtp:// where encryption begins with STARTTLS"
            " (mostly port 587), and smtps:// where it is there from the start (mostly port 465)."
        )
    return (
        f"The mail server {place} cannot be reached ({getattr(error, 'strerror', None) or error}): start it, or correct"
        " MINITWITTER_EMAIL_URL."
    )


def _explain_answer(error: smtplib.SMTPException, place: str) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()))
        return f"The mail server {place} refuses the recipient ({_answer(code, words)}): see that the address is right."
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return _explain_missing(error, place)
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return (
            f"The mail server {place} hung up or fell silent ({error}): see its log. Where it wants TLS from the start,"
            " use smtps://."
        )
    if not isinstance(error, smtplib.SMTPResponseException):
        return f"The mail server {place} cannot be talked to ({error}): see its log."
    answer = _answer(error.smtp_code, error.smtp_error)
    return f"The mail server {place} {_explain_code(error, answer)}"


def _explain_code(error: smtplib.SMTPResponseException, answer: str) -> str:
    if error.smtp_code == 530:  # RFC 3207 section 4 and RFC 4954 section 6.
        return (
            f"wants encryption or a log-in first ({answer}): leave ?tls=off out of MINITWITTER_EMAIL_URL, or put user"
            " and password into it."
        )
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return (
            f"refuses the log-in ({answer}): correct user and password in MINITWITTER_EMAIL_URL; many providers want a"
            " password made for applications."
        )
    if isinstance(error, smtplib.SMTPSenderRefused):
        return (
            f"refuses the sender {error.sender} ({answer}): set MINITWITTER_EMAIL_FROM to an address that it lets you"
            " send from."
        )
    if isinstance(error, smtplib.SMTPDataError):
        return f"did not take the mail ({answer}): see its log."
    return f"is not ready ({answer}): see its log."


def _explain_missing(error: smtplib.SMTPNotSupportedError, place: str) -> str:
    if "STARTTLS" in str(error):
        return (
            f"The mail server {place} offers no STARTTLS: use smtps:// if it has TLS from the start, or ?tls=off on a"
            " network that nobody else can listen on."
        )
    return f"The mail server {place} takes no log-in here: leave user and password out, or use its other port."


def _answer(code: int, words: bytes | str) -> str:
    """What the server said, in one line of a bearable length."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"{code} {' '.join(text.split())}"[:200]
