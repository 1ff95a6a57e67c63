from django.conf import settings
from django.db import migrations
from django.db.models import CASCADE

from minitwitter.core.fields import SharedIdField
from minitwitter.core.operations import AlterFieldOnSQLite


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_mail_language")]
    operations = [
        AlterFieldOnSQLite("accountstats", "user", SharedIdField(on_delete=CASCADE, primary_key=True, related_name="stats", serialize=False, to=settings.AUTH_USER_MODEL)),
    ]
