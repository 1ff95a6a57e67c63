"""Every option of the server: its environment variable, type, default, and why it exists.

This module imports nothing of Django, so that the command line can refuse a wrong option in one sentence
before anything is started. `docs/configuration.md` is written from this list (`make docs`).
"""

import difflib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PREFIX = "MINITWITTER_"


class ConfigurationError(Exception):
    """An option cannot be used. The message is one sentence for the operator and says what to do."""


def _text(value: str) -> str:
    return value


def _path(value: str) -> Path:
    return Path(value).expanduser().absolute()


def _host_list(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _switch(value: str) -> bool:
    if value.lower() in {"on", "true", "yes", "1"}:
        return True
    if value.lower() in {"off", "false", "no", "0"}:
        return False
    raise ValueError("on or off")


def _integer(low: int, high: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
            raise ValueError(f"a whole number from {low} to {high}")
        return int(value)

    return parse


def _choice(*allowed: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value.lower() not in allowed:
            raise ValueError(" or ".join(allowed))
        return value.lower()

    return parse


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"} or parts.query:
        raise ValueError("an address such as https://tweets.example.org, without a path")
    return value.rstrip("/")


@dataclass(frozen=True)
class Option:
    """One option. `parse` raises ValueError with a phrase that says what the value must be."""

    variable: str
    parse: Callable[[str], Any]
    default: str
    why: str


OPTIONS: dict[str, Option] = {
    "host": Option(PREFIX + "HOST", _text, "127.0.0.1", "Address to listen on."),
    "port": Option(PREFIX + "PORT", _integer(1, 65535), "8000", "Port to listen on."),
    "data_dir": Option(
        PREFIX + "DATA_DIR", _path, "./data", "Folder for the embedded database, the media files and the keys."
    ),
    "workers": Option(
        PREFIX + "WORKERS", _integer(1, 64), "2", "Server processes. One for each processor core is a good start."
    ),
    "threads": Option(
        PREFIX + "THREADS",
        _integer(1, 64),
        "4",
        "Threads of each server process: so many slow uploads it can wait for while it serves others.",
    ),
    "database_url": Option(
        "DATABASE_URL",
        _text,
        "",
        "The database, as in postgres://user:password@host:5432/name. Empty: SQLite in the data folder.",
    ),
    "sqlite_synchronous": Option(
        PREFIX + "SQLITE_SYNCHRONOUS",
        _choice("full", "normal"),
        "full",
        "full: an answered write survives a power cut. normal: faster, the last moments may be lost.",
    ),
    "allowed_hosts": Option(
        PREFIX + "ALLOWED_HOSTS",
        _host_list,
        "",
        "Host names that requests may name, separated by commas. Empty: the loopback names and the host of"
        " the public address.",
    ),
    "public_url": Option(
        PREFIX + "PUBLIC_URL",
        lambda value: _web_address(value) if value else "",
        "",
        "The address people use, such as https://tweets.example.org. Empty: taken from each request.",
    ),
    "public_read": Option(
        PREFIX + "PUBLIC_READ", _switch, "on", "off: profiles, tweets and timelines are only for signed-in people."
    ),
    "registration": Option(
        PREFIX + "REGISTRATION",
        _choice("open", "closed"),
        "open",
        "closed: no new accounts through the API; `minitwitter createadmin` and the admin still make them.",
    ),
    "tweet_length": Option(
        PREFIX + "TWEET_LENGTH", _integer(1, 5000), "280", "Characters (grapheme clusters) a tweet may have."
    ),
    "access_log": Option(
        PREFIX + "ACCESS_LOG", _switch, "off", "on: one JSON line on standard error for each request."
    ),
    "limits": Option(
        PREFIX + "LIMITS",
        _switch,
        "on",
        "Accepted for the request limits of a coming version; this version has none.",
    ),
    "trusted_proxies": Option(
        PREFIX + "TRUSTED_PROXIES",
        _host_list,
        "",
        "Accepted for the request limits of a coming version; this version never reads X-Forwarded-For.",
    ),
    "email_url": Option(
        PREFIX + "EMAIL_URL", _text, "", "Accepted for the mails of a coming version; this version sends none."
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
    database_url: str
    sqlite_synchronous: str
    allowed_hosts: tuple[str, ...]
    public_url: str
    public_read: bool
    registration: str
    tweet_length: int
    access_log: bool
    limits: bool
    trusted_proxies: tuple[str, ...]
    email_url: str


def load(environ: Mapping[str, str] | None = None) -> Options:
    """Read the options from the environment.

    Raises ConfigurationError for a value of the wrong form and for an unknown MINITWITTER_ variable:
    a mistyped MINITWITTER_PUBLIC_READ must not leave an instance open.
    """
    environ = os.environ if environ is None else environ
    _refuse_unknown(environ)
    return Options(**{field.name: _read(OPTIONS[field.name], environ) for field in fields(Options)})


def _read(option: Option, environ: Mapping[str, str]) -> Any:
    value = environ.get(option.variable, "").strip() or option.default
    try:
        return option.parse(value)
    except ValueError as error:
        raise ConfigurationError(f"{option.variable} is {value!r}, but it must be {error}.") from None


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    known = {option.variable for option in OPTIONS.values()}
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {close[0]}?" if close else "docs/configuration.md lists the options there are."
            raise ConfigurationError(f"There is no option {name}. {hint}")
