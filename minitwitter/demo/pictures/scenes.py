"""The pictures that hang on tweets, by the kind of scene a topic asks for."""

from collections.abc import Callable
from random import Random

from minitwitter.demo.pictures import designs, outdoors, things
from minitwitter.demo.pictures.canvas import Canvas, Size, jpeg, png

SIZES: tuple[Size, ...] = ((880, 660), (880, 660), (960, 540), (720, 720), (660, 880), (1040, 450), (720, 900))

SCENES: dict[str, Callable[[Canvas, Random], None]] = {
    "landscape": outdoors.landscape,
    "sea": outdoors.sea,
    "night": outdoors.night,
    "skyline": outdoors.skyline,
    "abstract": designs.abstract,
    "chart": designs.chart,
    "route": designs.route,
    "cup": things.cup,
    "still": things.still,
    "creature": things.creature,
}


def draw(scene: str, rng: Random) -> bytes:
    """The bytes of a picture of that kind, as somebody would upload it. Raises KeyError for an unknown kind."""
    encode = png if scene == "chart" else jpeg
    return encode(paint(scene, rng, rng.choice(SIZES)).finished(rng, grain=scene != "chart"))


def paint(scene: str, rng: Random, size: Size) -> Canvas:
    """A canvas of that size with the scene on it."""
    canvas = Canvas(size)
    SCENES[scene](canvas, rng)
    return canvas
