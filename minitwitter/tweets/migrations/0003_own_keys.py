from django.db import migrations
from django.db.models import CASCADE

from minitwitter.core.fields import SharedIdField
from minitwitter.core.operations import AlterFieldOnSQLite


class Migration(migrations.Migration):
    dependencies = [("tweets", "0002_content_revision")]
    operations = [
        AlterFieldOnSQLite("tweetstats", "tweet", SharedIdField(on_delete=CASCADE, primary_key=True, related_name="stats", serialize=False, to="tweets.tweet")),
    ]
