"""The secret keys of an instance."""

from datetime import UTC, datetime, timedelta
from multiprocessing.pool import ThreadPool
from pathlib import Path

import pytest

from minitwitter import cli, keys
from minitwitter.accounts.tokens import REFRESH_LIFETIME
from minitwitter.env import ConfigurationError
from tests.operating import call

NOW = datetime(2026, 11, 22, tzinfo=UTC)
KEEP = timedelta(days=30)
GOOD = "u4Yq9-Jb0_xTn2LkVw7PzRs5EoHd8GmCf3Aa"


def test_a_missing_file_is_made_once_for_all_who_ask(tmp_path: Path) -> None:
    with ThreadPool(8) as pool:
        found = pool.map(keys.read_or_create, [tmp_path / "key"] * 8)
    assert len(set(found)) == 1
    ((key,),) = set(found)
    assert len(key) == 43
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_a_new_key_comes_first_and_the_former_ones_stay_while_their_tokens_live(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(f"{GOOD}\n")
    for days, expected in ((0, 2), (10, 3), (29, 4), (31, 4), (75, 2)):
        assert keys.rotate(path, keep=KEEP, now=NOW + timedelta(days=days)) == expected
        assert len(keys.read_or_create(path)) == expected
    assert path.stat().st_mode & 0o777 == 0o600


def test_rotating_keeps_the_order(tmp_path: Path) -> None:
    path = tmp_path / "key"
    (first,) = keys.read_or_create(path)
    keys.rotate(path, keep=KEEP)
    second, old = keys.read_or_create(path)
    assert (old, second != first) == (first, True)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "\n",
        "short",
        "a" * 43,
        "abcabcabcabcabcabcabcabcabcabcabcabcabcabc",
        f"{GOOD[:20]}-change-me-{GOOD[:10]}",
        f"django-insecure-{GOOD}",
        f"{GOOD}\nshort",
    ],
)
def test_a_short_or_sample_key_is_refused_and_left_alone(tmp_path: Path, content: str) -> None:
    path = tmp_path / "key"
    path.write_text(content)
    for use in (keys.read_or_create, lambda path: keys.rotate(path, keep=KEEP)):
        with pytest.raises(ConfigurationError, match="random key of at least 32 characters"):
            use(path)
    assert path.read_text() == content


def test_a_thousand_random_keys_are_all_good(tmp_path: Path) -> None:
    path = tmp_path / "key"
    for _ in range(1000):
        keys.rotate(path, keep=timedelta(0))


def test_the_command_keeps_keys_as_long_as_tokens_live(tmp_path: Path) -> None:
    assert cli.TOKENS_LIVE_FOR == REFRESH_LIFETIME
    done = call(tmp_path, "rotatekey")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Keys that verify: 2." in done.stdout
    assert len(keys.read_or_create(tmp_path / "data/token_signing_keys")) == 2
