"""Which methods plain views take."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe


def safe(view: Callable[..., HttpResponseBase]) -> Callable[..., Any]:
    """GET and HEAD only; all else is 405. Without the exemption, the check of forms would answer a POST first (403)."""
    return csrf_exempt(require_safe(view))
