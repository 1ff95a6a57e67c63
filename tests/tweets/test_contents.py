"""What tweets show is remembered, and yet whatever changes it is shown by the very next read."""

import random
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from minitwitter.accounts.hydration import Author
from minitwitter.accounts.models import AccountStats, User
from minitwitter.actions import accounts, follows, likes, tweets
from minitwitter.actions.timelines import read_home
from minitwitter.core import ids
from minitwitter.core.database import fetch
from minitwitter.core.pagination import PageRequest
from minitwitter.media.models import Image
from minitwitter.timelines.queries import read_kept
from minitwitter.tweets.contents import Contents, Memory, TweetContent
from minitwitter.tweets.hydration import hydrate_tweets, open_tweet
from minitwitter.tweets.models import Attachment, ContentRevision, Tweet, TweetStats
from minitwitter.tweets.standings import read_standings
from tests.client import ApiClient
from tests.factories import follow, jpeg, make_tweet, make_user
from tests.threads import at_once


def _another_image() -> int:
    tweet_id = make_tweet(User.objects.get(username="ana"), image=jpeg(colour="red"))
    image_id = Attachment.objects.get(tweet_id=tweet_id).image_id
    Attachment.objects.filter(tweet_id=tweet_id).delete()
    return image_id


# Whatever of a row stands in a tweet, with another value for it.
SHOWN: list[tuple[Any, str, Any]] = [
    (Tweet, "author_id", lambda: make_user("other").pk),
    (Tweet, "text", "Another text"),
    (Tweet, "created_at", ids.now),
    (Tweet, "edited_at", ids.now),
    (Tweet, "deleted_at", ids.now),
    (Attachment, "tweet_id", lambda: make_tweet(User.objects.get(username="ana"))),
    (Attachment, "image_id", _another_image),
    (Attachment, "position", 3),
    (Attachment, "alt", "Another picture"),
    (User, "username", "anna"),
    (User, "display_name", "Anna"),
    (User, "avatar_id", _another_image),
    (User, "is_active", False),
    (Image, "key", "0" * 32),
    (Image, "extension", "gif"),
    (Image, "width", 7),
    (Image, "height", 7),
    (Image, "blurhash", "L" * 8),
]


@pytest.fixture
def ana(db: None) -> User:
    return make_user("ana")


@pytest.fixture
def tweet(ana: User) -> int:
    return make_tweet(ana, "Look", image=jpeg())


def _revision() -> int | None:
    return ContentRevision.objects.values_list("number", flat=True).first()


# --- The revision -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "column", "value"), SHOWN, ids=[f"{each[0].__name__} {each[1]}" for each in SHOWN])
def test_whatever_changes_what_tweets_show_is_another_revision(tweet: int, model: Any, column: str, value: Any) -> None:
    row = {"Tweet": tweet, "User": Tweet.objects.get().author_id}.get(model.__name__, model.objects.first().pk)
    given = value() if callable(value) else value
    before = _revision()
    model.objects.filter(pk=row).update(**{column: given})
    after = _revision()
    assert after is not None
    assert after != before
    model.objects.filter(pk=row).update(**{column: given})
    assert _revision() == after


def test_what_is_new_or_only_counts_is_no_other_revision(ana: User, tweet: int) -> None:
    ben = make_user("ben")
    before = _revision()
    make_tweet(ana, "Another", image=jpeg())
    likes.like(user=ben, tweet_id=tweet)
    likes.unlike(user=ben, tweet_id=tweet)
    follow(ben, ana)
    follows.unfollow(follower=ben, followee_id=ana.pk)
    accounts.update_profile(user=ana, fields={"bio": "Reads."})
    AccountStats.objects.update(tweets_count=F("tweets_count") + 1)
    TweetStats.objects.update(like_count=F("like_count") + 1)
    assert _revision() == before


def test_a_revision_that_was_rolled_back_never_comes_again(ana: User, tweet: int) -> None:
    seen = {_revision()}
    for number in range(20):
        with transaction.atomic():
            tweets.edit_tweet(tweet_id=tweet, text=f"Never {number}", editor=ana)
            assert hydrate_tweets([tweet], None)[tweet].text == f"Never {number}"
            assert _revision() not in seen
            seen.add(_revision())
            transaction.set_rollback(True)
        assert hydrate_tweets([tweet], None)[tweet].text == "Look"


# --- What is shown ----------------------------------------------------------------------------------------------------

CHANGES: dict[str, Callable[[User, int], None]] = {
    "edited": lambda ana, tweet: tweets.edit_tweet(tweet_id=tweet, text="Look again", editor=ana),
    "deleted": lambda ana, tweet: tweets.delete_tweet(tweet_id=tweet, editor=ana),
    "liked": lambda ana, tweet: _ignore(likes.like(user=ana, tweet_id=tweet)),
    "renamed": lambda ana, _: accounts.update_profile(user=ana, fields={"display_name": "Ana B."}),
    "pictured": lambda ana, _: _avatar(ana),
    "closed": lambda ana, _: accounts.deactivate(user=ana),
    "erased": lambda ana, _: accounts.delete_account(user=ana),
}


