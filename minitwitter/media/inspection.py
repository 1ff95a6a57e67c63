"""What an upload is, and what decoding it would cost: told from its structure, before a pixel is decoded.

The formats are JPEG (ITU-T T.81), PNG with its animation chunks (W3C PNG, third edition), WebP (RFC 9649) and
GIF (89a). Everything here is bounded by the bytes of the file.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

from django.conf import settings
from PIL import ImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from minitwitter.media.errors import ImageTooLarge, InvalidImage, UnsupportedImage

MAX_FRAMES = 500
# The longest side that a JPEG can have in practice. A picture of one column and millions of rows would cost
# far more memory than its pixels, because every row has a pointer.
MAX_SIDE = 65_500
# A progressive JPEG is refined scan by scan, and each scan visits the whole picture though it may be 50 bytes long.
# Encoders write about ten; a hostile file could hold a hundred thousand.
MAX_SCANS = 64
# Encoders write PNG chunks of 8 KiB and more, and GIF blocks of 255 bytes. These bounds are far above what a file of
# the permitted size needs, and keep files of a million empty pieces from costing seconds.
MAX_PNG_CHUNKS = 100_000
MAX_GIF_BLOCKS = 400_000
# Memory that decoding may take, as a multiple of the pixel cap: a picture in memory takes 4 bytes a pixel, and
# as much again while it is turned or converted.
BYTES_PER_PIXEL = 8

# Text and private chunks are left out: nothing of them is kept, and unpacking them can cost 256 MB.
_KEPT_PNG_CHUNKS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"iCCP", b"eXIf", b"acTL", b"fcTL", b"fdAT"})
# A JPEG marker that means something: neither a stuffed zero, nor fill, nor a restart inside a scan.
_JPEG_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)
_JPEG_WITHOUT_LENGTH = frozenset({0x01, 0xD8})
_JPEG_END, _JPEG_SCAN = 0xD9, 0xDA
_GIF_EXTENSION, _GIF_IMAGE, _GIF_END = 0x21, 0x2C, 0x3B


@dataclass(frozen=True, slots=True)
class Inspected:
    """An opened image that is within the caps. `frames` lists the numbers of the frames to show, in order."""

    source: ImageFile.ImageFile
    extension: str
    frames: range


@dataclass(frozen=True, slots=True)
class _Cost:
    """`frames` in the file, and the bytes of memory that decoding takes at its peak for each pixel of the canvas."""

    frames: int
    bytes_per_pixel: float


def inspect(content: bytes) -> Inspected:
    """Open the image in the bytes, if it is one of the four formats and within the caps.

    Raises UnsupportedImage, InvalidImage or ImageTooLarge; Pillow raises errors of many types of its own for
    damaged files, which `processing` turns into InvalidImage.
    """
    if content.startswith(b"\xff\xd8\xff"):
        return _inspect_jpeg(content)
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return _inspect_png(content)
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return _inspect_webp(content)
    if content.startswith((b"GIF87a", b"GIF89a")):
        return _inspect_gif(content)
    raise UnsupportedImage


# Each of the four decoders is named, instead of Image.open choosing one: no other decoder of Pillow can be reached,
# the multi-picture JPEG of a phone is read as the plain JPEG it begins with, and Pillow's warning about very large
# pictures, which is not an error and set much higher than our cap, has no part in it.


def _inspect_jpeg(content: bytes) -> Inspected:
    scans = _count_jpeg_scans(content)
    source = JpegImageFile(BytesIO(content))
    _check(source.size, _Cost(1, _jpeg_bytes_per_pixel(source, scans)))
    return Inspected(source, "jpg", range(1))


def _inspect_png(content: bytes) -> Inspected:
    source = PngImageFile(BytesIO(_essential_png(content)))
    frames = source.n_frames
    _check(source.size, _Cost(frames, BYTES_PER_PIXEL if frames == 1 else 16 + 8 * frames))
    # The picture for readers that know no animation may be outside the animation.
    return Inspected(source, "png", range(1 if source.default_image else 0, frames))


def _inspect_webp(content: bytes) -> Inspected:
    source = WebPImageFile(BytesIO(content))
    frames = source.n_frames
    _check(source.size, _Cost(frames, _webp_bytes_per_pixel(source)))
    return Inspected(source, "webp", range(frames))


def _webp_bytes_per_pixel(source: WebPImageFile) -> int:
    # The decoder holds two canvases and hands out a third, which Pillow copies into a fourth. Encoding takes
    # less, except for transparency: it is kept without loss, and noise in it takes 35 bytes a pixel.
    canvas = 44 if source.mode == "RGBA" else 16
    return canvas if source.n_frames == 1 else canvas + 4 * source.n_frames


def _inspect_gif(content: bytes) -> Inspected:
    frames, width, height = 0, *struct.unpack_from("<HH", content, 6)
    for right, bottom in _gif_frames(content):
        frames, width, height = frames + 1, max(width, right), max(height, bottom)
        _check_frames(frames)
    if not frames:
        raise InvalidImage
    _check((width, height), _Cost(frames, BYTES_PER_PIXEL if frames == 1 else 24 + 6 * frames))
    return Inspected(GifImageFile(BytesIO(content)), "gif", range(frames))


def _check(size: tuple[int, int], cost: _Cost) -> None:
    _check_frames(cost.frames)
    if max(size) > MAX_SIDE:
        raise ImageTooLarge(f"An image may be at most {MAX_SIDE:,} pixels wide and high.")
    pixels, cap = size[0] * size[1], settings.MAX_IMAGE_PIXELS
    if pixels * cost.frames > cap:
        raise ImageTooLarge(f"An image may have at most {_megapixels(cap)} megapixels, all frames counted.")
    cap = int(cap * BYTES_PER_PIXEL / cost.bytes_per_pixel)
    if pixels > cap:
        raise ImageTooLarge(
            "Decoding this image would take too much memory:"
            f" one of its format and coding may have at most {_megapixels(cap)} megapixels."
        )


def _check_frames(frames: int) -> None:
    if frames > MAX_FRAMES:
        raise ImageTooLarge(f"An animation may have at most {MAX_FRAMES} frames.")


def _megapixels(pixels: int) -> str:
    return f"{pixels / 1_000_000:.3g}"


def _count_jpeg_scans(content: bytes) -> int:
    position, scans = 2, 0
    while marker := _JPEG_MARKER.search(content, position):
        kind, position = marker[1][0], marker.end()
        if kind == _JPEG_END:
            break
        if kind == _JPEG_SCAN:
            scans += 1
        if kind not in _JPEG_WITHOUT_LENGTH:
            position += int.from_bytes(content[position : position + 2])
        if scans > MAX_SCANS:
            raise ImageTooLarge(f"A progressive JPEG may have at most {MAX_SCANS} scans.")
    return scans


def _jpeg_bytes_per_pixel(source: JpegImageFile, scans: int) -> float:
    """Of several scans, the decoder holds all coefficients, 2 bytes each, beside the picture."""
    if scans == 1:
        return BYTES_PER_PIXEL
    widest = max(horizontal for _, horizontal, _, _ in source.layer)
    highest = max(vertical for _, _, vertical, _ in source.layer)
    samples = sum(horizontal * vertical for _, horizontal, vertical, _ in source.layer) / (widest * highest)
    return max(BYTES_PER_PIXEL, 4 + 2 * samples)


def _essential_png(content: bytes) -> bytes:
    """The PNG with only the chunks that the picture needs, up to its end. Raises InvalidImage if it has none."""
    kept, position = [content[:8]], 8
    for _ in range(MAX_PNG_CHUNKS):
        length, kind = struct.unpack_from(">I4s", content, position)
        end = position + 12 + length
        if end > len(content):
            raise InvalidImage
        if kind in _KEPT_PNG_CHUNKS:
            kept.append(content[position:end])
        if kind == b"IEND":
            return b"".join(kept)
        position = end
    raise InvalidImage


def _gif_frames(content: bytes) -> Iterator[tuple[int, int]]:
    """The right and bottom edge of each frame. Raises IndexError or struct.error when the end is missing."""
    position, blocks = 13 + _gif_colours(content[10]), 0
    while content[position] != _GIF_END:
        kind, skipped = content[position], 1
        if kind == _GIF_IMAGE:
            left, top, width, height, flags = struct.unpack_from("<HHHHB", content, position + 1)
            yield left + width, top + height
            skipped = 11 + _gif_colours(flags)
        elif kind == _GIF_EXTENSION:
            skipped = 2
        position += skipped
        # Stray bytes between the blocks are passed over, as browsers do.
        if kind in {_GIF_IMAGE, _GIF_EXTENSION}:
            position, blocks = _after_sub_blocks(content, position, blocks)
        blocks = _count_block(blocks)


def _gif_colours(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _after_sub_blocks(content: bytes, position: int, blocks: int) -> tuple[int, int]:
    while size := content[position]:
        position, blocks = position + 1 + size, _count_block(blocks)
    return position + 1, blocks


def _count_block(blocks: int) -> int:
    if blocks >= MAX_GIF_BLOCKS:
        raise InvalidImage
    return blocks + 1
