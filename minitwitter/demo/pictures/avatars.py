"""Avatars: people, animals, flowers, planets, patterns and small landscapes."""

import math
from collections.abc import Callable
from random import Random

from minitwitter.demo.pictures import faces, scenes
from minitwitter.demo.pictures.canvas import Canvas, Colour, colour, diagonal, jpeg, mesh, mix, palette

SIDE = 400
WHITE: Colour = (255, 255, 255)
INK: Colour = (38, 34, 44)
_FURS = ("#f2a65a", "#8d99ae", "#7f5539", "#e9dcc9", "#5b5b66", "#c97b4a", "#d8b08c")


def draw(rng: Random) -> bytes:
    """The bytes of an avatar, as somebody would upload it."""
    canvas = Canvas((SIDE, SIDE))
    kinds: tuple[Callable[[Canvas, Random], None], ...] = (
        faces.face,
        _animal,
        _flower,
        _planet,
        _pattern,
        _view,
        _waves,
    )
    (kind,) = rng.choices(kinds, weights=(46, 18, 8, 6, 8, 10, 4))
    kind(canvas, rng)
    return jpeg(canvas.finished(rng))


def _animal(canvas: Canvas, rng: Random) -> None:
    tints = palette(rng)
    canvas.paint(diagonal([mix(tints[3], WHITE, 0.15), mix(tints[1], WHITE, 0.3)]))
    rng.choice((_cat, _bear, _fox, _penguin, _frog, _owl))(canvas, colour(rng.choice(_FURS)))


def _eyes(canvas: Canvas, apart: float, y: float, radius: float) -> None:
    for side in (-1, 1):
        canvas.circle(0.5 + side * apart, y, radius, INK)
        canvas.circle(0.5 + side * apart + radius * 0.3, y - radius * 0.35, radius * 0.3, WHITE)


def _cat(canvas: Canvas, fur: Colour) -> None:
    for side in (-1, 1):
        canvas.polygon([(0.5 + side * a, b) for a, b in ((0.3, 0.5), (0.29, 0.17), (0.06, 0.36))], fur)
        canvas.polygon([(0.5 + side * a, b) for a, b in ((0.26, 0.42), (0.25, 0.25), (0.13, 0.35))], (240, 180, 175))
    canvas.ellipse(0.5, 0.57, 0.32, 0.27, fur)
    for stripe in (-0.08, 0, 0.08):
        canvas.line([(0.5 + stripe, 0.32), (0.5 + stripe * 0.7, 0.4)], 0.022, mix(fur, INK, 0.35))
    _eyes(canvas, 0.13, 0.54, 0.038)
    canvas.ellipse(0.5, 0.67, 0.11, 0.075, mix(fur, WHITE, 0.65))
    canvas.polygon([(0.465, 0.615), (0.535, 0.615), (0.5, 0.65)], (214, 110, 115))
    canvas.arc(0.465, 0.655, 0.035, (0, 160), 0.01, INK)
    canvas.arc(0.535, 0.655, 0.035, (20, 180), 0.01, INK)


def _bear(canvas: Canvas, fur: Colour) -> None:
    for side in (-1, 1):
        canvas.circle(0.5 + side * 0.23, 0.32, 0.11, fur)
        canvas.circle(0.5 + side * 0.23, 0.32, 0.06, mix(fur, (250, 200, 190), 0.6))
    canvas.ellipse(0.5, 0.56, 0.32, 0.29, fur)
    canvas.ellipse(0.5, 0.66, 0.15, 0.12, mix(fur, WHITE, 0.6))
    canvas.ellipse(0.5, 0.6, 0.05, 0.036, INK)
    canvas.line([(0.5, 0.62), (0.5, 0.68)], 0.01, INK)
    canvas.arc(0.5, 0.64, 0.06, (30, 150), 0.012, INK)
    _eyes(canvas, 0.14, 0.5, 0.03)


