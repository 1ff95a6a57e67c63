"""The code with which the first administrator's account is made in a browser: proof of seeing the server's output.

It is made anew at each start of a server without an active administrator, and kept in the data folder for the worker
processes.
"""

import contextlib
import os
import secrets
from pathlib import Path

FILE = "setup_code"
# Without those that look like others: 32 to the power of 10 codes, for an address that may try 25 in five minutes.
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_LENGTH = 10


def offer(data_dir: Path) -> str:
    """A new code, good until the next one or until there is an administrator."""
    code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    draft = data_dir / f"{FILE}.{os.getpid()}.new"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(code)
    draft.replace(data_dir / FILE)
    return f"{code[:5]}-{code[5:]}"


def is_right(data_dir: Path, given: str) -> bool:
    """Whether this is the code, however it is written."""
    try:
        code = (data_dir / FILE).read_text(encoding="ascii")
    except OSError:
        return False
    typed = "".join(character for character in given.upper() if character in _LETTERS)
    return len(code) == _LENGTH and secrets.compare_digest(code.encode(), typed.encode())


def withdraw(data_dir: Path) -> None:
    """The code is good no longer."""
    with contextlib.suppress(FileNotFoundError):
        (data_dir / FILE).unlink()
