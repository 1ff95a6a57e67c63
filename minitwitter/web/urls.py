"""The addresses of the web client."""

from typing import Any

from django.urls import path

from minitwitter.core import converters
from minitwitter.web.views import accounts, emails, people, profiles, sessions, settings, site, timelines, tweets

converters.register()

_TWEET = "@<username:username>/<id:tweet_id>"
_PROFILE = "@<username:username>"

urlpatterns: list[Any] = [
    path("", timelines.front),
    path("public", timelines.public),
    path("compose", tweets.compose),
    path("people", people.suggestions),
    path("signup", accounts.sign_up),
    path("setup", accounts.set_up),
    path("login", sessions.log_in),
    path("logout", sessions.log_out),
    path("forgot", emails.forgot),
    # With a slash, as the mails have them.
    path("reset/", emails.reset),
    path("confirm/", emails.confirm),
    path("preferences", settings.preferences),
    path("settings", settings.profile),
    path("settings/avatar", settings.avatar),
    path("settings/account", settings.account),
    path("settings/email", emails.change),
    path("settings/password", settings.password),
    path("settings/devices", settings.devices),
    path("settings/devices/<id:session_id>", settings.end_device),
    path("settings/devices/all", settings.end_all_devices),
    path("settings/looks", settings.looks),
    path("settings/delete", settings.delete_account),
    path(_PROFILE, profiles.tweets),
    path(f"{_PROFILE}/pictures", profiles.pictures),
    path(f"{_PROFILE}/likes", profiles.likes),
    path(f"{_PROFILE}/followers", people.followers),
    path(f"{_PROFILE}/following", people.following),
    path(f"{_PROFILE}/follow", people.follow),
    path(f"{_PROFILE}/feed.atom", profiles.atom),
    path(_TWEET, tweets.detail),
    path(f"{_TWEET}/edit", tweets.edit),
    path(f"{_TWEET}/delete", tweets.delete),
    path(f"{_TWEET}/like", tweets.like),
    path(f"{_TWEET}/likes", people.likers),
    path("assets/<str:digest>/<path:name>", site.asset),
    path("favicon.ico", site.favicon),
    path("apple-touch-icon.png", site.touch_icon),
    path("robots.txt", site.robots),
    path("manifest.webmanifest", site.manifest),
]
