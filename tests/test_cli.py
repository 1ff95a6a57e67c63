"""The `minitwitter` command: what it refuses, and what it makes."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

from minitwitter import __version__, setup_code
from tests.operating import COMMAND, call, environment, free_port

USAGE_ERROR = 2


def assert_refused(result: subprocess.CompletedProcess[str], folder: Path, *, telling: str) -> None:
    """One line on standard error, exit code 2, and nothing made."""
    assert result.stderr.count("\n") == 1, result.stderr
    assert telling in result.stderr
    assert result.stderr.rstrip().endswith((".", "`"))
    assert (result.returncode, result.stdout) == (USAGE_ERROR, "")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "telling"),
    [
        (["run", "--prot", "8001"], "There is no option --prot: see `minitwitter run --help`."),
        (["run", "--por", "8001"], "There is no option --por"),
        (["run", "extra"], "extra"),
        (["run", "--port"], "--port: expected one argument"),
        (["run", "--port", "http"], "--port is 'http', but it must be a whole number from 1 to 65535."),
        (["run", "--port", "0"], "--port is '0'"),
        (["run", "--port", "65536"], "--port is '65536'"),
        (["run", "--port", "٣"], "--port is"),
        (["run", "--workers", "0"], "--workers is '0', but it must be a whole number from 1 to 64."),
        (["run", "--threads", "-1"], "--threads"),
        (["run", "--host", ""], "--host is empty"),
        (["run", "--data-dir", " "], "--data-dir is empty"),
        (["run", "--host", "no.such.host.invalid"], "The host no.such.host.invalid is not known"),
        (["run", "--host", "192.0.2.1"], "The host 192.0.2.1 cannot be listened on"),
        (["serve"], "'serve'"),
        (["demo", "--people", "2"], "--people is '2', but it must be a whole number from 3 to 5000."),
        (["demo", "--tweets", "many"], "--tweets is 'many'"),
        (["demo", "--peo", "5"], "There is no option --peo: see `minitwitter demo --help`."),
        (["createadmin", "--name", "x"], "There is no option --name: see `minitwitter createadmin --help`."),
        (["createadmin"], "Give --username and --email"),
        (["createadmin", "--username", "root_of_all"], "Give --username and --email"),
        (["createadmin", "--username", "root_of_all", "--email", "a@example.org"], "Give the password"),
    ],
)
def test_a_wrong_command_line_is_refused_in_one_sentence(tmp_path: Path, arguments: list[str], telling: str) -> None:
    assert_refused(call(tmp_path, *arguments), tmp_path, telling=telling)


@pytest.mark.parametrize("command", [["run"], ["manage", "check"]])
@pytest.mark.parametrize(
    ("variables", "telling"),
    [
        ({"MINITWITTER_PROT": "8001"}, "There is no option MINITWITTER_PROT. Did you mean MINITWITTER_PORT?"),
        ({"MINITWITTER_PORT": "x"}, "MINITWITTER_PORT is 'x'"),
        ({"MINITWITTER_PUBLIC_READ": "perhaps"}, "MINITWITTER_PUBLIC_READ is 'perhaps', but it must be on or off."),
        ({"MINITWITTER_PUBLIC_URL": "example.org"}, "MINITWITTER_PUBLIC_URL is 'example.org'"),
        ({"DATABASE_URL": "nonsense"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgres://u:p@127.0.0.1:port/x"}, "DATABASE_URL"),
    ],
)
def test_a_wrong_environment_is_refused_in_one_sentence(
    tmp_path: Path, command: list[str], variables: dict[str, str], telling: str
) -> None:
    result = call(tmp_path, *command, **variables)

    assert telling in result.stderr
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (USAGE_ERROR, "", 1)
    # Django reads the settings, which make the data folder, before it can see that DATABASE_URL is wrong.
    if command == ["run"]:
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "telling"),
    [
        ("postgres://user:secret@127.0.0.1:1/tweets", "tweets on 127.0.0.1:1 cannot be reached (Connection refused)"),
        ("sqlite:///no/such/folder/db.sqlite3", "The folder of the database file"),
        ("sqlite:////", "DATABASE_URL"),
        ("sqlite://:memory:", "in memory"),
        ("mysql://user:secret@127.0.0.1:1/tweets", "DATABASE_URL must begin with postgres:// or with sqlite://."),
    ],
)
def test_a_database_that_cannot_be_used_is_refused_in_one_sentence(tmp_path: Path, url: str, telling: str) -> None:
    result = call(tmp_path, "run", "--port", str(free_port()), DATABASE_URL=url)

    assert_refused(result, tmp_path, telling=telling)
    assert "secret" not in result.stderr


def test_a_file_that_is_no_database_is_refused_in_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear Sir or Madam, " * 100)

    result = call(tmp_path, "run", "--port", str(free_port()), DATABASE_URL=f"sqlite:///{file}")

    assert (result.returncode, result.stderr.count("\n")) == (USAGE_ERROR, 1)
    assert "file is not a database" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_an_occupied_port_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        result = call(tmp_path, "run", "--port", str(port))

    assert_refused(result, tmp_path, telling=f"Port {port} on 127.0.0.1 is in use by another program")
    assert f"--port {port + 1 if port < 65535 else port - 1}" in result.stderr


def test_a_data_folder_that_cannot_be_made_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    result = call(tmp_path, "run", "--port", str(free_port()), "--data-dir", "file/data")

    assert (result.returncode, result.stdout) == (USAGE_ERROR, "")
    assert result.stderr.startswith(f"The data folder {tmp_path / 'file/data'} cannot be written (Not a directory).")
    assert result.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_data_folder_that_cannot_be_written_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o555)

    result = call(tmp_path, "run", "--port", str(free_port()))

    assert (result.returncode, result.stderr.count("\n")) == (USAGE_ERROR, 1)
    assert "cannot be written (Permission denied)" in result.stderr
    assert list((tmp_path / "data").iterdir()) == []


def test_a_short_key_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "secret_key").write_text("short\n")

    result = call(tmp_path, "run", "--port", str(free_port()))

    assert (result.returncode, result.stderr.count("\n")) == (USAGE_ERROR, 1)
    assert "The key file" in result.stderr


def test_version_and_help_read_well(tmp_path: Path) -> None:
    assert call(tmp_path, "--version").stdout == f"Mini Twitter {__version__}\n"
    for arguments in ([], ["--help"]):
        result = call(tmp_path, *arguments)
        assert (result.returncode, result.stderr) == (0, "")
        assert all(command in result.stdout for command in ("run", "createadmin", "manage"))
    run_help = call(tmp_path, "run", "--help").stdout
    assert all(option in run_help for option in ("--host", "--port", "--workers", "--threads", "--data-dir"))
    assert list(tmp_path.iterdir()) == []


def test_createadmin_makes_an_administrator_and_the_database_it_needs(tmp_path: Path) -> None:
    arguments = ("createadmin", "--username", "grace", "--email", "grace@example.org")

    result = call(tmp_path, *arguments, text="correct horse battery\nsecond line\n")

    assert (result.returncode, result.stderr) == (0, "")
    assert "The administrator grace was made" in result.stdout
    question = "from minitwitter.accounts.models import User; u = User.objects.get(); print(u.username, u.is_staff)"
    shown = call(tmp_path, "manage", "shell", "--no-imports", "-c", question)
    assert shown.stdout == "grace True\n"


def test_createadmin_ends_what_the_printed_code_is_good_for(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    code = setup_code.offer(folder)
    arguments = ("createadmin", "--username", "grace", "--email", "grace@example.org")
    refused = call(tmp_path, *arguments, text="short\n")
    assert (refused.returncode, setup_code.is_right(folder, code)) == (1, True)
    done = call(tmp_path, *arguments, text="correct horse battery\n")
    assert (done.returncode, setup_code.is_right(folder, code)) == (0, False)


def test_createadmin_says_what_is_wrong_with_each_field(tmp_path: Path) -> None:
    result = call(tmp_path, "createadmin", "--username", "gr ace", "--email", "nowhere", text="short\n")

    assert result.returncode == 1
    assert [line.partition(":")[0] for line in result.stderr.splitlines()] == ["username", "email", "password"]


def test_a_closed_terminal_input_is_no_defect(tmp_path: Path) -> None:
    result = subprocess.run(
        [*COMMAND, "createadmin", "--username", "grace", "--email", "grace@example.org"],
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert_refused(result, tmp_path, telling="Give the password as the first line of standard input.")


def test_purge_says_that_nothing_is_left(tmp_path: Path) -> None:
    done = call(tmp_path, "purge")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("Nothing that was deleted is left.\n")
