"""Secret keys of an instance: made at the first start, kept in the data folder, readable by their owner alone."""

import os
import secrets
from pathlib import Path

from minitwitter.env import ConfigurationError

KEY_BYTES = 32  # 256 bits, the least that RFC 7518 section 3.2 allows for HS256.


def prepare_data_dir(data_dir: Path) -> None:
    """Make the data folder and see that this user can write in it. Raises ConfigurationError where not."""
    probe = data_dir / f".write-test-{os.getpid()}"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ConfigurationError(
            f"The data folder {data_dir} cannot be written ({error.strerror}). Give this user write access"
            " to it, or name another folder in MINITWITTER_DATA_DIR."
        ) from None


def read_or_create(path: Path) -> tuple[str, ...]:
    """The keys in the file, one to a line, the one in use first; a missing file is made with one new key.

    Several processes may start at once: the file appears whole (written aside, then linked into place),
    and the first one wins. Raises ConfigurationError for a short or empty file.
    """
    if not path.exists():
        _create(path)
    try:
        keys = tuple(line.strip() for line in path.read_text(encoding="ascii").splitlines() if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The key file {path} cannot be read: {error}.") from None
    if not keys or any(len(key) < KEY_BYTES for key in keys):
        raise ConfigurationError(
            f"The key file {path} must hold a key of at least {KEY_BYTES} characters a line. Restore it from"
            " a backup; or delete it for a new key, which signs everybody out."
        )
    return keys


def _create(path: Path) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    except OSError as error:
        raise ConfigurationError(
            f"The key file {path} cannot be made ({error.strerror}). Give this user write access to the folder."
        ) from None
