"""A blurhash as a picture of a few pixels in a data address: shown, smoothed by the browser, until the real one comes.

https://github.com/woltapp/blurhash/blob/master/Algorithm.md describes the format.
"""

import math
import struct
import zlib
from base64 import b64encode
from functools import lru_cache

_DIGITS = {
    digit: value
    for value, digit in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~")
}
# More pixels than waves add nothing that smoothing does not.
_WIDTH, _HEIGHT = 6, 5
_Colour = tuple[float, float, float]


@lru_cache(maxsize=2048)
def data_address(blurhash: str) -> str:
    """A PNG of 6 by 5 pixels; nothing for a text that is no blurhash."""
    try:
        pixels = _pixels(blurhash)
    except (KeyError, IndexError, ValueError):
        return ""
    return f"data:image/png;base64,{b64encode(_png(pixels)).decode()}"


def _number(digits: str) -> int:
    value = 0
    for digit in digits:
        value = value * 83 + _DIGITS[digit]
    return value


def _pixels(blurhash: str) -> list[list[int]]:
    """Rows of red, green and blue, one after the other."""
    size = _number(blurhash[0])
    across, down = size % 9 + 1, size // 9 + 1
    if len(blurhash) != 4 + 2 * across * down:
        raise ValueError(blurhash)
    largest = (_number(blurhash[1]) + 1) / 166
    waves = [_average(_number(blurhash[2:6]))]
    waves += [_wave(_number(blurhash[start : start + 2]), largest) for start in range(6, len(blurhash), 2)]
    return [[_level(waves, across, x, y, part) for x in range(_WIDTH) for part in range(3)] for y in range(_HEIGHT)]


def _average(value: int) -> _Colour:
    return _linear(value >> 16), _linear(value >> 8 & 255), _linear(value & 255)


def _wave(value: int, largest: float) -> _Colour:
    red, green, blue = (
        _signed_square((step - 9) / 9) * largest for step in (value // 361, value // 19 % 19, value % 19)
    )
    return red, green, blue


def _signed_square(value: float) -> float:
    return math.copysign(value * value, value)


def _linear(level: int) -> float:
    share = level / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


def _level(waves: list[_Colour], across: int, x: int, y: int, part: int) -> int:
    """A colour's level at a pixel, in sRGB."""
    value = 0.0
    for index, wave in enumerate(waves):
        horizontal = math.cos(math.pi * (index % across) * (x + 0.5) / _WIDTH)
        value += wave[part] * horizontal * math.cos(math.pi * (index // across) * (y + 0.5) / _HEIGHT)
    share = min(max(value, 0.0), 1.0)
    share = share * 12.92 if share <= 0.0031308 else 1.055 * share ** (1 / 2.4) - 0.055
    return round(share * 255)


def _png(rows: list[list[int]]) -> bytes:
    header = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 2, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows), 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
