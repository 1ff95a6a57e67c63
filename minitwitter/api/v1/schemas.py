"""What answers look like, for the OpenAPI description. `presenters` write them; a test holds both together."""

from typing import Any, ClassVar

from rest_framework import serializers

_ADDRESS = "https://tweets.example.org"
_TIME = "2026-11-22T13:37:00.123Z"


class Answer(serializers.Serializer[Any]):
    EXAMPLE: ClassVar[dict[str, Any]]


class Author(Answer):
    id = serializers.IntegerField()
    username = serializers.CharField()
    display_name = serializers.CharField(allow_blank=True)
    avatar_url = serializers.URLField(allow_null=True)

    EXAMPLE = {
        "id": 2663958413180929,
        "username": "alice",
        "display_name": "Alice",
        "avatar_url": f"{_ADDRESS}/media/3f/3fb2c1a09d8e4f7f9c1b2a3d4e5f6071.jpg",
    }


class Profile(Author):
    bio = serializers.CharField(allow_blank=True)
    location = serializers.CharField(allow_blank=True)
    website = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    followers_count = serializers.IntegerField()
    following_count = serializers.IntegerField()
    tweets_count = serializers.IntegerField()
    following = serializers.BooleanField(required=False, help_text="You follow them. Only for a signed-in caller.")
    followed_by = serializers.BooleanField(required=False, help_text="They follow you. Only for a signed-in caller.")

    EXAMPLE = {
        **Author.EXAMPLE,
        "bio": "Reads and runs.",
        "location": "Porto",
        "website": "https://alice.example.org",
        "created_at": _TIME,
        "followers_count": 12,
        "following_count": 7,
        "tweets_count": 42,
        "following": True,
        "followed_by": False,
    }


class OwnAccount(Profile):
    email = serializers.EmailField()
    email_verified = serializers.BooleanField(help_text="You have shown, with the token of a mail, that it is yours.")

    EXAMPLE = {**Profile.EXAMPLE, "following": False, "email": "alice@example.org", "email_verified": True}


class TokenPair(Answer):
    access = serializers.CharField(help_text="Send it as Authorization: Bearer <access>.")
    refresh = serializers.CharField(help_text="Good once, for a new pair.")
    token_type = serializers.ChoiceField(["Bearer"])
    expires_in = serializers.IntegerField(help_text="Seconds that the access token is good for.")

    EXAMPLE = {
        "access": "eyJhbGciOiJIUzI1NiJ9.eyJraW5kIjoiYWNjZXNzIn0.c2lnbmF0dXJl",
        "refresh": "eyJhbGciOiJIUzI1NiJ9.eyJraW5kIjoicmVmcmVzaCJ9.c2lnbmF0dXJl",
        "token_type": "Bearer",
        "expires_in": 600,
    }


class Session(Answer):
    id = serializers.IntegerField()
    device = serializers.CharField(allow_blank=True, help_text="The User-Agent at log-in.")
    created_at = serializers.DateTimeField()
    refreshed_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    current = serializers.BooleanField(help_text="The session of this request.")

    EXAMPLE = {
        "id": 2663958413180930,
        "device": "Mozilla/5.0 (X11; Linux x86_64)",
        "created_at": _TIME,
        "refreshed_at": _TIME,
        "expires_at": "2026-12-22T13:37:00.123Z",
        "current": True,
    }


class Media(Answer):
    id = serializers.IntegerField()
    url = serializers.URLField()
    thumbnail_url = serializers.URLField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    alt = serializers.CharField(allow_blank=True)
    blurhash = serializers.CharField()

    EXAMPLE = {
        "id": 2663958413180931,
        "url": f"{_ADDRESS}/media/8c/8c0d2b1a4f3e4d5c6b7a89706f5e4d3c.jpg",
        "thumbnail_url": f"{_ADDRESS}/media/8c/8c0d2b1a4f3e4d5c6b7a89706f5e4d3c-small.webp",
        "width": 1600,
        "height": 1200,
        "alt": "A cup of coffee in the sun",
        "blurhash": "LEHV6nWB2yk8pyo0adR*.7kCMdnj",
    }


class Tweet(Answer):
    id = serializers.IntegerField()
    author = Author()
    text = serializers.CharField(allow_blank=True)
    image = serializers.URLField(allow_null=True, help_text="The first attachment, for simple clients.")
    media = Media(many=True)
    like_count = serializers.IntegerField()
    liked = serializers.BooleanField(help_text="You like it. False for an anonymous reader.")
    created_at = serializers.DateTimeField()
    edited_at = serializers.DateTimeField(allow_null=True)
    url = serializers.URLField()

    EXAMPLE = {
        "id": 2663958413180928,
        "author": Author.EXAMPLE,
        "text": "Good morning!",
        "image": Media.EXAMPLE["url"],
        "media": [Media.EXAMPLE],
        "like_count": 3,
        "liked": False,
        "created_at": _TIME,
        "edited_at": None,
        "url": f"{_ADDRESS}/@alice/2663958413180928",
    }


class LikeState(Answer):
    liked = serializers.BooleanField()
    like_count = serializers.IntegerField()

    EXAMPLE = {"liked": True, "like_count": 4}
