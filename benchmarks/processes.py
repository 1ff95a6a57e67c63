"""What trees of processes have cost: processor time and memory, from /proc (Linux, proc(5))."""

import os
from collections.abc import Iterable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


class Unsupported(Exception):
    """This system does not say what processes cost. The message says what to do."""


def require(proc: Path = PROC) -> None:
    """Raises Unsupported where there is no /proc as Linux has it."""
    if not (proc / "self" / "smaps_rollup").exists():
        raise Unsupported("The benchmarks read the cost of processes from /proc, as Linux has it: run them there.")


def cpu_seconds(roots: Iterable[int], proc: Path = PROC) -> float:
    """The processor time that these processes and all under them have used so far, in user and in system mode.

    A process that ended is in what its parent counts for children it has waited for, so the sum never falls.
    """
    stats = _stats(proc)
    return sum(sum(stats[pid][1]) for pid in _tree(roots, stats)) / TICKS


def memory_bytes(roots: Iterable[int], proc: Path = PROC) -> int:
    """The memory of these processes and all under them. A page that several share counts once in all (PSS)."""
    return sum(_pss(proc / str(pid)) for pid in _tree(roots, _stats(proc)))


def tree(roots: Iterable[int], proc: Path = PROC) -> list[int]:
    """The process ids of these processes and of all under them."""
    return _tree(roots, _stats(proc))


def _tree(roots: Iterable[int], stats: dict[int, tuple[int, tuple[int, ...]]]) -> list[int]:
    children: dict[int, list[int]] = {}
    for pid, (parent, _) in stats.items():
        children.setdefault(parent, []).append(pid)
    waiting = [pid for pid in roots if pid in stats]
    found = []
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found


def _stats(proc: Path) -> dict[int, tuple[int, tuple[int, ...]]]:
    """The parent and the four times (own and waited-for children's, user and system) of every process."""
    found = {}
    for folder in proc.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            text = (folder / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:  # It ended meanwhile.
            continue
        # Behind the name, which is in brackets and may have any characters in it.
        fields = text.rpartition(")")[2].split()
        found[int(folder.name)] = (int(fields[1]), tuple(int(value) for value in fields[11:15]))
    return found


def _pss(folder: Path) -> int:
    try:
        lines = (folder / "smaps_rollup").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
