"""Oil on canvas."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter, sobel

from tools.portraits.paint import LUMA, Lighting, painting
from tools.portraits.person import Layers
from tools.portraits.shape import SIDE, Array, soften


def oil(layers: Layers) -> Array:
    """Oil on canvas: strokes from broad to fine along the forms, with relief (after Hertzmann 1998)."""
    warm = Lighting(
        key=(-0.75, -0.5, 0.55), key_colour=(1.0, 0.9, 0.74), strength=1.0, ambient=0.16, fill_strength=0.12, rim_strength=0.15
    )
    target = painting(layers, warm)
    generator = np.random.default_rng(layers.person.seed + 10)
    angle = _along_forms(target)
    detail = soften(
        np.maximum.reduce([layers.head.mask[name] for name in ("eyes", "lips_up", "lips_low", "nostrils", "brows", "lashes")])
        > 0.2,
        14,
    )
    picture = np.clip(target.mean((0, 1)) * np.ones_like(target) * 0.6, 0, 1)
    relief = np.zeros((SIDE, SIDE))
    for width, length, share in ((34, 90, 1.0), (18, 52, 1.0), (10, 32, 1.0), (5, 20, 0.85), (3, 12, 0.5)):
        reference = gaussian_filter(target, (width / 2.5, width / 2.5, 0))
        need = np.abs(picture - reference).sum(-1) + (0.25 * detail if width < 12 else 0)
        need = gaussian_filter(need, width / 2)
        picture, relief = _strokes(picture, relief, reference, angle, need, width, length, share, generator)
    light = np.gradient(gaussian_filter(relief, 0.8))
    bump = np.clip(-(light[0] + light[1]) * 0.9, -0.06, 0.09)
    weave = 0.008 * (np.sin(np.arange(SIDE) * 2 * np.pi / 5)[:, None] + np.sin(np.arange(SIDE) * 2 * np.pi / 5)[None])
    return np.clip(picture * (1 + bump[..., None] + weave[..., None]), 0, 1)


def _along_forms(picture: Array) -> Array:
    """Direction along edges in radians `[SIDE, SIDE]`: the minor axis of the smoothed structure tensor."""
    grey = gaussian_filter(picture @ LUMA, 2)
    gx, gy = sobel(grey, 1), sobel(grey, 0)
    xx, yy, xy = (gaussian_filter(part, 9) for part in (gx * gx, gy * gy, gx * gy))
    return np.asarray(0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2)


def _strokes(
    picture: Array,
    relief: Array,
    reference: Array,
    angle: Array,
    need: Array,
    width: int,
    length: int,
    share: float,
    generator: np.random.Generator,
) -> tuple[Array, Array]:
    """Paint one layer of strokes where the picture still differs from the reference; return picture and relief."""
    step = max(2, round(width * 0.55))
    rows, columns = np.mgrid[0:SIDE:step, 0:SIDE:step]
    at = np.stack([columns.ravel(), rows.ravel()], -1) + generator.uniform(-step / 2, step / 2, (rows.size, 2))
    inside = at.clip(0, SIDE - 1).astype(int)
    bar = 0.05 if width > 6 else 0.07
    chosen = (need[inside[:, 1], inside[:, 0]] > bar) | (width > 30)
    chosen &= generator.uniform(size=len(at)) < share
    at, inside = at[chosen], inside[chosen]
    order = generator.permutation(len(at))
    canvas = Image.fromarray((picture * 255).astype(np.uint8))
    height = Image.fromarray(relief.astype(np.float32))
    draw, raise_ = ImageDraw.Draw(canvas), ImageDraw.Draw(height)
    for place, (x, y) in zip(at[order], inside[order], strict=True):
        colour = reference[y, x] * (1 + generator.normal(0, 0.035)) + generator.normal(0, 0.012, 3)
        path = _follow(place, angle, reference, length)
        level = float(generator.uniform(0, 1))
        rgb = tuple(int(value) for value in np.clip(colour * 255, 0, 255))
        thick = max(1, round(width * generator.uniform(0.7, 1.1)))
        draw.line(path, fill=rgb, width=thick, joint="curve")
        for bristle in range(3):
            offset = (bristle - 1) * thick / 3
            raise_.line([(px, py + offset) for px, py in path], fill=level + 0.25 * bristle, width=max(1, thick // 3))
    return np.asarray(canvas, float) / 255, np.asarray(height, float)


def _follow(place: Array, angle: Array, reference: Array, length: int) -> list[tuple[float, float]]:
    """A stroke's path along the forms; it ends where the reference changes its colour."""
    x, y = float(place[0]), float(place[1])
    path = [(x, y)]
    row, column = int(np.clip(y, 0, SIDE - 1)), int(np.clip(x, 0, SIDE - 1))
    start, last = reference[row, column], angle[row, column]
    for _ in range(max(2, length // 6)):
        here = angle[row, column]
        if np.cos(here - last) < 0:
            here += np.pi
        x, y, last = x + 6 * np.cos(here), y + 6 * np.sin(here), here
        row, column = int(y), int(x)
        if not (0 <= row < SIDE and 0 <= column < SIDE) or np.abs(reference[row, column] - start).sum() > 0.22:
            break
        path.append((x, y))
    return path if len(path) > 1 else [path[0], (path[0][0] + 2, path[0][1] + 1)]
