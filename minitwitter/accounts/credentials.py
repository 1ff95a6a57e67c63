"""Finding the account that a name or address and a password belong to."""

from functools import lru_cache

from django.contrib.auth.hashers import check_password, make_password

from minitwitter.accounts import queries
from minitwitter.accounts.models import User


@lru_cache(maxsize=1)
def _decoy_hash() -> str:
    return make_password("nobody has this password")


def find_by_credentials(*, login: str, password: str) -> User | None:
    """The active account whose username or email (compared without case) and password these are.

    Takes the same time whether the account is unknown, deactivated or the password is wrong, so that a
    stranger cannot tell which names exist.
    """
    user = queries.user_by_email(login) if "@" in login else queries.user_by_username(login)
    if user is None or not user.has_usable_password():
        check_password(password, _decoy_hash())
        return None
    matches = user.check_password(password)
    return user if matches and user.is_active else None
