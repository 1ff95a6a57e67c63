"""Request limits of a test's own: small numbers, a folder of its own, and a clock that stands still."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from minitwitter.core.limits import Limiter
from minitwitter.core.limits.storage import MappedStorage
from minitwitter.option import Rate


@dataclass
class Clock:
    """Stands still until it is told to go on."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def open_storage(folder: Path, clock: Clock | None = None, **amounts: int) -> MappedStorage:
    """The counts of a folder, by the clock or by the machine's."""
    return MappedStorage(folder, amounts, clock) if clock else MappedStorage(folder, amounts)


def make_limiter(folder: Path, clock: Clock, rates: Mapping[str, Rate]) -> Limiter:
    """A limiter whose counts are in the folder."""
    storage = MappedStorage(folder, {name: rate.amount for name, rate in rates.items()}, clock)
    return Limiter(storage.visit, rates, clock)
