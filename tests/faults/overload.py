"""More requests than the server can answer, for a while."""

import resource
import time
from pathlib import Path

from tests.faults.bench import Bench
from tests.faults.catalogue import Report, fault
from tests.faults.client import percentile, together
from tests.faults.openloop import OpenLoop

TIMES_CAPACITY = 4
# A page that is dear to make and cheap to ask for, so that one process can ask for four times what two can make.
PATH = "/v1/feed/?limit=50"
CLIENTS = 8
# Of those that are answered, nearly all within so many seconds (minitwitter.overload.PATIENCE is five).
WAIT_AT_MOST = 8.0
NORMAL_AGAIN_WITHIN = 10.0
# What the workers may grow by, all together.
MAX_GROWTH_MB = 200
MEMORY_INTERVAL = 0.25
# Beyond so many open requests the caller sends no more; where the system allows fewer, sooner.
MAX_OPEN = 20_000
OTHER_DESCRIPTORS = 500


@fault("overload: four times the requests it can answer")
def overload(bench: Bench) -> Report:
    report = Report()
    max_open = _allow_descriptors()
    token = _reader(bench)
    capacity, usual = _measure(bench, token, bench.scale(0.5, 5.0))
    before = _memory(bench)
    rate = capacity * TIMES_CAPACITY
    # For two seconds nobody may have waited long enough to be refused, so all that is not answered stays open.
    duration = bench.scale(min(2.0, max_open / rate), 30.0)
    bench.say(f"{capacity:.0f} a second are answered; sending {rate:.0f} a second for {duration:.0f} s")
    loop, peak = _send(bench, token, rate, duration, max_open)
    outcomes = loop.outcomes
    recovered = _seconds_until_normal(bench, token, usual)
    report.runs = sum(outcomes.values())
    report.acknowledged = outcomes["200"]
    wrong = {what: count for what, count in outcomes.items() if what not in {"200", "429", "503"}}
    report.expect(not wrong, f"beside 2xx, 429 and 503: {wrong}")
    report.expect(bench.short or outcomes["503"] > 0, "nothing was refused")
    waited = percentile(loop.seconds.get("200", []), 0.99)
    report.expect(bench.short or waited <= WAIT_AT_MOST, f"one percent of the answers took over {waited:.1f} s")
    report.expect(bench.short or recovered <= NORMAL_AGAIN_WITHIN, f"normal again only after {recovered:.1f} s")
    report.expect(peak - before <= MAX_GROWTH_MB, f"memory grew from {before:.0f} to {peak:.0f} MB")
    report.note = (
        f"{capacity:.0f}/s answered alone; at {rate:.0f}/s {dict(outcomes)} with p99 {waited:.1f} s; normal after"
        f" {recovered:.1f} s;"
        f" {before:.0f} to {peak:.0f} MB"
    )
    return report


def _allow_descriptors() -> int:
    """How many requests may be open at once."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_OPEN + OTHER_DESCRIPTORS
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return min(MAX_OPEN, soft - OTHER_DESCRIPTORS)


def _reader(bench: Bench) -> str:
    """Somebody whose feed is a full page."""
    author, reader = bench.people(2)
    client = bench.client(author)
    for number in range(50):
        client.post(f"a page {number}")
    client.close()
    bench.client(reader).call("POST", f"/v1/users/follow/{author.username}/", keep=False)
    return reader.token


def _measure(bench: Bench, token: str, seconds: float) -> tuple[float, float]:
    """Answers a second with as many callers as threads, and their median time."""
    end = time.monotonic() + seconds

    def ask(_: int) -> list[float]:
        times = []
        while time.monotonic() < end:
            times.append(bench.instance.once("GET", PATH, token).seconds)
        return times

    times = [one for lane in together(CLIENTS, ask) for one in lane]
    return len(times) / seconds, percentile(times, 0.5)


def _send(bench: Bench, token: str, rate: float, duration: float, max_open: int) -> tuple[OpenLoop, float]:
    """Send at that rate whether or not answers come. What came of it, and the workers' highest memory."""
    request = f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    loop = OpenLoop(bench.instance.port, request.encode(), max_open)
    peaks = [0.0]
    looked = time.monotonic()

    def look() -> None:
        nonlocal looked
        if time.monotonic() - looked > MEMORY_INTERVAL:
            looked = time.monotonic()
            peaks.append(_memory(bench))

    loop.run(rate, duration, look)
    return loop, max(*peaks, _memory(bench))


def _seconds_until_normal(bench: Bench, token: str, usual: float) -> float:
    """How long until ten requests in a row are as fast as they usually are; at most 30 s."""
    began = time.monotonic()
    while (waited := time.monotonic() - began) < 30:
        times = [bench.instance.once("GET", PATH, token).seconds for _ in range(10)]
        if max(times) <= max(5 * usual, 0.25):
            return waited
    return waited


def _memory(bench: Bench) -> float:
    """What the workers hold, in MB; nothing where the system does not tell."""
    total = 0
    for worker in bench.instance.workers():
        status = Path(f"/proc/{worker}/status")
        if status.exists():
            total += next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return total / 1024
