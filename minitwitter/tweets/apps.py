from django.apps import AppConfig


class TweetsConfig(AppConfig):
    name = "minitwitter.tweets"
    label = "tweets"
    verbose_name = "Tweets"
