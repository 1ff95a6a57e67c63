"""Landscapes, the sea, the night sky, and cities."""

import math
from random import Random

from minitwitter.demo.pictures.canvas import Canvas, Colour, colour, mix, ridge, vertical

WHITE: Colour = (255, 255, 255)

# The sky from the top to the horizon, and the colour of what stands before it.
_SKIES = (
    (("#2b2d5b", "#8d5a97", "#f08a7b", "#ffd39a"), "#241c3b"),
    (("#28527a", "#8ac4d0", "#fbeeac", "#f4d160"), "#1d3a4f"),
    (("#3a6ea5", "#9cc5e8", "#dfeefa", "#fdf6ec"), "#27445c"),
    (("#5b2a86", "#b2529c", "#ff8c82", "#ffe1a8"), "#2b1645"),
    (("#0f4c5c", "#5f9ea0", "#f2c57c", "#fbe7c6"), "#12343b"),
    (("#64748b", "#a3b1c2", "#e2d9d0", "#f7ede2"), "#364150"),
)


def _sky(canvas: Canvas, rng: Random) -> tuple[list[Colour], Colour]:
    codes, near = rng.choice(_SKIES)
    stops = [colour(code) for code in codes]
    canvas.paint(vertical(stops))
    return stops, colour(near)


def landscape(canvas: Canvas, rng: Random) -> None:
    """Hills behind hills, with the sun above."""
    stops, near = _sky(canvas, rng)
    sun_x, sun_y = rng.uniform(0.2, 0.8), rng.uniform(0.22, 0.45)
    canvas.glow(sun_x, sun_y, 0.35, mix(stops[-1], WHITE, 0.5), 0.8)
    canvas.circle(sun_x, sun_y, rng.uniform(0.035, 0.06), mix(stops[-1], WHITE, 0.65))
    layers = rng.randint(4, 6)
    for layer in range(layers):
        part = (layer + 1) / layers
        base = 0.45 + 0.45 * part
        line = ridge(rng, base, rng.uniform(0.03, 0.07), 0.55)
        canvas.polygon([*line, (1, 1.01), (0, 1.01)], mix(stops[-1], near, 0.25 + 0.75 * part))
    if rng.random() < 0.6:
        _trees(canvas, rng, near)
    if rng.random() < 0.4:
        _birds(canvas, rng, near)


def _trees(canvas: Canvas, rng: Random, near: Colour) -> None:
    dark = mix(near, (0, 0, 0), 0.35)
    for _ in range(rng.randint(5, 16)):
        x, foot, high = rng.random(), rng.uniform(0.93, 1.02), rng.uniform(0.06, 0.16)
        wide = high * canvas.aspect * 0.3
        for tier in range(4):
            top = foot - high + tier * high * 0.2
            half = wide * (0.4 + 0.2 * tier)
            canvas.polygon([(x, top), (x - half, top + high * 0.4), (x + half, top + high * 0.4)], dark)


def _birds(canvas: Canvas, rng: Random, near: Colour) -> None:
    left, top = rng.uniform(0.1, 0.6), rng.uniform(0.1, 0.25)
    for _ in range(rng.randint(3, 9)):
        x, y, wide = left + rng.uniform(0, 0.25), top + rng.uniform(0, 0.12), rng.uniform(0.006, 0.012)
        wing = [(x - wide, y - wide), (x, y), (x + wide, y - wide)]
        canvas.line(wing, 0.002, near)


def sea(canvas: Canvas, rng: Random) -> None:
    """The sun above water, with clouds and sometimes a boat."""
    stops, near = _sky(canvas, rng)
    horizon, sun_x = rng.uniform(0.5, 0.64), rng.uniform(0.25, 0.75)
    light = mix(stops[-1], WHITE, 0.55)
    canvas.glow(sun_x, horizon - 0.06, 0.45, light, 0.75)
    canvas.circle(sun_x, horizon - rng.uniform(-0.01, 0.07), rng.uniform(0.05, 0.085), light)
    for _ in range(rng.randint(2, 5)):
        _cloud(canvas, rng, mix(stops[2], WHITE, 0.25))
    rows = 60
    for row in range(rows):
        part = row / rows
        top = horizon + (1 - horizon) * part
        canvas.box(0, top, 1, top + (1 - horizon) / rows + 0.004, mix(mix(stops[2], near, 0.35), near, part))
    for row in range(70):
        part = (row / 70) ** 1.5
        y = horizon + (1 - horizon) * part + 0.003
        for _ in range(3):
            x = sun_x + rng.gauss(0, 0.03 + 0.12 * part)
            wide = rng.uniform(0.01, 0.03 + 0.05 * part)
            tint = mix(light, near, 0.1 + 0.55 * part)
            canvas.line([(x - wide, y), (x + wide, y)], 0.0015 + 0.003 * part, tint)
    if rng.random() < 0.5:
        _boat(canvas, rng, horizon, near)


