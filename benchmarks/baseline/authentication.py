"""Who makes a request."""

import jwt
from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from benchmarks.baseline.models import User


class TokenAuthentication(BaseAuthentication):
    """A JSON Web Token, and the user whom it names."""

    def authenticate(self, request: Request) -> tuple[User, None]:
        """Raises AuthenticationFailed."""
        token = request.headers.get("Authorization", "").partition(" ")[2]
        try:
            payload = jwt.decode(token, settings.TOKEN_KEY, algorithms=["HS256"], audience="minitwitter")
            return User.objects.get(pk=payload["sub"]), None
        except (jwt.PyJWTError, User.DoesNotExist) as error:
            raise AuthenticationFailed from error
