"""`minitwitter demo` as operators run it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.operating import call, environment, running

SMALL = ("demo", "--people", "12", "--tweets", "40")
# Everything that is shown, but its times.
DIGEST = """
import hashlib
from django.core.files.storage import default_storage
from minitwitter.accounts.models import User
from minitwitter.relationships.models import Follow
from minitwitter.tweets.models import Attachment, Like, Tweet
def picture(image):
    return image and hashlib.sha256(default_storage.open(image.name).read()).hexdigest()
people = [(u.username, u.display_name, u.bio, u.location, u.website, picture(u.avatar)) for u in User.objects.all()]
follows = list(Follow.objects.values_list("follower__username", "followee__username"))
tweets = list(Tweet.objects.values_list("author__username", "text"))
pictures = [(a.tweet.text, a.alt, picture(a.image)) for a in Attachment.objects.all()]
likes = list(Like.objects.values_list("user__username", "tweet__text"))
everything = [sorted(map(repr, part)) for part in (people, follows, tweets, pictures, likes)]
print([len(part) for part in everything], hashlib.sha256(repr(everything).encode()).hexdigest())
"""


def digest(folder: Path, **variables: str) -> str:
    """Stands for everything that the instance in the folder shows."""
    shown = call(folder, "manage", "shell", "--no-imports", "-c", DIGEST, **variables)
    assert (shown.returncode, shown.stderr) == (0, "")
    return shown.stdout


def test_it_fills_an_empty_instance_and_says_how_to_look_at_it(tmp_path: Path) -> None:
    result = call(tmp_path, *SMALL)

    assert (result.returncode, result.stderr) == (0, "")
    assert "12 people, " in result.stdout
    assert " 40 tweets (" in result.stdout
    assert "Log in as maya, tiago or yuki. The password of the three: tweet-tweet\n" in result.stdout
    assert "Everybody knows it" in result.stdout


def test_the_same_seed_makes_the_same_community_in_any_process(tmp_path: Path) -> None:
    digests = []
    for name, seed in (("1", "spring"), ("2", "spring"), ("3", "autumn")):
        (tmp_path / name).mkdir()
        result = call(tmp_path / name, *SMALL, "--seed", seed, PYTHONHASHSEED=name)
        assert result.returncode == 0, result.stderr
        digests.append(digest(tmp_path / name))
    assert digests[0].startswith("[12, ")
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize("second", [SMALL, (*SMALL, "--beside-real-accounts")])
def test_a_second_community_is_refused_and_changes_nothing(tmp_path: Path, second: tuple[str, ...]) -> None:
    call(tmp_path, *SMALL)
    before = digest(tmp_path)

    result = call(tmp_path, *second)

    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert "has a made-up community already (12 accounts)" in result.stderr
    assert "--data-dir FOLDER" in result.stderr
    assert digest(tmp_path) == before


def make_real_account(folder: Path) -> None:
    code = (
        "from minitwitter.actions.accounts import register;"
        " register(username='alice', email='alice@example.org', password='correct horse battery')"
    )
    call(folder, *ADMIN, text="correct horse battery\n")
    assert call(folder, "manage", "shell", "--no-imports", "-c", code).returncode == 0


ADMIN = ("createadmin", "--username", "grace", "--email", "grace@example.org")


def test_real_accounts_are_a_reason_to_refuse_and_nothing_changes(tmp_path: Path) -> None:
    make_real_account(tmp_path)
    before = digest(tmp_path)

    result = call(tmp_path, *SMALL)

    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert "accounts of real people (1)" in result.stderr
    assert "--beside-real-accounts" in result.stderr
    assert digest(tmp_path) == before
    assert before.startswith("[2, 0, 0, 0, 0]")


def test_it_can_be_done_beside_real_accounts_on_request(tmp_path: Path) -> None:
    make_real_account(tmp_path)

    result = call(tmp_path, *SMALL, "--beside-real-accounts")

    assert (result.returncode, result.stderr) == (0, "")
    assert digest(tmp_path).startswith("[14, ")


def test_an_administrator_alone_is_no_reason_to_refuse(tmp_path: Path) -> None:
    call(tmp_path, *ADMIN, text="correct horse battery\n")

    assert call(tmp_path, *SMALL).returncode == 0


def test_a_picture_that_cannot_be_stored_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "media").touch()

    result = call(tmp_path, *SMALL)

    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "The community is not complete (" in result.stderr


def test_a_new_server_mentions_it_until_there_are_accounts(tmp_path: Path) -> None:
    hint = "Or fill it with a made-up community, to look around:"
    with running(tmp_path) as server:
        assert hint in server.output
        assert "-m minitwitter demo\n" in server.output
        assert call(tmp_path, *SMALL).returncode == 0, "beside a server at work"
        assert server.get("/v1/users/maya/")[0] == 200
    with running(tmp_path) as server:
        assert hint not in server.output


def test_the_command_line_stays_free_of_django_and_rich(tmp_path: Path) -> None:
    code = "import sys, minitwitter.cli; print([name for name in ('django', 'rich', 'PIL') if name in sys.modules])"
    shown = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.stdout == "[]\n"
