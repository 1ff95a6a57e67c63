"""Edges between accounts."""

from django.db import models
from django.db.models import F, Q

from minitwitter.accounts.models import User
from minitwitter.core.fields import IdField


class Follow(models.Model):
    """`follower` sees the tweets of `followee` in the home feed."""

    id = IdField()
    follower = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    followee = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    created_at = models.DateTimeField()
    is_pulled = models.BooleanField(
        default=False,
        db_default=False,
        help_text="The follower's home feed looks the followee's tweets up, because they are not written to it.",
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["follower", "followee"], name="relationships_follow_once"),
            models.CheckConstraint(condition=~Q(follower=F("followee")), name="relationships_follow_not_self"),
        )
        indexes = (
            models.Index("follower", "id", name="relationships_follow_follower"),
            # With the follower, so that writing to all followers of an author reads one part of one index.
            models.Index("followee", "id", "follower", name="relationships_follow_followee"),
            models.Index("follower", "followee", name="relationships_follow_pulled", condition=Q(is_pulled=True)),
        )

    def __str__(self) -> str:
        return f"{self.follower_id} follows {self.followee_id}"
