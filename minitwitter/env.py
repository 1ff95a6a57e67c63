"""Every option of the server: its environment variable, type, default, and why it exists.

This module imports nothing of Django, so that the command line can refuse a wrong option in one sentence
before anything is started. `docs/configuration.md` is written from this list (`make docs`).
"""

import difflib
import importlib.util
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any

from minitwitter.mailserver import MailServer, default_sender, parse_sender, parse_server
from minitwitter.option import (
    Option,
    Rate,
    choice,
    integer,
    parse_audit_days,
    parse_list,
    parse_networks,
    parse_origins,
    parse_path,
    parse_rate,
    parse_redis_address,
    parse_switch,
    parse_text,
    parse_web_address,
)

PREFIX = "MINITWITTER_"


class ConfigurationError(Exception):
    """An option cannot be used. The message is one sentence for the operator and says what to do."""


OPTIONS: dict[str, Option] = {
    "host": Option(PREFIX + "HOST", parse_text, "127.0.0.1", "Address to listen on."),
    "port": Option(PREFIX + "PORT", integer(1, 65535), "8000", "Port to listen on."),
    "data_dir": Option(
        PREFIX + "DATA_DIR", parse_path, "./data", "Folder for the embedded database, the media files and the keys."
    ),
    "workers": Option(
        PREFIX + "WORKERS", integer(1, 64), "2", "Server processes. One for each processor core is a good start."
    ),
    "threads": Option(
        PREFIX + "THREADS",
        integer(1, 64),
        "6",
        "Threads of each server process: so many slow uploads it can wait for while it serves others.",
    ),
    "task_workers": Option(
        PREFIX + "TASK_WORKERS",
        integer(0, 16),
        "1",
        "Processes for background work, such as removing what was deleted. 0: none, `minitwitter work` runs apart.",
    ),
    "database_url": Option(
        "DATABASE_URL",
        parse_text,
        "",
        "The database, as in postgres://user:password@host:5432/name. Empty: SQLite in the data folder.",
    ),
    "sqlite_synchronous": Option(
        PREFIX + "SQLITE_SYNCHRONOUS",
        choice("full", "normal"),
        "full",
        "full: an answered write survives a power cut. normal: faster, the last moments may be lost.",
    ),
    "allowed_hosts": Option(
        PREFIX + "ALLOWED_HOSTS",
        parse_list,
        "",
        "Host names that requests may name, separated by commas. Empty: the loopback names and the host of"
        " the public address.",
    ),
    "public_url": Option(
        PREFIX + "PUBLIC_URL",
        lambda value: parse_web_address(value) if value else "",
        "",
        "The address people use, such as https://tweets.example.org. Empty: taken from each request.",
    ),
    "hsts_seconds": Option(
        PREFIX + "HSTS_SECONDS",
        integer(0, 63_072_000),
        "0",
        "For how many seconds browsers shall refuse plain HTTP to this host (Strict-Transport-Security). 0: not told."
        " Needs an https public address. Begin with 300; 31536000 is a year.",
    ),
    "cors_origins": Option(
        PREFIX + "CORS_ORIGINS",
        parse_origins,
        "",
        "Origins of web apps whose scripts may call the API, such as https://app.example.org, separated by commas."
        " Empty: none but this server's own pages.",
    ),
    "public_read": Option(
        PREFIX + "PUBLIC_READ", parse_switch, "on", "off: profiles, tweets and timelines are only for signed-in people."
    ),
    "registration": Option(
        PREFIX + "REGISTRATION",
        choice("open", "closed"),
        "open",
        "closed: no new accounts through the API; `minitwitter createadmin` and the admin still make them.",
    ),
    "tweet_length": Option(
        PREFIX + "TWEET_LENGTH", integer(1, 5000), "280", "Characters (grapheme clusters) a tweet may have."
    ),
    "fan_out_at_once": Option(
        PREFIX + "FAN_OUT_AT_ONCE",
        integer(0, 10_000),
        "100",
        "Followers up to whom a tweet is written to their timelines while its author waits; beyond, a task does it.",
    ),
    "fan_out_limit": Option(
        PREFIX + "FAN_OUT_LIMIT",
        integer(0, 1_000_000),
        "10000",
        "Followers beyond whom an account's tweets are no longer written to timelines but looked up when those are"
        " read. An account that was beyond it once stays so.",
    ),
    "timeline_length": Option(
        PREFIX + "TIMELINE_LENGTH",
        integer(1, 10_000),
        "800",
        "Entries that are kept of a home feed. What is older is looked up when somebody reads so far.",
    ),
    "media_quota": Option(
        PREFIX + "MEDIA_QUOTA",
        integer(0, 1_000_000),
        "1000",
        "Megabytes that the pictures of one account may take. 0: as many as there is room for.",
    ),
    "audit_days": Option(
        PREFIX + "AUDIT_DAYS",
        parse_audit_days,
        "365",
        "Days that entries of the audit log are kept, at least 30. 0: for ever.",
    ),
    "access_log": Option(
        PREFIX + "ACCESS_LOG", parse_switch, "off", "on: one JSON line on standard error for each request."
    ),
    "limits": Option(
        PREFIX + "LIMITS",
        parse_switch,
        "on",
        "off: no request limits at all, for load tests, or behind another limiter.",
    ),
    "limit_account": Option(
        PREFIX + "LIMIT_ACCOUNT",
        parse_rate,
        "1500/5m",
        "Requests of one account: so many in any five minutes. (Exchanging refresh tokens: so many of one address.)",
    ),
    "limit_address": Option(
        PREFIX + "LIMIT_ADDRESS", parse_rate, "300/5m", "Requests without an access token of one address."
    ),
    "limit_uploads": Option(PREFIX + "LIMIT_UPLOADS", parse_rate, "30/30m", "Pictures of one account."),
    "limit_sign_ups": Option(
        PREFIX + "LIMIT_SIGN_UPS", parse_rate, "30/1h", "New accounts of one address; a whole school may sit behind it."
    ),
    "limit_log_ins_address": Option(
        PREFIX + "LIMIT_LOG_INS_ADDRESS", parse_rate, "25/5m", "Attempts to log in of one address."
    ),
    "limit_log_ins_account": Option(
        PREFIX + "LIMIT_LOG_INS_ACCOUNT",
        parse_rate,
        "25/1h",
        "Attempts to log in to one account, of all addresses together. An address from which it was logged in to within"
        " 20 days is counted apart, so that strangers cannot lock the owner out.",
    ),
    "limits_url": Option(
        PREFIX + "LIMITS_URL",
        lambda value: parse_redis_address(value) if value else "",
        "",
        "Where several machines count requests together: a Redis or Valkey server, as in redis://10.0.0.7:6379/0; needs"
        " the package minitwitter[redis]. Empty: a file in the data folder, for all worker processes of this machine.",
    ),
    "trusted_proxies": Option(
        PREFIX + "TRUSTED_PROXIES",
        parse_networks,
        "",
        "Addresses and networks of your own proxies, separated by commas, such as 127.0.0.1,10.0.0.0/8. Only from them"
        " X-Forwarded-For is read. Empty: whoever connects is counted, so behind a proxy all people together.",
    ),
    "limit_mails_address": Option(
        PREFIX + "LIMIT_MAILS_ADDRESS",
        parse_rate,
        "20/1h",
        "Requests that lead to a mail (a forgotten password, a new address) of one network address.",
    ),
    "limit_mails_account": Option(
        PREFIX + "LIMIT_MAILS_ACCOUNT", parse_rate, "5/1h", "The same for one mail address, and of one account."
    ),
    "email_url": Option(
        PREFIX + "EMAIL_URL",
        lambda value: parse_server(value) if value else None,
        "",
        "The server that takes mails: smtp://user:password@mail.example.org:587 (encrypted by STARTTLS), smtps://..."
        " for TLS from the start (port 465), ?tls=off at the end for none, console:// to print mails instead. Needs"
        " MINITWITTER_PUBLIC_URL, where links in mails lead. Empty: no mails, so no way back for a forgotten password."
        " `minitwitter doctor --mail you@example.org` tries it.",
        is_secret=True,
    ),
    "email_from": Option(
        PREFIX + "EMAIL_FROM",
        lambda value: parse_sender(value) if value else "",
        "",
        "Whom mails are from, such as Our Town <noreply@example.org>. Empty: the user of the mail server if that is an"
        " address, else noreply@ and the host of the public address.",
    ),
}


