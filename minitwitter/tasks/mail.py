"""Mails. Asked for by the actions that they belong to; a mail server that is away is tried again for hours."""

from minitwitter.actions import emails, outbox
from minitwitter.core.tasks import task


@task()
def begin_password_reset(user_id: int | None, language: str = "") -> None:
    # Without a language, it was asked for before the last upgrade.
    emails.begin_password_reset(user_id=user_id, language=language)


@task()
def send_mail(mail_id: int) -> None:
    outbox.send(mail_id=mail_id)