def _cloud(canvas: Canvas, rng: Random, tint: Colour) -> None:
    x, y, wide = rng.random(), rng.uniform(0.08, 0.38), rng.uniform(0.08, 0.22)
    for layer in range(3):
        half, high = wide * (1 - layer * 0.25), 0.006 + 0.004 * layer
        shift = x + rng.uniform(-0.04, 0.04)
        canvas.box(shift - half, y - layer * 0.014, shift + half, y - layer * 0.014 + high * 2, tint, radius=0.008)


def _boat(canvas: Canvas, rng: Random, horizon: float, near: Colour) -> None:
    x, y = rng.uniform(0.12, 0.88), horizon + rng.uniform(0.03, 0.12)
    dark, high = mix(near, (0, 0, 0), 0.4), 0.07 / canvas.aspect
    canvas.polygon([(x - 0.035, y), (x + 0.035, y), (x + 0.024, y + 0.018), (x - 0.026, y + 0.018)], dark)
    canvas.polygon([(x + 0.002, y - high), (x + 0.002, y - 0.008), (x + 0.028, y - 0.008)], mix(WHITE, near, 0.15))
    canvas.polygon([(x - 0.003, y - high * 0.85), (x - 0.003, y - 0.008), (x - 0.02, y - 0.008)], mix(WHITE, near, 0.3))


def night(canvas: Canvas, rng: Random) -> None:
    """Stars and the moon above hills."""
    low = colour(rng.choice(("#3b3a68", "#274060", "#5d3a68", "#1f5062")))
    canvas.paint(vertical([(8, 10, 28), (17, 22, 56), low]))
    for _ in range(3):
        canvas.glow(rng.random(), rng.uniform(0.1, 0.6), rng.uniform(0.2, 0.4), mix(low, (150, 120, 200), 0.4), 0.35)
    for _ in range(rng.randint(260, 420)):
        bright = rng.random() ** 3
        tint = mix((120, 130, 180), (255, 250, 235), bright)
        canvas.circle(rng.random(), rng.random() * 0.85, 0.0006 + 0.0016 * bright, tint)
    moon_x, moon_y, radius = rng.uniform(0.15, 0.85), rng.uniform(0.14, 0.32), rng.uniform(0.035, 0.06)
    canvas.glow(moon_x, moon_y, radius * 4, (255, 244, 214), 0.5)
    canvas.circle(moon_x, moon_y, radius, (255, 246, 222))
    for _ in range(6):
        angle, far = rng.uniform(0, math.tau), rng.uniform(0, 0.65) * radius
        x, y = moon_x + far * math.cos(angle), moon_y + far * math.sin(angle) / canvas.aspect
        canvas.circle(x, y, radius * rng.uniform(0.07, 0.2), (240, 226, 196))
    for layer in range(3):
        line = ridge(rng, 0.8 + 0.07 * layer, 0.035, 0.5)
        canvas.polygon([*line, (1, 1.01), (0, 1.01)], mix(low, (6, 8, 20), 0.5 + 0.22 * layer))


def skyline(canvas: Canvas, rng: Random) -> None:
    """Towers with lit windows."""
    stops, near = _sky(canvas, rng)
    for layer in range(3):
        tint = mix(stops[2], near, 0.35 + 0.32 * layer)
        x = -rng.random() * 0.05
        while x < 1:
            wide = rng.uniform(0.04, 0.11)
            top = rng.uniform(0.32, 0.62) + 0.1 * layer
            canvas.box(x, top, x + wide, 1, tint)
            _roof(canvas, rng, x, top, wide, tint)
            if layer:
                _windows(canvas, rng, (x, top, wide), mix(tint, (0, 0, 0), 0.18))
            x += wide + rng.choice((0, 0.004, 0.012))


def _roof(canvas: Canvas, rng: Random, x: float, top: float, wide: float, tint: Colour) -> None:
    kind = rng.random()
    if kind < 0.2:
        canvas.polygon([(x, top + 0.001), (x + wide / 2, top - 0.06), (x + wide, top + 0.001)], tint)
    elif kind < 0.4:
        canvas.line([(x + wide / 2, top), (x + wide / 2, top - 0.07)], 0.003, tint)
    elif kind < 0.55:
        canvas.box(x + wide * 0.2, top - 0.03, x + wide * 0.6, top, tint)


def _windows(canvas: Canvas, rng: Random, tower: tuple[float, float, float], dark: Colour) -> None:
    x, top, wide = tower
    columns = max(2, round(wide / 0.02))
    pitch, row_pitch = wide / columns, 0.022 / canvas.aspect
    row = top + row_pitch * 0.6
    while row < 1:
        for column in range(columns):
            lit = rng.random() < 0.35
            tint = rng.choice(((255, 221, 145), (255, 238, 190), (255, 200, 120))) if lit else dark
            left = x + pitch * (column + 0.25)
            canvas.box(left, row, left + pitch * 0.5, row + row_pitch * 0.5, tint)
        row += row_pitch