def _ignore(_: object) -> None:
    return None


def _avatar(user: User) -> None:
    accounts.change_avatar(user=user, file=BytesIO(jpeg(512, 512)))


@pytest.mark.django_db
@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_shows_at_once_wherever_the_tweet_is_shown(alice: ApiClient, kind: str) -> None:
    ana = make_user("ana")
    follow(alice.me, ana)
    tweet = make_tweet(ana, "Look", image=jpeg())
    alice.call("GET", "/v1/feed/")  # From the first read on, a timeline is kept.
    addresses = ("/v1/feed/", "/v1/tweets/", f"/v1/tweets/{tweet}/")
    before = {address: alice.call("GET", address).json() for address in addresses}
    assert {address: alice.call("GET", address).json() for address in addresses} == before
    CHANGES[kind](ana, tweet)
    after = {address: alice.call("GET", address).json() for address in addresses}
    shown = {} if kind in {"deleted", "closed", "erased"} else {tweet: _plain(tweet)}
    for address in ("/v1/feed/", "/v1/tweets/"):
        assert {each["id"]: _essence(each) for each in after[address]["results"]} == shown
    if shown:
        assert _essence(after[f"/v1/tweets/{tweet}/"]) == shown[tweet]
        assert after[f"/v1/tweets/{tweet}/"] != before[f"/v1/tweets/{tweet}/"]
    else:
        assert after[f"/v1/tweets/{tweet}/"]["code"] == "tweet_not_found"


def _plain(tweet_id: int) -> dict[str, Any]:
    row = Tweet.objects.select_related("author__avatar", "stats").get(pk=tweet_id)
    return {
        "text": row.text,
        "edited": row.edited_at is not None,
        "like_count": row.stats.like_count,
        "display_name": row.author.display_name,
        "avatar": row.author.avatar and row.author.avatar.key,
    }


def _essence(shown: dict[str, Any]) -> dict[str, Any]:
    avatar = shown["author"]["avatar_url"]
    return {
        "text": shown["text"],
        "edited": shown["edited_at"] is not None,
        "like_count": shown["like_count"],
        "display_name": shown["author"]["display_name"],
        "avatar": avatar and avatar.rsplit("/", 1)[1].partition(".")[0],
    }


def test_each_viewer_sees_their_own_likes_of_a_remembered_tweet(ana: User, tweet: int) -> None:
    ben = make_user("ben")
    likes.like(user=ben, tweet_id=tweet)
    for _ in range(2):
        assert [_liked(tweet, viewer) for viewer in (ben.pk, ana.pk, None)] == [(1, True), (1, False), (1, False)]
    likes.unlike(user=ben, tweet_id=tweet)
    assert [_liked(tweet, viewer) for viewer in (ben.pk, ana.pk, None)] == [(0, False)] * 3


def _liked(tweet_id: int, viewer_id: int | None) -> tuple[int, bool]:
    seen = hydrate_tweets([tweet_id], viewer_id)[tweet_id]
    return seen.like_count, seen.liked


@pytest.mark.usefixtures("ana")
def test_a_tweet_that_is_gone_is_not_shown_from_memory(tweet: int) -> None:
    assert list(hydrate_tweets([tweet], None)) == [tweet]
    TweetStats.objects.filter(pk=tweet).delete()
    Attachment.objects.all().delete()
    Tweet.objects.all().delete()  # As a purge does it, but without the deletion before.
    assert hydrate_tweets([tweet], None) == {}


@pytest.mark.usefixtures("ana")
def test_without_a_revision_nothing_is_remembered(tweet: int) -> None:
    ContentRevision.objects.all().delete()
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            assert hydrate_tweets([tweet], None)[tweet].text == "Look"
        assert len(captured) == 2
    Tweet.objects.update(text="Another")
    assert hydrate_tweets([tweet], None)[tweet].text == "Another"
    assert _revision() is not None


def test_what_the_feed_knows_of_its_tweets_is_what_is_shown(ana: User, tweet: int) -> None:
    ben = make_user("ben")
    follow(ben, ana)
    likes.like(user=ben, tweet_id=tweet)
    read_home(ben.pk, PageRequest())
    kept = read_kept(ben.pk, PageRequest())
    assert kept is not None
    assert {each: (likes, like is not None) for each, (likes, like) in kept.standings.tweets.items()} == {
        tweet: (1, True)
    }
    whole = hydrate_tweets([tweet], ben.pk)
    with CaptureQueriesContext(connection) as captured:
        assert hydrate_tweets([tweet], ben.pk, kept.standings) == whole
    assert len(captured) == 0


