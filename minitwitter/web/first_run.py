"""How far this instance has come: whether anybody is here, and whether somebody administers it.

Each is looked up until it is so, and then remembered. Names are never given out again, so the rows of accounts stay. An
administrator may go; the next start of the server, which prints a new code, then finds that there is none.
"""

from minitwitter.accounts.models import User
from minitwitter.accounts.queries import active_administrators

# What was found to be so.
known: set[str] = set()


def is_empty() -> bool:
    """True until there is an account of any kind."""
    if "accounts" not in known and User.objects.exists():
        known.add("accounts")
    return "accounts" not in known


def is_due() -> bool:
    """True until there is an active administrator, however they came to be one."""
    if "administrator" not in known and active_administrators().exists():
        known.add("administrator")
    return "administrator" not in known
