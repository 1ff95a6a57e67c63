"""The audit log's table."""

from typing import Any, NoReturn

from django.db import models

from minitwitter.core.fields import IdField


class Event(models.TextChoices):
    """What is recorded. The names are stable; programs may search for them."""

    ACCOUNT_MADE = "account.made", "account made"
    ACCOUNT_DEACTIVATED = "account.deactivated", "account deactivated"
    ACCOUNT_REACTIVATED = "account.reactivated", "account reactivated"
    ACCOUNT_DELETED = "account.deleted", "account deleted"
    ROLE_CHANGED = "account.role_changed", "role changed"
    PASSWORD_CHANGED = "account.password_changed", "password changed"
    PASSWORD_RESET = "account.password_reset", "password chosen with the token of a mail"
    EMAIL_CHANGED = "account.email_changed", "mail address changed"
    LOGGED_IN = "session.started", "logged in"
    LOGIN_FAILED = "session.refused", "log-in failed"
    LOGGED_OUT = "session.ended", "logged out"
    LOGGED_OUT_EVERYWHERE = "session.all_ended", "logged out everywhere"
    TOKEN_REUSED = "session.token_reused", "spent refresh token used"
    TWEET_MODERATED = "tweet.moderated", "tweet edited by a moderator"
    TWEET_REMOVED = "tweet.removed", "tweet deleted by a moderator"


class AppendOnly(models.QuerySet["AuditEntry"]):
    """Rows that nobody changes, and that only `audit.retention` removes. Triggers hold that, too (the migrations)."""

    def update(self, **_: Any) -> NoReturn:
        raise TypeError("The audit log is only added to.")

    def delete(self) -> NoReturn:
        raise TypeError("The audit log is only added to.")


class AuditEntry(models.Model):
    """One event. Accounts stand here by id, without foreign keys: an entry outlives what it tells of.

    `subject_id` is whose account it was done to; `operator_id` who did it from the admin (None: the account's owner,
    somebody who knew no password, or the command line). No name, mail address, password or token is written here.
    """

    id = IdField()
    event = models.CharField(max_length=40, choices=Event.choices)
    subject_id = models.BigIntegerField(null=True, blank=True)
    operator_id = models.BigIntegerField(null=True, blank=True)
    object_id = models.BigIntegerField(null=True, blank=True, help_text="The session or tweet that it was about.")
    request_id = models.CharField(max_length=64, blank=True)
    address = models.CharField(max_length=45, blank=True, help_text="The network address of the caller.")
    created_at = models.DateTimeField()

    objects = AppendOnly.as_manager()

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = (
            models.Index("subject_id", "id", name="audit_entry_subject"),
            models.Index("operator_id", "id", name="audit_entry_operator"),
        )

    def __str__(self) -> str:
        return f"{self.event} at {self.created_at:%Y-%m-%d %H:%M}"


class AuditRetention(models.Model):
    """While there is a row, entries with smaller ids may be removed. It never outlives its transaction."""

    before_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"before {self.before_id}"
