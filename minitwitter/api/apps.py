from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "minitwitter.api"
    label = "api"
