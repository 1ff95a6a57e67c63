"""Things that tests begin with, made by the same actions as in the product."""

from io import BytesIO

from PIL import Image

from minitwitter.accounts.models import User
from minitwitter.actions import accounts, follows, tweets

PASSWORD = "correct horse battery"


def make_user(username: str, *, email: str | None = None, password: str = PASSWORD) -> User:
    """An account with the address `<username>@example.org`."""
    return accounts.register(username=username, email=email or f"{username}@example.org", password=password)


def make_admin(username: str = "operator") -> User:
    """An operator's account."""
    return accounts.create_admin(username=username, email=f"{username}@example.org", password=PASSWORD)


def make_tweet(author: User, text: str = "Hello", *, image: bytes | None = None) -> int:
    """The id of a new tweet."""
    picture = BytesIO(image) if image else None
    return tweets.create_tweet(author=author, text=text, image=picture).tweet_id


def follow(follower: User, followee: User) -> None:
    """`follower` follows `followee`."""
    follows.follow(follower=follower, followee_id=followee.pk)


def jpeg(width: int = 32, height: int = 24, colour: str = "teal") -> bytes:
    """A small JPEG with EXIF data that must not come out again."""
    picture = Image.new("RGB", (width, height), colour)
    exif = Image.Exif()
    exif[0x010F] = "A camera maker"
    file = BytesIO()
    picture.save(file, "JPEG", exif=exif)
    return file.getvalue()
