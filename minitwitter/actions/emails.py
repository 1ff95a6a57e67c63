"""What is done by mail: choosing a new password when the old one is forgotten, confirming and changing addresses.

Each begins with a mail that carries a token (`accounts/mails.py`) and ends when the token comes back.
"""

from typing import NoReturn

from django.contrib.auth.hashers import check_password, make_password
from django.db import IntegrityError, transaction

from minitwitter.accounts import queries, rules
from minitwitter.accounts.models import Mail, User
from minitwitter.actions import outbox
from minitwitter.actions.accounts import WRONG_CURRENT_PASSWORD
from minitwitter.actions.sessions import end_all_sessions
from minitwitter.audit import log as audit
from minitwitter.audit.models import Event
from minitwitter.core import caller
from minitwitter.core.errors import FieldProblem, ValidationFailed, refuse
from minitwitter.core.tasks import enqueue

_WRONG_TOKEN = FieldProblem(
    "token",
    "wrong_token",
    "This is not the token of your last mail, or it was used, or has expired. Ask for a new mail.",
)
_TAKEN_MEANWHILE = FieldProblem("token", "email_taken", "Another account has this address by now.")


def ask_for_password_reset(*, email: str) -> None:
    """Send whoever has this address a mail with which to choose a new password.

    Does and takes the same whether it is an account's or not, so a stranger learns nothing; a task does what differs.
    Raises EmailNotConfigured, and ValidationFailed for what is no address.
    """
    outbox.require_mail()
    refuse(rules.email_problems(email))
    user = queries.user_by_email(email)
    enqueue("begin_password_reset", user_id=None if user is None else user.pk, language=caller.language())


def begin_password_reset(*, user_id: int | None, language: str = "") -> None:
    """Write the mail, in that language or else in English, if there is an active account to write to."""
    if user_id is None:
        return
    with transaction.atomic():
        user = _lock(User(pk=user_id))
        if user is not None and user.email:
            outbox.write(user_id=user.pk, kind=Mail.Kind.RESET, address=user.email, language=language)


def reset_password(*, token: str, new_password: str) -> None:
    """Choose a new password with the token of a mail, which is spent by it; all sessions end.

    Whoever got the mail can read the address, so it counts as confirmed, too. Raises ValidationFailed: `wrong_token`
    for one that is not good, and the token is not spent when the password is not good.
    """
    row = outbox.find(token, Mail.Kind.RESET)
    user = row.user if row else User()
    problems = rules.password_problems(
        new_password, username=user.username, email=user.email or "", field="new_password"
    )
    if row is None:
        refuse([_WRONG_TOKEN, *problems])
        return
    refuse(problems)
    encoded = make_password(new_password)  # It takes 20 ms, which no other writer should wait for.
    with transaction.atomic():
        locked = _lock(user)
        if locked is None or locked.email != row.address or not outbox.spend(row, token):
            _refuse_token()
        User.objects.filter(pk=user.pk).update(password=encoded, email_verified=True)
        end_all_sessions(user_id=user.pk)
        outbox.withdraw(user.pk, Mail.Kind.RESET, Mail.Kind.CHANGE)
        outbox.write(user_id=user.pk, kind=Mail.Kind.PASSWORD, address=row.address)
        audit.record(Event.PASSWORD_RESET, subject_id=user.pk)


def ask_for_email_change(*, user: User, email: str, current_password: str) -> None:
    """Send a mail to the new address; it becomes the account's when its token comes back.

    The account's own address is confirmed in the same way. A taken one is no error here: its owner is told by mail, and
    who asks learns nothing. Raises EmailNotConfigured, and ValidationFailed.
    """
    outbox.require_mail()
    problems = rules.email_problems(email)
    if not check_password(current_password, user.password):
        problems.append(WRONG_CURRENT_PASSWORD)
    refuse(problems)
    with transaction.atomic():
        locked = _lock(user)
        if locked is None or locked.password != user.password:  # It was changed since it was checked.
            refuse([WRONG_CURRENT_PASSWORD])
            return
        kind = Mail.Kind.CONFIRM if email == locked.email else Mail.Kind.CHANGE
        outbox.write(user_id=user.pk, kind=kind, address=email)


def confirm_email(*, token: str) -> None:
    """Confirm the address that the token was sent to; a new one becomes the account's. The token is spent by it.

    Raises ValidationFailed: `wrong_token` for one that is not good, `email_taken` when another account has the address
    by now.
    """
    row = outbox.find(token, Mail.Kind.CONFIRM, Mail.Kind.CHANGE)
    if row is None:
        _refuse_token()
    try:
        with transaction.atomic():
            user = _lock(row.user)
            if user is None or not outbox.spend(row, token):
                _refuse_token()
            if row.kind == Mail.Kind.CHANGE:
                _change_address(user, row.address)
            elif not User.objects.filter(pk=user.pk, email=row.address).update(email_verified=True):
                _refuse_token()
    except IntegrityError:
        raise ValidationFailed([_TAKEN_MEANWHILE]) from None


def _change_address(user: User, address: str) -> None:
    User.objects.filter(pk=user.pk).update(email=address, email_verified=True)
    outbox.withdraw(user.pk, Mail.Kind.RESET, Mail.Kind.CONFIRM, Mail.Kind.CHANGE)
    audit.record(Event.EMAIL_CHANGED, subject_id=user.pk)
    outbox.write(user_id=user.pk, kind=Mail.Kind.CHANGED, address=user.email or "")


def _lock(user: User) -> User | None:
    """The account as it is now, kept so until the transaction ends; None when it is not active."""
    return User.objects.select_for_update(no_key=True).filter(pk=user.pk, is_active=True).first()


def _refuse_token() -> NoReturn:
    raise ValidationFailed([_WRONG_TOKEN])
