"""What a fault is, what its run reports, and the list of them all."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.faults.bench import Bench

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"


@dataclass
class Report:
    """What came out of a fault. Without problems it was stood.

    `acknowledged` counts the requests that were answered with success, `lost` those of them whose effect is missing
    afterwards or is there twice.
    """

    runs: int = 1
    acknowledged: int = 0
    lost: int = 0
    note: str = ""
    skipped: str = ""
    problems: list[str] = field(default_factory=list)

    def expect(self, is_true: bool, problem: str) -> None:
        """Note the problem unless the condition holds."""
        if not is_true:
            self.problems.append(problem)

    def expect_none(self, wrong: list[str], what: str) -> None:
        """Note how many there are, with an example, if there are any."""
        self.expect(not wrong, f"{len(wrong)} {what}, such as {wrong[0] if wrong else ''}")

    @property
    def verdict(self) -> str:
        """One of ok, skipped and BAD, with the reason."""
        if self.lost or self.problems:
            problems = [f"{self.lost} lost"] * bool(self.lost) + self.problems
            return f"BAD: {'; '.join(problems)}"
        return f"skipped: {self.skipped}" if self.skipped else "ok"

    @property
    def is_bad(self) -> bool:
        return self.verdict.startswith("BAD")


@dataclass(frozen=True)
class Fault:
    """A fault: `run` does it to the running instance of a bench and leaves the instance running."""

    name: str
    run: Callable[[Bench], Report]
    databases: tuple[str, ...]
    in_short: bool = True


FAULTS: list[Fault] = []


def fault(
    name: str, *databases: str, in_short: bool = True
) -> Callable[[Callable[[Bench], Report]], Callable[[Bench], Report]]:
    """Put a function on the list. Without `databases` it is for both.

    `in_short` is False for what other tests show in less time, or what a harder fault of the short run contains.
    """

    def register(run: Callable[[Bench], Report]) -> Callable[[Bench], Report]:
        FAULTS.append(Fault(name, run, databases or (SQLITE, POSTGRESQL), in_short))
        return run

    return register


def can_mount() -> bool:
    """Whether this process may mount a small disk: it is root, with CAP_SYS_ADMIN, on Linux."""
    if os.geteuid() != 0:
        return False
    try:
        with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123  (a file of the kernel)
            line = next(line for line in status if line.startswith("CapEff:"))
    except OSError:
        return False
    return bool(int(line.split()[1], 16) >> 21 & 1)
