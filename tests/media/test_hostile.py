"""What is refused, and that nothing but the three errors ever comes of an upload."""

import random
import struct
import warnings
import zlib
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from django.conf import LazySettings
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from minitwitter.core.errors import DomainError, ServiceUnavailable
from minitwitter.media import processing
from minitwitter.media.errors import ImageTooLarge, InvalidImage, UnsupportedImage
from minitwitter.media.processing import ProcessedImage, process, process_avatar
from tests.media import corpus
from tests.media.corpus import EXTENSIONS

FORMATS = sorted(EXTENSIONS)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n"
BOTH = pytest.mark.parametrize("work", [process, process_avatar])


class Unread(BytesIO):
    """A file that tells how much of it was asked for."""

    asked = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.asked = -1 if size is None else size
        return super().read(size)


def refusal(content: bytes, work: Callable[[BytesIO], ProcessedImage] = process) -> tuple[type[DomainError], str]:
    with pytest.raises(DomainError) as caught:
        work(BytesIO(content))
    return type(caught.value), caught.value.message


@BOTH
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(SVG, id="SVG"),
        pytest.param(b"<!doctype html><script>alert(1)</script>", id="HTML"),
        pytest.param(corpus.saved(corpus.quadrants(), "TIFF"), id="TIFF"),
        pytest.param(corpus.saved(corpus.quadrants(), "BMP"), id="BMP"),
        pytest.param(corpus.saved(corpus.quadrants(), "ICO"), id="ICO"),
        pytest.param(corpus.saved(corpus.quadrants(), "PPM"), id="PPM"),
        pytest.param(EPS, id="EPS"),
        pytest.param(b"%PDF-1.7\n", id="PDF"),
        pytest.param(b"RIFF\x00\x00\x00\x00WAVEfmt ", id="WAV"),
        pytest.param(b"\x00", id="one byte"),
        pytest.param(b" " + corpus.saved(corpus.quadrants(), "PNG"), id="PNG behind a blank"),
    ],
)
def test_only_the_four_formats_are_images(content: bytes, work: Any) -> None:
    assert refusal(content, work) == (
        UnsupportedImage,
        "The file is not a JPEG, PNG, WebP or GIF image, whatever its name says.",
    )


@BOTH
def test_an_empty_file_is_refused(work: Any) -> None:
    assert refusal(b"", work) == (InvalidImage, "The image is empty.")


@BOTH
@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("kept", [0.2, 0.5, 0.8, 0.95])
def test_a_truncated_file_is_refused(format_name: str, kept: float, work: Any) -> None:
    picture = Image.effect_noise((200, 200), 90).convert("RGB")
    content = corpus.saved(picture, format_name)

    assert refusal(content[: int(len(content) * kept)], work) == (
        InvalidImage,
        "The image cannot be read: it is incomplete or damaged.",
    )


@pytest.mark.parametrize("format_name", ["GIF", "PNG", "WEBP"])
def test_a_truncated_animation_is_refused(format_name: str) -> None:
    content = corpus.animation(format_name)

    assert refusal(content[:-20])[0] is InvalidImage


def test_a_png_without_its_end_is_refused() -> None:
    assert refusal(corpus.saved(corpus.quadrants(), "PNG")[:-12])[0] is InvalidImage


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_signature_alone_is_refused(format_name: str) -> None:
    assert refusal(corpus.saved(corpus.quadrants(), format_name)[:12])[0] is InvalidImage


@BOTH
def test_a_file_of_too_many_bytes_is_refused_without_reading_it_whole(work: Any) -> None:
    file = Unread(bytes(20 * 1024 * 1024))

    with pytest.raises(ImageTooLarge) as caught:
        work(file)
    assert caught.value.message == "An image may have at most 10,485,760 bytes."
    assert file.asked == 10 * 1024 * 1024 + 1


