"""Draws hair: areas in face units, strands, and the flows that they follow."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from tools.portraits.sculpt import EYES, UNIT
from tools.portraits.shape import SIDE, Array, fill, noise, smooth, soften, stroke, taper

Flow = Callable[[Array, Array], Array]
"""Direction of the hair in radians at x and y in face units."""


def place(points: list[tuple[float, float]], mirror: bool = True) -> Array:
    """Face units -> pixels; with `mirror`, the points of the left half (x <= 0) from top to bottom give both halves."""
    half = np.array(points, float)
    if mirror:
        half = np.vstack([half, (half * (-1, 1))[::-1]])
    return half * UNIT + EYES


def area(points: list[tuple[float, float]], mirror: bool = True, blur: float = 1.5) -> Array:
    """Mask of a smooth closed curve given in face units."""
    return fill(smooth(place(points, mirror), 400), blur)


def strands(
    mask: Array, flow: Flow, generator: np.random.Generator, *, count: int = 7000, length: int = 60, width: int = 2
) -> Array:
    """Draw strands along a flow, as brightness `[SIDE, SIDE]` around 0, about -1 to 1.

    Args:
        mask: where strands begin.
        flow: directions to follow.
        generator: of positions and tones.
        count: number of strands.
        length: longest strand in pixels.
        width: pixels.
    """
    rows, columns = np.nonzero(mask > 0.3)
    picked = generator.integers(0, len(rows), count)
    at = np.stack([columns[picked], rows[picked]], -1).astype(float)
    tones = generator.normal(0, 1, count)
    steps = length // 4
    paths = [at]
    for _ in range(steps):
        angle = flow((at[:, 0] - EYES[0]) / UNIT, (at[:, 1] - EYES[1]) / UNIT)
        at = at + 4 * np.stack([np.cos(angle), np.sin(angle)], -1)
        paths.append(at)
    lines = np.stack(paths, 1)
    canvas = Image.new("F", (SIDE, SIDE))
    draw = ImageDraw.Draw(canvas)
    for line, tone in zip(lines, tones, strict=True):
        draw.line([tuple(point) for point in line[: generator.integers(steps // 2, steps + 1)]], fill=float(tone), width=width)
    return np.tanh(soften(np.asarray(canvas, float), 0.7) * 0.7)


def locks(
    mask: Array, flow: Flow, generator: np.random.Generator, *, count: int = 60, length: int = 260, width: float = 6.0
) -> Array:
    """Draw locks as long tapered lines along a flow: a mask `[SIDE, SIDE]`.

    Args:
        mask: where locks begin and show.
        flow: directions to follow.
        generator: of positions and lengths.
        count: number of locks.
        length: longest lock in pixels.
        width: greatest width in pixels.
    """
    rows, columns = np.nonzero(mask > 0.9)
    total = np.zeros((SIDE, SIDE))
    for picked in generator.integers(0, len(rows), count):
        at = np.array([[columns[picked], rows[picked]]], float)
        path = [at[0]]
        for _ in range(int(length * generator.uniform(0.4, 1.0) / 4)):
            angle = flow((at[:, 0] - EYES[0]) / UNIT, (at[:, 1] - EYES[1]) / UNIT)
            at = at + 4 * np.stack([np.cos(angle), np.sin(angle)], -1)
            path.append(at[0])
        total = np.maximum(total, stroke(np.array(path), taper(len(path), width, 0.1, 0.0), 0))
    return soften(total, 0.8) * mask


def downward(part: float = 0.0, curl: float = 0.0, frequency: float = 9.0) -> Flow:
    """A flow from a parting outwards over the skull and then down.

    Args:
        part: x of the parting in face units.
        curl: amplitude of waves in radians.
        frequency: waves per face unit.
    """

    def flow(x: Array, y: Array) -> Array:
        away = np.clip((x - part) / 0.45, -1, 1)
        fall = np.clip((y + 0.62) / 0.5, 0, 1)
        angle = np.pi / 2 - away * (1 - 0.75 * fall) * 1.25
        return np.asarray(angle + curl * np.sin(frequency * (y + 0.35 * x) * 2 * np.pi / 2))

    return flow


def curls(generator: np.random.Generator, scale: float = 34) -> Flow:
    """A flow of tight curls: cloudy noise whose largest clouds have `scale` pixels."""
    field = noise(generator, scale, 2) * 2.4

    def flow(x: Array, y: Array) -> Array:
        column = np.clip(x * UNIT + EYES[0], 0, SIDE - 1).astype(int)
        row = np.clip(y * UNIT + EYES[1], 0, SIDE - 1).astype(int)
        return np.asarray(field[row, column])

    return flow


def bumpy(points: Array, generator: np.random.Generator, size: float = 0.02, count: int = 46) -> Array:
    """Roughen a closed curve in pixels, as the outline of curly hair.

    Args:
        points: `[n, 2]`.
        generator: of the bumps' sizes.
        size: standard deviation of the distance from the centre, as a share of it.
        count: number of bumps.
    """
    curve = smooth(points, count)
    centre = curve.mean(0)
    swell = 1 + generator.normal(0, size, (count, 1))
    return smooth(centre + (curve - centre) * swell, 500)
