"""`minitwitter demo`: its options, its refusals, its progress, and what it says in the end."""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from minitwitter.env import ConfigurationError

if TYPE_CHECKING:
    from minitwitter.demo.filling import Filled, Report

# The numbers: default, lowest, highest.
NUMBERS = {"people": (300, 3, 5_000), "tweets": (5_000, 0, 200_000), "days": (35, 1, 365)}
DEFAULT_SEED = "minitwitter"
SUMMARY = "fill an empty instance with a made-up community"
DESCRIPTION = (
    "Fill an instance with a made-up community, to look around in: people with avatars who follow each other, and weeks"
    " of tweets, pictures and likes. It can run beside the server. The same seed makes the same community."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to its parser."""
    helps = {"people": "how many people", "tweets": "how many tweets", "days": "over how many days, up to now"}
    for name, (default, low, high) in NUMBERS.items():
        help_text = f"{helps[name]} ({low:,} to {high:,}). Default: {default:,}"
        parser.add_argument(f"--{name}", metavar="N", default=str(default), help=help_text)
    parser.add_argument("--seed", default=DEFAULT_SEED, help=f"any text. Default: {DEFAULT_SEED}")
    parser.add_argument(
        "--beside-real-accounts",
        action="store_true",
        help="do it although the instance has accounts of real people; they will see the made-up ones",
    )


def check(parsed: argparse.Namespace) -> dict[str, int]:
    """The numbers of the command line. Raises ConfigurationError."""
    numbers = {}
    for name, (_, low, high) in NUMBERS.items():
        value = getattr(parsed, name)
        if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
            raise ConfigurationError(f"--{name} is {value!r}, but it must be a whole number from {low} to {high}.")
        numbers[name] = int(value)
    return numbers


def run(parsed: argparse.Namespace, numbers: dict[str, int]) -> int:
    """Fill the database that Django is set up with. Raises ConfigurationError when that must not be."""
    from django.conf import settings

    from minitwitter.core import ids
    from minitwitter.core.errors import DomainError
    from minitwitter.demo.community import Plan
    from minitwitter.demo.filling import fill

    _require_permission(beside_real_accounts=parsed.beside_real_accounts)
    plan = Plan(seed=parsed.seed, now=ids.now(), length=settings.TWEET_LENGTH, **numbers)
    started = time.monotonic()
    try:
        with _progress() as report:
            filled = fill(plan, report)
    except (DomainError, OSError) as error:
        raise ConfigurationError(
            f"The community is not complete ({error}): mend that, and begin again with an empty data folder."
        ) from None
    print(_summary(filled, time.monotonic() - started))
    return 0


def _require_permission(*, beside_real_accounts: bool) -> None:
    from minitwitter.actions import demo

    if made_up := demo.demo_accounts().count():
        raise ConfigurationError(
            f"This instance has a made-up community already ({made_up:,} accounts): look around in it, or make another"
            " one in a new folder with `minitwitter demo --data-dir FOLDER`."
        )
    if (real := demo.real_accounts().count()) and not beside_real_accounts:
        raise ConfigurationError(
            f"This instance has accounts of real people ({real:,}), who would see the made-up ones: use another folder"
            " with --data-dir FOLDER, or add --beside-real-accounts if you mean it."
        )


@contextmanager
def _progress() -> Iterator["Report"]:
    """Bars on a terminal; nothing elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from minitwitter.demo.filling import STEPS

    console = Console()
    columns = (TextColumn("{task.description:<8}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not sys.stdout.isatty()) as progress:
        bars = {step: progress.add_task(step, total=None, start=False) for step in STEPS}

        def report(step: str, done: int, total: int) -> None:
            progress.start_task(bars[step])
            progress.update(bars[step], completed=done, total=total)

        yield report


def _summary(filled: "Filled", seconds: float) -> str:
    from minitwitter.demo.filling import PASSWORD

    *others, last = filled.guests
    return "\n".join(
        (
            (
                f"{filled.people:,} people, {filled.follows:,} follows, {filled.tweets:,} tweets"
                f" ({filled.pictures:,} with a picture) and {filled.likes:,} likes, made in {seconds:.0f} s."
            ),
            "",
            f"Log in as {', '.join(others)} or {last}. The password of the three: {PASSWORD}",
            "Everybody knows it, so keep this instance to yourself.",
        )
    )
