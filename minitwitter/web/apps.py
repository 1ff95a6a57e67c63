from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "minitwitter.web"
    label = "web"
