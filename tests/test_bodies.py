"""Slow bodies: how many threads may wait for them, and how one that is cut off is told from a whole one."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

import pytest

from minitwitter import bodies
from minitwitter.bodies import Bodies
from minitwitter.core.errors import RequestTimeout, ServiceUnavailable


class _Stalled:
    """A body that comes when the test says so."""

    def __init__(self) -> None:
        self.asked, self.come = threading.Event(), threading.Event()

    def read(self, size: int) -> bytes:
        self.asked.set()
        assert self.come.wait(60)
        return b"x" * size


def test_a_body_is_read_as_it_comes() -> None:
    body = Bodies(threads=1).open(BytesIO(b"abcde"), length=5)
    assert [body.read(2), body.read(3), body.read(5)] == [b"ab", b"cde", b""]


@contextmanager
def _waiting(process: Bodies, *lengths: int | None) -> Iterator[None]:
    """As many threads that wait for bodies of these lengths, which come at the end."""
    sources = [_Stalled() for _ in lengths]
    bodies_ = [process.open(source, length=length) for source, length in zip(sources, lengths, strict=True)]
    readers = [threading.Thread(target=body.read, args=(5,)) for body in bodies_]
    for reader, source in zip(readers, sources, strict=True):
        reader.start()
        assert source.asked.wait(60)
    try:
        yield
    finally:
        for reader, source in zip(readers, sources, strict=True):
            source.come.set()
            reader.join()


def test_the_last_thread_waits_for_no_body(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PATIENCE", 0.001)
    process = Bodies(threads=3)
    third = process.open(BytesIO(b"abc"), length=3)
    with _waiting(process, 5, 5), pytest.raises(ServiceUnavailable, match="slow requests"):
        third.read(3)
    assert third.read(3) == b"abc"


@pytest.mark.parametrize("large", [bodies.SMALL_BYTES + 1, None])
def test_large_bodies_leave_room_for_small_ones(monkeypatch: pytest.MonkeyPatch, large: int | None) -> None:
    monkeypatch.setattr(bodies, "PATIENCE", 0.001)
    process = Bodies(threads=8)
    with _waiting(process, *[large] * 5):
        with pytest.raises(ServiceUnavailable, match="slow requests"):
            process.open(BytesIO(b"abc"), length=large).read(3)
        with _waiting(process, bodies.SMALL_BYTES):
            assert process.open(BytesIO(b"abc"), length=bodies.SMALL_BYTES).read(3) == b"abc"
    assert process.open(BytesIO(b"abc"), length=large).read(3) == b"abc"


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_a_large_body_is_read_also_where_threads_are_few(threads: int) -> None:
    assert Bodies(threads=threads).open(BytesIO(b"abc"), length=None).read(3) == b"abc"


def test_a_late_body_that_lacks_its_end_was_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PRESSED_SECONDS", -1)
    process = Bodies(threads=4)
    assert process.open(BytesIO(b"abc"), length=3).read(3) == b"abc"
    assert process.open(BytesIO(b"abc"), length=None).read(5) == b"abc"
    with pytest.raises(RequestTimeout):
        process.open(BytesIO(b"abc"), length=5).read(5)
