"""Handing mails to real servers: good ones, and those that are away, silent, strict or broken."""

import time
from email import message_from_bytes, policy
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult
from django.conf import LazySettings
from django.core.mail import BadHeaderError

from minitwitter.core import mail
from minitwitter.core.mail import Mail, NotSent, Refused
from minitwitter.mailserver import MailServer
from tests.mailing import CERTIFICATE, Postbox, configure_mail, server_context, silent_server, smtp_server
from tests.operating import free_port

LETTER = Mail(
    key="letter-7",
    to="bob@example.org",
    subject="Grüße an Bob",
    text="Guten Tag, schöne Grüße",
    html="<p>schöne Grüße</p>",
)


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail._Pause, "until", float("-inf"))


def _send(settings: LazySettings, port: int, *, letter: Mail = LETTER, **changes: Any) -> None:
    server = MailServer("127.0.0.1", port, security="none")._replace(**changes)
    configure_mail(settings, server)
    mail.send(letter)


def _failure(settings: LazySettings, port: int, kind: type[NotSent] = NotSent, **changes: Any) -> str:
    """Why the mail was not sent."""
    with pytest.raises(NotSent) as caught:
        _send(settings, port, **changes)
    assert caught.type is kind
    return str(caught.value)


def test_a_mail_arrives_whole_with_both_forms(settings: LazySettings) -> None:
    postbox = Postbox()
    with smtp_server(postbox) as port:
        _send(settings, port)

    (envelope,) = postbox.received
    assert (envelope.mail_from, envelope.rcpt_tos) == ("noreply@tweets.example.org", ["bob@example.org"])
    message = message_from_bytes(envelope.content, policy=policy.default)
    assert message.get_content_type() == "multipart/alternative"
    assert {name: message[name] for name in ("From", "To", "Subject", "Auto-Submitted")} == {
        "From": "noreply@tweets.example.org",
        "To": "bob@example.org",
        "Subject": "Grüße an Bob",
        "Auto-Submitted": "auto-generated",
    }
    assert message["Message-ID"] == "<letter-7@tweets.example.org>"
    assert message["Date"]
    parts = [(part.get_content_type(), part.get_content().strip()) for part in message.iter_parts()]
    assert parts == [("text/plain", LETTER.text), ("text/html", LETTER.html)]


def test_the_name_of_the_sender_may_have_any_letters(settings: LazySettings) -> None:
    postbox = Postbox()
    with smtp_server(postbox) as port:
        configure_mail(settings, MailServer("127.0.0.1", port, security="none"))
        settings.DEFAULT_FROM_EMAIL = '"Gemeinde Köln 🐦" <noreply@example.org>'
        mail.send(LETTER)

    (envelope,) = postbox.received
    assert envelope.mail_from == "noreply@example.org"
    sender = message_from_bytes(envelope.content, policy=policy.default)["From"]
    assert (sender.addresses[0].display_name, sender.addresses[0].addr_spec) == (
        "Gemeinde Köln 🐦",
        "noreply@example.org",
    )


@pytest.mark.parametrize("change", [{"subject": "Hello\r\nBcc: eve@example.org"}, {"to": "a@b.org\nBcc: eve@b.org"}])
def test_nobody_can_add_a_header(settings: LazySettings, change: dict[str, str]) -> None:
    postbox = Postbox()
    fields = {"key": "letter-7", "to": LETTER.to, "subject": LETTER.subject, "text": "", "html": ""} | change
    with smtp_server(postbox) as port, pytest.raises((BadHeaderError, ValueError)):
        _send(settings, port, letter=Mail(**fields))
    assert postbox.received == []


# Encryption and log-in ------------------------------------------------------------------------------------------------


def _trust(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))


def _check_password(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=(data.login, data.password) == (b"town", b"a good password"), handled=False)


