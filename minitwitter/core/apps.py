from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "minitwitter.core"
    label = "core"
    verbose_name = "Background work"
