"""The counts of all worker processes of one machine: a memory-mapped file under a lock.

The file has a fixed size. Each rule has a table of its own in it, so that a flood of one kind (addresses that nobody
saw before) cannot push out the counts of another (guesses at a password). A table is divided into sets of WAYS
records; a key belongs to the set that its hash names, and takes the record there that was used the longest ago when it
has none. So the file is never full: what is lost is the count of who has been quiet the longest, which was the
smallest harm to begin with. The hash is keyed with a secret of the file, so that nobody can aim at a set; and no
address or name can be read from the file.

A record is a ring of the moments of the last requests that passed, as many as the rule allows. The oldest of them
decides, which is one look, whatever the number. A worker that is killed leaves the lock to the next (the kernel
releases it), and at worst a record of which one entry is wrong; one that makes no sense is emptied.
"""

import hashlib
import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from limits.storage.base import MovingWindowSupport, Storage

from minitwitter.core.limits.file import FORMAT, HEADER_BYTES, KEY_BYTES, MappedFile

WAYS = 16
# Bytes for the records of one rule, and how many records that may be.
_TABLE_BYTES = 8 * 1024 * 1024
_MIN_RECORDS, _MAX_RECORDS = 256, 4096
# Moments are milliseconds in 32 bits. They are compared over twice a window, which is less than their 49 days.
_MASK = 0xFFFFFFFF
MAX_WINDOW = 24 * 24 * 3600


