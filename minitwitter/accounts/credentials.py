"""Finding the account that a name or address and a password belong to."""

from functools import lru_cache

from django.contrib.auth.hashers import check_password, make_password

from minitwitter.accounts import queries
from minitwitter.accounts.models import User
from minitwitter.audit import log as audit
from minitwitter.audit.models import Event


@lru_cache(maxsize=1)
def _decoy_hash() -> str:
    return make_password("nobody has this password")


def check_credentials(*, login: str, password: str) -> User | None:
    """The active account whose username or email (compared without case) and password these are.

    Takes the same time whether the account is unknown, deactivated or the password is wrong, so that a
    stranger cannot tell which names exist. A failure is recorded in the audit log.
    """
    user = queries.user_by_email(login) if "@" in login else queries.user_by_username(login)
    if user is not None and user.has_usable_password():
        # Not `user.check_password`, which stores a new hash by itself when the parameters have changed.
        matches = check_password(password, user.password)
    else:
        check_password(password, _decoy_hash())
        matches = False
    if user is not None and matches and user.is_active:
        return user
    audit.record(Event.LOGIN_FAILED, subject_id=None if user is None else user.pk)
    return None