@BOTH
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(corpus.png(6_000, 6_000), id="PNG"),
        pytest.param(corpus.gif_of_frames(1).replace(b"\x01\x00\x01\x00\x80", b"\x70\x17\x70\x17\x80"), id="GIF"),
        pytest.param(
            b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0, 0, 0) + b"\x2c"
            + struct.pack("<HHHHB", 5_999, 5_999, 1, 1, 0) + b"\x02\x02\x44\x01\x00;",
            id="GIF that grows",
        ),
        pytest.param(
            corpus.saved(Image.new("RGB", (8, 8)), "JPEG").replace(
                b"\xff\xc0\x00\x11\x08\x00\x08\x00\x08", b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", 6_000, 6_000)
            ),
            id="JPEG",
        ),
    ],
)  # fmt: skip
def test_a_picture_of_too_many_pixels_is_refused_by_its_header(content: bytes, work: Any) -> None:
    expected = ImageTooLarge, "An image may have at most 33 megapixels, all frames counted."
    assert refusal(content, work) == expected


def test_a_webp_of_too_many_pixels_is_refused_by_its_header() -> None:
    content = corpus.saved(Image.new("RGB", (6_000, 6_000)), "WEBP", lossless=True, method=0)

    assert refusal(content)[1] == "An image may have at most 33 megapixels, all frames counted."


@BOTH
@pytest.mark.parametrize("size", [(60_000, 60_000), (65_501, 1), (1, 2**31 - 1)])
def test_a_picture_with_too_long_a_side_is_refused(size: tuple[int, int], work: Any) -> None:
    assert refusal(corpus.png(*size), work)[0] is ImageTooLarge


def test_a_long_thin_picture_is_refused_for_its_side() -> None:
    message = "An image may be at most 65,500 pixels wide and high."
    assert refusal(corpus.png(1, 1_000_000)) == (ImageTooLarge, message)


def test_a_picture_that_takes_too_much_memory_is_refused() -> None:
    content = corpus.saved(Image.new("RGB", (4_100, 4_100)), "WEBP", lossless=True, method=0)

    message = (
        "Decoding this image would take too much memory: one of its format and coding may have at most 16.5 megapixels."
    )
    assert refusal(content) == (ImageTooLarge, message)


@BOTH
def test_five_hundred_frames_are_accepted_and_one_more_is_not(work: Any) -> None:
    assert work(BytesIO(corpus.gif_of_frames(500))).width == 1
    message = "An animation may have at most 500 frames."
    assert refusal(corpus.gif_of_frames(501), work) == (ImageTooLarge, message)
    assert refusal(corpus.gif_of_frames(600_000), work) == (ImageTooLarge, message)


def test_the_frames_that_a_png_claims_are_counted() -> None:
    claimed = corpus.png(1, 1, rows=b"\0\0\0\0", extra=[corpus.chunk(b"acTL", struct.pack(">II", 501, 0))])

    assert refusal(claimed) == (ImageTooLarge, "An animation may have at most 500 frames.")


def test_the_pixels_of_all_frames_are_counted(settings: LazySettings) -> None:
    content = corpus.animation("GIF")

    settings.MAX_IMAGE_PIXELS = 48 * 32 * 3 - 1
    assert refusal(content) == (ImageTooLarge, "An image may have at most 0.00461 megapixels, all frames counted.")


@pytest.mark.parametrize("format_name", FORMATS)
def test_exactly_the_permitted_pixels_are_accepted(format_name: str, settings: LazySettings) -> None:
    content = corpus.saved(corpus.quadrants(), format_name)

    settings.MAX_IMAGE_PIXELS = 96 * 64 * (2 if format_name == "WEBP" else 1)
    assert process(BytesIO(content)).width == 96
    settings.MAX_IMAGE_PIXELS -= 1
    assert refusal(content)[0] is ImageTooLarge


