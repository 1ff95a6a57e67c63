"""How a process that answers requests stops: a moment after it was told to.

Told to stop, Granian takes what stands at its listener, closes that and every connection on which nothing has come,
and ends when the rest is answered. What arrives in that very moment may be closed unanswered. So it hears of SIGTERM
only after GRACE seconds: by then everything that was sent before the signal is at work. Meanwhile each answer says that
its connection ends. Whoever has more to ask opens another one, and that is answered or refused, but not cut off.
"""

import signal
import threading
import time

from minitwitter.work import start_without_signals

# Longer than a busy machine takes to look at what has come; short enough for whoever waits for the end.
GRACE = 0.25
# From the thread that waits for SIGTERM to the main thread.
_NOW = signal.SIGUSR1

# Set from SIGTERM on.
begun = threading.Event()


def delay() -> None:
    """From now on SIGTERM comes to whatever handler it has by then with the delay.

    Precondition: this is the main thread, and those that run already block the signal. Those that start later do as
    this one does. That is a gain of its own: a process that was suspended meanwhile has the signal taken by any thread
    that does not block it, and Granian's main thread would not be woken by what another one received.
    """
    signal.signal(_NOW, _stop)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    start_without_signals(threading.Thread(target=_wait, args=(threading.get_ident(),), daemon=True))


def _wait(main_thread: int) -> None:
    signal.sigwait({signal.SIGTERM})
    begun.set()
    time.sleep(GRACE)
    signal.pthread_kill(main_thread, _NOW)


def _stop(*_: object) -> None:
    handler = signal.getsignal(signal.SIGTERM)
    if not callable(handler):  # Granian has not begun.
        raise SystemExit
    handler(signal.SIGTERM, None)