def _fox(canvas: Canvas, _fur: Colour) -> None:
    fur, light = (226, 116, 58), (252, 240, 226)
    for side in (-1, 1):
        canvas.polygon([(0.5 + side * a, b) for a, b in ((0.34, 0.5), (0.31, 0.14), (0.05, 0.38))], fur)
        canvas.polygon([(0.5 + side * a, b) for a, b in ((0.29, 0.4), (0.28, 0.23), (0.15, 0.35))], INK)
    canvas.polygon([(0.15, 0.5), (0.3, 0.34), (0.7, 0.34), (0.85, 0.5), (0.5, 0.84)], fur)
    for side in (-1, 1):
        canvas.polygon([(0.5 + side * a, b) for a, b in ((0.35, 0.5), (0.0, 0.84), (0.02, 0.62))], light)
    _eyes(canvas, 0.13, 0.52, 0.032)
    canvas.ellipse(0.5, 0.8, 0.048, 0.04, INK)


def _penguin(canvas: Canvas, _fur: Colour) -> None:
    canvas.ellipse(0.5, 0.62, 0.31, 0.42, (44, 52, 72))
    canvas.ellipse(0.5, 0.75, 0.22, 0.3, (250, 248, 242))
    for side in (-1, 1):
        canvas.circle(0.5 + side * 0.1, 0.44, 0.115, (250, 248, 242))
        canvas.circle(0.5 + side * 0.19, 0.57, 0.04, (250, 178, 170))
    _eyes(canvas, 0.1, 0.44, 0.032)
    canvas.polygon([(0.44, 0.52), (0.56, 0.52), (0.5, 0.6)], (245, 160, 50))


def _frog(canvas: Canvas, _fur: Colour) -> None:
    green = (112, 176, 88)
    for side in (-1, 1):
        canvas.circle(0.5 + side * 0.19, 0.32, 0.13, green)
        canvas.circle(0.5 + side * 0.19, 0.31, 0.085, WHITE)
    canvas.ellipse(0.5, 0.58, 0.36, 0.26, green)
    _eyes(canvas, 0.19, 0.32, 0.046)
    canvas.arc(0.5, 0.46, 0.24, (35, 145), 0.018, (48, 92, 48))
    for side in (-1, 1):
        canvas.circle(0.5 + side * 0.25, 0.6, 0.04, (240, 150, 140))
        canvas.circle(0.5 + side * 0.03, 0.5, 0.008, (48, 92, 48))


def _owl(canvas: Canvas, fur: Colour) -> None:
    for side in (-1, 1):
        canvas.polygon([(0.5 + side * a, b) for a, b in ((0.28, 0.46), (0.27, 0.16), (0.05, 0.33))], fur)
    canvas.ellipse(0.5, 0.58, 0.3, 0.33, fur)
    canvas.ellipse(0.5, 0.74, 0.19, 0.18, mix(fur, WHITE, 0.55))
    for row, count in enumerate((3, 2)):
        for index in range(count):
            canvas.arc(
                0.5 + (index - (count - 1) / 2) * 0.1, 0.68 + row * 0.07, 0.04, (20, 160), 0.012, mix(fur, INK, 0.4)
            )
    for side in (-1, 1):
        canvas.circle(0.5 + side * 0.125, 0.45, 0.12, mix(fur, WHITE, 0.85))
        canvas.circle(0.5 + side * 0.125, 0.45, 0.07, (244, 190, 70))
    _eyes(canvas, 0.125, 0.45, 0.045)
    canvas.polygon([(0.465, 0.52), (0.535, 0.52), (0.5, 0.6)], (240, 160, 60))


