"""What comes out of an accepted image."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from minitwitter.media.processing import ProcessedImage, process, process_avatar
from tests.media import corpus
from tests.media.corpus import BLUE, EXTENSIONS, GREEN, RED, YELLOW

FORMATS = sorted(EXTENSIONS)
FRAMES = {"GIF", "PNG", "WEBP"}
# JPEG and WebP are lossy: at the middle of a plain area this much of a channel may be off.
TOLERANCE = 8


def processed(content: bytes) -> ProcessedImage:
    return process(BytesIO(content))


def shown(content: bytes) -> Image.Image:
    return corpus.opened(processed(content).content)


def frames(content: bytes) -> list[tuple[int, list[tuple[int, ...]]]]:
    """The duration and the quadrants of each frame."""
    picture, found = Image.open(BytesIO(content)), []
    for number in range(picture.n_frames):  # type: ignore[attr-defined]  # Images of one frame may not have it.
        picture.seek(number)
        picture.load()
        found.append((int(picture.info["duration"]), corpus.corners(picture)))
    return found


@pytest.mark.parametrize("format_name", FORMATS)
def test_an_image_keeps_its_format_its_size_and_its_look(format_name: str) -> None:
    result = processed(corpus.saved(corpus.quadrants(), format_name))

    picture, thumbnail = corpus.opened(result.content), corpus.opened(result.thumbnail)
    assert (result.extension, result.width, result.height) == (EXTENSIONS[format_name], 96, 64)
    assert (picture.format, picture.size, thumbnail.format, thumbnail.size) == (format_name, (96, 64), "WEBP", (96, 64))
    assert corpus.is_near(corpus.corners(picture), [RED, GREEN, BLUE, YELLOW], TOLERANCE)
    assert corpus.is_near(corpus.corners(thumbnail), [RED, GREEN, BLUE, YELLOW], TOLERANCE)
    assert len(result.blurhash) == 28


@pytest.mark.parametrize("format_name", ["GIF", "PNG"])
def test_a_lossless_format_keeps_every_pixel(format_name: str) -> None:
    picture = Image.effect_mandelbrot((120, 90), (-3, -2.5, 2, 2.5), 100).quantize(200).convert("RGB")

    assert shown(corpus.saved(picture, format_name)).convert("RGB").tobytes() == picture.tobytes()


@pytest.mark.parametrize("format_name", FORMATS)
def test_the_same_image_comes_out_the_same_again(format_name: str) -> None:
    content = corpus.saved(corpus.quadrants(), format_name)

    assert processed(content) == processed(content)


@pytest.mark.parametrize(
    ("size", "expected"),
    [((1600, 800), (640, 320)), ((800, 1600), (320, 640)), ((640, 640), (640, 640)), ((5000, 2), (640, 1))],
)
def test_the_thumbnail_fits_into_a_square_of_640(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert corpus.opened(processed(corpus.saved(Image.new("RGB", size), "PNG")).thumbnail).size == expected


def test_a_single_pixel_is_an_image() -> None:
    result = processed(corpus.saved(Image.new("RGB", (1, 1), RED), "PNG"))

    assert (result.width, result.height, corpus.opened(result.content).getpixel((0, 0))) == (1, 1, RED)


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        (1, [RED, GREEN, BLUE, YELLOW]),
        (2, [GREEN, RED, YELLOW, BLUE]),
        (3, [YELLOW, BLUE, GREEN, RED]),
        (4, [BLUE, YELLOW, RED, GREEN]),
        (5, [RED, BLUE, GREEN, YELLOW]),
        (6, [BLUE, RED, YELLOW, GREEN]),
        (7, [YELLOW, GREEN, BLUE, RED]),
        (8, [GREEN, YELLOW, RED, BLUE]),
        (9, [RED, GREEN, BLUE, YELLOW]),
    ],
)
def test_the_orientation_is_applied(format_name: str, orientation: int, expected: list[tuple[int, ...]]) -> None:
    result = processed(corpus.saved(corpus.quadrants(), format_name, exif=corpus.exif(orientation)))

    size = (64, 96) if 5 <= orientation <= 8 else (96, 64)
    picture, thumbnail = corpus.opened(result.content), corpus.opened(result.thumbnail)
    assert (result.width, result.height) == picture.size == thumbnail.size == size
    assert corpus.is_near(corpus.corners(picture), expected, TOLERANCE)
    assert corpus.is_near(corpus.corners(thumbnail), expected, TOLERANCE)


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow warns of the damage; only tests make that an error.
@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP"])
def test_damaged_exif_data_is_ignored(format_name: str) -> None:
    content = corpus.saved(corpus.quadrants(), format_name, exif=b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\xff\xff\x01")

    assert corpus.is_near(corpus.corners(shown(content)), [RED, GREEN, BLUE, YELLOW], TOLERANCE)


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("work", [process, process_avatar])
def test_no_metadata_comes_out(format_name: str, work: Any) -> None:
    content = corpus.with_metadata(format_name)

    result: ProcessedImage = work(BytesIO(content))
    assert corpus.SECRET in content
    for written in (result.content, result.thumbnail):
        picture = corpus.opened(written)
        assert corpus.SECRET not in written
        assert dict(picture.getexif()) == {}
        assert picture.info.keys().isdisjoint({"exif", "icc_profile", "xmp", "comment", "Comment", "Title"})
        assert not any(name in written for name in (b"Exif", b"EXIF", b"ICC", b"iCCP", b"http://ns.adobe", b"XMP "))


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP"])
def test_a_colour_profile_is_converted_to_srgb(format_name: str) -> None:
    content = corpus.saved(corpus.quadrants(), format_name, icc_profile=corpus.swapped_profile())

    red, green, blue = (30, 220, 30), (200, 30, 60), (60, 40, 220)
    assert corpus.is_near(corpus.corners(shown(content))[:3], [red, green, blue], 20)


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP"])
def test_a_damaged_colour_profile_is_ignored(format_name: str) -> None:
    content = corpus.saved(corpus.quadrants(), format_name, icc_profile=b"no profile at all")

    assert corpus.is_near(corpus.corners(shown(content)), [RED, GREEN, BLUE, YELLOW], TOLERANCE)


def test_a_colour_profile_for_other_colours_is_ignored() -> None:
    content = corpus.saved(corpus.quadrants(mode="L"), "PNG", icc_profile=corpus.srgb_profile())

    expected = corpus.corners(corpus.quadrants(mode="L"))
    assert corpus.corners(shown(content)) == expected


def test_print_colours_become_screen_colours() -> None:
    picture = shown(corpus.saved(corpus.quadrants(mode="CMYK"), "JPEG"))

    assert picture.mode == "RGB"
    assert corpus.is_near(corpus.corners(picture), [RED, GREEN, BLUE, YELLOW], TOLERANCE)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_mode_of_a_png_becomes_eight_bit_colour(mode: str) -> None:
    source = corpus.quadrants(mode=mode)

    picture = shown(corpus.saved(source, "PNG"))
    assert picture.mode == ("RGBA" if mode in {"LA", "RGBA"} else "RGB")
    assert corpus.corners(picture) == corpus.corners(source)


def test_sixteen_bits_of_grey_become_eight() -> None:
    picture = shown(corpus.sixteen_bit_grey())

    assert [picture.getpixel((x, 0)) for x in range(4)] == [(level,) * 3 for level in (0, 16, 128, 255)]


def test_sixteen_bits_of_colour_become_eight() -> None:
    picture = shown(corpus.png(1, 1, depth=16, rows=b"\0\x10\x10\x80\x80\xff\xff"))

    assert (picture.mode, picture.getpixel((0, 0))) == ("RGB", (16, 128, 255))


@pytest.mark.parametrize("format_name", ["GIF", "PNG", "WEBP"])
def test_transparency_is_kept(format_name: str) -> None:
    source = corpus.quadrants(mode="RGBA")
    source.paste((0, 0, 0, 0), (0, 0, 48, 32))

    result = processed(corpus.saved(source, format_name))
    for picture in (corpus.opened(result.content), corpus.opened(result.thumbnail)):
        seen = picture.convert("RGBA")
        assert seen.getchannel("A").getpixel((20, 20)) == 0
        assert seen.getchannel("A").getpixel((70, 20)) == 255
        assert corpus.is_near(corpus.corners(seen)[1:], [GREEN, BLUE, YELLOW], TOLERANCE)


def test_a_palette_with_transparency_keeps_it() -> None:
    source = corpus.quadrants().quantize(4)
    clear = source.getpixel((0, 0))

    picture = shown(corpus.saved(source, "PNG", transparency=clear))
    assert picture.mode == "RGBA"
    assert picture.getchannel("A").getcolors() == [(96 * 64 // 4, 0), (96 * 64 * 3 // 4, 255)]


def test_half_transparency_is_kept() -> None:
    source = corpus.quadrants(mode="RGBA")
    source.putalpha(100)

    assert shown(corpus.saved(source, "PNG")).getpixel((0, 0)) == (*RED, 100)
    assert shown(corpus.saved(source, "WEBP")).getchannel("A").getextrema() == (100, 100)


def test_a_progressive_jpeg_is_an_image() -> None:
    picture = shown(corpus.saved(corpus.quadrants(), "JPEG", progressive=True, subsampling=0))

    assert corpus.is_near(corpus.corners(picture), [RED, GREEN, BLUE, YELLOW], TOLERANCE)


def test_a_phones_multi_picture_jpeg_gives_its_first_picture() -> None:
    content = corpus.multi_picture_jpeg()

    result = processed(content)
    picture = corpus.opened(result.content)
    assert corpus.opened(content).format == "MPO"
    assert (result.extension, picture.format) == ("jpg", "JPEG")
    assert corpus.is_near(corpus.corners(picture), [RED, GREEN, BLUE, YELLOW], TOLERANCE)


@pytest.mark.parametrize("format_name", sorted(FRAMES))
def test_an_animation_keeps_its_frames_and_durations(format_name: str) -> None:
    result = processed(corpus.animation(format_name))

    found = frames(result.content)
    assert [duration for duration, _ in found] == [100, 200, 300]
    for (_, seen), colour in zip(found, (RED, GREEN, BLUE), strict=True):
        assert corpus.is_near(seen, [colour] * 4, TOLERANCE)
    assert (result.extension, result.width, result.height) == (EXTENSIONS[format_name], 48, 32)
    thumbnail = corpus.opened(result.thumbnail)
    assert getattr(thumbnail, "n_frames", 1) == 1
    assert corpus.is_near(corpus.corners(thumbnail), [RED] * 4, TOLERANCE)


@pytest.mark.parametrize("format_name", sorted(FRAMES))
@pytest.mark.parametrize("loop", [0, 3])
def test_an_animation_repeats_as_often_as_before(format_name: str, loop: int) -> None:
    assert shown(corpus.animation(format_name, loop=loop)).info["loop"] == loop


def test_a_gif_that_plays_once_still_plays_once() -> None:
    assert "loop" not in shown(corpus.animation("GIF", loop=None)).info


@pytest.mark.parametrize("format_name", sorted(FRAMES))
def test_a_moving_part_on_a_transparent_ground_leaves_no_trail(format_name: str) -> None:
    pictures = [Image.new("RGBA", (60, 20), (0, 0, 0, 0)) for _ in range(3)]
    for number, picture in enumerate(pictures):
        left = number * 20
        picture.paste((*RED, 255), (left, 0, left + 10, 10))
        picture.paste((*RED, 255), (left + 10, 10, left + 20, 20))
    options = {} if format_name == "WEBP" else {"disposal": 2}
    content = corpus.saved(
        pictures[0], format_name, save_all=True, append_images=pictures[1:], duration=50, loop=0, **options
    )

    result = Image.open(BytesIO(processed(content).content))
    for number in range(3):
        result.seek(number)
        alpha = result.convert("RGBA").getchannel("A")
        assert [alpha.getpixel((x, 5)) for x in (5, 25, 45)] == [255 * (place == number) for place in range(3)]


def test_a_picture_outside_the_animation_is_left_out() -> None:
    ground = Image.new("RGB", (48, 32), YELLOW)
    others = [Image.new("RGB", (48, 32), colour) for colour in (RED, GREEN)]
    content = corpus.saved(
        ground, "PNG", save_all=True, append_images=others, default_image=True, duration=[100, 200], loop=0
    )

    assert frames(processed(content).content) == [(100, [RED] * 4), (200, [GREEN] * 4)]


def test_a_gif_whose_frames_reach_over_its_edge_grows() -> None:
    content = bytearray(corpus.saved(corpus.quadrants(), "GIF"))
    content[6:10] = bytes([10, 0, 10, 0])

    result = processed(bytes(content))
    assert (result.width, result.height) == (96, 64)


@pytest.mark.parametrize("format_name", FORMATS)
def test_an_avatar_is_the_middle_square(format_name: str) -> None:
    source = Image.new("RGB", (1500, 500), RED)
    source.paste(GREEN, (500, 0, 1000, 500))

    result = process_avatar(BytesIO(corpus.saved(source, format_name)))
    picture = corpus.opened(result.content)
    assert result.extension == ("png" if format_name == "GIF" else EXTENSIONS[format_name])
    assert (result.width, result.height) == picture.size == corpus.opened(result.thumbnail).size == (400, 400)
    edges = [picture.convert("RGB").getpixel(place) for place in ((8, 8), (391, 8), (8, 391), (391, 391))]
    assert corpus.is_near(edges, [GREEN] * 4, TOLERANCE)  # type: ignore[arg-type]  # Pixels of RGB are tuples.


def test_a_small_avatar_is_not_enlarged() -> None:
    result = process_avatar(BytesIO(corpus.saved(corpus.quadrants(), "PNG")))

    assert (result.width, result.height, corpus.opened(result.content).size) == (64, 64, (64, 64))


@pytest.mark.parametrize("format_name", sorted(FRAMES))
def test_an_avatar_stands_still(format_name: str) -> None:
    picture = corpus.opened(process_avatar(BytesIO(corpus.animation(format_name))).content)

    assert (getattr(picture, "n_frames", 1), picture.size) == (1, (32, 32))
    assert corpus.is_near(corpus.corners(picture), [RED] * 4, TOLERANCE)


def test_an_avatar_is_turned_upright() -> None:
    result = process_avatar(BytesIO(corpus.saved(corpus.quadrants(64, 64), "JPEG", exif=corpus.exif(6))))

    assert corpus.is_near(corpus.corners(corpus.opened(result.content)), [BLUE, RED, YELLOW, GREEN], TOLERANCE)
