"""Regular removal of what nothing needs any more."""

from datetime import timedelta

from minitwitter.actions import sweeping
from minitwitter.core.tasks import Steps, task

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@task(every=6 * HOUR)
def sweep_deletions() -> None:
    sweeping.finish_interrupted_deletions()


@task(every=DAY)
def sweep_files(folder: int = 0) -> Steps:
    return sweeping.remove_orphaned_files(folder)


@task(every=DAY)
def sweep_images(after: int = 0) -> Steps:
    return sweeping.remove_unused_images(after)


@task(every=DAY)
def sweep_sessions(after: int = 0) -> Steps:
    return sweeping.forget_sessions(after)


@task(every=HOUR)
def sweep_idempotency_keys() -> Steps:
    return sweeping.forget_idempotency_keys()


@task(every=HOUR)
def sweep_mails() -> Steps:
    return sweeping.forget_mails()


@task(every=HOUR)
def sweep_tasks() -> Steps:
    return sweeping.forget_tasks()


@task(every=DAY)
def sweep_audit_log() -> Steps:
    return sweeping.forget_audit_entries()
