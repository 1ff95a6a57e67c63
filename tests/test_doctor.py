"""`minitwitter doctor`: what it sees, and that it changes nothing."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from minitwitter import doctor
from minitwitter.env import load
from tests.mailing import Postbox, smtp_server
from tests.operating import call, free_port

PUBLIC = {"MINITWITTER_PUBLIC_URL": "https://tweets.example.org"}


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an instance in it that was started once."""
    folder = tmp_path_factory.mktemp("instance")
    assert call(folder, "purge").returncode == 0
    return folder


def examine(folder: Path, *arguments: str, **variables: str) -> tuple[int, list[tuple[str, str, str]]]:
    """The exit code, and the state, subject and words of each line."""
    done = call(folder, "doctor", *arguments, **variables)
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[-1].startswith("Everything works." if done.returncode == 0 else "Wrong: ")
    return done.returncode, [(line[:6].strip(), line[6:23].strip(), line[23:]) for line in lines[:-1]]


def _of(subject: str, findings: list[tuple[str, str, str]]) -> tuple[str, str]:
    (found,) = [(state, words) for state, named, words in findings if named == subject]
    return found


def test_before_the_first_start_nothing_is_wrong_and_nothing_is_made(tmp_path: Path) -> None:
    code, findings = examine(tmp_path)
    assert code == 0
    assert _of("data folder", findings) == ("note", f"{tmp_path / 'data'} is not there yet: the first start makes it.")
    assert _of("database", findings)[0] == "note"
    assert list(tmp_path.iterdir()) == []


def test_a_good_instance(instance: Path) -> None:
    before = sorted(path.name for path in (instance / "data").iterdir())
    code, findings = examine(instance)
    assert code == 0
    assert {subject for state, subject, _ in findings if state == "ok"} == {
        "options",
        "data folder",
        "disk",
        "database",
        "background work",
    }
    assert _of("mail", findings)[0] == "note"
    assert sorted(path.name for path in (instance / "data").iterdir()) == before


def test_an_option_that_cannot_be_used_is_told_as_by_every_command(instance: Path) -> None:
    done = call(instance, "doctor", MINITWITTER_PROT="1")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Did you mean MINITWITTER_PORT?" in done.stderr


def test_a_database_that_is_away(instance: Path) -> None:
    code, findings = examine(instance, DATABASE_URL=f"postgres://u:s3same@127.0.0.1:{free_port()}/tweets")
    assert code == 1
    state, words = _of("database", findings)
    assert state == "wrong"
    assert "cannot be reached (Connection refused): start it" in words
    assert "s3same" not in words


def test_a_weak_key_and_work_that_nobody_does(tmp_path: Path) -> None:
    assert call(tmp_path, "purge").returncode == 0
    with closing(sqlite3.connect(tmp_path / "data" / "db.sqlite3")) as connection, connection:
        connection.execute(
            "INSERT INTO core_task (id, name, arguments, due_at, attempts, claim, error, created_at, is_dead)"
            " VALUES (1, 'purge_tweet', '{}', '2026-01-01 00:00:00', 0, '', '', '2026-01-01 00:00:00', 0)"
        )
        # The newest: Django would not miss an older one.
        connection.execute(
            "DELETE FROM django_migrations WHERE id = (SELECT max(id) FROM django_migrations WHERE app = 'accounts')"
        )
    code, findings = examine(tmp_path)
    assert code == 1
    assert _of("background work", findings)[0] == "wrong"
    assert "see that `minitwitter run` or `minitwitter work` runs" in _of("background work", findings)[1]
    assert _of("database", findings) == ("note", "1 migrations are not applied yet: the next start does it.")

    (tmp_path / "data" / "secret_key").write_text("short\n")
    code, findings = examine(tmp_path)
    assert code == 1
    assert "must hold a random key" in _of("data folder", findings)[1]


@pytest.mark.parametrize(("free", "state"), [(2_000_000_000, "ok"), (500_000_000, "note"), (50_000_000, "wrong")])
def test_room_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, state: str) -> None:
    usage = type("Usage", (), {"free": free})
    monkeypatch.setattr("minitwitter.doctor.shutil.disk_usage", lambda _: usage)
    assert doctor._room(tmp_path).state == state


# Mail -----------------------------------------------------------------------------------------------------------------


def _server(port: int) -> dict[str, str]:
    return {**PUBLIC, "MINITWITTER_EMAIL_URL": f"smtp://127.0.0.1:{port}?tls=off"}


def test_a_test_mail_arrives(instance: Path) -> None:
    postbox = Postbox()
    with smtp_server(postbox) as port:
        code, findings = examine(
            instance, "--mail", "you@example.org", **_server(port), MINITWITTER_EMAIL_FROM="Köln <k@example.org>"
        )
    assert code == 0
    assert _of("mail", findings) == (
        "ok",
        f'127.0.0.1:{port} took a mail from "Köln" <k@example.org> to you@example.org: see that it arrives',
    )
    (envelope,) = postbox.received
    message = message_from_bytes(envelope.content, policy=policy.default)
    assert (message["Subject"], message["To"]) == ("A test from tweets.example.org", "you@example.org")


def test_a_server_that_is_ready_gets_no_mail_without_being_asked_to(instance: Path) -> None:
    postbox = Postbox()
    with smtp_server(postbox) as port:
        code, findings = examine(instance, **_server(port))
    assert (code, _of("mail", findings)[0], postbox.received) == (0, "ok", [])


@pytest.fixture
def refusing() -> Iterator[int]:
    with smtp_server(Postbox(recipient="550 5.1.1 nobody here")) as port:
        yield port


def test_what_the_server_refuses_is_told(instance: Path, refusing: int) -> None:
    code, findings = examine(instance, "--mail", "you@example.org", **_server(refusing))
    assert code == 1
    state, words = _of("mail", findings)
    assert state == "wrong"
    assert words.startswith(f"The mail server 127.0.0.1:{refusing} refuses the recipient (550 5.1.1 nobody here): see")


def test_a_server_that_is_away_is_told(instance: Path) -> None:
    port = free_port()
    code, findings = examine(instance, **_server(port))
    assert code == 1
    assert _of("mail", findings)[1] == (
        f"The mail server 127.0.0.1:{port} cannot be reached (Connection refused): start it, or correct"
        " MINITWITTER_EMAIL_URL."
    )


def test_a_test_mail_without_a_server_or_an_address_is_refused(instance: Path) -> None:
    code, findings = examine(instance, "--mail", "you@example.org")
    assert (code, _of("mail", findings)[0]) == (1, "wrong")
    done = call(instance, "doctor", "--mail", "you")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "--mail is 'you', but it must be an address such as you@example.org.\n"


def test_a_proxy_that_is_not_trusted_is_noted() -> None:
    options = load(PUBLIC)
    subjects = [finding.subject for finding in doctor._options(options)]
    assert subjects == ["options", "proxies"]
    trusted = load({**PUBLIC, "MINITWITTER_TRUSTED_PROXIES": "127.0.0.1"})
    assert [finding.subject for finding in doctor._options(trusted)] == ["options"]
