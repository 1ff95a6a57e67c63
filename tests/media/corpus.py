"""Images made for the tests: whole ones with everything in them, and hostile ones."""

import struct
import zlib
from collections.abc import Sequence
from io import BytesIO
from typing import Any

from PIL import ExifTags, Image, ImageCms
from PIL.PngImagePlugin import PngInfo

RED, GREEN, BLUE, YELLOW = (220, 30, 30), (30, 200, 60), (40, 60, 220), (230, 220, 40)
SECRET = b"SECRET-48.8584N-2.2945E"
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + SECRET + b"</x:xmpmeta>"
EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}


def quadrants(width: int = 96, height: int = 64, mode: str = "RGB") -> Image.Image:
    """Red and green above, blue and yellow below: every turn and flip of it looks different."""
    picture = Image.new("RGB", (width, height), RED)
    picture.paste(GREEN, (width // 2, 0, width, height // 2))
    picture.paste(BLUE, (0, height // 2, width // 2, height))
    picture.paste(YELLOW, (width // 2, height // 2, width, height))
    return picture.convert(mode)


def corners(picture: Image.Image) -> list[tuple[int, ...]]:
    """The colours of the four quadrants: above left, above right, below left, below right."""
    shown = picture.convert("RGB")
    width, height = shown.size
    places = [(x, y) for y in (height // 4, height * 3 // 4) for x in (width // 4, width * 3 // 4)]
    return [_channels(shown.getpixel(place)) for place in places]


def is_near(found: Sequence[tuple[int, ...]], expected: Sequence[tuple[int, ...]], tolerance: int) -> bool:
    """Whether each channel of each colour is within the tolerance."""
    pairs = zip(found, expected, strict=True)
    return all(abs(one - other) <= tolerance for pair in pairs for one, other in zip(*pair, strict=True))


def _channels(pixel: float | tuple[int, ...] | None) -> tuple[int, ...]:
    assert isinstance(pixel, tuple)
    return pixel


def saved(picture: Image.Image, format_name: str, **options: Any) -> bytes:
    file = BytesIO()
    picture.save(file, format_name, **options)
    return file.getvalue()


def opened(content: bytes) -> Image.Image:
    picture = Image.open(BytesIO(content))
    picture.load()
    return picture


def exif(orientation: int = 1) -> Image.Exif:
    """EXIF data with an orientation, a maker and a place on the map."""
    data = Image.Exif()
    data[ExifTags.Base.Orientation] = orientation
    data[ExifTags.Base.Make] = SECRET.decode()
    data.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSAreaInformation] = SECRET
    return data


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped_profile() -> bytes:
    """sRGB with the red and green primaries exchanged, so that a conversion is plain to see."""
    profile = bytearray(srgb_profile())
    # The table of tags begins at byte 128; each entry is a name and where its value is (ICC.1, section 7.3).
    red, green = profile.index(b"rXYZ", 128), profile.index(b"gXYZ", 128)
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile)


def with_metadata(format_name: str) -> bytes:
    """A picture with all the metadata its format holds, each piece with SECRET in it, and a profile."""
    options: dict[str, Any] = {"exif": exif(), "icc_profile": srgb_profile(), "xmp": XMP, "comment": SECRET}
    if format_name == "PNG":
        texts = PngInfo()
        texts.add_text("Comment", SECRET.decode())
        texts.add_text("Title", SECRET.decode(), zip=True)
        texts.add_itxt("XML:com.adobe.xmp", XMP.decode())
        texts.add(b"prVt", SECRET)
        options["pnginfo"] = texts
    return saved(quadrants(), format_name, **options)


def animation(format_name: str, durations: Sequence[int] = (100, 200, 300), **options: Any) -> bytes:
    first, *others = (Image.new("RGB", (48, 32), colour) for colour in (RED, GREEN, BLUE)[: len(durations)])
    return saved(
        first, format_name, save_all=True, append_images=others, duration=list(durations), **{"loop": 0, **options}
    )


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(
    width: int, height: int, *, depth: int = 8, colour: int = 2, rows: bytes = b"", extra: Sequence[bytes] = ()
) -> bytes:
    """A PNG from its parts (PNG, third edition, section 11). `rows` are filter bytes and samples."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"".join(
        [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header), *extra, chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    )


def sixteen_bit_grey() -> bytes:
    return png(4, 1, depth=16, colour=0, rows=b"\0" + struct.pack(">4H", 0, 0x1010, 0x8080, 0xFFFF))


def gif_of_frames(count: int) -> bytes:
    """A GIF of 1x1 frames, 14 bytes each, that were never given a colour."""
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(6) + frame * count + b";"


def jpeg_of_scans(extra: int) -> bytes:
    """A progressive JPEG whose last scan is repeated."""
    content = saved(quadrants(), "JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")
    return content[:-2] + content[last:-2] * extra + content[-2:]


def multi_picture_jpeg() -> bytes:
    """What a phone with two lenses writes: two JPEGs in one file."""
    return saved(quadrants(), "MPO", save_all=True, append_images=[quadrants().rotate(180)])
