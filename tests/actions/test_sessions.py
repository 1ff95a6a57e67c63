"""Log-ins and changes that meet something else on their way."""

from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path

import pytest

from minitwitter.accounts.credentials import check_credentials
from minitwitter.accounts.errors import TokenInvalid
from minitwitter.accounts.models import Session, User
from minitwitter.actions import accounts, follows, likes, tweets
from minitwitter.core.errors import ValidationFailed
from minitwitter.media.models import Image
from minitwitter.relationships.models import Follow
from minitwitter.tweets.models import Like, Tweet
from tests.client import ApiClient
from tests.factories import PASSWORD, jpeg, make_tweet, make_user

pytestmark = pytest.mark.django_db


def test_a_password_that_changes_while_it_is_checked_lets_nobody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_user("alice")
    check = check_credentials

    def check_slowly(*, login: str, password: str) -> User | None:
        found = check(login=login, password=password)
        accounts.set_password(user=user, new_password="another password")
        return found

    monkeypatch.setattr("minitwitter.actions.sessions.check_credentials", check_slowly)
    answer = ApiClient().call("POST", "/v1/users/login/", {"username": "alice", "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")
    assert Session.objects.count() == 0


def test_an_old_password_on_its_way_does_not_overwrite_the_new_one() -> None:
    user, owner = make_user("alice"), User.objects.get(username="alice")
    change = partial(accounts.change_password, current_password=PASSWORD, keep_session_id=None)
    change(user=owner, new_password="the owner's choice")
    with pytest.raises(ValidationFailed) as refused:
        change(user=user, new_password="the thief's choice")
    assert [problem.code for problem in refused.value.problems] == ["wrong_password"]
    assert User.objects.get().check_password("the owner's choice")


LATE_ACTIONS: dict[str, Callable[[User, int], object]] = {
    "post": lambda user, _: tweets.create_tweet(author=user, text="Late"),
    "post a picture": lambda user, _: tweets.create_tweet(author=user, text="Late", image=BytesIO(jpeg())),
    "edit": lambda user, _: tweets.edit_tweet(tweet_id=make_tweet(user), text="Late", editor=user),
    "like": lambda user, other: likes.like(user=user, tweet_id=other),
    "toggle": lambda user, other: likes.toggle_like(user=user, tweet_id=other),
    "follow": lambda user, _: follows.follow(follower=user, followee_id=User.objects.get(username="bob").pk),
    "profile": lambda user, _: accounts.update_profile(user=user, fields={"bio": "Late"}),
    "avatar": lambda user, _: accounts.change_avatar(user=user, file=BytesIO(jpeg())),
}


@pytest.mark.parametrize("end", [accounts.deactivate, accounts.delete_account])
@pytest.mark.parametrize("name", LATE_ACTIONS)
def test_nobody_acts_after_their_own_end(name: str, end: Callable[..., None], media_folder: Path) -> None:
    alice, bob = make_user("alice"), make_user("bob")
    theirs = make_tweet(bob)
    end(user=User.objects.get(username="alice"))
    with pytest.raises(TokenInvalid):
        LATE_ACTIONS[name](alice, theirs)
    assert list(Tweet.objects.values_list("pk", flat=True)) == [theirs]
    assert [model.objects.count() for model in (Like, Follow, Image)] == [0, 0, 0]
    assert User.objects.get(username="alice").bio == ""
    assert [path for path in media_folder.rglob("*") if path.is_file()] == []
