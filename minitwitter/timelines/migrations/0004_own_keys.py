from django.conf import settings
from django.db import migrations
from django.db.models import CASCADE

from minitwitter.core.fields import IdField, SharedIdField
from minitwitter.core.operations import AlterFieldOnSQLite


class Migration(migrations.Migration):
    dependencies = [("timelines", "0003_slim_entries"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        AlterFieldOnSQLite("timeline", "owner", SharedIdField(on_delete=CASCADE, primary_key=True, related_name="timeline", serialize=False, to=settings.AUTH_USER_MODEL)),
        AlterFieldOnSQLite("pendingfanout", "tweet_id", IdField(primary_key=True, serialize=False)),
    ]
