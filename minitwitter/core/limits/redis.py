"""The counts of several machines: Redis, or a server that speaks its language, such as Valkey."""

from limits.errors import StorageError
from limits.storage import RedisStorage

from minitwitter.core.limits import Visit

# How long it may take to connect and to answer, in seconds.
_PATIENCE = 0.25


def redis_visit(url: str) -> Visit:
    """Counts in the server of that address."""
    storage = RedisStorage(
        url,
        key_prefix="minitwitter",
        wrap_exceptions=True,
        socket_timeout=_PATIENCE,
        socket_connect_timeout=_PATIENCE,
    )

    def visit(key: str, limit: int, expiry: int, amount: int) -> tuple[bool, float, int]:
        try:
            passed = storage.acquire_entry(key, limit, expiry, amount) if amount else True
            return passed, *storage.get_moving_window(key, limit, expiry)
        except StorageError as error:
            raise ConnectionError(str(error.storage_error)) from error

    return visit
