from django.apps import AppConfig


class AdminConfig(AppConfig):
    name = "minitwitter.admin"
    label = "operator"
    verbose_name = "Administration"
