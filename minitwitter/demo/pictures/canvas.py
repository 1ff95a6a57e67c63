"""Colours, gradients and shapes that the drawings share."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from random import Random

from PIL import Image, ImageColor, ImageDraw

Colour = tuple[int, int, int]
Point = tuple[float, float]
Size = tuple[int, int]

SCALE = 2
_GRADIENT_STEPS = 64
_GRAIN_SIDE = 128
_GRAIN_STRENGTH = 0.035
_JPEG_QUALITY = 92

# Five colours that go together, from dark to light.
PALETTES = (
    ("#1d3557", "#457b9d", "#e63946", "#a8dadc", "#f1faee"),
    ("#264653", "#2a9d8f", "#e76f51", "#f4a261", "#f6e3b4"),
    ("#3d405b", "#81b29a", "#e07a5f", "#f2cc8f", "#f4f1de"),
    ("#22223b", "#4a4e69", "#c9768f", "#f2b5a7", "#f2e9e4"),
    ("#0b3954", "#087e8b", "#ff5a5f", "#bfd7ea", "#fefefa"),
    ("#2d3142", "#4f5d75", "#ef8354", "#bfc0c0", "#faf7f2"),
    ("#31572c", "#4f772d", "#d68c45", "#90a955", "#ecf39e"),
    ("#3c1642", "#086375", "#f2545b", "#1dd3b0", "#e3f8e0"),
    ("#540b0e", "#9e2a2b", "#e09f3e", "#fff3b0", "#335c67"),
    ("#14213d", "#5f0f40", "#fb8b24", "#e36414", "#ffe8c9"),
    ("#355070", "#6d597a", "#e56b6f", "#eaac8b", "#fbe9dc"),
    ("#10454f", "#506266", "#bde038", "#a3ab78", "#f3f6e4"),
)


@dataclass
class Canvas:
    """A picture being drawn; all positions are parts of its size, from 0 to 1, and lengths parts of its width."""

    size: Size
    image: Image.Image = field(init=False)
    pen: ImageDraw.ImageDraw = field(init=False)

    def __post_init__(self) -> None:
        self._take(Image.new("RGB", (self.size[0] * SCALE, self.size[1] * SCALE)))

    def _take(self, image: Image.Image) -> None:
        self.image = image
        self.pen = ImageDraw.Draw(image)

    @property
    def aspect(self) -> float:
        """How high the picture is for its width."""
        return self.size[1] / self.size[0]

    def point(self, x: float, y: float) -> Point:
        """The position in pixels."""
        return x * self.image.width, y * self.image.height

    def length(self, part: float) -> int:
        """The length in pixels, at least one."""
        return max(1, round(part * self.image.width))

    def paint(self, background: Image.Image) -> None:
        """Fill the whole picture."""
        self._take(background.resize(self.image.size, Image.Resampling.BILINEAR))

    def circle(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """A disc around the point."""
        self.ellipse(x, y, radius, radius, colour)

    def ellipse(self, x: float, y: float, radius_x: float, radius_y: float, colour: Colour) -> None:
        """An ellipse around the point; both radii are parts of the width."""
        centre_x, centre_y = self.point(x, y)
        wide, high = radius_x * self.image.width, radius_y * self.image.width
        self.pen.ellipse((centre_x - wide, centre_y - high, centre_x + wide, centre_y + high), fill=colour)

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        """A filled polygon."""
        self.pen.polygon([self.point(x, y) for x, y in points], fill=colour)

    def line(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        """A line with round joints and ends."""
        path = [self.point(x, y) for x, y in points]
        pixels = self.length(width)
        self.pen.line(path, fill=colour, width=pixels, joint="curve")
        for x, y in (path[0], path[-1]):
            half = pixels / 2
            self.pen.ellipse((x - half, y - half, x + half, y + half), fill=colour)

    def box(self, left: float, top: float, right: float, bottom: float, colour: Colour, radius: float = 0) -> None:
        """A rectangle, with round corners if there is a radius."""
        corners = (*self.point(left, top), *self.point(right, bottom))
        if radius:
            self.pen.rounded_rectangle(corners, radius * self.image.width, fill=colour)
        else:
            self.pen.rectangle(corners, fill=colour)

    def arc(self, x: float, y: float, radius: float, angles: tuple[float, float], width: float, colour: Colour) -> None:
        """A part of a circle, from one angle to the other in degrees, clockwise from the right."""
        centre_x, centre_y = self.point(x, y)
        pixels = radius * self.image.width
        frame = (centre_x - pixels, centre_y - pixels, centre_x + pixels, centre_y + pixels)
        self.pen.arc(frame, *angles, fill=colour, width=self.length(width))

    def glow(self, x: float, y: float, radius: float, colour: Colour, strength: float) -> None:
        """Light that fades out from the point."""
        wide = self.length(radius)
        mask = _radial().point(lambda level: int((255 - level) * strength))
        mask = mask.resize((2 * wide, 2 * wide), Image.Resampling.BILINEAR)
        centre_x, centre_y = self.point(x, y)
        self.image.paste(colour, (round(centre_x) - wide, round(centre_y) - wide), mask)

    def finished(self, rng: Random, *, grain: bool = True) -> Image.Image:
        """The picture in its own size; a little grain keeps gradients from showing steps."""
        picture = self.image.reduce(SCALE)
        return Image.blend(picture, _grain(rng, picture.size), _GRAIN_STRENGTH) if grain else picture


@lru_cache(maxsize=1)
def _radial() -> Image.Image:
    """256 pixels square, 0 in the middle and 255 from the edge of its circle on."""
    return Image.radial_gradient("L").point(lambda level: min(255, level * 181 // 128))


def _grain(rng: Random, size: Size) -> Image.Image:
    # Pillow's own noise cannot be repeated.
    side = _GRAIN_SIDE
    tile = Image.frombytes("L", (side, side), rng.randbytes(side * side))
    image = Image.new("L", size)
    for left in range(0, size[0], side):
        for top in range(0, size[1], side):
            image.paste(tile, (left, top))
    return image.convert("RGB")


def colour(code: str) -> Colour:
    """The colour of a code such as #e63946."""
    red, green, blue = ImageColor.getrgb(code)[:3]
    return red, green, blue


