"""Settings as `django-admin startproject` makes them, for the textbook; nothing at all for the floor."""

import os
from typing import Any

import dj_database_url

from minitwitter.env import load
from minitwitter.keys import read_or_create

OPTIONS = load()
SECRET_KEY = read_or_create(OPTIONS.data_dir / "secret_key")[0]
# The tokens are the product's, so that the same requests are sent to both.
TOKEN_KEY = read_or_create(OPTIONS.data_dir / "token_signing_keys")[0]
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "benchmarks.baseline.urls"
USE_TZ = True
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "rest_framework",
    "benchmarks.baseline",
]
TEXTBOOK_MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
MIDDLEWARE = [] if os.environ.get("BENCHMARK_ROLE") == "floor" else TEXTBOOK_MIDDLEWARE


def _database() -> dict[str, Any]:
    """The product's database. Connections are kept, which many textbooks forget."""
    url = OPTIONS.database_url or f"sqlite:///{OPTIONS.data_dir / 'db.sqlite3'}"
    return {**dj_database_url.parse(url), "CONN_MAX_AGE": None}


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["benchmarks.baseline.authentication.TokenAuthentication"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 20,
}
