"""A line of threads: whoever came first is next."""

import threading
from collections import deque


class Turns:
    """A lock that is handed to the one who has waited longest.

    Python's own goes to whoever asks at the right moment: a thread that writes again and again takes it from those who
    were woken and have not run yet, for seconds on a busy machine.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._places: deque[Place] = deque()

    @property
    def is_taken(self) -> bool:
        """Whether it is somebody's turn."""
        return self._taken

    def join(self) -> "Place":
        """Stand in line. The place must be waited for, and left or passed on."""
        with self._guard:
            place = Place(is_first=not self._taken)
            if self._taken:
                self._places.append(place)
            self._taken = True
            return place

    def leave(self, place: "Place") -> bool:
        """Stop waiting. False when it is the place's turn already."""
        with self._guard:
            if place not in self._places:
                return False
            self._places.remove(place)
            return True

    def pass_on(self) -> None:
        """The turn is over."""
        with self._guard:
            self._taken = bool(self._places)
            if self._places:
                self._places.popleft().called.release()


class Place:
    """One thread's place in the line."""

    def __init__(self, *, is_first: bool) -> None:
        self.called = threading.Lock()
        if not is_first:
            self.called.acquire()

    def wait(self, seconds: float) -> bool:
        """Wait so long for the turn at most; whether it has come."""
        return self.called.acquire(timeout=max(seconds, 0))
