"""Accounts, their counters, their sessions, and the mails they are sent."""

from collections.abc import Iterator
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower

from minitwitter.core.fields import IdField, SharedIdField
from minitwitter.media.models import Image

USERNAME_LENGTH = 30
DISPLAY_NAME_LENGTH = 50
BIO_LENGTH = 500
LOCATION_LENGTH = 50
WEBSITE_LENGTH = 200
EMAIL_LENGTH = 254  # RFC 5321 section 4.5.3.1.3, less the two angle brackets.


class UserManager(BaseUserManager["User"]):
    """Accounts are made by `actions.accounts.register`, so that every rule is applied."""


class User(AbstractBaseUser, PermissionsMixin):
    """An account. The row of a deleted account stays, emptied, because a username is never given out again."""

    id = IdField()
    username = models.CharField(max_length=USERNAME_LENGTH)
    # NULL for a deleted account: a unique constraint takes any number of them, but only one empty text.
    email = models.EmailField(max_length=EMAIL_LENGTH, null=True, blank=True)  # noqa: DJ001
    # With a default in the database, so that a server of the version before can still add accounts.
    email_verified = models.BooleanField(default=False, db_default=False)
    display_name = models.CharField(max_length=DISPLAY_NAME_LENGTH, blank=True, default="")
    bio = models.TextField(max_length=BIO_LENGTH, blank=True, default="")
    location = models.CharField(max_length=LOCATION_LENGTH, blank=True, default="")
    website = models.CharField(max_length=WEBSITE_LENGTH, blank=True, default="")
    avatar = models.OneToOneField(Image, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)
    # When all of its sessions were last ended. Without a default, so that adding it rewrites no row on either database.
    signed_out_at = models.DateTimeField(null=True, blank=True)
    last_login = None

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]

    class Meta:
        constraints = (
            models.UniqueConstraint(Lower("username"), name="accounts_user_username_unique"),
            models.UniqueConstraint(Lower("email"), name="accounts_user_email_unique"),
        )

    def __str__(self) -> str:
        return self.username

    def get_session_auth_hash(self) -> str:
        """What a log-in to the admin is bound to: it is over once this is another.

        That is the password, as Django has it, and `signed_out_at`, so that what ends all sessions ends these as well.
        """
        return self._since_sign_out(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """The same by each secret key before the present one."""
        return map(self._since_sign_out, super().get_session_auth_fallback_hash())

    def _since_sign_out(self, password_hash: str) -> str:
        return f"{password_hash} {self.signed_out_at.isoformat()}" if self.signed_out_at else password_hash


class Delivery(models.IntegerChoices):
    """How an account's tweets come into its followers' home feeds. It only ever goes up."""

    WRITTEN = 0  # Into each one's timeline.
    BECOMING_PULLED = 1  # As before, while a task tells the followers' timelines to pull.
    PULLED = 2  # Looked up at each read: there are too many followers.


class AccountStats(models.Model):
    """An account's counters, apart from the wide row. Two of these are always locked in the order of their ids."""

    user = SharedIdField(User, on_delete=models.CASCADE, primary_key=True, related_name="stats")
    followers_count = models.PositiveIntegerField(default=0)
    following_count = models.PositiveIntegerField(default=0)
    tweets_count = models.PositiveIntegerField(default=0)
    delivery = models.PositiveSmallIntegerField(choices=Delivery, default=Delivery.WRITTEN, db_default=Delivery.WRITTEN)

    class Meta:
        verbose_name_plural = "account stats"

    def __str__(self) -> str:
        return f"stats of {self.user_id}"


class Session(models.Model):
    """One signed-in device: what every access token and the chain of refresh tokens of a log-in belong to.

    `refresh_id` is the `jti` of the one refresh token that is good now; in the session of a browser, which has a cookie
    instead, what `tokens.browser_id` makes of its secret. A session is over when `ended_at` is set or `expires_at` has
    passed.
    """

    id = IdField()
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions", db_index=False)
    refresh_id = models.CharField(max_length=32)
    device = models.CharField(max_length=200, blank=True, help_text="The User-Agent at log-in.")
    created_at = models.DateTimeField()
    refreshed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (models.Index("user", "id", name="accounts_session_user"),)

    def __str__(self) -> str:
        return f"session {self.id} of {self.user_id}"


class Mail(models.Model):
    """A mail that an account is to be sent, or was sent, to one address.

    Some kinds carry a token, which proves that whoever sends it back can read that address. It is good once, until
    `expires_at`. It is not in the database: `digest` is its hash, from when the mail is first sent; `accounts/mails.py`
    says what it is made of. Such a row is removed when its token is spent or replaced, and any other when it was sent.
    """

    class Kind(models.TextChoices):
        """What it is about."""

        RESET = "reset", "password reset"
        CONFIRM = "confirm", "confirming the address of the account"
        CHANGE = "change", "confirming a new address"
        CHANGED = "changed", "telling the old address of the new one"
        PASSWORD = "password", "telling that the password was changed"

    id = IdField()
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    address = models.EmailField(max_length=EMAIL_LENGTH)
    # A code of settings.LANGUAGES. The default is for a server of the version before that writes a mail.
    language = models.CharField(max_length=16, default="en", db_default="en")
    nonce = models.CharField(max_length=32)
    # NULL until it is sent, and for kinds without a token: a unique constraint takes any number of them.
    digest = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        indexes = (
            models.Index("user", "kind", name="accounts_mail_user"),
            models.Index("expires_at", name="accounts_mail_expires"),
        )
        constraints = (models.UniqueConstraint("digest", name="accounts_mail_digest_unique"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
