"""The `minitwitter` command.

An error that an operator can mend is one sentence on standard error and exit code 2, never a traceback. Django is
imported only by the commands that need it: the process of `minitwitter run` stays, and its memory with it.
"""

import argparse
import getpass
import os
import shlex
import shutil
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import NoReturn, TypeAlias

from minitwitter import __version__, doctor, env, keys, server, setup_code, upgrade, work
from minitwitter.demo import command as demo
from minitwitter.env import ConfigurationError, Options

USAGE_ERROR = 2
INTERRUPTED = 130
TOKEN_KEYS = "token_signing_keys"  # noqa: S105  # The name of a file.
KEY_FILES = ("secret_key", TOKEN_KEYS)
# As long as a refresh token (accounts/tokens.py, which needs Django; a test holds both together).
TOKENS_LIVE_FOR = timedelta(days=30)

_Execute = Callable[[Options, argparse.Namespace], int]
# argparse has no public name for what add_subparsers() returns.
_Commands: TypeAlias = "argparse._SubParsersAction[_Parser]"  # noqa: SLF001


class _Parser(argparse.ArgumentParser):
    """Refuses in one sentence, without repeating the usage."""

    def error(self, message: str) -> NoReturn:
        raise ConfigurationError(f"{message[:1].upper()}{message[1:]}: see `{self.prog} --help`.")


def main(arguments: list[str] | None = None) -> int:
    """Carry out a command line and return its exit code."""
    try:
        return _dispatch(sys.argv[1:] if arguments is None else arguments)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return USAGE_ERROR
    except KeyboardInterrupt:
        return INTERRUPTED


def _dispatch(arguments: list[str]) -> int:
    # Everything behind `manage` belongs to Django, its --help too.
    if arguments[:1] == ["manage"]:
        return _manage(arguments[1:])
    parser = _parser()
    parsed, unknown = parser.parse_known_args(arguments)
    if unknown:
        raise ConfigurationError(f"There is no option {unknown[0]}: see `{_prog(parser, parsed.command)} --help`.")
    if parsed.command is None:
        parser.print_help()
        return 0
    _set_options(parsed)
    execute: _Execute = parsed.execute
    return execute(env.load(), parsed)


def _prog(parser: argparse.ArgumentParser, command: str | None) -> str:
    return f"{parser.prog} {command}" if command else parser.prog


