"""What nothing needs any more goes by itself, and nothing else does."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session as AdminSession
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from minitwitter.accounts.models import Session
from minitwitter.actions import accounts, sweeping, tweets
from minitwitter.core import ids, schedule, tasks
from minitwitter.core.models import Schedule, Task
from minitwitter.media import orphans
from minitwitter.media.models import Image
from minitwitter.tweets.models import Attachment, IdempotencyKey, Tweet
from tests.client import ApiClient
from tests.factories import jpeg, make_tweet, make_user
from tests.working import Clock, run_tasks

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def _sweep(name: str, **arguments: Any) -> None:
    tasks.enqueue(name, **arguments)
    run_tasks()


def _files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_everything_regular_is_scheduled_and_runs_on_an_empty_server(clock: Clock) -> None:
    schedule.prepare()
    names = set(Schedule.objects.values_list("name", flat=True))
    assert names == {name for name in tasks.registry if name.startswith("sweep_")}
    clock.advance(days=1)
    schedule.enqueue_due()
    assert set(Task.objects.values_list("name", flat=True)) == names
    run_tasks()


def test_a_file_without_a_row_goes_when_it_is_old(clock: Clock, media_folder: Path) -> None:
    make_tweet(make_user("alice"), image=jpeg())
    kept = _files(media_folder)
    lost = f"ab/{'ab' * 16}"
    for name in (f"{lost}.jpg", f"{lost}-small.webp", "ab/readme.txt", "notes.txt"):
        default_storage.save(name, ContentFile(b"x"))
    _sweep("sweep_files")
    assert len(_files(media_folder)) == len(kept) + 4

    clock.advance(hours=7)
    _sweep("sweep_files")
    # What has no name of an image may be somebody else's.
    assert _files(media_folder) == sorted([*kept, "ab/readme.txt", "notes.txt"])


def test_the_sweep_of_files_goes_on_at_the_folder_where_it_was_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[int] = []
    monkeypatch.setattr(orphans, "remove_orphans", lambda folder, **_: looked_at.append(folder))
    monkeypatch.setattr("minitwitter.core.worker.SLICE", -1)
    _sweep("sweep_files")
    assert looked_at == list(range(256))


def test_an_image_that_nothing_uses_goes_when_it_is_old(
    clock: Clock, media_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "CHUNK", 2)
    alice = make_user("alice")
    posted = [make_tweet(alice, image=jpeg()) for _ in range(5)]
    with (Path(__file__).parent.parent.parent / "examples" / "photo.jpg").open("rb") as file:
        accounts.change_avatar(user=alice, file=file)
    Attachment.objects.exclude(tweet_id=posted[2]).delete()
    _sweep("sweep_images")
    assert Image.objects.count() == 6

    clock.advance(hours=7)
    _sweep("sweep_images")
    assert (Image.objects.count(), len(_files(media_folder))) == (2, 4)


def test_sessions_that_are_long_over_are_forgotten(clock: Clock) -> None:
    over, ended, live = (ApiClient(make_user(name)) for name in ("alice", "bob", "carol"))
    Session.objects.filter(user=over.me).update(expires_at=clock.now)
    ended.call("POST", "/v1/users/logout-all/")
    AdminSession.objects.create(session_key="old", session_data="", expire_date=clock.now)
    AdminSession.objects.create(session_key="new", session_data="", expire_date=clock.now + timedelta(days=9))
    clock.advance(days=6)
    _sweep("sweep_sessions")
    assert Session.objects.count() == 3

    clock.advance(days=2)
    _sweep("sweep_sessions")
    assert [session.user_id for session in Session.objects.all()] == [live.me.pk]
    assert [session.session_key for session in AdminSession.objects.all()] == ["new"]


def test_idempotency_keys_are_forgotten_after_a_day(clock: Clock) -> None:
    alice = make_user("alice")
    for key in ("first", "second"):
        tweets.create_tweet(author=alice, text="Hello", idempotency_key=key)
        clock.advance(hours=13)
    _sweep("sweep_idempotency_keys")
    assert [row.key for row in IdempotencyKey.objects.all()] == ["second"]


def test_finished_tasks_are_forgotten_and_dead_letters_kept_for_long(clock: Clock) -> None:
    for _ in range(2):
        _sweep("sweep_idempotency_keys")
    dead = Task.objects.first()
    assert dead is not None
    Task.objects.filter(pk=dead.pk).update(is_dead=True)
    waiting = Task(name="x", due_at=clock.now + timedelta(days=365), created_at=clock.now, pk=ids.new_id())
    waiting.save()

    clock.advance(hours=25)
    _sweep("sweep_tasks")
    assert set(Task.objects.exclude(name="sweep_tasks").values_list("pk", flat=True)) == {dead.pk, waiting.pk}
    clock.advance(days=90)
    _sweep("sweep_tasks")
    assert list(Task.objects.exclude(name="sweep_tasks").values_list("pk", flat=True)) == [waiting.pk]


def test_an_interrupted_deletion_is_finished(clock: Clock, media_folder: Path) -> None:
    alice, bob, carol = (make_user(name) for name in ("alice", "bob", "carol"))
    make_tweet(alice, image=jpeg())
    tweet = make_tweet(bob, image=jpeg())
    kept = make_tweet(carol, image=jpeg())
    accounts.delete_account(user=alice)
    tweets.delete_tweet(tweet_id=tweet, editor=bob)
    Image.objects.filter(pk=Attachment.objects.get(tweet=kept).image_id).update(deleted_at=clock.now)
    Attachment.objects.filter(tweet=kept).delete()
    Task.objects.all().delete()
    _sweep("sweep_deletions")
    assert Tweet.objects.count() == 3

    clock.advance(hours=2)
    _sweep("sweep_deletions")
    assert list(Tweet.objects.values_list("pk", flat=True)) == [kept]
    assert (Image.objects.count(), _files(media_folder)) == (0, [])
    done = Task.objects.count()
    _sweep("sweep_deletions")
    assert Task.objects.count() == done + 1  # Nothing was left to ask for.


def test_what_was_given_up_or_still_waits_is_not_asked_for_again(clock: Clock) -> None:
    alice = make_user("alice")
    dead, waiting = make_tweet(alice), make_tweet(alice)
    for tweet in (dead, waiting):
        tweets.delete_tweet(tweet_id=tweet, editor=alice)
    Task.objects.filter(arguments={"tweet_id": dead}).update(is_dead=True, finished_at=clock.now)
    clock.advance(hours=2)
    sweeping.finish_interrupted_deletions()
    assert Task.objects.count() == 2
    run_tasks()
    sweeping.finish_interrupted_deletions()
    assert Task.objects.filter(finished_at=None).count() == 0
    assert list(Tweet.objects.values_list("pk", flat=True)) == [dead]
