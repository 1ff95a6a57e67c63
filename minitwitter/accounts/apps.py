from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "minitwitter.accounts"
    label = "accounts"
    verbose_name = "Accounts"
