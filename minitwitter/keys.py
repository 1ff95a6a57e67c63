"""Secret keys of an instance: made at the first start, kept in the data folder, readable by their owner alone."""

import os
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

from minitwitter.env import ConfigurationError

KEY_BYTES = 32  # 256 bits, the least that RFC 7518 section 3.2 allows for HS256.
# A random key of this length has over thirty different characters; one typed on a keyboard's home row has few.
_MIN_DISTINCT = 12
_SAMPLE_WORDS = ("change", "secret", "insecure", "example", "sample", "password", "minitwitter", "django")


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
    """The keys in the file, the one in use first; a missing file is made with one new key.

    A line is a key and, behind a space, the date since which it is in use. Raises ConfigurationError for a file that
    is empty, or has a key that is short or looks like somebody's sample.
    """
    if not path.exists():
        _create(path)
    keys = tuple(line.split()[0] for line in _read_lines(path))
    if not keys or any(_is_weak(key) for key in keys):
        raise ConfigurationError(
            f"The key file {path} must hold a random key of at least {KEY_BYTES} characters a line. Restore it from"
            " a backup; or delete it for a new key, which signs everybody out."
        )
    return keys


def rotate(path: Path, *, keep: timedelta, now: datetime | None = None) -> int:
    """Put a new key first. Those before it stay for `keep`, to verify what they have signed. Returns how many are left.

    Servers that run go on with the keys they have read until they are started again. Raises ConfigurationError.
    """
    read_or_create(path)
    now = now or datetime.now(UTC)
    kept, replaced_at = [], now
    for line in _read_lines(path):
        if now - replaced_at < keep:
            kept.append(line)
        replaced_at = _in_use_since(line) or replaced_at
    draft = _draft(path, [_new_line(now), *kept])
    draft.replace(path)
    _sync_folder(path.parent)
    return len(kept) + 1


def _read_lines(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text(encoding="ascii").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The key file {path} cannot be read: {error}.") from None


def _is_weak(key: str) -> bool:
    """Whether a key is short, monotonous, or has a word in it that random ones practically never have."""
    words = any(word in key.lower() for word in _SAMPLE_WORDS)
    return len(key) < KEY_BYTES or len(set(key)) < _MIN_DISTINCT or words


def _new_line(now: datetime) -> str:
    return f"{secrets.token_urlsafe(KEY_BYTES)} {now:%Y-%m-%dT%H:%M:%SZ}"


def _in_use_since(line: str) -> datetime | None:
    """The date behind the key; None for a line that an operator has written without one."""
    try:
        return datetime.fromisoformat(line.split()[1])
    except (IndexError, ValueError):
        return None


def _create(path: Path) -> None:
    """Several processes may start at once: the file appears whole (linked into place), and the first one wins."""
    draft = _draft(path, [_new_line(datetime.now(UTC))])
    try:
        os.link(draft, path)
        _sync_folder(path.parent)
    except FileExistsError:
        pass
    except OSError as error:
        raise _cannot_write(path, error) from None
    finally:
        draft.unlink()


def _draft(path: Path, lines: list[str]) -> Path:
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise _cannot_write(path, error) from None
    return draft


def _sync_folder(folder: Path) -> None:
    """The name of a new file survives a power cut only when its folder has been written as well."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _cannot_write(path: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"The key file {path} cannot be written ({error.strerror}). Give this user write access to its folder."
    )