def palette(rng: Random) -> list[Colour]:
    """One of the palettes, from dark to light."""
    return [colour(code) for code in rng.choice(PALETTES)]


def mix(first: Colour, second: Colour, part: float) -> Colour:
    """The colour between the two; part 0 is the first."""
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(first, second, strict=True))
    return red, green, blue


def ramp(stops: Sequence[Colour], part: float) -> Colour:
    """The colour at that part of the way through all stops."""
    place = min(max(part, 0.0), 1.0) * (len(stops) - 1)
    index = min(int(place), len(stops) - 2)
    return mix(stops[index], stops[index + 1], place - index)


def vertical(stops: Sequence[Colour]) -> Image.Image:
    """A gradient from the top to the bottom, to be enlarged."""
    image = Image.new("RGB", (2, _GRADIENT_STEPS))
    image.putdata([ramp(stops, row / (_GRADIENT_STEPS - 1)) for row in range(_GRADIENT_STEPS) for _ in range(2)])
    return image


def diagonal(stops: Sequence[Colour]) -> Image.Image:
    """A gradient from the top left to the bottom right, to be enlarged."""
    side = _GRADIENT_STEPS // 2
    image = Image.new("RGB", (side, side))
    image.putdata([ramp(stops, (x + y) / (2 * side - 2)) for y in range(side) for x in range(side)])
    return image


def mesh(colours: Sequence[Colour], rng: Random) -> Image.Image:
    """A few colours that flow into each other, to be enlarged."""
    image = Image.new("RGB", (4, 4))
    image.putdata([rng.choice(colours) for _ in range(16)])
    return image.resize((128, 128), Image.Resampling.BICUBIC)


def ridge(rng: Random, base: float, height: float, roughness: float) -> list[Point]:
    """A line of hills from the left edge to the right: waves of falling height, as parts of the picture."""
    waves = [
        (rng.uniform(0.6, 1.4) * 2**octave, rng.uniform(0, math.tau), height * roughness**octave) for octave in range(6)
    ]
    steps = 120
    return [
        (
            step / steps,
            base - sum(high * math.sin(step / steps * math.tau * fast + shift) for fast, shift, high in waves),
        )
        for step in range(steps + 1)
    ]


def jpeg(image: Image.Image) -> bytes:
    """As a camera would hand it over."""
    file = BytesIO()
    image.save(file, "JPEG", quality=_JPEG_QUALITY)
    return file.getvalue()


def png(image: Image.Image) -> bytes:
    """As a drawing program would hand it over."""
    file = BytesIO()
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()
