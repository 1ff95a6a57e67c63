"""The processes that do the background work: `TaskWorkers` starts them, and `run` is what each of them does.

The server's supervisor runs the first, so this module imports Django only in the second.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Protocol

# How long work may go on after the server was told to stop, in seconds: a request, or a task until its next step.
STOP_TIMEOUT = 25
# A process that died is replaced after this many seconds, and then after twice as long each time ...
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
# ... until one has lived for so long.
STEADY_AFTER = 60.0
SUPERVISOR_POLL = 1.0
# What the system's list of processes calls one that does background work (Linux: proc(5), comm).
PROCESS_NAME = "task-worker"

STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}


def start_without_signals(thread: threading.Thread) -> None:
    """Start a thread that never receives a signal to stop, and neither do the threads it starts.

    The system gives a signal to any thread that would take it, but Python acts on it in the main thread, which waits
    for a lock and is not woken by what another thread received: the server would not stop.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        thread.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Process(Protocol):
    """A process that was started."""

    def wait(self) -> int:
        """Wait for its end, and return its exit code: the number of the signal that ended it, negative."""

    def terminate(self) -> None:
        """Send it SIGTERM."""

    def kill(self) -> None:
        """Send it SIGKILL, unless it has ended."""


class _Forked(ForkProcess):
    """A copy of this process that runs a function."""

    def wait(self) -> int:
        self.join()
        return self.exitcode or 0


def launch() -> Process:
    """Start a process that does background work.

    On Linux it is forked, as the server's workers are, and shares the memory of the application that the supervisor
    has loaded: 30 MB less. Forking is not safe elsewhere.
    """
    if sys.platform != "linux":
        return subprocess.Popen([sys.executable, "-m", __name__, str(os.getpid())])
    # A new process begins with the name of the thread that forks it, so it never goes by another one.
    _name_thread()
    process = _Forked(target=run, args=(os.getpid(),))
    process.start()
    return process


class TaskWorkers:
    """Keeps a number of worker processes running. `stop` may be called from any thread, and from a signal handler."""

    def __init__(self, count: int, launch: Callable[[], Process] = launch) -> None:
        self._keepers = [_Keeper(launch) for _ in range(count)]
        self._stop_by: float | None = None

    def start(self) -> None:
        """Start the processes, unless `stop` came first."""
        for keeper in self._keepers:
            start_without_signals(keeper.thread)

    def stop(self) -> None:
        """Tell the processes to stop. Returns at once."""
        if self._stop_by is None:
            self._stop_by = time.monotonic() + STOP_TIMEOUT
            for keeper in self._keepers:
                keeper.stop()

    def join(self) -> None:
        """Wait for the processes to end; kill those that have not STOP_TIMEOUT seconds after `stop`."""
        for keeper in self._keepers:
            keeper.join(until=self._stop_by or 0.0)


class _Keeper:
    """Keeps one worker process running."""

    def __init__(self, launch: Callable[[], Process]) -> None:
        self.thread = threading.Thread(target=self._keep, daemon=True)
        self._launch = launch
        self._stopping = threading.Event()
        self._process: Process | None = None

    def _keep(self) -> None:
        wait = FIRST_WAIT
        while not self._stopping.is_set():
            started = time.monotonic()
            self._process = self._launch()
            if self._stopping.is_set():  # It came before the process was known.
                self._process.terminate()
            code = self._process.wait()
            if self._stopping.is_set():
                return
            wait = FIRST_WAIT if time.monotonic() - started > STEADY_AFTER else wait
            _say(f"The process for background work ended ({_how(code)}); another one starts in {wait:.0f} s.")
            self._stopping.wait(wait)
            wait = min(wait * 2, LONGEST_WAIT)

    def stop(self) -> None:
        self._stopping.set()
        if self._process is not None:
            self._process.terminate()

    def join(self, *, until: float) -> None:
        """Wait for the end, and kill the process at that time of the monotonic clock. Precondition: `stop`."""
        if not self.thread.is_alive():
            return
        self.thread.join(max(0.0, until - time.monotonic()))
        if self._process is not None:
            self._process.kill()  # Does nothing when it has ended.
        self.thread.join()


def _how(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def _say(text: str) -> None:
    """Print, though the terminal may be gone."""
    try:
        os.write(2, f"{text}\n".encode())
    except OSError:
        return


def run(supervisor: int | None) -> None:
    """Do background work in this process until SIGTERM, or until the supervisor of that process id has ended.

    Also until Ctrl-C or SIGHUP, without a supervisor. What still runs STOP_TIMEOUT seconds later ends with the process;
    it is done again by the next one.
    """
    _name_thread()
    if supervisor is not None:
        # A process begins with what the thread that started it blocks, and a forked one with the supervisor's handlers,
        # which would stop nothing here. Ctrl-C and a closed terminal, which reach every process, stay blocked: the
        # supervisor hears them and tells this one.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        stop_after(supervisor)
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "minitwitter.settings")
    django.setup()
    from minitwitter.core.worker import Worker

    worker = Worker()

    def stop(*_: object) -> None:
        signal.alarm(STOP_TIMEOUT)  # Ends the process, wherever it is.
        worker.stop()

    for number in STOP_SIGNALS:
        signal.signal(number, stop)
    worker.run()
    signal.alarm(0)


def _name_thread() -> None:
    """Also the process, when this is its main thread."""
    with contextlib.suppress(OSError):  # Not on every system.
        Path("/proc/thread-self/comm").write_text(PROCESS_NAME)


def stop_after(supervisor: int | None) -> None:
    """Stop this process (SIGTERM) when its supervisor has ended, however it did.

    A killed supervisor stops nobody: its workers would go on, and hold the port.
    """
    start_without_signals(threading.Thread(target=_watch, args=(supervisor,), daemon=True))


def _watch(supervisor: int | None) -> None:
    while os.getppid() == supervisor:
        time.sleep(SUPERVISOR_POLL)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    run(supervisor=int(sys.argv[1]))