@dataclass(frozen=True)
class Options:
    """The options of this process, parsed. One field for each entry of OPTIONS."""

    host: str
    port: int
    data_dir: Path
    workers: int
    threads: int
    task_workers: int
    database_url: str
    sqlite_synchronous: str
    allowed_hosts: tuple[str, ...]
    public_url: str
    hsts_seconds: int
    cors_origins: tuple[str, ...]
    public_read: bool
    registration: str
    tweet_length: int
    fan_out_at_once: int
    fan_out_limit: int
    timeline_length: int
    media_quota: int
    audit_days: int
    access_log: bool
    limits: bool
    limit_account: Rate
    limit_address: Rate
    limit_uploads: Rate
    limit_sign_ups: Rate
    limit_log_ins_address: Rate
    limit_log_ins_account: Rate
    limits_url: str
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    limit_mails_address: Rate
    limit_mails_account: Rate
    email_url: MailServer | None
    email_from: str

    @property
    def mail_sender(self) -> str:
        """Whom mails are from, chosen or not."""
        if self.email_from or self.email_url is None:
            return self.email_from
        return default_sender(self.email_url, self.public_url)


def load(environ: Mapping[str, str] | None = None) -> Options:
    """Read the options from the environment.

    Raises ConfigurationError for a value of the wrong form and for an unknown MINITWITTER_ variable:
    a mistyped MINITWITTER_PUBLIC_READ must not leave an instance open.
    """
    environ = os.environ if environ is None else environ
    _refuse_unknown(environ)
    options = Options(**{field.name: _read(OPTIONS[field.name], environ) for field in fields(Options)})
    _check_together(options)
    return options


def _check_together(options: Options) -> None:
    if options.hsts_seconds and not options.public_url.startswith("https://"):
        raise ConfigurationError(
            f"{OPTIONS['hsts_seconds'].variable} needs an https address in {OPTIONS['public_url'].variable}: without"
            " TLS it would lock everybody out."
        )
    if options.email_url is not None and not options.public_url:
        raise ConfigurationError(
            f"{OPTIONS['email_url'].variable} needs {OPTIONS['public_url'].variable}: links in mails must lead to an"
            " address that you have chosen, not to one that a request named."
        )
    if options.limits_url and importlib.util.find_spec("redis") is None:
        raise ConfigurationError(
            f"{OPTIONS['limits_url'].variable} needs a package that is not installed: pip install 'minitwitter[redis]'."
        )


def _read(option: Option, environ: Mapping[str, str]) -> Any:
    value = environ.get(option.variable, "").strip() or option.default
    try:
        return option.parse(value)
    except ValueError as error:
        given = "cannot be read:" if option.is_secret else f"is {value!r}, but"
        raise ConfigurationError(f"{option.variable} {given} it must be {error}.") from None


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    known = {option.variable for option in OPTIONS.values()}
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {close[0]}?" if close else "docs/configuration.md lists the options there are."
            raise ConfigurationError(f"There is no option {name}. {hint}")
