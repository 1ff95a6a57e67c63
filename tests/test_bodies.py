"""Slow bodies: how many threads may wait for them, and how one that is cut off is told from a whole one."""

import threading
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
    body = Bodies(threads=1).open(BytesIO(b"abcde"), has_length=True)
    assert [body.read(2), body.read(3), body.read(5)] == [b"ab", b"cde", b""]


def test_the_last_thread_waits_for_no_body(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PATIENCE", 0.001)
    process = Bodies(threads=3)
    sources = [_Stalled(), _Stalled()]
    readers = [threading.Thread(target=process.open(source, has_length=True).read, args=(5,)) for source in sources]
    for reader, source in zip(readers, sources, strict=True):
        reader.start()
        assert source.asked.wait(60)
    third = process.open(BytesIO(b"abc"), has_length=True)
    with pytest.raises(ServiceUnavailable, match="slow requests"):
        third.read(3)
    for reader, source in zip(readers, sources, strict=True):
        source.come.set()
        reader.join()
    assert third.read(3) == b"abc"


def test_a_late_body_that_lacks_its_end_was_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PRESSED_SECONDS", -1)
    process = Bodies(threads=4)
    assert process.open(BytesIO(b"abc"), has_length=True).read(3) == b"abc"
    assert process.open(BytesIO(b"abc"), has_length=False).read(5) == b"abc"
    with pytest.raises(RequestTimeout):
        process.open(BytesIO(b"abc"), has_length=True).read(5)
