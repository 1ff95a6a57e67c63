"""Mails to accounts: written in the transaction of the action that they belong to, sent afterwards by a task.

Steps of other actions. What a task is asked for names only a row, so no address and no token stands in the queue.
"""

import secrets

import structlog
from django.db.models import QuerySet
from django.db.models.functions import Lower

from minitwitter.accounts import mails
from minitwitter.accounts.errors import EmailNotConfigured
from minitwitter.accounts.models import Mail, User
from minitwitter.core import caller, ids, mail
from minitwitter.core.database import insert_with_new_id
from minitwitter.core.tasks import enqueue

_log = structlog.get_logger(__name__)


def require_mail() -> None:
    """Raises EmailNotConfigured where the operator has named no mail server."""
    if not mail.is_configured():
        raise EmailNotConfigured


def write(*, user_id: int, kind: Mail.Kind, address: str, language: str = "") -> None:
    """Send the account a mail once the present transaction is committed; nothing where no mails are sent, and nothing
    to an empty address.

    It is written in the language that the present request asks for, unless one is given.
    Its token replaces that of an earlier mail of its kind. Precondition: the account is locked, or made in this
    transaction, so that of two requests at once one replaces the other.
    """
    if not address or not mail.is_configured():
        return
    if kind in mails.LIFETIMES:
        withdraw(user_id, kind)
    now = ids.now()
    row = Mail(
        user_id=user_id,
        kind=kind,
        address=address,
        language=language or caller.language(),
        nonce=secrets.token_hex(16),
        created_at=now,
        expires_at=now + mails.WAITS_FOR,
    )
    insert_with_new_id(row, now)
    enqueue("send_mail", mail_id=row.pk)


def withdraw(user_id: int, *kinds: Mail.Kind) -> None:
    """The account's mails of those kinds are not sent if they wait, and their tokens are worth nothing from now on."""
    Mail.objects.filter(user_id=user_id, kind__in=kinds).delete()


def find(token: str, *kinds: Mail.Kind) -> Mail | None:
    """The mail of one of those kinds that carried the token, with its account; None when the token is not good."""
    good = _good(token).filter(kind__in=kinds)
    return good.select_related("user").first()


def spend(row: Mail, token: str) -> bool:
    """Use the token up. Of several uses at once one gets True: it is one conditional statement.

    Precondition: the account is locked before, as everything locks it that withdraws tokens.
    """
    return bool(_good(token).filter(pk=row.pk).delete()[0])


def _good(token: str) -> QuerySet[Mail]:
    return Mail.objects.filter(digest=mails.digest_of(token), expires_at__gt=ids.now())


def send(*, mail_id: int) -> None:
    """Send a mail, unless it was spent, replaced or withdrawn meanwhile. Raises `mail.NotSent` to be tried again.

    Done twice, it sends the same token twice, and either mail works.
    """
    waiting = Mail.objects.filter(pk=mail_id, created_at__gt=ids.now() - mails.WAITS_FOR)
    row = waiting.select_related("user").first()
    if row is None:
        return
    is_taken = _is_taken(row)
    lifetime = None if is_taken else mails.LIFETIMES.get(Mail.Kind(row.kind))
    # Before it is sent: whoever reads the mail can use it.
    if lifetime and not _arm(row):
        return
    try:
        mail.send(mails.compose(row, is_taken=is_taken))
    except mail.Refused as refusal:
        _log.warning("mail_refused", mail_id=row.pk, user_id=row.user_id, reason=str(refusal))
        lifetime = None
    if lifetime is None:
        waiting.delete()


def _arm(row: Mail) -> bool:
    """Make the token good from now on. False when the row is gone."""
    lifetime = mails.LIFETIMES[Mail.Kind(row.kind)]
    digest = mails.digest_of(mails.token_of(row))
    return bool(Mail.objects.filter(pk=row.pk).update(digest=digest, expires_at=ids.now() + lifetime))


def _is_taken(row: Mail) -> bool:
    """Whether a new address is that of another account. Who asked for it is not told; its owner is."""
    others = User.objects.exclude(pk=row.user_id).alias(lower=Lower("email")).filter(lower=row.address.lower())
    return row.kind == Mail.Kind.CHANGE and others.exists()
