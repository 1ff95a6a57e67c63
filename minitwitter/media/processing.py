"""An upload becomes the files that are served: decoded, upright, in sRGB, stripped of all metadata, encoded anew.

The uploaded bytes themselves are never stored or served. A picture is decoded only by `process` and `process_avatar`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import BinaryIO

from django.conf import settings

from minitwitter.core.errors import DomainError, ServiceUnavailable
from minitwitter.media.errors import ImageTooLarge, InvalidImage

AVATAR_SIDE = 400
# A picture of 33 megapixels takes 130 MB of memory, and twice that while it is turned or encoded. One at a time in
# each server process keeps a burst of large uploads from taking the machine's memory; a usual photograph takes
# half a second, and the decoders use the other cores for other processes meanwhile.
_decoding = BoundedSemaphore(1)
# How long an upload waits for its turn, in seconds. Its thread serves nobody else in that time.
_TURN_TIMEOUT = 10


@dataclass(frozen=True, slots=True)
class ProcessedImage:
    """What is stored of an upload. `thumbnail` is always a WebP; `extension` is jpg, png, webp or gif."""

    content: bytes
    thumbnail: bytes
    extension: str
    width: int
    height: int
    blurhash: str


def process(file: BinaryIO) -> ProcessedImage:
    """The image in its own format, animation kept, with a thumbnail that fits into 640x640.

    Raises UnsupportedImage, InvalidImage or ImageTooLarge for what is wrong with the file, and ServiceUnavailable
    when too many others are being processed.
    """
    return _carefully(_process, file)


def process_avatar(file: BinaryIO) -> ProcessedImage:
    """The middle square of the first frame, at most 400x400; a GIF comes out as a PNG. Raises what `process` does."""
    return _carefully(_process_avatar, file)


# Pillow and its four decoders take 70 ms to import and 6 MB. They are imported with the first upload, because most
# processes of a server never see one.


def _process(content: bytes) -> ProcessedImage:
    from minitwitter.media import decoding, encoding

    decoded = decoding.decode(content)
    first = decoded.frames[0]
    thumbnail, blurhash = encoding.thumbnail(first), encoding.placeholder(first)
    return ProcessedImage(encoding.encode(decoded), thumbnail, decoded.extension, *first.size, blurhash)


def _process_avatar(content: bytes) -> ProcessedImage:
    from minitwitter.media import decoding, encoding

    decoded = decoding.decode(content, side=AVATAR_SIDE)
    square = encoding.avatar(decoded.frames[0], AVATAR_SIDE)
    # Resized, a GIF has more colours than its 256.
    extension = "png" if decoded.extension == "gif" else decoded.extension
    encoded, thumbnail = encoding.encode_still(square, extension), encoding.thumbnail(square)
    return ProcessedImage(encoded, thumbnail, extension, *square.size, encoding.placeholder(square))


def _carefully(work: Callable[[bytes], ProcessedImage], file: BinaryIO) -> ProcessedImage:
    content = _read(file)
    with _turn():
        try:
            return work(content)
        except DomainError:
            raise
        except Exception as error:  # Pillow meets damaged files with errors of a dozen unrelated types.
            raise InvalidImage from error


def _read(file: BinaryIO) -> bytes:
    content = file.read(settings.MAX_IMAGE_BYTES + 1)
    if len(content) > settings.MAX_IMAGE_BYTES:
        raise ImageTooLarge(f"An image may have at most {settings.MAX_IMAGE_BYTES:,} bytes.")
    if not content:
        raise InvalidImage("The image is empty.")
    return content


@contextmanager
def _turn() -> Iterator[None]:
    if not _decoding.acquire(timeout=_TURN_TIMEOUT):
        raise ServiceUnavailable("Too many images are being processed right now. Try again in a moment.")
    try:
        yield
    finally:
        _decoding.release()
