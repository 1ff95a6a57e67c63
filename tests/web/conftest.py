"""Browsers for the tests of the web client."""

import pytest

from minitwitter.accounts.models import User
from minitwitter.web import first_run
from tests.factories import make_user
from tests.web.client import WebClient


@pytest.fixture(autouse=True)
def unknown_instance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is there is not remembered from the test before."""
    monkeypatch.setattr(first_run, "known", set())


@pytest.fixture
def visitor(db: None) -> WebClient:
    """A browser in which nobody is signed in, on an instance that has an account."""
    make_user("somebody")
    return WebClient()


@pytest.fixture
def ana(db: None) -> User:
    """The account ana."""
    return make_user("ana")


@pytest.fixture
def ben(db: None) -> User:
    """The account ben."""
    return make_user("ben")


@pytest.fixture
def browser(ana: User) -> WebClient:
    """A browser in which ana is signed in."""
    return WebClient(ana)
