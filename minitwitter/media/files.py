"""The two files of an image in the storage: written together, removed together."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from minitwitter.core import ids
from minitwitter.media.models import Image
from minitwitter.media.processing import ProcessedImage

_KEY_BYTES = 16  # 128 bits: an address cannot be guessed, and two images never share one.


def store(processed: ProcessedImage, *, owner_id: int) -> Image:
    """Write the image and its thumbnail. Returns the row to insert, unsaved and without an id.

    Raises OSError when the storage cannot write; no file is left then.
    """
    image = Image(
        owner_id=owner_id,
        key=secrets.token_hex(_KEY_BYTES),
        extension=processed.extension,
        width=processed.width,
        height=processed.height,
        size=len(processed.content) + len(processed.thumbnail),
        blurhash=processed.blurhash,
        created_at=ids.now(),
    )
    with _removed_on_failure(image):
        default_storage.save(image.name, ContentFile(processed.content))
        default_storage.save(image.thumbnail_name, ContentFile(processed.thumbnail))
    return image


def remove(image: Image) -> None:
    """Delete both files. One that is missing already is no error."""
    default_storage.delete(image.name)
    default_storage.delete(image.thumbnail_name)


@contextmanager
def stored(processed: ProcessedImage, *, owner_id: int) -> Iterator[Image]:
    """`store` the files, and remove them again if the block fails: a failed tweet leaves no file.

    The block inserts the row; its transaction must be inside the block, so that a failing commit counts too.
    """
    image = store(processed, owner_id=owner_id)
    with _removed_on_failure(image):
        yield image


@contextmanager
def _removed_on_failure(image: Image) -> Iterator[None]:
    try:
        yield
    except BaseException:
        # The failure itself is what the caller must hear of, not that the storage is still away.
        with suppress(OSError):
            remove(image)
        raise


def url_path(key: str, extension: str) -> str:
    """The address of an image, without the host: enough for pages that read these two columns only."""
    return default_storage.url(f"{key[:2]}/{key}.{extension}")


def thumbnail_url_path(key: str) -> str:
    """The address of an image's thumbnail, without the host."""
    return default_storage.url(f"{key[:2]}/{key}-small.webp")
