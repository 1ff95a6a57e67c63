"""Patterns, charts and maps."""

import math
from random import Random

from minitwitter.demo.pictures.canvas import Canvas, Colour, diagonal, mesh, mix, palette, ramp, ridge

WHITE: Colour = (255, 255, 255)


def abstract(canvas: Canvas, rng: Random) -> None:
    """One of three kinds of pattern."""
    rng.choice((_tiles, _flow, _discs))(canvas, rng)


def _tiles(canvas: Canvas, rng: Random) -> None:
    tints = palette(rng)
    across = rng.choice((4, 5, 6))
    side = 1 / across
    down = math.ceil(canvas.aspect * across)
    for row in range(down):
        for column in range(across):
            _tile(canvas, rng, column * side, row * side / canvas.aspect, side, tints)


def _tile(canvas: Canvas, rng: Random, x: float, y: float, side: float, tints: list[Colour]) -> None:
    ground, figure, dot = rng.sample(tints, 3)
    high = side / canvas.aspect
    canvas.box(x, y, x + side, y + high, ground)
    kind = rng.randrange(5)
    if kind < 2:
        corner_x, corner_y = rng.choice(((0, 0), (1, 0), (0, 1), (1, 1)))
        box = (*canvas.point(x + (corner_x - 1) * side, y + (corner_y - 1) * high),)
        far = (*canvas.point(x + (corner_x + 1) * side, y + (corner_y + 1) * high),)
        start = {(0, 0): 0, (1, 0): 90, (1, 1): 180, (0, 1): 270}[corner_x, corner_y]
        canvas.pen.pieslice((*box, *far), start, start + 90, fill=figure)
        if kind:
            near = [(a + b) / 2 for a, b in zip(box, far, strict=True)]
            quarter = side * canvas.image.width / 2
            inner = (near[0] - quarter, near[1] - quarter, near[0] + quarter, near[1] + quarter)
            canvas.pen.pieslice(inner, start, start + 90, fill=dot)
    elif kind == 2:
        canvas.circle(x + side / 2, y + high / 2, side * 0.36, figure)
        canvas.circle(x + side / 2, y + high / 2, side * 0.16, dot)
    elif kind == 3:
        canvas.polygon([(x, y), (x + side, y), (x, y + high)], figure)
    else:
        canvas.box(x, y, x + side / 2, y + high, figure)
        canvas.circle(x + side / 2, y + high / 2, side * 0.2, dot)


def _flow(canvas: Canvas, rng: Random) -> None:
    tints = palette(rng)
    canvas.paint(diagonal([tints[-1], mix(tints[-1], WHITE, 0.4)]))
    waves = 26
    fast, shift = rng.uniform(0.7, 1.6), rng.uniform(0, math.tau)
    for wave in range(waves):
        part = wave / waves
        base = 0.1 + 0.95 * part
        line = [
            (
                step / 80,
                base
                + 0.07 * math.sin(step / 80 * math.tau * fast + shift + part * 4)
                + 0.03 * math.sin(step / 80 * math.tau * fast * 2.3 + part * 9),
            )
            for step in range(81)
        ]
        canvas.polygon([*line, (1, 1.2), (0, 1.2)], ramp([tints[-1], tints[3], tints[2], tints[1], tints[0]], part))


def _discs(canvas: Canvas, rng: Random) -> None:
    tints = palette(rng)
    canvas.paint(mesh([tints[-1], mix(tints[-1], tints[3], 0.4)], rng))
    placed: list[tuple[float, float, float]] = []
    for _ in range(700):
        x, y, radius = rng.random(), rng.random(), rng.choice((0.012, 0.02, 0.04, 0.075, 0.12))
        apart = [math.hypot(x - a, (y - b) * canvas.aspect) > radius + other + 0.006 for a, b, other in placed]
        if not all(apart):
            continue
        placed.append((x, y, radius))
        canvas.circle(x, y, radius, rng.choice(tints[:-1]))
        if radius > 0.03 and rng.random() < 0.6:
            canvas.circle(x, y, radius * 0.62, rng.choice(tints))
            canvas.circle(x, y, radius * 0.28, rng.choice(tints[:-1]))


