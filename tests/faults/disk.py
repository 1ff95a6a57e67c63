"""The disk of the pictures is full, or read-only."""

import contextlib
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.bench import Bench
from tests.faults.catalogue import Report, can_mount, fault
from tests.faults.client import BOUNDARY, Answer, form
from tests.faults.ledger import png

SIZE = "2m"
NO_MOUNT = "mounting a small disk needs root on Linux"
# Its two files together are larger than the room that is left, and the first block of it is not.
PICTURE_SIDE = 160
ROOM = 32 * 1024


@fault("the media disk is full")
def full_disk(bench: Bench) -> Report:
    if not can_mount():
        return Report(runs=0, skipped=NO_MOUNT)
    report = Report(runs=0)
    with _small_disk(bench) as folder:
        for _ in range(bench.scale(1, 5)):
            _fill(folder / "filler", leave=0)
            _expect_refused(bench, folder, report)
            _fill(folder / "filler", leave=ROOM)
            _expect_refused(bench, folder, report)
            (folder / "filler").unlink()
            _expect_taken(bench, report)
            report.runs += 1
    return report


@fault("the media disk is read-only")
def read_only_disk(bench: Bench) -> Report:
    if not can_mount():
        return Report(runs=0, skipped=NO_MOUNT)
    report = Report(runs=0)
    with _small_disk(bench) as folder:
        for _ in range(bench.scale(1, 5)):
            _mount("-o", "remount,ro", str(folder))
            _expect_refused(bench, folder, report)
            _mount("-o", "remount,rw", str(folder))
            _expect_taken(bench, report)
            report.runs += 1
    return report


@contextmanager
def _small_disk(bench: Bench) -> Iterator[Path]:
    """A disk of 2 MB in the place of the media folder.

    Its pictures are gone afterwards, so their tweets are deleted; what the folder held before is there again.
    """
    folder = bench.instance.data / "media"
    folder.mkdir(exist_ok=True)
    _mount("-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder))
    before = _tweets(bench)
    try:
        yield folder
        for tweet_id in _tweets(bench) - before:
            client = bench.client(bench.people(1)[0])
            client.call("DELETE", f"/v1/tweets/{tweet_id}/", keep=False)
    finally:
        subprocess.run(["/bin/umount", "--lazy", str(folder)], check=True)


def _mount(*arguments: str) -> None:
    subprocess.run(["/bin/mount", *arguments], check=True)


def _fill(path: Path, *, leave: int) -> None:
    """Take all room but so many bytes."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    if leave:
        with path.open("r+b") as file:
            file.truncate(path.stat().st_size - leave)


def _expect_refused(bench: Bench, folder: Path, report: Report) -> None:
    """Pictures are refused and leave nothing; what needs no picture goes on."""
    before, files = _rows(bench), _files(folder)
    for answer in (_post(bench), _avatar(bench)):
        proper = answer.status == 503 and answer.code == "storage_unavailable" and "retry-after" in answer.headers
        report.expect(proper, f"a picture was answered {answer.status} {answer.code}")
    report.expect(_rows(bench) == before, "a refused picture left a row")
    report.expect(_files(folder) == files, f"a refused picture left {_files(folder) - files}")
    client = bench.client(bench.people(1)[0])
    for answer in (client.post("no picture", keep=False), client.call("GET", "/v1/feed/", keep=False)):
        report.expect(answer.status < 300, f"without a picture {answer.status}")


def _expect_taken(bench: Bench, report: Report) -> None:
    answer = _post(bench)
    if answer.status != 201:
        report.problems.append(f"with room again {answer.status} {answer.code}")
        return
    path = "/media/" + answer.json()["media"][0]["url"].partition("/media/")[2]
    report.lost += bench.instance.once("GET", path).status != 200
    report.acknowledged += 1


def _post(bench: Bench) -> Answer:
    return bench.client(bench.people(1)[0]).post("a picture", picture=png(PICTURE_SIDE), keep=False)


def _avatar(bench: Bench) -> Answer:
    content_type = f"multipart/form-data; boundary={BOUNDARY}"
    client = bench.client(bench.people(1)[0])
    body = form("", png(PICTURE_SIDE))
    return client.call("PUT", "/v1/users/me/avatar/", body=body, keep=False, headers={"Content-Type": content_type})


def _tweets(bench: Bench) -> set[int]:
    return {tweet_id for (tweet_id,) in bench.instance.query("SELECT id FROM tweets_tweet WHERE deleted_at IS NULL")}


def _rows(bench: Bench) -> tuple[list[tuple[int]], ...]:
    tweets = bench.instance.query("SELECT count(*) FROM tweets_tweet WHERE text = 'a picture' AND deleted_at IS NULL")
    return tweets, bench.instance.query("SELECT count(*) FROM media_image WHERE deleted_at IS NULL")


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.name != "filler"}
