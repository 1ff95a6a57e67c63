"""Portraits in a few flat shapes."""

import math
from collections.abc import Callable
from random import Random

from minitwitter.demo.pictures.canvas import Canvas, Colour, colour, diagonal, mix, palette

WHITE: Colour = (255, 255, 255)
INK: Colour = (44, 36, 40)
_SKINS = ("#f6d3b8", "#eebd98", "#d99c72", "#c27f52", "#9c6240", "#7a4a2f", "#5c3625")
_HAIRS = ("#2b2024", "#4a2f22", "#6f4728", "#a9713b", "#d9b06a", "#8f3b1f", "#9a9a9f", "#e3e0da", "#3b2a4d")
_X = 0.5
_HEAD_Y = 0.47


def face(canvas: Canvas, rng: Random) -> None:
    """One person, from the shoulders up."""
    tints = palette(rng)
    skin, hair = colour(rng.choice(_SKINS)), colour(rng.choice(_HAIRS))
    canvas.paint(diagonal([mix(tints[3], WHITE, 0.25), mix(rng.choice(tints[1:4]), WHITE, 0.2)]))
    if rng.random() < 0.5:
        canvas.circle(0.5, 0.5, 0.4, mix(tints[-1], WHITE, 0.2))
    shirt = rng.choice(tints[:3])
    behind, before = rng.choice(_STYLES)
    if behind:
        behind(canvas, hair)
    _body(canvas, skin, shirt, rng)
    _head(canvas, skin)
    _features(canvas, rng, skin, hair)
    if rng.random() < 0.22 and before is not _scarf:
        _beard(canvas, hair, skin)
    _mouth(canvas, rng, skin)
    before(canvas, tints[0] if before in {_scarf, _cap, _hat} else hair)
    if rng.random() < 0.28:
        _glasses(canvas, rng)


def _body(canvas: Canvas, skin: Colour, shirt: Colour, rng: Random) -> None:
    canvas.ellipse(_X, 1.0, 0.36, 0.26, shirt)
    canvas.box(0.425, 0.6, 0.575, 0.8, mix(skin, INK, 0.14), radius=0.06)
    canvas.ellipse(_X, 0.775, 0.115, 0.055, mix(skin, INK, 0.14))
    if rng.random() < 0.4:
        for side in (-1, 1):
            collar = [(_X + side * a, b) for a, b in ((0.02, 0.84), (0.14, 0.74), (0.17, 0.84), (0.09, 0.91))]
            canvas.polygon(collar, mix(shirt, WHITE, 0.25))
    elif rng.random() < 0.4:
        for stripe in (0.86, 0.92, 0.98):
            canvas.line([(0.2, stripe), (0.8, stripe)], 0.016, mix(shirt, WHITE, 0.5))


def _head(canvas: Canvas, skin: Colour) -> None:
    for side in (-1, 1):
        canvas.ellipse(_X + side * 0.205, 0.5, 0.038, 0.05, mix(skin, INK, 0.08))
    canvas.ellipse(_X, _HEAD_Y, 0.205, 0.23, skin)
    canvas.ellipse(_X, 0.55, 0.18, 0.17, skin)


def _features(canvas: Canvas, rng: Random, skin: Colour, hair: Colour) -> None:
    brow = mix(hair, INK, 0.4)
    for side in (-1, 1):
        x = _X + side * 0.083
        canvas.circle(x, 0.49, 0.021, INK)
        canvas.circle(x + 0.007, 0.483, 0.006, WHITE)
        canvas.line([(x - 0.03, 0.441), (x, 0.433), (x + 0.03, 0.441)], 0.011, brow)
        canvas.circle(_X + side * 0.125, 0.565, 0.034, mix(skin, (232, 110, 100), 0.28))
    canvas.arc(_X, 0.53, 0.02, (20, 160), 0.009, mix(skin, INK, 0.35))
    if rng.random() < 0.15:
        for dot in range(6):
            canvas.circle(_X + (dot - 2.5) * 0.035, 0.545 + 0.012 * (dot % 2), 0.005, mix(skin, (140, 70, 40), 0.6))


def _mouth(canvas: Canvas, rng: Random, skin: Colour) -> None:
    lip = mix(skin, (170, 50, 60), 0.65)
    if rng.random() < 0.35:
        left, top = canvas.point(_X - 0.06, 0.565)
        right, bottom = canvas.point(_X + 0.06, 0.655)
        canvas.pen.chord((left, top, right, bottom), 0, 180, fill=lip)
        canvas.box(_X - 0.04, 0.609, _X + 0.04, 0.622, WHITE)
    else:
        canvas.arc(_X, 0.575, 0.055, (25, 155), 0.013, lip)


def _beard(canvas: Canvas, hair: Colour, skin: Colour) -> None:
    beard = mix(hair, INK, 0.1)
    left, top = canvas.point(_X - 0.19, 0.42)
    right, bottom = canvas.point(_X + 0.19, 0.75)
    canvas.pen.chord((left, top, right, bottom), 5, 175, fill=beard)
    canvas.ellipse(_X, 0.575, 0.1, 0.032, skin)
    canvas.ellipse(_X, 0.615, 0.075, 0.035, mix(skin, INK, 0.05))
    canvas.ellipse(_X, 0.582, 0.075, 0.016, beard)


