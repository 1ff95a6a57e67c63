"""A cup on a table, books on shelves, a cat."""

import math
from random import Random

from minitwitter.demo.pictures.canvas import Canvas, Colour, diagonal, mix, palette, vertical

WHITE: Colour = (255, 255, 255)


def cup(canvas: Canvas, rng: Random) -> None:
    """Coffee from above."""
    table = rng.choice(((121, 85, 61), (52, 78, 65), (233, 226, 214), (176, 137, 104), (70, 78, 95)))
    canvas.paint(diagonal([mix(table, WHITE, 0.14), table, mix(table, (0, 0, 0), 0.25)]))
    for board in range(1, rng.randint(3, 6)):
        canvas.line([(0, board / 5), (1, board / 5 + rng.uniform(-0.01, 0.01))], 0.002, mix(table, (0, 0, 0), 0.25))
    x, y, radius = rng.uniform(0.4, 0.6), 0.5 + rng.uniform(-0.06, 0.06), min(0.27, 0.3 * canvas.aspect)
    saucer, tints = mix(WHITE, palette(rng)[3], rng.uniform(0.05, 0.5)), palette(rng)
    canvas.glow(x + 0.02, y + 0.03, radius * 1.35, (0, 0, 0), 0.55)
    canvas.circle(x, y, radius, saucer)
    canvas.circle(x, y, radius * 0.9, mix(saucer, (0, 0, 0), 0.07))
    canvas.circle(x, y, radius * 0.7, mix(saucer, (0, 0, 0), 0.02))
    angle = rng.uniform(0, math.tau)
    handle = [
        (x + far * radius * math.cos(angle), y + far * radius * math.sin(angle) / canvas.aspect) for far in (0.5, 0.86)
    ]
    canvas.line(handle, radius * 0.18, tints[1])
    canvas.circle(x, y, radius * 0.62, tints[1])
    canvas.circle(x, y, radius * 0.55, mix(tints[1], WHITE, 0.75))
    coffee = rng.choice(((62, 39, 26), (120, 77, 46), (94, 58, 36), (150, 104, 62)))
    canvas.circle(x, y, radius * 0.52, coffee)
    canvas.circle(x, y, radius * 0.46, mix(coffee, WHITE, 0.1))
    _milk(canvas, rng, x, y, radius * 0.36, mix(coffee, (255, 240, 220), 0.75))
    for _ in range(rng.randint(0, 3)):
        _biscuit(canvas, rng)


def _milk(canvas: Canvas, rng: Random, x: float, y: float, radius: float, milk: Colour) -> None:
    turn, arms = rng.uniform(0, math.tau), rng.choice((2, 3))
    for arm in range(arms):
        spiral = []
        for step in range(50):
            part = step / 50
            angle = turn + arm * math.tau / arms + part * 5
            far = radius * part
            spiral.append((x + far * math.cos(angle), y + far * math.sin(angle) / canvas.aspect))
        canvas.line(spiral, radius * 0.13, milk)


def _biscuit(canvas: Canvas, rng: Random) -> None:
    x, y, radius = rng.choice((rng.uniform(0.05, 0.15), rng.uniform(0.85, 0.95))), rng.random(), 0.06
    dough = mix((214, 164, 104), (180, 120, 70), rng.random())
    canvas.circle(x + 0.004, y + 0.006, radius, (60, 42, 30))
    canvas.circle(x, y, radius, dough)
    for _ in range(9):
        angle, far = rng.uniform(0, math.tau), rng.uniform(0, 0.75) * radius
        canvas.circle(x + far * math.cos(angle), y + far * math.sin(angle) / canvas.aspect, 0.007, (74, 44, 30))


def still(canvas: Canvas, rng: Random) -> None:
    """Books and plants on shelves."""
    tints = palette(rng)
    wall = mix(tints[-1], rng.choice(tints[1:4]), 0.18)
    canvas.paint(vertical([mix(wall, WHITE, 0.25), wall, mix(wall, (0, 0, 0), 0.12)]))
    canvas.glow(rng.uniform(0.1, 0.9), 0.1, 0.6, (255, 250, 235), 0.4)
    shelves = max(1, round(canvas.aspect * 2.2))
    for shelf in range(shelves):
        foot = (shelf + 0.86) / shelves
        canvas.box(0.04, foot, 0.96, foot + 0.022, (133, 94, 66))
        canvas.box(0.04, foot + 0.022, 0.96, foot + 0.034, mix(wall, (0, 0, 0), 0.22))
        _books(canvas, rng, foot, 0.66 / shelves, tints)


