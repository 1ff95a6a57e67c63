from django.apps import AppConfig


class MediaConfig(AppConfig):
    name = "minitwitter.media"
    label = "media"
    verbose_name = "Media"
