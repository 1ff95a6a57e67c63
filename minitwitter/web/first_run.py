"""Whether this instance still waits for its first account."""

from minitwitter.accounts.models import User

_over = False


def is_due() -> bool:
    """True until there is an account, which is remembered: names are never given out again, so rows stay."""
    global _over  # noqa: PLW0603  # The one thing this module knows.
    if not _over:
        _over = User.objects.exists()
    return not _over
