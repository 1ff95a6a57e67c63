"""Making, changing and ending accounts."""

from collections.abc import Callable
from typing import BinaryIO

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Lower

from minitwitter.accounts import rules
from minitwitter.accounts.errors import RegistrationClosed, TokenInvalid, UserNotFound
from minitwitter.accounts.models import AccountStats, Mail, User
from minitwitter.accounts.queries import active_administrators
from minitwitter.actions import outbox
from minitwitter.actions.locks import lock_account, lock_actor, lock_stats
from minitwitter.actions.media import keep_image
from minitwitter.actions.purge import move_counters_of
from minitwitter.actions.sessions import end_all_sessions
from minitwitter.audit import log as audit
from minitwitter.audit.models import Event
from minitwitter.core import ids
from minitwitter.core.database import insert_with_new_id, try_lock
from minitwitter.core.errors import FieldProblem, NotFound, ValidationFailed, refuse
from minitwitter.core.tasks import enqueue
from minitwitter.media import files
from minitwitter.media.models import Image
from minitwitter.media.processing import process_avatar

WRONG_CURRENT_PASSWORD = FieldProblem("current_password", "wrong_password", "This is not your current password.")


def register(*, username: str, email: str, password: str, admit: Callable[[], None] | None = None) -> User:
    """Make an account. Where mails are sent, one asks to confirm the address; nothing waits for that.

    `admit` is called when nothing is wrong with it, before it is made, and may raise.

    Raises RegistrationClosed, or ValidationFailed with one entry for each problem (`username_taken` and
    `email_taken` among them, compared without case).
    """
    if not settings.REGISTRATION_OPEN:
        raise RegistrationClosed
    refuse(registration_problems(username=username, email=email, password=password))
    if admit is not None:
        admit()
    return _create_user(username=username, email=email, password=password, is_operator=False)


def create_account(*, username: str, email: str, password: str) -> User:
    """Make an account for somebody else, whatever MINITWITTER_REGISTRATION says.

    Raises ValidationFailed as `register` does.
    """
    refuse(registration_problems(username=username, email=email, password=password))
    return _create_user(username=username, email=email, password=password, is_operator=False)


def registration_problems(
    *, username: str | None = None, email: str | None = None, password: str | None = None
) -> list[FieldProblem]:
    """What is wrong with those fields of a registration that are given, taken names and addresses included."""
    return rules.registration_problems(username=username, email=email, password=password) + taken_problems(
        username=username or "", email=email or ""
    )


def create_admin(*, username: str, email: str, password: str) -> User:
    """Make an operator's account: staff and superuser, whatever MINITWITTER_REGISTRATION says.

    Raises ValidationFailed as `register` does; titles such as "admin" are allowed.
    """
    refuse(
        rules.username_problems(username, for_operator=True)
        + rules.email_problems(email)
        + rules.password_problems(password, username=username, email=email)
        + taken_problems(username=username, email=email)
    )
    return _create_user(username=username, email=email, password=password, is_operator=True)


def create_first_admin(*, username: str, email: str, password: str) -> User:
    """Make the operator's account of an instance that has no active administrator, whoever else is there.

    Raises NotFound when there is one, and ValidationFailed as `create_admin` does.
    """
    with transaction.atomic():
        # Of two at once, one makes the account; on SQLite, where transactions take turns, the lock is always had.
        if not try_lock("first administrator") or active_administrators().exists():
            raise NotFound
        return create_admin(username=username, email=email, password=password)


def taken_problems(*, username: str = "", email: str = "") -> list[FieldProblem]:
    """Which of the two belong to an account already, in whatever state; a deleted account keeps its username."""
    problems = []
    names = User.objects.alias(lower=Lower("username")).filter(lower=username.lower())
    if username and rules.is_username(username) and names.exists():
        problems.append(FieldProblem("username", "username_taken", "This username is taken."))
    addresses = User.objects.alias(lower=Lower("email")).filter(lower=email.lower())
    if email and not rules.email_problems(email) and addresses.exists():
        problems.append(FieldProblem("email", "email_taken", "An account with this address exists."))
    return problems


def _create_user(*, username: str, email: str, password: str, is_operator: bool) -> User:
    # Hashed before the transaction begins: it takes 20 ms, which no other writer should wait for.
    user = User(
        username=username,
        email=email,
        password=make_password(password),
        is_staff=is_operator,
        is_superuser=is_operator,
        created_at=ids.now(),
    )
    with transaction.atomic():
        if not insert_with_new_id(user, user.created_at):
            # Somebody else took the name or the address between the check and now.
            raise ValidationFailed(taken_problems(username=username, email=email))
        AccountStats.objects.create(user=user)
        outbox.write(user_id=user.pk, kind=Mail.Kind.CONFIRM, address=email)
        audit.record(Event.ACCOUNT_MADE, subject_id=user.pk)
    return user


def update_profile(*, user: User, fields: dict[str, str]) -> None:
    """Change any of `display_name`, `bio`, `location` and `website`. Raises ValidationFailed."""
    refuse(rules.profile_problems(fields))
    if fields and not User.objects.filter(pk=user.pk, is_active=True).update(**fields):
        raise TokenInvalid


def change_avatar(*, user: User, file: BinaryIO) -> None:
    """Make the picture in `file` the account's avatar. Raises QuotaExceeded and the errors of `media.processing`."""
    picture = process_avatar(file)
    with files.stored(picture, owner_id=user.pk) as image, transaction.atomic():
        lock_actor(user)
        keep_image(image)
        _replace_avatar(user, image)


