"""Where mails are handed over and whom they are from: the values of two options, parsed.

Like `env.py`, which calls it, this module imports nothing of Django.
"""

import ipaddress
import re
from email.utils import parseaddr
from typing import Literal, NamedTuple
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

Security = Literal["starttls", "tls", "none"]

_FORMS = (
    "an address such as smtp://user:password@mail.example.org:587 (with STARTTLS), smtps://user:password@"
    "mail.example.org:465 (TLS from the start), smtp://127.0.0.1:25?tls=off (no encryption) or console:// (mails are"
    " printed, not sent)"
)
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*")
_LOCAL_PART = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")


class MailServer(NamedTuple):
    """The server that takes our mails. With an empty host they are printed instead of sent."""

    host: str
    port: int = 0
    user: str = ""
    password: str = ""
    security: Security = "starttls"

    @property
    def place(self) -> str:
        """Names the server without its password."""
        return f"{self.host}:{self.port}" if self.host else "standard output"


def parse_server(value: str) -> MailServer:
    """The server of an address. Raises ValueError with a phrase that says what the address must be.

    The phrase never repeats the value, which has a password in it.
    """
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError(f"{_FORMS}, with a port from 1 to 65535") from None
    if parts.path.strip("/") or parts.fragment:
        # An unescaped character of a password cuts the address there.
        raise ValueError(f"{_FORMS}; in a password / ? # @ : and % are written %2F %3F %23 %40 %3A and %25")
    if parts.scheme == "console" and not parts.netloc and not parts.query:
        return MailServer("")
    if parts.scheme not in {"smtp", "smtps"} or not _HOST.fullmatch(parts.hostname or "") or port == 0:
        raise ValueError(_FORMS)
    security = _security(parts)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(user) != bool(password) or not (user + password).isascii() or not (user + password).isprintable():
        raise ValueError(f"{_FORMS}, with a user and a password in ASCII, or with neither")
    return MailServer(parts.hostname or "", port or (465 if security == "tls" else 587), user, password, security)


def _security(parts: SplitResult) -> Security:
    query = parse_qs(parts.query, keep_blank_values=True)
    tls = query.pop("tls", ["on"])
    if query or len(tls) != 1 or tls[0].lower() not in {"on", "off"}:
        raise ValueError(f"{_FORMS}; behind the ? there is only tls=on or tls=off")
    if parts.scheme == "smtps":
        if tls[0].lower() == "off":
            raise ValueError("smtp:// with ?tls=off, or smtps:// without it")
        return "tls"
    return "starttls" if tls[0].lower() == "on" else "none"


def parse_sender(value: str) -> str:
    """The sender as it stands in a mail, with or without a name. Raises ValueError with a phrase."""
    name, address = parseaddr(value)
    # What the library read must be all there is: it would silently drop what it does not understand.
    whole = value.strip() in {address, f"{name} <{address}>", f'"{name}" <{address}>'}
    if not whole or not value.isprintable() or not is_address(address):
        raise ValueError("an address such as noreply@example.org, or with a name: Our Town <noreply@example.org>")
    return f'"{name}" <{address}>' if name else address


def is_address(value: str) -> bool:
    """Whether the value has the form of an address in ASCII."""
    local, at, domain = value.rpartition("@")
    return bool(at and _LOCAL_PART.fullmatch(local) and _HOST.fullmatch(domain) and ":" not in domain)


def default_sender(server: MailServer, public_url: str) -> str:
    """Who mails are from unless an option says so: the user of the server, which it lets send, or "noreply"."""
    if is_address(server.user):
        return server.user
    host = urlsplit(public_url).hostname or "localhost"
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return f"noreply@{host}"
    return "noreply@localhost"
