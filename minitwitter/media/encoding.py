"""From pictures to the bytes that are stored: the image itself, its thumbnail, its blurhash."""

from io import BytesIO
from typing import Any

import blurhash
from PIL import Image

from minitwitter.media.decoding import Decoded

THUMBNAIL_SIDE = 640
# A blurhash keeps a few waves of colour (https://blurha.sh), so it is taken from very few pixels: 3 ms.
_BLURHASH_SIDE = 32
# How each format is written. The efforts were chosen by what the largest permitted pictures cost: PNG level 6 takes
# three times as long as level 4 for files at most 10 percent smaller, WebP method 4 twice as long as method 2 for 7.
_OPTIONS: dict[str, dict[str, Any]] = {
    "jpg": {"format": "JPEG", "quality": 85, "progressive": True},
    "png": {"format": "PNG", "compress_level": 4},
    "webp": {"format": "WEBP", "quality": 85, "method": 2},
    "gif": {"format": "GIF"},
}
_ANIMATION_OPTIONS: dict[str, dict[str, Any]] = {
    # Each frame stands for itself: what it differs in is laid over the last, and nothing is blended.
    "png": {"disposal": 0, "blend": 0},
    "webp": {},
    "gif": {},
}
_THUMBNAIL_OPTIONS: dict[str, Any] = {"format": "WEBP", "quality": 80, "method": 4}
_CLEAR = 255  # The palette entry that stands for a transparent pixel.


def encode(decoded: Decoded) -> bytes:
    """The image in its own format, with no metadata. Empties `decoded.frames` where that spares memory."""
    if len(decoded.frames) == 1:
        return encode_still(decoded.frames[0], decoded.extension)
    frames, options = decoded.frames, _OPTIONS[decoded.extension] | _ANIMATION_OPTIONS[decoded.extension]
    if decoded.loop is not None:
        options["loop"] = decoded.loop
    if decoded.extension == "gif":
        frames = [_in_palette(frame) for frame in frames]
        # A transparent pixel shows what was there before, so the frame before has to be cleared first.
        options["disposal"] = 2 if any("transparency" in frame.info for frame in frames) else 1
    first, *others = frames
    return _saved(first, save_all=True, append_images=others, duration=decoded.durations, **options)


def encode_still(picture: Image.Image, extension: str) -> bytes:
    """The picture in the format of the extension, with no metadata."""
    return _saved(_in_palette(picture) if extension == "gif" else picture, **_OPTIONS[extension])


def thumbnail(picture: Image.Image) -> bytes:
    """A WebP of the picture that fits into 640x640, never larger than the picture."""
    return _saved(_fitted(picture, THUMBNAIL_SIDE), **_THUMBNAIL_OPTIONS)


def avatar(picture: Image.Image, side: int) -> Image.Image:
    """The largest square of the middle, at most `side` pixels wide."""
    edge = min(picture.size)
    left, top = (picture.width - edge) // 2, (picture.height - edge) // 2
    square = picture.crop((left, top, left + edge, top + edge))
    return _fitted(square, side)


def placeholder(picture: Image.Image) -> str:
    """The picture's blurhash, transparent parts as white: four waves along the longer side, three along the other."""
    small = _fitted(picture, _BLURHASH_SIDE).convert("RGBA")
    opaque = Image.alpha_composite(Image.new("RGBA", small.size, "white"), small).convert("RGB")
    width, height = opaque.size
    samples = opaque.tobytes()
    pixels = [samples[start : start + 3] for start in range(0, len(samples), 3)]
    rows = [pixels[start : start + width] for start in range(0, len(pixels), width)]
    waves = (4, 3) if width >= height else (3, 4)
    return str(blurhash.encode(rows, *waves))


def _fitted(picture: Image.Image, side: int) -> Image.Image:
    scale = min(1.0, side / max(picture.size))
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    # The gap lets a large picture be reduced by whole numbers first, several times faster.
    return picture if size == picture.size else picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def _in_palette(picture: Image.Image) -> Image.Image:
    """The picture in at most 256 colours, which for a picture that was in a palette are its own, exactly."""
    colours = 256 if picture.mode == "RGB" else _CLEAR
    # Median cut keeps every colour where there are few; where there are many it takes 25 times as long.
    few = picture.getcolors(256) is not None
    method = Image.Quantize.MEDIANCUT if few else Image.Quantize.FASTOCTREE
    palette = picture.convert("RGB").quantize(colours, method=method, dither=Image.Dither.NONE)
    if picture.mode == "RGBA":
        clear = picture.getchannel("A").point(lambda level: 255 if level < 128 else 0)
        if clear.getbbox():
            opaque = palette.getpalette() or []
            palette.putpalette(opaque + [0] * (3 * 256 - len(opaque)))
            palette.paste(_CLEAR, mask=clear)
            palette.info["transparency"] = _CLEAR
    return palette


def _saved(picture: Image.Image, **options: Any) -> bytes:
    file = BytesIO()
    picture.save(file, **options)
    return file.getvalue()
