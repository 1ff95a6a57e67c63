"""Writing a made-up community in bulk.

What is written satisfies every rule that the other actions keep: names, texts and pictures are good, counters equal
rows, ids are of their rows' own times. Each function is one transaction, so an interruption leaves a smaller community,
not a wrong one.
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import F, Model, QuerySet

from minitwitter.accounts import rules as account_rules
from minitwitter.accounts.models import AccountStats, User
from minitwitter.actions.locks import lock_stats
from minitwitter.actions.media import keep_image
from minitwitter.audit import log as audit
from minitwitter.audit.models import Event
from minitwitter.core import ids
from minitwitter.core.database import insert_with_new_id
from minitwitter.core.errors import refuse
from minitwitter.media import files
from minitwitter.media.models import Image
from minitwitter.media.processing import ProcessedImage
from minitwitter.relationships.models import Follow
from minitwitter.tweets import rules as tweet_rules
from minitwitter.tweets.models import Attachment, Like, Tweet, TweetStats

# Addresses that can belong to nobody (RFC 6761 section 6.5). They are how a made-up account is told from a real one.
EMAIL_DOMAIN = "demo.example"
# Rows of one INSERT: no database takes more than some ten thousand parameters.
_BATCH = 500


@dataclass(frozen=True, slots=True)
class NewPerson:
    """An account to be. Without a password nobody can log in to it."""

    username: str
    display_name: str
    bio: str
    location: str
    website: str
    joined: datetime
    password: str | None = None


@dataclass(frozen=True, slots=True)
class NewFollow:
    """An edge to be, between two account ids."""

    follower_id: int
    followee_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class NewTweet:
    """A tweet to be; `likes` are account ids and times, each account once."""

    author_id: int
    text: str
    at: datetime
    edited_at: datetime | None
    picture: ProcessedImage | None
    alt: str
    likes: Sequence[tuple[int, datetime]]


def demo_accounts() -> QuerySet[User]:
    """The made-up accounts."""
    return User.objects.filter(email__endswith=f"@{EMAIL_DOMAIN}")


def real_accounts() -> QuerySet[User]:
    """The accounts of people, deleted ones too, but not those of administrators."""
    return User.objects.exclude(email__endswith=f"@{EMAIL_DOMAIN}").exclude(is_superuser=True)


def usernames() -> set[str]:
    """Every username that was ever given out."""
    return set(User.objects.values_list("username", flat=True))


def write_people(people: Sequence[NewPerson]) -> list[int]:
    """Make the accounts; returns their ids in the same order. Raises ValidationFailed."""
    for person in people:
        refuse(account_rules.username_problems(person.username))
        refuse(account_rules.profile_problems(_profile(person)))
    users = [_user(person) for person in people]
    with transaction.atomic():
        _insert(users, [person.joined for person in people])
        AccountStats.objects.bulk_create([AccountStats(user=user) for user in users], batch_size=_BATCH)
        for user in users:
            audit.record(Event.ACCOUNT_MADE, subject_id=user.pk)
    return [user.pk for user in users]


def _profile(person: NewPerson) -> dict[str, str]:
    return {name: getattr(person, name) for name in ("display_name", "bio", "location", "website")}


def _user(person: NewPerson) -> User:
    return User(
        username=person.username,
        email=f"{person.username}@{EMAIL_DOMAIN}",
        password=make_password(person.password),
        created_at=person.joined,
        **_profile(person),
    )


def write_avatars(avatars: Sequence[tuple[int, ProcessedImage]]) -> None:
    """Give each account id its picture. Precondition: it has none. Raises QuotaExceeded and OSError."""
    joined = dict(User.objects.filter(pk__in=[user_id for user_id, _ in avatars]).values_list("pk", "created_at"))
    with ExitStack() as stack:
        images = [stack.enter_context(files.stored(picture, owner_id=user_id)) for user_id, picture in avatars]
        stack.enter_context(transaction.atomic())
        for image in images:
            image.created_at = joined[image.owner_id]
            keep_image(image)
            User.objects.filter(pk=image.owner_id).update(avatar=image)


def write_follows(follows: Sequence[NewFollow]) -> None:
    """Insert the edges and move the counters. Precondition: none of them is there, and nobody follows themselves."""
    rows = [Follow(follower_id=new.follower_id, followee_id=new.followee_id, created_at=new.at) for new in follows]
    following = Counter(new.follower_id for new in follows)
    followers = Counter(new.followee_id for new in follows)
    with transaction.atomic():
        lock_stats(*{*following, *followers})
        _insert(rows, [new.at for new in follows])
        for user_id in sorted({*following, *followers}):
            AccountStats.objects.filter(pk=user_id).update(
                following_count=F("following_count") + following[user_id],
                followers_count=F("followers_count") + followers[user_id],
            )


def write_tweets(tweets: Sequence[NewTweet]) -> None:
    """Insert the tweets with their pictures and likes. Raises ValidationFailed, QuotaExceeded and OSError.

    A failure leaves no row and no file.
    """
    for new in tweets:
        refuse(tweet_rules.text_problems(new.text, has_image=new.picture is not None))
        refuse(tweet_rules.alt_problems(new.alt))
    with ExitStack() as stack:
        images = [
            stack.enter_context(files.stored(new.picture, owner_id=new.author_id)) if new.picture else None
            for new in tweets
        ]
        stack.enter_context(transaction.atomic())
        _insert_tweets(tweets, images)


def _insert_tweets(tweets: Sequence[NewTweet], images: Sequence[Image | None]) -> None:
    written = Counter(new.author_id for new in tweets)
    lock_stats(*written)
    rows = [Tweet(author_id=new.author_id, text=new.text, created_at=new.at, edited_at=new.edited_at) for new in tweets]
    _insert(rows, [new.at for new in tweets])
    counters = [TweetStats(tweet=row, like_count=len(new.likes)) for row, new in zip(rows, tweets, strict=True)]
    TweetStats.objects.bulk_create(counters, batch_size=_BATCH)
    for row, new, image in zip(rows, tweets, images, strict=True):
        if image is not None:
            image.created_at = new.at
            keep_image(image)
            insert_with_new_id(Attachment(tweet=row, image=image, alt=new.alt), new.at)
    likes = [
        Like(tweet=row, user_id=user_id, created_at=at)
        for row, new in zip(rows, tweets, strict=True)
        for user_id, at in new.likes
    ]
    _insert(likes, [like.created_at for like in likes])
    for user_id, count in sorted(written.items()):
        AccountStats.objects.filter(pk=user_id).update(tweets_count=F("tweets_count") + count)


def _insert(rows: Sequence[Model], times: Sequence[datetime]) -> None:
    """Insert rows of one model, each under a free id of its own time."""
    if not rows:
        return
    manager: Any = type(rows[0])._default_manager
    given: set[int] = set()
    for start in range(0, len(rows), _BATCH):
        batch = rows[start : start + _BATCH]
        for row, at in zip(batch, times[start : start + _BATCH], strict=True):
            row.pk = _new_id(at, given)
        while taken := set(manager.filter(pk__in=[row.pk for row in batch]).values_list("pk", flat=True)):
            for row, at in zip(batch, times[start : start + _BATCH], strict=True):
                if row.pk in taken:
                    row.pk = _new_id(at, given)
        manager.bulk_create(batch)


def _new_id(at: datetime, given: set[int]) -> int:
    """An id that was not given out before in the same call: times may repeat, but not in order."""
    identifier = ids.new_id(at)
    while identifier in given:
        identifier = ids.new_id(at)
    given.add(identifier)
    return identifier
