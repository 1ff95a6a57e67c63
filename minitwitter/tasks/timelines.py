"""Bringing tweets into home feeds where that takes longer than their authors should wait, and keeping feeds tidy."""

from minitwitter.actions import timelines
from minitwitter.core.tasks import Steps, task
from minitwitter.tasks.sweeping import HOUR


@task()
def fan_out(tweet_id: int, after: int = 0) -> Steps:
    return timelines.fan_out(tweet_id, after)


@task()
def stop_writing(author_id: int, after: int = 0) -> Steps:
    return timelines.stop_writing(author_id, after)


@task(every=HOUR)
def sweep_timelines(after: int = 0) -> Steps:
    return timelines.sweep_timelines(after)