def _glasses(canvas: Canvas, rng: Random) -> None:
    frame = colour(rng.choice(("#2b2024", "#8a2d3b", "#2d4a6b", "#6b4a2d")))
    for side in (-1, 1):
        canvas.arc(_X + side * 0.086, 0.492, 0.064, (0, 360), 0.012, frame)
        canvas.line([(_X + side * 0.148, 0.48), (_X + side * 0.2, 0.47)], 0.011, frame)
    canvas.line([(_X - 0.024, 0.485), (_X + 0.024, 0.485)], 0.011, frame)


# Hair. What is behind the head is drawn before it, the rest after the face.


def _cap_of_hair(canvas: Canvas, hair: Colour, low: float = 0.43) -> None:
    left, top = canvas.point(_X - 0.222, 0.22)
    right, bottom = canvas.point(_X + 0.222, 2 * low - 0.22 + 0.06)
    canvas.pen.chord((left, top, right, bottom), 180, 360, fill=hair)


def _short(canvas: Canvas, hair: Colour) -> None:
    _cap_of_hair(canvas, hair)
    canvas.polygon(
        [(0.28, 0.36), (0.36, 0.33), (0.6, 0.41), (0.72, 0.36), (0.722, 0.46), (0.69, 0.4), (0.31, 0.4), (0.278, 0.46)],
        hair,
    )


def _parted(canvas: Canvas, hair: Colour) -> None:
    _cap_of_hair(canvas, hair, 0.41)
    canvas.polygon([(0.285, 0.34), (0.42, 0.3), (0.37, 0.4), (0.285, 0.5)], hair)
    canvas.polygon([(0.42, 0.28), (0.715, 0.34), (0.715, 0.5), (0.66, 0.41)], hair)


def _fringe(canvas: Canvas, hair: Colour) -> None:
    _cap_of_hair(canvas, hair, 0.42)
    canvas.box(0.285, 0.33, 0.715, 0.415, hair, radius=0.03)


def _curls(canvas: Canvas, hair: Colour) -> None:
    for step in range(13):
        angle = math.pi + step / 12 * math.pi
        canvas.circle(_X + 0.215 * math.cos(angle), 0.42 + 0.19 * math.sin(angle), 0.072, hair)
    for step in range(6):
        canvas.circle(0.36 + step * 0.056, 0.325, 0.055, hair)


def _quiff(canvas: Canvas, hair: Colour) -> None:
    _cap_of_hair(canvas, hair, 0.39)
    for step in range(5):
        canvas.circle(0.38 + step * 0.06, 0.265 - 0.018 * math.sin(step), 0.062, hair)


def _bald(canvas: Canvas, hair: Colour) -> None:
    for side in (-1, 1):
        canvas.ellipse(_X + side * 0.2, 0.43, 0.025, 0.06, hair)


def _bun(canvas: Canvas, hair: Colour) -> None:
    canvas.circle(_X, 0.2, 0.09, hair)
    _parted(canvas, hair)


def _scarf(canvas: Canvas, cloth: Colour) -> None:
    left, top = canvas.point(_X - 0.235, 0.2)
    right, bottom = canvas.point(_X + 0.235, 0.66)
    canvas.pen.chord((left, top, right, bottom), 190, 350, fill=cloth)
    for side in (-1, 1):
        canvas.polygon(
            [(_X + side * a, b) for a, b in ((0.15, 0.36), (0.24, 0.42), (0.23, 0.76), (0.09, 0.73), (0.185, 0.55))],
            cloth,
        )
    canvas.ellipse(_X, 0.77, 0.19, 0.075, mix(cloth, WHITE, 0.12))


def _cap(canvas: Canvas, cloth: Colour) -> None:
    _cap_of_hair(canvas, cloth, 0.41)
    canvas.box(0.27, 0.38, 0.86, 0.425, mix(cloth, INK, 0.25), radius=0.022)
    canvas.circle(_X, 0.225, 0.02, mix(cloth, WHITE, 0.3))


def _hat(canvas: Canvas, cloth: Colour) -> None:
    _cap_of_hair(canvas, cloth, 0.42)
    canvas.box(0.265, 0.345, 0.735, 0.425, mix(cloth, WHITE, 0.25), radius=0.03)
    canvas.circle(_X, 0.2, 0.055, mix(cloth, WHITE, 0.45))


def _long(canvas: Canvas, hair: Colour) -> None:
    canvas.box(0.255, 0.3, 0.745, 0.86, mix(hair, INK, 0.18), radius=0.2)


def _bob(canvas: Canvas, hair: Colour) -> None:
    canvas.box(0.25, 0.26, 0.75, 0.66, mix(hair, INK, 0.18), radius=0.17)


def _cloud(canvas: Canvas, hair: Colour) -> None:
    shade = mix(hair, INK, 0.12)
    for step in range(18):
        angle = 0.75 * math.pi + step / 17 * 1.5 * math.pi
        canvas.circle(_X + 0.25 * math.cos(angle), 0.42 + 0.23 * math.sin(angle), 0.1, shade)
    canvas.circle(_X, 0.4, 0.25, shade)


_Part = Callable[[Canvas, Colour], None]
_STYLES: tuple[tuple[_Part | None, _Part], ...] = (
    (None, _short),
    (None, _quiff),
    (None, _parted),
    (None, _curls),
    (None, _bald),
    (None, _cap),
    (None, _hat),
    (None, _bun),
    (None, _scarf),
    (_long, _parted),
    (_long, _fringe),
    (_bob, _fringe),
    (_bob, _parted),
    (_cloud, _curls),
    (_long, _hat),
)
