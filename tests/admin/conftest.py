"""Signed-in operators."""

import pytest

from minitwitter.accounts.models import User
from minitwitter.actions import accounts
from tests.admin.client import AdminClient
from tests.factories import make_admin, make_user


@pytest.fixture
def operator(db: None) -> User:
    """An administrator."""
    return make_admin()


@pytest.fixture
def admin(operator: User) -> AdminClient:
    """A browser in which the administrator is signed in."""
    return AdminClient(operator)


@pytest.fixture
def moderator(db: None) -> AdminClient:
    """A browser in which a moderator, maud, is signed in."""
    user = make_user("maud")
    accounts.set_role(user=user, is_staff=True, is_superuser=False)
    return AdminClient(user)
