"""Tweets and what hangs on them."""

from django.db import models
from django.db.models import Q

from minitwitter.accounts.models import User
from minitwitter.core.fields import IdField, SharedIdField
from minitwitter.media.models import Image

ALT_LENGTH = 1500
IDEMPOTENCY_KEY_LENGTH = 255


class Tweet(models.Model):
    """A tweet. A deleted one is hidden from the moment `deleted_at` is set; its row goes when it is purged."""

    id = IdField()
    author = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tweets", db_index=False)
    text = models.TextField(blank=True)
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (
            models.Index("author", "id", name="tweets_tweet_author", condition=Q(deleted_at=None)),
            models.Index("id", name="tweets_tweet_deleted", condition=Q(deleted_at__isnull=False)),
        )

    def __str__(self) -> str:
        return self.text[:50] or f"tweet {self.id}"


class TweetStats(models.Model):
    """A tweet's counters, apart from the wide row: a like rewrites these few bytes only."""

    tweet = SharedIdField(Tweet, on_delete=models.CASCADE, primary_key=True, related_name="stats")
    like_count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "tweet stats"

    def __str__(self) -> str:
        return f"stats of {self.tweet_id}"


class ContentRevision(models.Model):
    """One row, whose number is another one whenever what tweets show has changed, but for their counters and likes.

    That is their texts and pictures, their authors' names and avatars, and whether they can be seen at all. Triggers of
    the database see to it (migration 0002), in the transaction of the change: the numbers are random, so that one which
    was rolled back never comes again. A tweet that is new changes nothing.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    number = models.BigIntegerField()

    def __str__(self) -> str:
        return f"revision {self.number}"


class Attachment(models.Model):
    """An image on a tweet. `position` orders several of them from 0."""

    id = IdField()
    tweet = models.ForeignKey(Tweet, on_delete=models.CASCADE, related_name="attachments", db_index=False)
    image = models.OneToOneField(Image, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField(default=0)
    alt = models.CharField(max_length=ALT_LENGTH, blank=True, default="")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["tweet", "position"], name="tweets_attachment_position"),)

    def __str__(self) -> str:
        return f"attachment {self.position} of {self.tweet_id}"


class Like(models.Model):
    """A user likes a tweet, once."""

    id = IdField()
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    tweet = models.ForeignKey(Tweet, on_delete=models.CASCADE, related_name="+", db_index=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "tweet"], name="tweets_like_once"),)
        indexes = (models.Index("tweet", "id", name="tweets_like_tweet"),)

    def __str__(self) -> str:
        return f"{self.user_id} likes {self.tweet_id}"


class IdempotencyKey(models.Model):
    """The tweet that an author's Idempotency-Key made. Written in the tweet's own transaction."""

    author = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=IDEMPOTENCY_KEY_LENGTH)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the parsed content, in hexadecimal.")
    # No foreign key: a retry after the tweet was deleted must not make a second one.
    tweet_id = models.BigIntegerField()
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["author", "key"], name="tweets_idempotency_key_once"),)

    def __str__(self) -> str:
        return f"idempotency key of {self.author_id}"
