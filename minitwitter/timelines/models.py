"""What is kept of home feeds, so that reading one does not depend on how many accounts it comes from."""

from django.db import models

from minitwitter.accounts.models import User
from minitwitter.core.fields import IdField, SharedIdField


class Timeline(models.Model):
    """The kept home feed of somebody who has read it lately. Whoever has none is read by the plain definition.

    `floor_id`: every entry that belongs there and is newer than this is there; None while it is being built.
    """

    owner = SharedIdField(User, on_delete=models.CASCADE, primary_key=True, related_name="timeline")
    floor_id = models.BigIntegerField(null=True)
    read_at = models.DateTimeField(help_text="To the day.")

    class Meta:
        indexes = (models.Index("read_at", name="timelines_timeline_read"),)

    def __str__(self) -> str:
        return f"timeline of {self.owner_id}"


class TimelineEntry(models.Model):
    """One line of a kept home feed: a tweet. No foreign keys, because they are many.

    `entry_id` orders the lines. It is the tweet's id; a retweet will be a line with an id of its own, and only that
    will say which tweet it is and whose: what a tweet's own line can do without would make writing it a quarter dearer.
    """

    pk = models.CompositePrimaryKey("owner_id", "entry_id")
    owner_id = models.BigIntegerField()
    entry_id = models.BigIntegerField()
    tweet_id = models.BigIntegerField(null=True)
    actor_id = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return f"{self.entry_id} in the timeline of {self.owner_id}"


class PendingFanOut(models.Model):
    """A tweet that a task is still writing to the timelines of its author's followers. Every read looks here, too."""

    tweet_id = IdField()
    author_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"fan-out of {self.tweet_id}"
