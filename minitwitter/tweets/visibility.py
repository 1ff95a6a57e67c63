"""Which tweets a reader may see. Every read of tweets goes through here."""

from django.db.models import QuerySet

from minitwitter.tweets.models import Tweet


def visible_tweets() -> QuerySet[Tweet]:
    """Tweets that are not deleted, of active authors."""
    return Tweet.objects.filter(deleted_at=None, author__is_active=True)
