from django.apps import AppConfig


class TimelinesConfig(AppConfig):
    name = "minitwitter.timelines"
    label = "timelines"
    verbose_name = "Timelines"