def test_a_server_that_demands_starttls_and_a_log_in_gets_both(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    _trust(monkeypatch)
    postbox = Postbox()
    options = {"require_starttls": True, "authenticator": _check_password, "auth_required": True}
    account: dict[str, Any] = {"user": "town", "password": "a good password"}
    with smtp_server(postbox, tls_context=server_context(), **options) as port:
        _send(settings, port, security="starttls", host="localhost", **account)
        assert len(postbox.received) == 1

        assert "wants encryption or a log-in first (530" in _failure(settings, port)
        assert "wants encryption or a log-in first (530" in _failure(settings, port, security="starttls")
        words = _failure(settings, port, security="starttls", user="town", password="wrong one")
        assert "refuses the log-in (535" in words
        assert "wrong one" not in words
    assert len(postbox.received) == 1


def test_tls_from_the_start(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    _trust(monkeypatch)
    postbox = Postbox()
    with smtp_server(postbox, ssl_context=server_context()) as port:
        _send(settings, port, security="tls", host="localhost")
        assert "hung up or fell silent" in _failure(settings, port)
    assert len(postbox.received) == 1


def test_a_certificate_that_is_not_trusted_gets_no_mail(settings: LazySettings) -> None:
    postbox = Postbox()
    with smtp_server(postbox, ssl_context=server_context()) as port:
        assert "The certificate of the mail server" in _failure(settings, port, security="tls")
    assert postbox.received == []


def test_without_starttls_nothing_is_sent_unless_the_operator_said_so(settings: LazySettings) -> None:
    postbox = Postbox()
    with smtp_server(postbox) as port:
        assert "offers no STARTTLS" in _failure(settings, port, security="starttls")
        assert "does not speak TLS as expected" in _failure(settings, port, security="tls")
        assert "takes no log-in here" in _failure(settings, port, user="town", password="a good password")
    assert postbox.received == []


# Failures -------------------------------------------------------------------------------------------------------------


def test_a_server_that_is_down(settings: LazySettings) -> None:
    assert "cannot be reached (Connection refused): start it" in _failure(settings, free_port())


def test_a_host_that_is_not_there(settings: LazySettings) -> None:
    assert "is not known" in _failure(settings, 25, host="no.such.host.invalid")


def test_a_silent_server_costs_one_wait_and_the_mails_behind_it_none(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "TIMEOUT", 0.2)
    with silent_server() as port:
        assert "timed out" in _failure(settings, port)
        monkeypatch.setattr(mail, "_connection", None)  # Whoever connects now fails.
        assert "did not answer a moment ago" in _failure(settings, port)


def test_after_the_pause_mails_are_tried_again(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "TIMEOUT", 0.2)
    postbox = Postbox()
    with silent_server() as port:
        _failure(settings, port)
    assert mail._Pause.until > time.monotonic()
    monkeypatch.setattr(mail._Pause, "until", time.monotonic())
    monkeypatch.setattr(mail, "TIMEOUT", 10.0)
    with smtp_server(postbox) as port:
        _send(settings, port)
    assert len(postbox.received) == 1


@pytest.mark.parametrize("answer", ["550 5.1.1 bob@example.org is not here", "553 bad name"])
def test_a_recipient_that_is_refused_for_good_is_not_tried_again(settings: LazySettings, answer: str) -> None:
    with smtp_server(Postbox(recipient=answer)) as port:
        words = _failure(settings, port, Refused)
    assert f"refuses the recipient ({answer.replace('bob@example.org', 'the address')})" in words
    assert "bob@example.org" not in words


@pytest.mark.parametrize(
    ("postbox", "telling"),
    [
        (Postbox(recipient="450 4.2.1 greylisted"), "refuses the recipient (450 4.2.1 greylisted)"),
        (Postbox(data="554 5.7.1 looks like spam"), "did not take the mail (554 5.7.1 looks like spam)"),
        (Postbox(data="451 try again"), "did not take the mail (451 try again)"),
        (Postbox(data="hang up"), "hung up or fell silent"),
    ],
)
def test_everything_else_may_pass(settings: LazySettings, postbox: Postbox, telling: str) -> None:
    with smtp_server(postbox) as port:
        assert telling in _failure(settings, port)
    assert postbox.received == []


def test_a_sender_that_is_refused_is_the_operators_matter(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: Any) -> str:
        return "550 not your domain"

    postbox = Postbox()
    postbox.handle_MAIL = refuse  # type: ignore[attr-defined]  # A hook of the library's.
    with smtp_server(postbox) as port:
        words = _failure(settings, port)
    assert "refuses the sender noreply@tweets.example.org (550 not your domain): set MINITWITTER_EMAIL_FROM" in words


def test_without_a_server_nothing_is_sent(settings: LazySettings) -> None:
    settings.MAIL_SERVER = None
    assert not mail.is_configured()
    with pytest.raises(NotSent, match="set MINITWITTER_EMAIL_URL"):
        mail.send(LETTER)