def _flower(canvas: Canvas, rng: Random) -> None:
    tints = palette(rng)
    canvas.paint(diagonal([mix(tints[-1], WHITE, 0.3), mix(tints[3], WHITE, 0.1)]))
    turn, petals = rng.uniform(0, math.tau), rng.choice((5, 6, 8, 10, 12))
    for ring, tint in enumerate((tints[1], tints[2])):
        far, radius = 0.25 - ring * 0.1, (0.78 / petals) * (1 - ring * 0.35)
        for petal in range(petals):
            angle = turn + (petal + ring / 2) / petals * math.tau
            for step in range(5):
                reach = far * (0.55 + 0.15 * step)
                place = 0.5 + reach * math.cos(angle), 0.5 + reach * math.sin(angle)
                canvas.circle(*place, radius * (0.7 + 0.1 * step), mix(tint, WHITE, 0.06 * step))
    canvas.circle(0.5, 0.5, 0.1, tints[0])
    for _ in range(26):
        angle, far = rng.uniform(0, math.tau), rng.uniform(0, 0.08)
        canvas.circle(0.5 + far * math.cos(angle), 0.5 + far * math.sin(angle), 0.009, mix(tints[3], WHITE, 0.3))


def _planet(canvas: Canvas, rng: Random) -> None:
    tints = palette(rng)
    canvas.paint(diagonal([(16, 18, 44), mix((16, 18, 44), tints[1], 0.5)]))
    for _ in range(60):
        canvas.circle(rng.random(), rng.random(), rng.choice((0.003, 0.004, 0.007)), (240, 236, 220))
    ball = Canvas((SIDE, SIDE))
    ball.paint(mesh([tints[2], mix(tints[2], tints[3], 0.5), tints[3]], rng))
    for band in range(5):
        y = 0.25 + band * 0.12
        ball.line([(0, y), (1, y - 0.12)], rng.uniform(0.02, 0.06), mix(tints[2], tints[-1], rng.uniform(0.1, 0.7)))
    mask = Canvas((SIDE, SIDE))
    mask.circle(0.5, 0.5, 0.27, WHITE)
    canvas.image.paste(ball.image, (0, 0), mask.image.convert("L"))
    ringed = [
        (0.5 + 0.43 * math.cos(a / 30), 0.5 - 0.13 * math.cos(a / 30) + 0.09 * math.sin(a / 30)) for a in range(95)
    ]
    canvas.line(ringed, 0.025, mix(tints[-1], tints[3], 0.3))
    canvas.circle(rng.uniform(0.12, 0.25), rng.uniform(0.12, 0.25), 0.05, mix(tints[-1], WHITE, 0.3))


def _pattern(canvas: Canvas, rng: Random) -> None:
    """A grid of shapes that is its own mirror image."""
    tints = palette(rng)
    ground = tints.pop()
    canvas.box(0, 0, 1, 1, ground)
    side = 0.16
    for row in range(5):
        for column in range(3):
            if rng.random() < 0.35:
                continue
            tint, shape = rng.choice(tints), rng.randrange(3)
            for mirrored in {column, 4 - column}:
                x, y = 0.18 + mirrored * side, 0.18 + row * side
                if shape == 0:
                    canvas.circle(x, y, side * 0.47, tint)
                elif shape == 1:
                    canvas.box(x - side / 2, y - side / 2, x + side / 2, y + side / 2, tint, radius=0.02)
                else:
                    canvas.polygon([(x, y - side / 2), (x + side / 2, y), (x, y + side / 2), (x - side / 2, y)], tint)


def _view(canvas: Canvas, rng: Random) -> None:
    scene = rng.choice(("landscape", "sea", "night", "landscape"))
    canvas.paint(scenes.paint(scene, rng, canvas.size).image)


def _waves(canvas: Canvas, rng: Random) -> None:
    tints = palette(rng)
    canvas.paint(mesh(tints[1:], rng))
    x, y = rng.uniform(0.25, 0.75), rng.uniform(0.25, 0.75)
    for ring in range(9, 0, -1):
        canvas.circle(x, y, ring * 0.075, mix(tints[ring % 4], tints[-1], 0.15 * (ring % 3)))
