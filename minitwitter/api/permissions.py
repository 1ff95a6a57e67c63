"""Who may call an address."""

from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from minitwitter.accounts.errors import NotAuthenticated

if TYPE_CHECKING:  # rest_framework.views itself loads the default permissions.
    from rest_framework.views import APIView


class Anyone(BasePermission):
    """Signed in or not."""


class SignedIn(BasePermission):
    """Only with an access token."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if request.user is None:
            raise NotAuthenticated
        return True


class PublicRead(SignedIn):
    """Anyone, unless the operator reserved reading for signed-in people (MINITWITTER_PUBLIC_READ=off)."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return settings.PUBLIC_READ or super().has_permission(request, view)
