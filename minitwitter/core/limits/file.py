"""A file of a fixed size in the memory of several processes, and its lock."""

import fcntl
import mmap
import os
import secrets
import sys
import threading
import time
from pathlib import Path

# Changed whenever the form of the file changes.
FORMAT = 1
KEY_BYTES = 16
# What a user of the file may write to begins here.
HEADER_BYTES = 64
_MARK = f"limits {FORMAT} {sys.byteorder}".encode()
_SEED = slice(32, 32 + KEY_BYTES)
# How long to wait for the lock, in seconds. It is held for microseconds; only a stopped process holds it longer.
_LOCK_PATIENCE = 1.0
_LOCK_POLL = 0.0002
_CHUNK = bytes(1024 * 1024)


class Lock:
    """Excludes the other threads of this process, and all other processes.

    Raises TimeoutError when somebody holds it for too long.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._threads = threading.Lock()

    def __enter__(self) -> None:
        if not self._threads.acquire(timeout=_LOCK_PATIENCE):
            raise TimeoutError("the lock of the request counts is held")
        try:
            self._take()
        except BaseException:
            self._threads.release()
            raise

    def _take(self) -> None:
        end = 0.0
        while True:
            try:
                return fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                end = end or time.monotonic() + _LOCK_PATIENCE
            if time.monotonic() > end:
                raise TimeoutError("another process holds the lock of the request counts")
            time.sleep(_LOCK_POLL)

    def __exit__(self, *_: object) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        self._threads.release()


class MappedFile:
    """The file, as one process has it open: as bytes, as words of 32 bits and as floating point numbers.

    `seed` is a secret of the file. Raises OSError when there is no room for it, or it may not be written.
    """

    def __init__(self, path: Path, size: int) -> None:
        self.process = os.getpid()
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self.lock = Lock(self._descriptor)
            with self.lock:
                self._make(size)
            self.bytes = mmap.mmap(self._descriptor, size)
        except BaseException:
            os.close(self._descriptor)
            raise
        self.seed = self.bytes[_SEED]
        self.words = memoryview(self.bytes).cast("I")
        self.times = memoryview(self.bytes).cast("d")

    def _make(self, size: int) -> None:
        """Fill the file unless it is whole. The mark that it is comes last."""
        if os.fstat(self._descriptor).st_size == size and os.pread(self._descriptor, len(_MARK), 0) == _MARK:
            return
        try:
            # Written, not only made long: touching a hole of a file on a full disk would kill the process (SIGBUS).
            for offset in range(0, size, len(_CHUNK)):
                os.pwrite(self._descriptor, _CHUNK[: size - offset], offset)
            os.ftruncate(self._descriptor, size)
        except OSError:
            os.ftruncate(self._descriptor, 0)
            raise
        os.pwrite(self._descriptor, secrets.token_bytes(KEY_BYTES), _SEED.start)
        os.pwrite(self._descriptor, _MARK, 0)

    def close(self) -> None:
        """Let go of it."""
        self.words.release()
        self.times.release()
        self.bytes.close()
        os.close(self._descriptor)
