"""How Django's own log-in forms (the admin) check a name and a password."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from minitwitter.accounts.credentials import check_credentials
from minitwitter.accounts.models import User


class UsernameOrEmailBackend(ModelBackend):
    """The same check as the API's log-in, so that both treat case and addresses alike."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        if not username or not password:
            return None
        return check_credentials(login=username, password=password)