class _Table:
    """Where the records of one rule are in the file."""

    def __init__(self, start: int, amount: int) -> None:
        self.amount = amount
        size = KEY_BYTES + 16 + 4 * amount
        self.sets = min(max(_TABLE_BYTES // size, _MIN_RECORDS), _MAX_RECORDS) // WAYS
        records = self.sets * WAYS
        self.keys = start
        self.times = start + records * KEY_BYTES
        self.heads = self.times + records * 8
        self.rings = self.heads + records * 8
        self.end = self.rings + (records * 4 * amount + 7) // 8 * 8


class MappedStorage(Storage, MovingWindowSupport):
    """A storage of the `limits` library for its moving windows, and only for those.

    `amounts` has the number of requests of each rule; a key is "rule/whoever". `clock` tells seconds since 1970: the
    machine's own clock, because it goes on over a restart. When it is set back, counts from what is now the future are
    dropped; when it is set forward, windows end early.
    """

    STORAGE_SCHEME = None

    def __init__(self, folder: Path, amounts: Mapping[str, int], clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._clock = clock
        self._tables: dict[str, _Table] = {}
        self._size = HEADER_BYTES
        for name, amount in sorted(amounts.items()):
            self._tables[name] = table = _Table(self._size, amount)
            self._size = table.end
        form = repr((FORMAT, self._size, sorted(amounts.items())))
        self.path = folder / f"limits-{hashlib.blake2b(form.encode(), digest_size=4).hexdigest()}"
        self._file: MappedFile | None = None
        self._opening = threading.Lock()

    @property
    def base_exceptions(self) -> type[Exception]:
        return OSError

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Whether there was room for so many requests; they are counted then, and none of them if not.

        Raises OSError when the file cannot be used.
        """
        return self.visit(key, limit, expiry, amount)[0]

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """When the oldest request in the window was made (now, if there is none), and how many there are."""
        return self.visit(key, limit, expiry, 0)[1:]

    def visit(self, key: str, limit: int, expiry: int, amount: int) -> tuple[bool, float, int]:
        """`acquire_entry` and then `get_moving_window`, in one step that nothing comes between."""
        table = self._tables[key.partition("/")[0]]
        if limit != table.amount or expiry > MAX_WINDOW:
            raise ValueError(f"{key} is counted up to {table.amount}, within {MAX_WINDOW} seconds")
        file = self._opened()
        digest = _digest(file, key)
        with file.lock:
            now = self._clock()
            record = _find(file, table, digest)
            if record is None and not amount:
                return True, now, 0  # Only asking takes nobody's record away.
            return (record or _claim(file, table, digest, now)).visit(now, expiry, amount)

    def clear(self, key: str) -> None:
        """Forget the requests of that key."""
        table, file = self._tables[key.partition("/")[0]], self._opened()
        with file.lock:
            record = _find(file, table, _digest(file, key))
            if record is not None:
                record.empty()

    def check(self) -> bool:
        """Whether the file can be used."""
        try:
            self._opened()
        except OSError:
            return False
        return True

    def reset(self) -> int | None:
        """Forget all requests."""
        file = self._opened()
        with file.lock:
            for table in self._tables.values():
                file.bytes[table.times : table.heads] = bytes(table.heads - table.times)
        return None

    def close(self) -> None:
        """Close the file. The next use opens it again."""
        with self._opening:
            if self._file is not None:
                self._file.close()
            self._file = None

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        raise NotImplementedError("only moving windows are counted here")

    def get(self, key: str) -> int:
        raise NotImplementedError("only moving windows are counted here")

    def get_expiry(self, key: str) -> float:
        raise NotImplementedError("only moving windows are counted here")

    def _opened(self) -> MappedFile:
        file = self._file
        # A forked child shares the open file with its parent, and so would share its lock.
        if file is None or file.process != os.getpid():
            with self._opening:
                file = self._file
                if file is None or file.process != os.getpid():
                    self._remove_others()
                    self._file = file = MappedFile(self.path, self._size)
        return file

    def _remove_others(self) -> None:
        """Remove the files of other options and versions. A process that still has one open keeps it until it ends."""
        for other in self.path.parent.glob("limits-????????"):
            if other != self.path:
                other.unlink(missing_ok=True)


def _digest(file: MappedFile, key: str) -> bytes:
    return hashlib.blake2b(key.encode(errors="surrogatepass"), digest_size=KEY_BYTES, key=file.seed).digest()


class _Record:
    """The ring of one key: `count` entries before the place `head`, the newest of them last."""

    __slots__ = ("_ring", "_size", "_state", "_times", "_used", "_words")

    def __init__(self, file: MappedFile, table: _Table, number: int) -> None:
        self._words, self._times, self._size = file.words, file.times, table.amount
        self._used = table.times // 8 + number
        self._state = table.heads // 4 + number * 2
        self._ring = table.rings // 4 + number * table.amount

    def empty(self) -> None:
        """Forget everything."""
        self._times[self._used] = 0.0

    def visit(self, now: float, expiry: int, amount: int) -> tuple[bool, float, int]:
        """See `MappedStorage.visit`."""
        words, size, moment = self._words, self._size, int(now * 1000) & _MASK
        head, count = self._live(now, expiry)
        passed = count + amount <= size
        if passed:
            for _ in range(amount):
                words[self._ring + head] = moment
                head = (head + 1) % size
            count += amount
        words[self._state], words[self._state + 1], self._times[self._used] = head, count, now
        oldest = words[self._ring + (head - count) % size] if count else moment
        return passed, now - ((moment - oldest) & _MASK) / 1000, count

    def _live(self, now: float, expiry: int) -> tuple[int, int]:
        """The head, and how many entries are in the window."""
        head, count = self._words[self._state], self._words[self._state + 1]
        # Not used for a whole window; or from the future, before the clock was set back; or torn.
        if not now - expiry < self._times[self._used] <= now or head >= self._size or count > self._size:
            return 0, 0
        moment, window = int(now * 1000) & _MASK, expiry * 1000
        low, high = 0, count
        while low < high:  # How many of them are older.
            middle = (low + high) // 2 if low else 0  # Mostly not even the oldest one is.
            entry = self._words[self._ring + (head - count + middle) % self._size]
            if (moment - entry) & _MASK >= window:
                low = middle + 1
            else:
                high = middle
        return head, count - low


def _find(file: MappedFile, table: _Table, digest: bytes) -> _Record | None:
    """The key's record, if it has one."""
    first = _first_of_set(table, digest)
    start = table.keys + first * KEY_BYTES
    place, rest = divmod(file.bytes[start : start + WAYS * KEY_BYTES].find(digest), KEY_BYTES)
    return _Record(file, table, first + place) if place >= 0 and not rest else None


def _claim(file: MappedFile, table: _Table, digest: bytes, now: float) -> _Record:
    """The record of the key's set that was used the longest ago, which is the key's from now on."""
    first = _first_of_set(table, digest)
    times = table.times // 8 + first
    # A moment in the future is from before the clock was set back.
    used = [moment if moment <= now else 0.0 for moment in file.times[times : times + WAYS]]
    place = used.index(min(used))
    record = _Record(file, table, first + place)
    record.empty()  # Before it changes hands.
    start = table.keys + (first + place) * KEY_BYTES
    file.bytes[start : start + KEY_BYTES] = digest
    return record


def _first_of_set(table: _Table, digest: bytes) -> int:
    return int.from_bytes(digest[:4], "little") % table.sets * WAYS
