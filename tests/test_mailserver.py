"""The addresses of mail servers, and senders."""

import pytest

from minitwitter.env import ConfigurationError, load
from minitwitter.mailserver import MailServer, default_sender, is_address, parse_sender, parse_server

PUBLIC = {"MINITWITTER_PUBLIC_URL": "https://tweets.example.org"}


@pytest.mark.parametrize(
    ("value", "server"),
    [
        ("smtp://mail.example.org", MailServer("mail.example.org", 587, security="starttls")),
        ("smtp://mail.example.org:25?tls=off", MailServer("mail.example.org", 25, security="none")),
        ("smtp://mail.example.org:2525/?tls=ON", MailServer("mail.example.org", 2525, security="starttls")),
        ("smtps://mail.example.org", MailServer("mail.example.org", 465, security="tls")),
        ("smtp://[::1]:25?tls=off", MailServer("::1", 25, security="none")),
        (
            "smtps://me%40example.org:p%2Fa%3As%25s@mail.example.org:1465",
            MailServer("mail.example.org", 1465, "me@example.org", "p/a:s%s", "tls"),
        ),
        ("console://", MailServer("")),
    ],
)
def test_an_address_names_a_server(value: str, server: MailServer) -> None:
    assert parse_server(value) == server
    assert load({"MINITWITTER_EMAIL_URL": value, **PUBLIC}).email_url == server


@pytest.mark.parametrize(
    ("value", "telling"),
    [
        ("mail.example.org:587", "an address such as smtp://"),
        ("http://mail.example.org", "an address such as smtp://"),
        ("smtp://", "an address such as smtp://"),
        ("smtp://a b", "an address such as smtp://"),
        ("smtp://user:s3same@mail.example.org:0", "an address such as smtp://"),
        ("smtp://user:s3same@mail.example.org:99999", "with a port from 1 to 65535"),
        ("smtp://user:s3same@mail.example.org:x", "with a port from 1 to 65535"),
        ("smtp://user:s3s#ame@mail.example.org", "with a port from 1 to 65535"),
        ("smtp://user:#s3same@mail.example.org", "%23"),
        ("smtp://mail.example.org/inbox", "%2F"),
        ("smtp://user@mail.example.org", "with a user and a password"),
        ("smtp://:s3same@mail.example.org", "with a user and a password"),
        ("smtp://user:s3s%0Aame@mail.example.org", "with a user and a password"),
        ("smtp://user:s3s%C3%A4me@mail.example.org", "in ASCII"),
        ("smtp://user:s3same@mail.example.org?tls=maybe", "tls=on or tls=off"),
        ("smtp://user:s3same@mail.example.org?timeout=5", "tls=on or tls=off"),
        ("smtps://user:s3same@mail.example.org?tls=off", "or smtps:// without it"),
        ("console://here", "an address such as smtp://"),
    ],
)
def test_what_names_no_server_is_refused_without_its_password(value: str, telling: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^MINITWITTER_EMAIL_URL cannot be read: it must be .+\.$") as caught:
        load({"MINITWITTER_EMAIL_URL": value, **PUBLIC})
    assert telling in str(caught.value)
    assert "s3s" not in str(caught.value)


def test_mails_need_an_address_that_the_operator_chose() -> None:
    with pytest.raises(ConfigurationError, match=r"^MINITWITTER_EMAIL_URL needs MINITWITTER_PUBLIC_URL: .+\.$"):
        load({"MINITWITTER_EMAIL_URL": "console://"})


@pytest.mark.parametrize(
    ("value", "sender"),
    [
        ("noreply@example.org", "noreply@example.org"),
        ("Our Town <noreply@example.org>", '"Our Town" <noreply@example.org>'),
        ('"Köln, am Rhein" <noreply@example.org>', '"Köln, am Rhein" <noreply@example.org>'),
    ],
)
def test_a_sender_may_have_a_name(value: str, sender: str) -> None:
    assert parse_sender(value) == sender
    assert parse_sender(sender) == sender


@pytest.mark.parametrize(
    "value",
    [
        "Our Town",
        "a@b@c",
        "<a@example.org",
        "a@example.org, b@example.org",
        "Köln, x <a@b.org>",
        "x\r\nBcc: y <a@b.org>",
    ],
)
def test_what_is_no_sender_is_refused(value: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^MINITWITTER_EMAIL_FROM is .+, but it must be .+\.$"):
        load({"MINITWITTER_EMAIL_FROM": value})


@pytest.mark.parametrize(
    ("user", "public_url", "sender"),
    [
        ("town@example.org", "https://tweets.example.org", "town@example.org"),
        ("AKIA123", "https://tweets.example.org", "noreply@tweets.example.org"),
        ("", "http://127.0.0.1:8000", "noreply@localhost"),
        ("", "http://[::1]:8000", "noreply@localhost"),
    ],
)
def test_without_a_sender_the_server_or_the_instance_gives_one(user: str, public_url: str, sender: str) -> None:
    assert default_sender(MailServer("mail.example.org", 587, user, user), public_url) == sender


def test_the_sender_of_an_instance() -> None:
    assert load({}).mail_sender == ""
    assert load({"MINITWITTER_EMAIL_URL": "console://", **PUBLIC}).mail_sender == "noreply@tweets.example.org"
    chosen = {"MINITWITTER_EMAIL_URL": "console://", "MINITWITTER_EMAIL_FROM": "a@example.org", **PUBLIC}
    assert load(chosen).mail_sender == "a@example.org"


@pytest.mark.parametrize(
    "value", ["", "a", "@example.org", "a@", "a b@example.org", "ä@example.org", "a@[::1]", "a@x\n"]
)
def test_what_is_no_address(value: str) -> None:
    assert not is_address(value)