def _parser() -> _Parser:
    parser = _Parser(
        prog="minitwitter",
        description="Mini Twitter: a self-hosted microblog server with a clean REST API.",
        epilog="Every option is also an environment variable; docs/configuration.md lists them all.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"Mini Twitter {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", parser_class=_Parser)
    # In the order of --help.
    for add in (
        _add_run,
        _add_create_admin,
        _add_demo,
        _add_doctor,
        _add_purge,
        _add_work,
        _add_rotate_key,
        _add_manage,
    ):
        add(commands)
    return parser


def _add_run(commands: _Commands) -> None:
    command = _add_command(
        commands,
        "run",
        _run,
        summary="start the server",
        description="Start the server. The first start makes the data folder, the keys and the database.",
    )
    for name in ("host", "port", "workers", "threads", "data_dir"):
        _add_option(command, name)


def _add_create_admin(commands: _Commands) -> None:
    command = _add_command(
        commands,
        "createadmin",
        _create_admin,
        summary="make an administrator's account",
        description="Make an account that may use the admin. What is not given is asked for; without a terminal, the"
        " password is the first line of standard input.",
    )
    command.add_argument("--username", help="letters, digits and _")
    command.add_argument("--email", help="the account's e-mail address")
    _add_option(command, "data_dir")


def _add_purge(commands: _Commands) -> None:
    command = _add_command(
        commands,
        "purge",
        _purge,
        summary="finish deletions that were interrupted",
        description="Remove the rows and files of deleted tweets and accounts that an interruption left behind."
        " They are invisible already, so this can run at any time, beside the server.",
    )
    _add_option(command, "data_dir")


def _add_work(commands: _Commands) -> None:
    command = _add_command(
        commands,
        "work",
        _work,
        summary="do the background work in this process",
        description="Remove what was deleted, and do the regular clearing up, until this is stopped. `minitwitter run`"
        " starts such a process itself, unless MINITWITTER_TASK_WORKERS is 0. Several may run at once.",
    )
    _add_option(command, "data_dir")


def _add_rotate_key(commands: _Commands) -> None:
    command = _add_command(
        commands,
        "rotatekey",
        _rotate_key,
        summary="sign tokens with a new key",
        description="Make a new key for tokens. The present one still verifies the tokens it has signed, until the last"
        " of them has expired. Start the server again afterwards.",
    )
    _add_option(command, "data_dir")


def _add_doctor(commands: _Commands) -> None:
    command = _add_command(
        commands,
        "doctor",
        _doctor,
        summary="see whether everything works",
        description="Look at the options, the data folder, the database, the background work and the mail server, and"
        " say what to do about what is wrong. Changes nothing; the exit code is 1 when something is wrong.",
    )
    command.add_argument("--mail", metavar="ADDRESS", help="send a test mail to this address")
    _add_option(command, "data_dir")


def _add_demo(commands: _Commands) -> None:
    command = _add_command(commands, "demo", _demo, summary=demo.SUMMARY, description=demo.DESCRIPTION)
    demo.add_arguments(command)
    _add_option(command, "data_dir")


def _add_manage(commands: _Commands) -> None:
    # Listed here for --help; _dispatch hands it to Django.
    commands.add_parser("manage", help="run a management command of Django: `minitwitter manage help` lists them")


def _add_command(
    commands: _Commands, name: str, execute: _Execute, *, summary: str, description: str
) -> argparse.ArgumentParser:
    """A command of its own, carried out by `execute`, which is given the options and what was parsed."""
    command = commands.add_parser(name, help=summary, description=description, allow_abbrev=False)
    command.set_defaults(execute=execute)
    return command


def _add_option(parser: argparse.ArgumentParser, name: str) -> None:
    option = env.OPTIONS[name]
    help_text = f"{option.why} Default: {option.default} ({option.variable})".replace("%", "%%")
    parser.add_argument(_flag(name), dest=name, metavar=name.rpartition("_")[2].upper(), help=help_text)


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _set_options(parsed: argparse.Namespace) -> None:
    """Put the options of the command line into the environment, where every process of the server reads them."""
    for name, option in env.OPTIONS.items():
        value = getattr(parsed, name, None)
        if value is None:
            continue
        try:
            option.parse(value)
        except ValueError as error:
            raise ConfigurationError(f"{_flag(name)} is {value!r}, but it must be {error}.") from None
        if not value.strip():
            raise ConfigurationError(f"{_flag(name)} is empty: give it a value, or leave it out.")
        os.environ[option.variable] = value


def _run(options: Options, _: argparse.Namespace) -> int:
    # What can refuse without leaving anything behind comes first.
    address = server.find_address(options)
    upgrade.applied_migrations(options)
    _prepare(options)
    if not options.database_url and (note := server.sqlite_note()):
        print(note, flush=True)
    # Bringing the database up to date may have taken long enough for somebody else to take the port.
    address = server.find_address(options)
    create_admin, code, demonstrate = _how_to(options, "createadmin"), "", ""
    if upgrade.has_administrator(options):
        setup_code.withdraw(options.data_dir)
    else:
        code = setup_code.offer(options.data_dir)
    if not upgrade.has_accounts(options):
        demonstrate = _how_to(options, "demo")
    server.serve(options, address, server.banner(options, address, create_admin, code, demonstrate))
    return 0


def _prepare(options: Options) -> None:
    """Make the data folder, the keys and the tables, or see that they are good. Raises ConfigurationError."""
    keys.prepare_data_dir(options.data_dir)
    for name in KEY_FILES:
        keys.read_or_create(options.data_dir / name)
    upgrade.apply(options)


def _how_to(options: Options, name: str) -> str:
    """The command of that name as the reader can type it, for the same data and database."""
    command = [*_this_command(), name]
    if options.data_dir != Path(env.OPTIONS["data_dir"].default).absolute():
        command += ["--data-dir", str(options.data_dir)]
    hint = "   (with the same DATABASE_URL)" if options.database_url else ""
    return shlex.join(command) + hint


def _this_command() -> list[str]:
    """How this program was called, as short as it can be typed."""
    called = Path(sys.argv[0])
    if called.name != "minitwitter":
        return [sys.executable, "-m", "minitwitter"]
    found = shutil.which("minitwitter")
    if found and Path(found).absolute() == called.absolute():
        return ["minitwitter"]
    absolute, here = called.absolute(), Path.cwd()
    return [str(absolute.relative_to(here) if absolute.is_relative_to(here) else absolute)]


def _create_admin(options: Options, parsed: argparse.Namespace) -> int:
    username, email, password = _ask(parsed)
    upgrade.applied_migrations(options)
    _prepare(options)
    _set_up_django()
    from minitwitter.actions.accounts import create_admin
    from minitwitter.core.errors import ValidationFailed

    try:
        create_admin(username=username, email=email, password=password)
    except ValidationFailed as refused:
        for problem in refused.problems:
            print(f"{problem.field}: {problem.detail}", file=sys.stderr)
        return 1
    setup_code.withdraw(options.data_dir)
    print(f"The administrator {username} was made and may sign in at /admin/.")
    return 0


def _purge(options: Options, _: argparse.Namespace) -> int:
    upgrade.applied_migrations(options)
    _prepare(options)
    _set_up_django()
    from minitwitter.actions.purge import purge_everything

    for done, what in enumerate(purge_everything(), start=1):
        if sys.stdout.isatty():
            print(f"\r{done} done ({what})\x1b[K", end="", flush=True)
    print(f"{_new_line()}Nothing that was deleted is left.")
    return 0


def _work(options: Options, _: argparse.Namespace) -> int:
    upgrade.applied_migrations(options)
    _prepare(options)
    print("Background work is being done. Stop with Ctrl-C.", flush=True)
    work.run(supervisor=None)
    return 0


def _doctor(options: Options, parsed: argparse.Namespace) -> int:
    return doctor.run(options, mail_to=parsed.mail)


def _demo(options: Options, parsed: argparse.Namespace) -> int:
    numbers = demo.check(parsed)
    upgrade.applied_migrations(options)
    _prepare(options)
    _set_up_django()
    return demo.run(parsed, numbers)


def _rotate_key(options: Options, _: argparse.Namespace) -> int:
    keys.prepare_data_dir(options.data_dir)
    count = keys.rotate(options.data_dir / TOKEN_KEYS, keep=TOKENS_LIVE_FOR)
    print(f"Tokens are signed with a new key as soon as the server is started again. Keys that verify: {count}.")
    return 0


def _new_line() -> str:
    return "\n" if sys.stdout.isatty() else ""


def _ask(parsed: argparse.Namespace) -> tuple[str, str, str]:
    """The user name, e-mail address and password: from the options, the terminal, or standard input."""
    if not sys.stdin.isatty():
        if parsed.username is None or parsed.email is None:
            raise ConfigurationError("Give --username and --email when there is no terminal to ask on.")
        password = sys.stdin.readline().rstrip("\r\n")
        if not password:
            raise ConfigurationError("Give the password as the first line of standard input.")
        return parsed.username, parsed.email, password
    try:
        username = parsed.username if parsed.username is not None else input("Username: ")
        email = parsed.email if parsed.email is not None else input("E-mail address: ")
        password = getpass.getpass("Password: ")
        if getpass.getpass("Password again: ") != password:
            raise ConfigurationError("The two passwords differ: nothing was made.")
    except EOFError:
        raise ConfigurationError("The input ended early: nothing was made.") from None
    return username, email, password


def _set_up_django() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "minitwitter.settings")
    django.setup()


def _manage(arguments: list[str]) -> int:
    env.load()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "minitwitter.settings")
    from django.core.management import execute_from_command_line
    from django.db.utils import OperationalError

    try:
        execute_from_command_line(["minitwitter manage", *arguments])
    except OperationalError as error:
        reason = str(error).strip().replace("\n", " ")
        raise ConfigurationError(
            f"The database cannot be used ({reason}): see that it runs and is up to date."
        ) from None
    return 0