def _books(canvas: Canvas, rng: Random, foot: float, high: float, tints: list[Colour]) -> None:
    x, end, plant = 0.08, 0.92, rng.uniform(0.2, 0.8)
    while x < end:
        if plant and x > plant:
            _plant(canvas, rng, x + 0.06, foot, high)
            x, plant = x + 0.13, 0.0
            continue
        wide, tall = rng.uniform(0.018, 0.045), high * rng.uniform(0.72, 1.0)
        tint = mix(rng.choice(tints), rng.choice(tints), rng.uniform(0, 0.4))
        canvas.box(x, foot - tall, x + wide, foot, tint)
        canvas.box(x, foot - tall, x + wide * 0.12, foot, mix(tint, (0, 0, 0), 0.25))
        band = mix(tint, WHITE, 0.5)
        canvas.box(x + wide * 0.2, foot - tall * 0.85, x + wide * 0.88, foot - tall * 0.8, band)
        canvas.box(x + wide * 0.2, foot - tall * 0.2, x + wide * 0.88, foot - tall * 0.17, band)
        x += wide + 0.002 + (rng.uniform(0.02, 0.07) if rng.random() < 0.08 else 0)


def _plant(canvas: Canvas, rng: Random, x: float, foot: float, high: float) -> None:
    pot, green = (200, 113, 80), rng.choice(((71, 124, 80), (96, 140, 74), (52, 110, 98)))
    top = foot - high * 0.3
    for leaf in range(11):
        angle = -math.pi / 2 + (leaf - 5) * 0.24
        reach = high * rng.uniform(0.35, 0.62)
        tip = (x + reach * math.cos(angle) * canvas.aspect * 0.9, top + reach * math.sin(angle))
        canvas.line([(x, top), tip], 0.009, mix(green, WHITE, rng.uniform(0, 0.25)))
    wide = 0.036
    canvas.polygon([(x - wide, top), (x + wide, top), (x + wide * 0.72, foot), (x - wide * 0.72, foot)], pot)
    canvas.box(x - wide * 1.12, top - 0.012, x + wide * 1.12, top + 0.012, mix(pot, WHITE, 0.15))


def creature(canvas: Canvas, rng: Random) -> None:
    """A cat that sits."""
    tints = palette(rng)
    canvas.paint(diagonal([mix(tints[3], WHITE, 0.35), mix(tints[-1], WHITE, 0.2)]))
    canvas.box(0, 0.82, 1, 1, mix(tints[1], WHITE, 0.25))
    fur = rng.choice(((90, 90, 96), (222, 150, 80), (60, 58, 62), (235, 224, 208), (150, 118, 92)))
    _sitting_cat(canvas, rng, fur)


def _sitting_cat(canvas: Canvas, rng: Random, fur: Colour) -> None:
    unit = 0.3 * min(1.0, canvas.aspect)
    x, ground, ratio = rng.uniform(0.42, 0.58), 0.88, unit / canvas.aspect
    dark, light = mix(fur, (0, 0, 0), 0.28), mix(fur, WHITE, 0.55)
    tail = [(x + unit * (0.6 + 0.5 * math.sin(t / 8)), ground - ratio * 0.08 - ratio * t / 22) for t in range(20)]
    canvas.line(tail, unit * 0.16, dark)
    canvas.ellipse(x, ground - ratio * 0.55, unit * 0.75, unit * 0.66, fur)
    canvas.ellipse(x, ground - ratio * 0.4, unit * 0.4, unit * 0.42, light)
    for side in (-1, 1):
        canvas.ellipse(x + side * unit * 0.3, ground - ratio * 0.02, unit * 0.2, unit * 0.11, mix(fur, WHITE, 0.2))
    head = ground - ratio * 1.45
    for side in (-1, 1):
        ear = [(x + side * unit * a, head - ratio * b) for a, b in ((0.56, 0.2), (0.52, 0.85), (0.1, 0.45))]
        canvas.polygon(ear, fur)
        inner = [(x + side * unit * a, head - ratio * b) for a, b in ((0.48, 0.3), (0.46, 0.68), (0.22, 0.45))]
        canvas.polygon(inner, (236, 170, 165))
    canvas.ellipse(x, head, unit * 0.62, unit * 0.54, fur)
    for stripe in (-0.16, 0.0, 0.16):
        canvas.line(
            [(x + unit * stripe, head - ratio * 0.5), (x + unit * stripe * 0.7, head - ratio * 0.3)], unit * 0.05, dark
        )
    eye = rng.choice(((126, 190, 110), (240, 190, 70), (110, 180, 215)))
    for side in (-1, 1):
        canvas.ellipse(x + side * unit * 0.25, head - ratio * 0.04, unit * 0.13, unit * 0.14, eye)
        canvas.ellipse(x + side * unit * 0.25, head - ratio * 0.04, unit * 0.05, unit * 0.12, (25, 25, 28))
        canvas.circle(x + side * unit * 0.25 + unit * 0.03, head - ratio * 0.09, unit * 0.028, WHITE)
        for whisker in (-0.06, 0.02, 0.1):
            ends = [
                (x + side * unit * 0.3, head + ratio * 0.22),
                (x + side * unit * 0.85, head + ratio * (0.2 + whisker)),
            ]
            canvas.line(ends, 0.0022, mix(fur, WHITE, 0.8))
    canvas.ellipse(x, head + ratio * 0.24, unit * 0.2, unit * 0.13, light)
    nose = [(x - unit * 0.06, head + ratio * 0.13), (x + unit * 0.06, head + ratio * 0.13), (x, head + ratio * 0.21)]
    canvas.polygon(nose, (214, 120, 120))
