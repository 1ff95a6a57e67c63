"""How the benchmarks talk to whoever runs them."""

import signal
import subprocess
import sys
from collections.abc import Callable
from typing import NoReturn

from benchmarks import processes
from benchmarks.load import DriverError, require
from benchmarks.measure import WrongAnswer
from tests.faults.postgresql import StartError

FAILED, INTERRUPTED = 1, 130


def say(text: str) -> None:
    """Tell on standard error what is going on."""
    print(f"--- {text}", file=sys.stderr, flush=True)


def carry_out(work: Callable[[], int]) -> int:
    """The exit code of the work. What goes wrong is said without a traceback, and nothing is left running."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        require()
        processes.require()
        return work()
    except (DriverError, WrongAnswer, StartError, processes.Unsupported) as error:
        print(error, file=sys.stderr)
    except OSError as error:  # A server did not start, or something took too long.
        print(f"The benchmark ended early: {error}", file=sys.stderr)
    except subprocess.CalledProcessError as error:
        print(
            f"The benchmark ended early: a part of it failed (exit code {error.returncode}), see above.",
            file=sys.stderr,
        )
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return INTERRUPTED
    return FAILED


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt
