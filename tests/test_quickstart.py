"""The README's walk-through, against the server as its documented command starts it, on both databases."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from urllib.request import urlopen

import orjson
import psycopg
import pytest
from PIL import Image

from tests.operating import DEADLINE, ROOT, running

SCRIPT, PHOTO = ROOT / "examples/quickstart.sh", ROOT / "examples/photo.jpg"
GPS, EXIF_OFFSET = 0x8825, 0x8769


@pytest.fixture
def database(worker_id: str) -> Iterator[dict[str, str]]:
    """The variables that give a server a database of its own, of the kind that this run of the tests is about."""
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        yield {}
        return
    name = f"quickstart_{worker_id}"
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        yield {"DATABASE_URL": urlunsplit(urlsplit(url)._replace(path=f"/{name}"))}
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_the_sample_photograph_tells_where_it_was_taken() -> None:
    with Image.open(PHOTO) as photo:
        assert photo.getexif().get_ifd(GPS)[2] == (41.0, 8.0, 29.0)
        assert photo.getexif()[0x0112] == 6  # It is stored turned.


def test_the_quickstart_works_and_what_it_posted_is_as_it_should_be(tmp_path: Path, database: dict[str, str]) -> None:
    with running(tmp_path, **database) as server:
        address = f"http://127.0.0.1:{server.port}"
        outcome = subprocess.run([str(SCRIPT), address], capture_output=True, text=True, timeout=DEADLINE, check=False)
        assert (outcome.returncode, outcome.stderr) == (0, "")
        assert outcome.stdout.endswith("All of it works.\n")

        newest, older = orjson.loads(server.get("/v1/tweets/")[1])["results"]
        assert (newest["text"], older["text"]) == ("The hills again", "Hills at sunset")
        assert (older["edited_at"] is None, newest["edited_at"]) == (False, None)
        assert older["media"][0]["alt"] == "Hills at sunset"
        with urlopen(newest["image"]) as answer:
            headers, content = answer.headers, answer.read()
    assert headers["X-Content-Type-Options"] == "nosniff"
    with Image.open(BytesIO(content)) as served, Image.open(PHOTO) as sent:
        served.load()
        assert (served.format, served.size) == ("JPEG", sent.size[::-1])
        assert dict(served.getexif()) == {}
        assert "exif" not in served.info


def test_the_quickstart_says_when_there_is_no_server(tmp_path: Path) -> None:
    outcome = subprocess.run(
        [str(SCRIPT), "http://127.0.0.1:1"], capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    assert outcome.returncode == 1
    assert "cannot be reached. Start it with: make run" in outcome.stderr
