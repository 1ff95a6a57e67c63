"""The server is killed, stopped and interrupted."""

import contextlib
import os
import signal
import socket
import threading
import time

from tests.faults.bench import Bench, Instance
from tests.faults.catalogue import Report, fault
from tests.faults.client import BOUNDARY, Answer, Unanswered, form, together
from tests.faults.inspection import compare_files, inspect
from tests.faults.ledger import Writers, check, png

READY_WITHIN = 10.0
STOPPED_WITHIN = 30.0
MAKING = "Making the database"


@fault("kill -9 of the process group under 8 writers")
def kill_under_writers(bench: Bench) -> Report:
    report = Report(runs=0)
    slowest = 0.0
    for number in range(bench.scale(1, 5)):
        bench.say(f"kill {number + 1}")
        with Writers(bench, 8) as writers:
            time.sleep(bench.scale(1.0, 3.0))
            bench.instance.kill()
            writers.stop()
        slowest = max(slowest, bench.instance.start())
        check(bench, writers.ledger, report)
        inspect(bench, report)
    # In a short run, many other tests run on the same machine.
    report.expect(bench.short or slowest <= READY_WITHIN, f"ready again only after {slowest:.1f} s")
    _, stray = compare_files(bench.instance)
    report.note = f"ready again after {slowest:.1f} s at most; {len(stray)} files without a row, for the sweeper"
    return report


@fault("SIGTERM with requests in flight, slow uploads among them")
def drain(bench: Bench) -> Report:
    report = Report(runs=0)
    slowest = 0.0
    for _ in range(bench.scale(1, 3)):
        requests = Requests(bench)
        uploads = [Upload(bench, seconds=bench.scale(1.5, 4.0)) for _ in range(3)]
        for each in (*uploads, requests):
            each.start()
        time.sleep(0.8)
        told = time.monotonic()
        code, seconds = bench.instance.stop()
        for each in (*uploads, requests):
            each.join()
        slowest = max(slowest, seconds)
        report.runs += 1
        report.acknowledged += requests.answered + sum(upload.status == 201 for upload in uploads)
        report.expect(code == 0, f"exit code {code}")
        report.expect_none([upload.outcome for upload in uploads if upload.status != 201], "slow uploads failed")
        in_flight = [str(failure) for failure in requests.failures if failure.sent < told]
        report.expect_none(in_flight, "requests in flight failed")
        report.expect_none(requests.wrong, "wrong answers")
        bench.instance.start()
        texts = {text for (text,) in bench.instance.query("SELECT text FROM tweets_tweet")}
        report.lost += sum(upload.text not in texts for upload in uploads if upload.status == 201)
    report.expect(slowest <= STOPPED_WITHIN, f"the end took {slowest:.1f} s")
    report.note = f"ended within {slowest:.1f} s"
    return report


class Upload(threading.Thread):
    """A picture that takes so many seconds to send."""

    def __init__(self, bench: Bench, seconds: float) -> None:
        super().__init__()
        self.status = 0
        self.outcome = ""
        self.text = bench.name("slow upload ")
        self._seconds = seconds
        self._port = bench.instance.port
        self._token = bench.people(1)[0].token

    def run(self) -> None:
        body = form(self.text, png())
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=30) as connection:
                connection.sendall(self._head(len(body)))
                for start in range(0, len(body), len(body) // 10):
                    connection.sendall(body[start : start + len(body) // 10])
                    time.sleep(self._seconds / 10)
                answer = connection.makefile("rb").readline()
                self.outcome = answer.decode("latin-1").strip() or "closed without an answer"
                self.status = int(answer.split()[1]) if answer else 0
        except OSError as error:
            self.outcome = f"{type(error).__name__} {error}"

    def _head(self, length: int) -> bytes:
        lines = [
            "POST /v1/tweets/ HTTP/1.1",
            "Host: 127.0.0.1",
            f"Authorization: Bearer {self._token}",
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
            f"Content-Length: {length}",
            "Connection: close",
        ]
        return "\r\n".join([*lines, "", ""]).encode()


class Requests(threading.Thread):
    """People who read and post until nobody answers, half of them on a new connection for each request."""

    CLIENTS = 8

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self.answered = 0
        # The one failed request of each client.
        self.failures: list[Unanswered] = []
        self.wrong: list[str] = []
        self._bench = bench
        self._people = bench.people(self.CLIENTS)

    def run(self) -> None:
        together(self.CLIENTS, self._go_on)

    def _go_on(self, number: int) -> None:
        client = self._bench.client(self._people[number])
        reads, keeps = number % 2 == 0, number % 4 < 2
        while True:
            try:
                if reads:
                    answer = client.call("GET", "/v1/feed/", keep=keeps)
                else:
                    answer = client.post("while it stops", keep=keeps)
            except Unanswered as failure:
                self.failures.append(failure)
                return
            self._note(answer)

    def _note(self, answer: Answer) -> None:
        if answer.status < 300:
            self.answered += 1
        else:
            self.wrong.append(f"{answer.status} {answer.code}")


@fault("the first migration is interrupted by kill -9")
def interrupt_migrations(bench: Bench) -> Report:
    """By killing the process group, and by killing the supervisor alone, whose child may go on for a moment."""
    report = Report(runs=0)
    # A short run has the harder of the two.
    for alone in bench.scale((True,), (False, True)):
        for delay in bench.scale((0.3,), (0.1, 0.4, 0.8)):
            bench.say(f"kill after {delay} s, {'the supervisor alone' if alone else 'the whole group'}")
            instance = Instance(bench.instance.folder / bench.name("interrupted"), bench.new_database())
            leftover = _interrupt_start(instance, delay, alone=alone)
            _expect_good_start(bench, instance, report)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(leftover, signal.SIGKILL)
            report.runs += 1
    return report


def _interrupt_start(instance: Instance, delay: float, *, alone: bool) -> int:
    """Kill it so many seconds after it began to make the database. Returns the id of its process group."""
    instance.launch()
    process = instance.process
    assert process is not None
    deadline = time.monotonic() + READY_WITHIN
    while MAKING not in instance.log and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(delay)
    if alone:
        process.kill()
        process.wait()
    else:
        instance.kill()
    return process.pid


def _expect_good_start(bench: Bench, instance: Instance, report: Report) -> None:
    """It starts, and its tables are those of the bench's own instance, which nobody interrupted."""
    try:
        instance.start()
        report.expect(_tables(instance) == _tables(bench.instance), "the tables are not those of a new database")
    except (OSError, TimeoutError) as error:
        report.problems.append(str(error)[-300:])
    finally:
        instance.kill()


def _tables(instance: Instance) -> list[tuple[object, ...]]:
    if instance.database_url:
        columns = "SELECT table_name, column_name, data_type FROM information_schema.columns"
        return instance.query(f"{columns} WHERE table_schema = 'public' ORDER BY 1, 2")
    return instance.query("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY 1")


@fault("two instances start at once on a new database", in_short=False)
def start_two(bench: Bench) -> Report:
    """On SQLite they share the data folder, on PostgreSQL the database, as on two machines."""
    report = Report()
    url = bench.new_database()
    first = Instance(bench.instance.folder / bench.name("together"), url)
    second = Instance(bench.instance.folder / bench.name("together") if url else first.folder, url)
    try:
        first.launch()
        second.launch()
        for instance in (first, second):
            instance.wait_until_ready()
            report.acknowledged += 1
    except (OSError, TimeoutError) as error:
        report.problems.append(str(error)[-300:])
    finally:
        first.kill()
        second.kill()
    return report
