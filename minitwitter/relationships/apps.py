from django.apps import AppConfig


class RelationshipsConfig(AppConfig):
    name = "minitwitter.relationships"
    label = "relationships"
    verbose_name = "Relationships"
