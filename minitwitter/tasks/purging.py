"""Removing what was deleted. Asked for by the deletions themselves, in their transactions."""

from minitwitter.actions import purge
from minitwitter.core.tasks import Steps, task


@task()
def purge_tweet(tweet_id: int) -> Steps:
    return purge.purge_tweet(tweet_id)


@task()
def purge_account(user_id: int) -> Steps:
    return purge.purge_account(user_id)


@task()
def purge_image(image_id: int) -> None:
    purge.purge_image(image_id)