def remove_avatar(*, user: User) -> None:
    """Take the account's avatar away, if it has one."""
    with transaction.atomic():
        lock_actor(user)
        _replace_avatar(user, None)


def _replace_avatar(user: User, image: Image | None) -> None:
    """Precondition: the account is locked, so that two changes at once leave no picture behind."""
    before = User.objects.values_list("avatar_id", flat=True).get(pk=user.pk)
    if before is not None:
        Image.objects.filter(pk=before).update(deleted_at=ids.now())
        enqueue("purge_image", image_id=before)
    User.objects.filter(pk=user.pk).update(avatar=image)


def change_password(*, user: User, current_password: str, new_password: str, keep_session_id: int | None) -> None:
    """Change one's own password; every session but `keep_session_id` ends. Raises ValidationFailed."""
    problems = _new_password_problems(user, new_password)
    if not check_password(current_password, user.password):
        problems.append(WRONG_CURRENT_PASSWORD)
    refuse(problems)
    # With the hash that was checked as a condition: a request that was on its way with the old password when its owner
    # chose a new one does not overwrite that.
    if not _store_password(User.objects.filter(password=user.password), user, new_password, keep_session_id):
        refuse([WRONG_CURRENT_PASSWORD])


def set_password(*, user: User, new_password: str) -> None:
    """An operator gives an account a new password; all its sessions end. Raises ValidationFailed."""
    refuse(_new_password_problems(user, new_password))
    if not _store_password(User.objects.filter(deleted_at=None), user, new_password, None):
        raise UserNotFound


def _new_password_problems(user: User, new_password: str) -> list[FieldProblem]:
    return rules.password_problems(new_password, username=user.username, email=user.email or "", field="new_password")


def _store_password(users: QuerySet[User], user: User, new_password: str, keep_session_id: int | None) -> bool:
    """Whether the account was among `users`, and so has the new password."""
    encoded = make_password(new_password)
    with transaction.atomic():
        if not users.filter(pk=user.pk).update(password=encoded):
            return False
        end_all_sessions(user_id=user.pk, keep_session_id=keep_session_id)
        outbox.withdraw(user.pk, Mail.Kind.RESET, Mail.Kind.CHANGE)
        outbox.write(user_id=user.pk, kind=Mail.Kind.PASSWORD, address=user.email or "")
        audit.record(Event.PASSWORD_CHANGED, subject_id=user.pk)
    return True


def set_role(*, user: User, is_staff: bool, is_superuser: bool) -> None:
    """Let an account into the admin, as a moderator (staff) or an administrator (superuser, who is staff as well).

    It counts from the account's next request. Raises UserNotFound for a deleted account.
    """
    living = User.objects.filter(pk=user.pk, deleted_at=None)
    with transaction.atomic():
        if not living.update(is_staff=is_staff or is_superuser, is_superuser=is_superuser):
            raise UserNotFound
        audit.record(Event.ROLE_CHANGED, subject_id=user.pk)


def deactivate(*, user: User) -> None:
    """Hide an account, its tweets and its pictures, and sign it out everywhere. `reactivate` brings it all back."""
    with transaction.atomic():
        lock_account(user)
        Image.objects.filter(owner_id=user.pk).update(is_hidden=True)
        end_all_sessions(user_id=user.pk)
        outbox.withdraw(user.pk, Mail.Kind.RESET, Mail.Kind.CONFIRM, Mail.Kind.CHANGE)
        audit.record(Event.ACCOUNT_DEACTIVATED, subject_id=user.pk)
        User.objects.filter(pk=user.pk).update(is_active=False)


def reactivate(*, user: User) -> None:
    """Undo `deactivate`. A deleted account stays deleted."""
    with transaction.atomic():
        lock_account(user)
        if not User.objects.filter(pk=user.pk, deleted_at=None).exists():
            return
        Image.objects.filter(owner_id=user.pk).update(is_hidden=False)
        audit.record(Event.ACCOUNT_REACTIVATED, subject_id=user.pk)
        User.objects.filter(pk=user.pk).update(is_active=True)


def delete_own_account(*, user: User, password: str) -> None:
    """Delete one's own account. Raises ValidationFailed for a wrong password."""
    if not check_password(password, user.password):
        raise ValidationFailed([FieldProblem("password", "wrong_password", "This is not your password.")])
    delete_account(user=user)


def delete_account(*, user: User) -> None:
    """Delete an account for good.

    One transaction signs it out everywhere, erases what it says about a person and turns its profile, tweets
    and pictures into 404s. The counters of others follow at once, if they are not too many. A task does the rest:
    it removes the rows that may be many, in chunks that move the counters.
    The emptied row stays: a username is never given out again.
    """
    now = ids.now()
    with transaction.atomic():
        lock_account(user)
        lock_stats(user.pk)  # As following does: who follows at this moment is seen by the purge, or refused.
        Image.objects.filter(owner_id=user.pk, deleted_at=None).update(deleted_at=now)
        end_all_sessions(user_id=user.pk)
        outbox.withdraw(user.pk, *Mail.Kind)
        audit.record(Event.ACCOUNT_DELETED, subject_id=user.pk)
        enqueue("purge_account", user_id=user.pk)
        User.objects.filter(pk=user.pk).update(
            is_active=False,
            is_staff=False,
            is_superuser=False,
            deleted_at=now,
            email=None,
            email_verified=False,
            password=make_password(None),
            display_name="",
            bio="",
            location="",
            website="",
            avatar=None,
        )
        # Apart from the transaction, because it locks others' counters; if it fails, the task does it.
        transaction.on_commit(lambda: move_counters_of(user.pk), robust=True)
