"""Which accounts a reader may see. Every read of accounts starts here."""

from django.db.models import QuerySet

from minitwitter.accounts.models import User


def visible_users() -> QuerySet[User]:
    """Active accounts. A deactivated or deleted one is as if it were not there."""
    return User.objects.filter(is_active=True)
