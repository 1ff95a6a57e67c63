"""Django's settings. What an operator may change is an option in `env.py`; the rest is decided here."""

from typing import Any
from urllib.parse import urlsplit

from minitwitter import env, keys
from minitwitter.core import logs
from minitwitter.core.database import configure

OPTIONS = env.load()
keys.prepare_data_dir(OPTIONS.data_dir)

# --- Security ---------------------------------------------------------------------------------------------------------
DEBUG = False
SECRET_KEY = keys.read_or_create(OPTIONS.data_dir / "secret_key")[0]
# Tokens are signed with a key of their own, so that either can be replaced without the other.
TOKEN_SIGNING_KEYS = keys.read_or_create(OPTIONS.data_dir / "token_signing_keys")
_PUBLIC = urlsplit(OPTIONS.public_url)
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
ALLOWED_HOSTS = list(OPTIONS.allowed_hosts or (*_LOOPBACK, *filter(None, [_PUBLIC.hostname])))
CSRF_TRUSTED_ORIGINS = [OPTIONS.public_url] if OPTIONS.public_url else []
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _PUBLIC.scheme == "https"
# Under such a name a browser takes a cookie from this very host and over TLS only (RFC 6265bis section 4.1.3.2), so no
# other site of the same domain can plant one.
_HOST_ONLY = "__Host-" if SESSION_COOKIE_SECURE else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{_HOST_ONLY}minitwitter_session", f"{_HOST_ONLY}minitwitter_csrf"
LOG_IN_COOKIE_NAME = f"{_HOST_ONLY}minitwitter_login"
CSRF_COOKIE_HTTPONLY = True  # Forms carry the token; no script needs the cookie.
CSRF_FAILURE_VIEW = "minitwitter.web.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"
HSTS_SECONDS = OPTIONS.hsts_seconds
CORS_ORIGINS = OPTIONS.cors_origins

# --- Application ------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "minitwitter.core",
    "minitwitter.audit",
    "minitwitter.media",
    "minitwitter.accounts",
    "minitwitter.relationships",
    "minitwitter.tweets",
    "minitwitter.timelines",
    "minitwitter.tasks",
    "minitwitter.api",
    "minitwitter.admin",
    "minitwitter.web",
    # The rest serves the admin and the API's documentation pages.
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
MIDDLEWARE = [
    # The outermost, so that every answer carries the request id and every failure is problem JSON.
    "minitwitter.api.middleware.request_context",
    # Before anything that may answer, so that a refusal has these headers too.
    "minitwitter.api.headers.security_headers",
    "minitwitter.api.headers.cross_origin",
    "minitwitter.api.middleware.failures_as_problems",
    "minitwitter.api.middleware.check_host_and_body",
    # All that only pages need.
    "minitwitter.core.pages.Pages",
]
ROOT_URLCONF = "minitwitter.urls"
WSGI_APPLICATION = "minitwitter.wsgi.application"
# A redirect would turn a POST into a GET and lose its body: a missing slash is a 404 that says so.
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Database ---------------------------------------------------------------------------------------------------------
DATABASES = {"default": configure(OPTIONS)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Accounts ---------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["minitwitter.accounts.backends.UsernameOrEmailBackend"]
PASSWORD_HASHERS = ["minitwitter.accounts.hashers.Argon2Hasher"]
REGISTRATION_OPEN = OPTIONS.registration == "open"
PUBLIC_READ = OPTIONS.public_read
TWEET_LENGTH = OPTIONS.tweet_length
PUBLIC_URL = OPTIONS.public_url
ACCESS_LOG = OPTIONS.access_log
AUDIT_DAYS = OPTIONS.audit_days

# --- Timelines --------------------------------------------------------------------------------------------------------
FAN_OUT_AT_ONCE = OPTIONS.fan_out_at_once
FAN_OUT_LIMIT = OPTIONS.fan_out_limit
TIMELINE_LENGTH = OPTIONS.timeline_length

# --- Request limits ---------------------------------------------------------------------------------------------------
LIMITS = OPTIONS.limits
LIMIT_RATES = {
    "account": OPTIONS.limit_account,
    "address": OPTIONS.limit_address,
    # The clients of a whole school behind one address exchange their tokens every ten minutes.
    "refresh": OPTIONS.limit_account,
    "upload": OPTIONS.limit_uploads,
    "sign-up": OPTIONS.limit_sign_ups,
    "log-in-address": OPTIONS.limit_log_ins_address,
    "log-in-account": OPTIONS.limit_log_ins_account,
    "mail-address": OPTIONS.limit_mails_address,
    "mail-account": OPTIONS.limit_mails_account,
}
LIMITS_URL = OPTIONS.limits_url
LIMITS_FOLDER = OPTIONS.data_dir
TRUSTED_PROXIES = OPTIONS.trusted_proxies

# --- Mail -------------------------------------------------------------------------------------------------------------
# None: no mails. Who sends, and over which connection, is in core/mail.py.
MAIL_SERVER = OPTIONS.email_url
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if MAIL_SERVER and MAIL_SERVER.host else 'console'}.EmailBackend"
DEFAULT_FROM_EMAIL = OPTIONS.mail_sender