def test_scans_of_a_progressive_jpeg_are_counted() -> None:
    assert process(BytesIO(corpus.jpeg_of_scans(54))).width == 96
    message = "A progressive JPEG may have at most 64 scans."
    assert refusal(corpus.jpeg_of_scans(55)) == (ImageTooLarge, message)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(corpus.png(1, 1, extra=[corpus.chunk(b"IDAT", b"")] * 100_000), id="PNG of empty chunks"),
        pytest.param(b"GIF89a" + bytes(7) + b"\x21\xfe" + b"\x01a" * 500_000 + b"\x00;", id="GIF of tiny blocks"),
        pytest.param(b"GIF89a" + bytes(7) + b"\x01" * 500_000 + b";", id="GIF of stray bytes"),
        pytest.param(b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0, 0, 0) + b";", id="GIF without a frame"),
        pytest.param(corpus.png(0, 5), id="PNG without width"),
        pytest.param(corpus.png(5, 5, rows=b"\0"), id="PNG without pixels"),
        pytest.param(corpus.png(5, 5, depth=3), id="PNG of an unknown depth"),
    ],
)
def test_a_senseless_structure_is_refused(content: bytes) -> None:
    assert refusal(content)[0] is InvalidImage


def test_texts_that_unpack_to_very_much_are_never_unpacked() -> None:
    packed = corpus.chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(50_000_000)))

    assert process(BytesIO(corpus.png(1, 1, rows=b"\0\1\2\3", extra=[packed] * 20))).width == 1


@pytest.mark.parametrize("format_name", FORMATS)
def test_what_hides_behind_an_image_is_lost(format_name: str) -> None:
    trailer = b"<script>alert(1)</script>" + SVG
    content = corpus.saved(corpus.quadrants(), format_name)

    assert process(BytesIO(content + trailer)) == process(BytesIO(content))
    assert trailer not in process(BytesIO(content + trailer)).content


def test_an_image_waits_for_its_turn_and_is_told_when_it_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    content = corpus.saved(corpus.quadrants(), "PNG")
    monkeypatch.setattr(processing, "_TURN_TIMEOUT", 0.01)

    with processing._decoding:
        assert refusal(content) == (
            ServiceUnavailable,
            "Too many images are being processed right now. Try again in a moment.",
        )
    assert process(BytesIO(content)).width == 96


def test_a_refused_image_gives_up_its_turn() -> None:
    for _ in range(3):
        assert refusal(b"\x89PNG\r\n\x1a\n")[0] is InvalidImage


def attempt(content: bytes) -> None:
    # Some damage is a warning of Pillow's. In the product warnings are no errors, so neither are they here.
    for work in (process, process_avatar):
        with warnings.catch_warnings(), suppress(UnsupportedImage, InvalidImage, ImageTooLarge):
            warnings.simplefilter("ignore")
            result = work(BytesIO(content))
            assert corpus.opened(result.content).size == (result.width, result.height)


def samples() -> list[bytes]:
    return [
        *(corpus.with_metadata(name) for name in FORMATS),
        *(corpus.animation(name) for name in ("GIF", "PNG", "WEBP")),
        corpus.saved(corpus.quadrants(mode="CMYK"), "JPEG", progressive=True),
        corpus.saved(corpus.quadrants(mode="RGBA"), "WEBP", lossless=True),
        corpus.saved(corpus.quadrants(mode="P"), "PNG", transparency=1),
        corpus.multi_picture_jpeg(),
        corpus.sixteen_bit_grey(),
    ]


SAMPLES = samples()


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(SAMPLES),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=12),
    st.floats(0.5, 1.0),
)
def test_a_mutated_image_meets_only_the_three_errors(
    content: bytes, changes: list[tuple[float, int]], kept: float
) -> None:
    mutated = bytearray(content)
    for place, value in changes:
        mutated[int(place * (len(mutated) - 1))] = value
    attempt(bytes(mutated[: int(len(mutated) * kept)] if kept < 0.9 else mutated))


@settings(deadline=None, max_examples=100)
@given(
    st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\x40\x00\x00\x00WEBPVP8 ", b""]),
    st.binary(max_size=300),
)
def test_random_bytes_meet_only_the_three_errors(signature: bytes, noise: bytes) -> None:
    attempt(signature + noise)


@pytest.mark.parametrize("seed", range(5))
def test_a_damaged_head_meets_only_the_three_errors(seed: int) -> None:
    chance = random.Random(seed)
    for content in SAMPLES:
        head = bytearray(content)
        for _ in range(6):
            head[chance.randrange(min(len(head), 200))] = chance.randrange(256)
        attempt(bytes(head))
