"""Processor time and memory from /proc."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.processes import TICKS, Unsupported, cpu_seconds, memory_bytes, require, tree

pytestmark = pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux's /proc")


def put(proc: Path, pid: int, parent: int, times: tuple[int, int, int, int], pss: int, name: str = "server") -> None:
    folder = proc / str(pid)
    folder.mkdir()
    numbers = " ".join(map(str, times))
    (folder / "stat").write_text(f"{pid} ({name}) S {parent} 1 1 0 -1 4194560 1 2 3 4 {numbers} 20 0 1 0 100 200 300\n")
    (folder / "smaps_rollup").write_text(
        f"55d0-7ffc ---p 0 0:0 0 [rollup]\nRss: 99 kB\nPss: {pss} kB\nPss_Anon: 7 kB\n"
    )


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A root with two children and a grandchild, and somebody else's process."""
    put(tmp_path, 10, 1, (1, 2, 3, 4), 100)
    put(tmp_path, 11, 10, (10, 20, 0, 0), 200, name="a) R 1 (b c")
    put(tmp_path, 12, 10, (0, 0, 0, 0), 300)
    put(tmp_path, 13, 12, (100, 0, 0, 0), 400)
    put(tmp_path, 20, 1, (5000, 5000, 5000, 5000), 5000)
    (tmp_path / "sys").mkdir()
    return tmp_path


def test_a_tree_is_a_process_and_all_under_it(proc: Path) -> None:
    assert sorted(tree([10], proc)) == [10, 11, 12, 13]
    assert tree([12, 20], proc) == [20, 12, 13]
    assert tree([99], proc) == []


def test_processor_time_is_the_trees_own_and_that_of_ended_children(proc: Path) -> None:
    assert cpu_seconds([10], proc) == (1 + 2 + 3 + 4 + 10 + 20 + 100) / TICKS
    assert cpu_seconds([], proc) == 0


def test_memory_is_the_proportional_share_of_each(proc: Path) -> None:
    assert memory_bytes([10], proc) == (100 + 200 + 300 + 400) * 1024


def test_a_system_without_these_files_is_refused(tmp_path: Path) -> None:
    require()
    with pytest.raises(Unsupported, match="run them there"):
        require(tmp_path)


def test_the_time_of_a_child_that_has_ended_stays_in_the_sum() -> None:
    before = cpu_seconds([os.getpid()])
    subprocess.run([sys.executable, "-c", "import time\nwhile time.process_time() < 0.3: pass"], check=True)

    assert cpu_seconds([os.getpid()]) - before >= 0.28


def test_the_memory_of_a_real_process_is_found() -> None:
    assert memory_bytes([os.getpid()]) > 5_000_000