def chart(canvas: Canvas, rng: Random) -> None:
    """Bars or lines over a week."""
    tints = palette(rng)
    paper, ink = mix(tints[-1], WHITE, 0.7), tints[0]
    canvas.box(0, 0, 1, 1, paper)
    for step in range(5):
        y = 0.16 + step * 0.165
        canvas.line([(0.09, y), (0.95, y)], 0.0015, mix(paper, ink, 0.18))
    rng.choice((_bars, _curve))(canvas, rng, tints)
    canvas.line([(0.09, 0.82), (0.95, 0.82)], 0.003, ink)
    canvas.box(0.09, 0.06, 0.09 + rng.uniform(0.25, 0.4), 0.085, ink, radius=0.006)
    for tick in range(7):
        x = 0.125 + tick * 0.12
        canvas.box(x, 0.86, x + 0.05, 0.875, mix(paper, ink, 0.35), radius=0.004)


def _bars(canvas: Canvas, rng: Random, tints: list[Colour]) -> None:
    highs = [rng.uniform(0.15, 0.55) for _ in range(6)] + [0.62]
    for index, high in enumerate(highs):
        x = 0.11 + index * 0.12
        canvas.box(x, 0.82 - high, x + 0.08, 0.82, tints[2] if index == 6 else tints[1], radius=0.008)
        canvas.box(x, 0.8, x + 0.08, 0.82, tints[2] if index == 6 else tints[1])


def _curve(canvas: Canvas, rng: Random, tints: list[Colour]) -> None:
    for tint in tints[1:3]:
        level, points = rng.uniform(0.15, 0.3), []
        for step in range(40):
            level = min(max(level + rng.gauss(0.008, 0.03), 0.04), 0.64)
            points.append((0.09 + step * 0.86 / 39, 0.82 - level))
        canvas.polygon([(0.09, 0.82), *points, (0.95, 0.82)], mix(tint, tints[-1], 0.72))
        canvas.line(points, 0.006, tint)
        canvas.circle(*points[-1], 0.011, tint)


def route(canvas: Canvas, rng: Random) -> None:
    """A run on a map."""
    canvas.box(0, 0, 1, 1, (238, 235, 226))
    for _ in range(rng.randint(2, 3)):
        x, y = rng.random(), rng.random()
        canvas.ellipse(x, y, rng.uniform(0.1, 0.22), rng.uniform(0.08, 0.16), (204, 226, 190))
    river = [(x, y) for x, y in ridge(rng, rng.uniform(0.35, 0.65), 0.08, 0.45)]
    canvas.line([(-0.02, river[0][1]), *river, (1.02, river[-1][1])], 0.05, (164, 205, 230))
    for _ in range(rng.randint(14, 20)):
        angle = rng.choice((0.0, math.pi / 2)) + rng.gauss(0.12, 0.06)
        x, y = rng.random(), rng.random()
        ends = [(x + far * math.cos(angle), y + far * math.sin(angle)) for far in (-1.5, 1.5)]
        width = rng.choice((0.004, 0.006, 0.012))
        canvas.line(ends, width + 0.003, (214, 208, 194))
        canvas.line(ends, width, WHITE)
    track = _track(rng, canvas.aspect)
    canvas.line(track, 0.016, WHITE)
    canvas.line(track, 0.009, rng.choice(((230, 57, 70), (29, 88, 180), (236, 118, 38))))
    for place, tint in ((track[0], (40, 160, 80)), (track[len(track) // 2], (50, 50, 60))):
        canvas.circle(*place, 0.016, WHITE)
        canvas.circle(*place, 0.011, tint)


def _track(rng: Random, aspect: float) -> list[tuple[float, float]]:
    waves = [(fast, rng.uniform(0, math.tau), rng.uniform(0.02, 0.09) / fast**0.6) for fast in (2, 3, 5, 8)]
    track, reach = [], 0.27 * min(1, aspect)
    for step in range(161):
        angle = step / 160 * math.tau
        far = reach + min(1, aspect) * sum(high * math.sin(fast * angle + shift) for fast, shift, high in waves)
        track.append((0.5 + far * math.cos(angle), 0.5 + far * math.sin(angle) / aspect))
    return track
