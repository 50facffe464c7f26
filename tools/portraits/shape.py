"""2-D shapes on a square canvas: smooth curves, soft masks, strokes of varying width."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.interpolate import splev, splprep
from scipy.ndimage import distance_transform_edt, gaussian_filter

Array = NDArray[np.float64]

SIDE = 1024
"""Edge of the canvas in pixels; finished portraits are half as large."""


def smooth(points: Array, count: int = 240, closed: bool = True) -> Array:
    """Return `[count, 2]` points of a spline through `[n, 2]` points."""
    points = np.asarray(points, float)
    if closed:
        points = np.vstack([points, points[:1]])
    # A point given twice, as where two mirrored halves meet, has no direction.
    points = points[np.r_[True, np.linalg.norm(np.diff(points, axis=0), axis=1) > 1e-6]]
    spline, _ = splprep(points.T, s=0, per=closed, k=min(3, len(points) - 1))
    return np.stack(splev(np.linspace(0, 1, count), spline), -1)


def fill(points: Array, blur: float = 0.8) -> Array:
    """Return the interior of a closed curve `[n, 2]` in pixels as a mask `[SIDE, SIDE]` in [0, 1]."""
    canvas = Image.new("L", (SIDE, SIDE))
    ImageDraw.Draw(canvas).polygon([tuple(point) for point in np.asarray(points, float)], fill=255)
    return soften(np.asarray(canvas) / 255, blur)


def stroke(points: Array, widths: Array | float, blur: float = 0.8) -> Array:
    """Return a brush stroke as a mask.

    Args:
        points: `[n, 2]` in pixels.
        widths: pixels, one for all points or one each.
        blur: standard deviation in pixels.
    """
    points = np.asarray(points, float)
    canvas = Image.new("L", (SIDE, SIDE))
    draw = ImageDraw.Draw(canvas)
    for (x, y), width in zip(points, np.broadcast_to(widths, len(points)), strict=True):
        draw.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=255)
    return soften(np.asarray(canvas) / 255, blur)


def taper(count: int, width: float, start: float = 0.2, end: float = 0.2, power: float = 0.7) -> Array:
    """Widths `[count]` of a stroke that is thin at both ends.

    Args:
        count: points of the stroke.
        width: greatest width in pixels.
        start: how far the first end is from its thinnest, 0 to 1.
        end: the same of the last end.
        power: below 1 the stroke is nearly as wide as `width` for longer.
    """
    t = np.linspace(0, 1, count)
    return width * np.maximum(np.sin(np.pi * (start / 2 + t * (1 - start / 2 - end / 2))) ** power, 0.08)


def soften(mask: Array, sigma: float) -> Array:
    """Blur a mask by a Gaussian of `sigma` pixels."""
    return gaussian_filter(np.asarray(mask, float), sigma) if sigma else np.asarray(mask, float)


def dome(mask: Array, radius: float) -> Array:
    """Height in pixels of a rounded mask: 0 at its border, `radius` from that distance inwards."""
    depth = np.minimum(gaussian_filter(distance_transform_edt(mask > 0.5), 0.06 * radius) / radius, 1)
    return radius * np.sqrt(1 - (1 - depth) ** 2)


def blob(x: float, y: float, width: float, height: float) -> Array:
    """A Gaussian spot `[SIDE, SIDE]`, 1 at its middle; widths are standard deviations in pixels."""
    grid = np.arange(SIDE)
    return np.exp(-(((grid[:, None] - y) / height) ** 2) / 2 - ((grid[None] - x) / width) ** 2 / 2)


def over(below: Array, colour: Array | tuple[float, float, float], mask: Array) -> Array:
    """Blend a colour over a picture.

    Args:
        below: `[SIDE, SIDE, 3]`.
        colour: one colour, or one per pixel.
        mask: opacity `[SIDE, SIDE]`.
    """
    share = mask[..., None]
    return below * (1 - share) + np.asarray(colour, float) * share


def noise(generator: np.random.Generator, scale: float, octaves: int = 4) -> Array:
    """Cloudy noise `[SIDE, SIDE]` of mean 0 and deviation 1; `scale` is the size of its largest clouds in pixels."""
    total = np.zeros((SIDE, SIDE))
    for octave in range(octaves):
        cell = max(scale / 2**octave, 1)
        count = int(np.ceil(SIDE / cell)) + 3
        seed = generator.standard_normal((count, count)).astype(np.float32)
        layer = np.asarray(Image.fromarray(seed).resize((round(count * cell),) * 2, Image.Resampling.BICUBIC), float)
        total += layer[:SIDE, :SIDE] / 2**octave
    return (total - total.mean()) / total.std()
