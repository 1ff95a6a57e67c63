"""The product's tables as a textbook models them, without their counters."""

from django.db import models


class User(models.Model):
    username = models.CharField(max_length=30)
    display_name = models.CharField(max_length=50)
    following: "models.ManyToManyField[User, Follow]" = models.ManyToManyField(
        "self", through="Follow", through_fields=("follower", "followee"), symmetrical=False
    )
    # What the framework asks of whoever makes a request.
    is_authenticated = True

    class Meta:
        managed = False
        db_table = "accounts_user"

    def __str__(self) -> str:
        return self.username


class Follow(models.Model):
    follower = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    followee = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")

    class Meta:
        managed = False
        db_table = "relationships_follow"

    def __str__(self) -> str:
        return f"{self.follower_id} follows {self.followee_id}"


class Tweet(models.Model):
    author = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tweets")
    text = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "tweets_tweet"

    def __str__(self) -> str:
        return self.text


class Like(models.Model):
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="likes")
    tweet = models.ForeignKey(Tweet, on_delete=models.CASCADE, related_name="likes")

    class Meta:
        managed = False
        db_table = "tweets_like"

    def __str__(self) -> str:
        return f"{self.user_id} likes {self.tweet_id}"