# --- Files ------------------------------------------------------------------------------------------------------------
STORAGES = {
    "default": {
        "BACKEND": "minitwitter.media.storage.LocalStorage",
        "OPTIONS": {"location": OPTIONS.data_dir / "media", "base_url": "/media/"},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_URL = "/static/"
# Static files come straight from the installed packages: no collecting step before the first start.
WHITENOISE_USE_FINDERS = True
WHITENOISE_ALLOW_ALL_ORIGINS = False  # Nobody else's page has a use for them.
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.AppDirectoriesFinder"]
MAX_IMAGE_BYTES = 10 * 1024 * 1024
MAX_IMAGE_PIXELS = 33_000_000
MEDIA_QUOTA_BYTES = OPTIONS.media_quota * 1_000_000
# Room for the longest tweet or profile with every character escaped; in a multipart body, for the fields beside a file.
MAX_JSON_BYTES = DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
# The largest body of any address: one image with the fields beside it.
MAX_BODY_BYTES = MAX_IMAGE_BYTES + MAX_JSON_BYTES
DATA_UPLOAD_MAX_NUMBER_FIELDS = 50
DATA_UPLOAD_MAX_NUMBER_FILES = 10

# --- Language and time ------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-us"
# Of the web client and of mails; the API and the admin stay English.
LANGUAGES = [("en", "English"), ("pt-br", "Português (Brasil)")]
LANGUAGE_COOKIE_NAME = "minitwitter_language"
TIME_ZONE = "UTC"
USE_TZ = True
DATETIME_FORMAT = "Y-m-d H:i"

# --- API --------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_RENDERER_CLASSES": ["minitwitter.api.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["minitwitter.api.parsers.JSONParser", "minitwitter.api.parsers.MultiPartParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["minitwitter.api.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["minitwitter.api.permissions.SignedIn"],
    "DEFAULT_SCHEMA_CLASS": "minitwitter.api.openapi.Schema",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "minitwitter.api.errors.handle_exception",
}

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Mini Twitter",
    "DESCRIPTION": (
        "A self-hosted microblog. Log in at `/v1/users/login/`, send `Authorization: Bearer <access>`, and follow the"
        " `next` addresses of lists. Every failure is problem details; the codes are explained at"
        " [/v1/docs/errors/](/v1/docs/errors/)."
    ),
    "VERSION": "1",
    "LICENSE": {"name": "MIT"},
    "TAGS": [
        {"name": "accounts", "description": "Making an account, one's own account, profiles."},
        {"name": "sessions", "description": "Logging in and out, tokens, signed-in devices."},
        {
            "name": "emails",
            "description": "A forgotten password, confirming and changing an address, by mail. Mails are in the"
            " language that `Accept-Language` asks for: English or Brazilian Portuguese.",
        },
        {"name": "tweets", "description": "Posting, reading, editing and deleting; the public timeline."},
        {"name": "likes", "description": "Liking tweets."},
        {"name": "follows", "description": "Following accounts."},
        {"name": "feed", "description": "The home feed."},
    ],
    "APPEND_COMPONENTS": {
        "securitySchemes": {"accessToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    },
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
}

SILENCED_SYSTEM_CHECKS = [
    # Usernames are unique without case, by an index on LOWER(username) that Django's check does not know.
    "auth.W004",
    # The middleware that the admin needs stands in one of our own (`core.pages`), into which the checks do not look.
    "admin.E408",
    "admin.E409",
    "admin.E410",
]

# --- Logs -------------------------------------------------------------------------------------------------------------
LOGGING_CONFIG = None  # Django's own set-up is replaced, not extended.
logs.configure()
