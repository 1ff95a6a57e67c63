"""A server of its own, a real browser, and people in it.

`make e2e` names the browser; a plain `make test` leaves these files out.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.e2e.world import Person, Screen, World
from tests.operating import Running, running

OPTIONS = {
    "MINITWITTER_LIMITS": "off",
    # Nobody listens there, but the pages about mail are there.
    "MINITWITTER_EMAIL_URL": "smtp://127.0.0.1:9?tls=off",
    "MINITWITTER_PUBLIC_URL": "http://localhost:9",
}
collect_ignore_glob = [] if os.environ.get("E2E_BROWSER") else ["test_*.py"]


@pytest.fixture(scope="session")
def server() -> Iterator[Running]:
    """An instance whose first account is yet to be made."""
    with (
        tempfile.TemporaryDirectory(prefix="mt-e2e-") as folder,
        database() as url,
        running(Path(folder), **OPTIONS, **({"DATABASE_URL": url} if url else {})) as instance,
    ):
        yield instance


@contextmanager
def database() -> Iterator[str]:
    """The DATABASE_URL of a database of its own on the PostgreSQL of this run; nothing where it runs on SQLite."""
    given = os.environ.get("DATABASE_URL", "")
    if not given:
        yield ""
        return
    name = f"e2e_{uuid4().hex}"
    with psycopg.connect(given, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield urlsplit(given)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    options = ["--no-sandbox", "--disable-background-networking", "--force-prefers-reduced-motion"]
    launched = playwright.chromium.launch(executable_path=os.environ["E2E_BROWSER"], args=options)
    yield launched
    launched.close()


@pytest.fixture(scope="session")
def everybody(server: Running, browser: Browser, playwright: Playwright) -> Iterator[World]:
    """The instance with its administrator, who was made with the printed code, without JavaScript."""
    world = World(f"http://127.0.0.1:{server.port}", browser, playwright)
    world.set_up(server.output)
    yield world
    world.close()


@pytest.fixture
def world(everybody: World) -> Iterator[World]:
    """The instance, for one test: whatever a page of it complains about fails the test."""
    everybody.complaints.clear()
    yield everybody
    everybody.close_screens()
    assert everybody.complaints == []


@pytest.fixture
def person(world: World) -> Callable[[str], Person]:
    """Makes somebody whose name begins so."""
    return world.person


@pytest.fixture
def ana(world: World) -> Person:
    """Somebody with an account."""
    return world.person("ana")


@pytest.fixture
def screen(world: World) -> Screen:
    """A desktop browser in which nobody is signed in."""
    return world.open()