def test_of_tweets_whose_standings_were_not_read_with_the_page_only_those_are_read(ana: User, tweet: int) -> None:
    """Those that are still being written to timelines, and those below a feed's floor."""
    ben = make_user("ben")
    other = make_tweet(ana, "Another")
    likes.like(user=ben, tweet_id=other)
    whole = hydrate_tweets([other, tweet], ben.pk)
    assert {each: (seen.text, seen.liked) for each, seen in whole.items()} == {
        other: ("Another", True),
        tweet: ("Look", False),
    }
    with CaptureQueriesContext(connection) as captured:
        assert hydrate_tweets([other, tweet], ben.pk, read_standings([tweet], ben.pk)) == whole
    # The one above, and that of the other tweet; no contents.
    assert [query["sql"].count('"text"') for query in captured] == [0, 0]


def test_a_tweet_is_opened_with_its_reader_s_session_or_not_at_all(alice: ApiClient, tweet: int) -> None:
    session = alice.me.sessions.get()
    opened = open_tweet(session.pk, alice.me.pk, tweet)
    assert opened is not None
    assert opened[0].user_id == alice.me.pk
    assert opened[1] == hydrate_tweets([tweet], alice.me.pk)[tweet]
    missing = open_tweet(session.pk, alice.me.pk, tweet + 1)
    assert missing is not None
    assert missing[1] is None
    assert open_tweet(session.pk + 1, alice.me.pk, tweet) is None


# --- Many at the same moment ------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_whoever_reads_after_an_edit_sees_it_while_others_edit_and_read() -> None:
    """Each thread knows of the last edit that was committed before it began to read, and sees that one or a later."""
    people = [make_user(f"person{number}") for number in range(3)]
    chosen = [make_tweet(person, "0") for person in people]
    committed = dict.fromkeys(chosen, 0)

    def live(number: int) -> None:
        chance = random.Random(number)
        for step in range(80):
            if number < len(people):
                tweets.edit_tweet(tweet_id=chosen[number], text=str(step + 1), editor=people[number])
                committed[chosen[number]] = step + 1
            known = dict(committed)
            seen = hydrate_tweets(chosen, chance.choice(people).pk)
            assert {each: int(seen[each].text) >= known[each] for each in chosen} == dict.fromkeys(chosen, True)

    at_once(8, live)
    assert [hydrate_tweets(chosen, None)[each].text for each in chosen] == ["80"] * 3


# --- What is remembered -----------------------------------------------------------------------------------------------


def test_another_revision_forgets_everything() -> None:
    memory: Memory[str] = Memory()
    memory.at(1).put(7, "seven")
    assert memory.at(1).known([7, 8]) == {7: "seven"}
    stale = memory.at(1)
    assert memory.at(2).known([7]) == {}
    stale.put(7, "old")  # By a thread that is late.
    assert memory.at(2).known([7]) == {}


def test_what_was_looked_at_lately_stays_and_the_rest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minitwitter.tweets.contents._REMEMBERED", 8)
    contents: Contents[str] = Contents(1)
    for number in range(100):
        contents.put(number, str(number))
        assert contents.known([0, 100]) == {0: "0"}
    assert contents.known(range(100)) == {0: "0", **contents.known(range(90, 100))}
    assert len(contents.known(range(100))) <= 9


def _content() -> TweetContent:
    return TweetContent(1, b"Look", ids.now(), None, Author(2, "ana", "Ana", None), ())


def test_what_is_made_of_a_content_is_made_once_for_each_address() -> None:
    made: list[tuple[str, str]] = []

    def make(content: TweetContent, base: str) -> str:
        made.append((content.text, base))
        return f"{base}: {content.text}"

    content = _content()
    for _ in range(2):
        assert [content.form(make, base) for base in ("http://a", "http://b")] == ["http://a: Look", "http://b: Look"]
    assert made == [("Look", "http://a"), ("Look", "http://b")]


def test_whatever_hosts_are_named_few_forms_are_kept() -> None:
    content = _content()
    for number in range(100):
        assert content.form(lambda _, base: base, f"http://{number}") == f"http://{number}"
    assert len(content._forms) <= 4


@pytest.mark.django_db
def test_the_triggers_stand_in_the_database() -> None:
    """Django makes a table of SQLite anew to alter it, without its triggers: then they must be written again."""
    if connection.vendor == "sqlite":
        found = fetch("SELECT tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE %s", ["%_changed"])
    else:
        found = fetch("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE %s", ["%_changed"])
    assert sorted(found) == [("accounts_user",), ("media_image",), ("tweets_attachment",), ("tweets_tweet",)]
