"""A flat printed poster."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from tools.portraits.light import gloss, lambert, unit
from tools.portraits.person import Layers
from tools.portraits.shape import SIDE, Array, over, soften, stroke, taper


def poster(layers: Layers) -> Array:
    """A flat printed poster: few tones with clean edges, a sun behind the head."""
    head, person = layers.head, layers.person
    grid = np.arange(SIDE)
    sun = np.hypot(grid[None] - 0.5 * SIDE, grid[:, None] - 0.42 * SIDE) < 0.40 * SIDE
    picture = np.broadcast_to(np.array(person.ground), (SIDE, SIDE, 3)).copy()
    picture = over(picture, (0.96, 0.45, 0.30), soften(sun, 0.8))
    rays = (np.sin(np.arctan2(grid[:, None] - 0.42 * SIDE, grid[None] - 0.5 * SIDE) * 18) > 0) & ~sun
    picture = over(picture, np.array(person.ground) * 1.05 + 0.03, soften(rays, 0.8) * 0.8)
    hair, skin, cloth = (np.array(colour) for colour in (person.hair, person.skin, person.cloth))
    picture = over(picture, hair * 0.55, layers.mask["back"])
    light = (
        lambert(layers.normals["skin"], unit(-0.55, -0.5, 0.8), 0.25)
        * (1 - 0.7 * layers.mask["under_chin"])
        * (1 - 0.6 * layers.mask["under_hair"])
    )
    light = gaussian_filter(light, 5)
    tones = [
        (0.0, skin * (0.78, 0.58, 0.60)),
        (0.46, skin * (0.90, 0.76, 0.74)),
        (0.66, skin),
        (0.97, np.clip(skin * 1.06 + 0.02, 0, 1)),
    ]
    picture = over(picture, _steps(light, tones), layers.mask["skin"])
    picture = over(picture, (0.93, 0.50, 0.47), 0.35 * soften(head.mask["cheeks"] > 0.55, 3) * head.mask["face"])
    fold = lambert(layers.normals["cloth"], unit(-0.6, -0.5, 0.6))
    picture = over(
        picture, _steps(gaussian_filter(fold, 4), [(0, cloth * 0.7), (0.5, cloth), (0.86, cloth * 1.18)]), layers.mask["cloth"]
    )
    picture = over(picture, (0.99, 0.97, 0.94), head.mask["eyes"])
    picture = over(picture, np.array(person.iris), head.mask["iris"])
    picture = over(picture, (0.05, 0.04, 0.05), head.mask["pupil"])
    picture = over(picture, (0.72, 0.62, 0.62), 0.8 * head.mask["eyes"] * (soften(head.mask["lashes"], 8) > 0.2))
    picture = over(picture, (1, 1, 1), head.mask["shine"])
    lips = np.array(person.lips)
    picture = over(picture, lips * 0.82, (soften(head.mask["lips_up"], 2) > 0.5) * 1.0)
    picture = over(picture, lips, soften(soften(head.mask["lips_low"], 2) > 0.5, 0.8))
    picture = over(
        picture,
        np.clip(lips * 1.25 + 0.12, 0, 1),
        soften(gloss(layers.normals["skin"], unit(-0.2, -0.4, 0.9), 40) * head.mask["lips_low"] > 0.55, 0.8),
    )
    ink = hair * 0.5
    for name in ("lash_right", "lash_left"):
        picture = over(picture, ink, stroke(head.lines[name], taper(len(head.lines[name]), 10, 0.3, 0.1)))
    for name, width in (("brow_right", 15), ("brow_left", 15)):
        picture = over(picture, ink, stroke(head.lines[name], taper(80, width, 0.5, 0.25)))
    dark = skin * (0.55, 0.36, 0.36)
    for name, width in (("mouth", 6), ("crease_right", 4), ("crease_left", 4), ("lower_right", 3), ("lower_left", 3)):
        picture = over(picture, dark, stroke(head.lines[name], taper(len(head.lines[name]), width)))
    picture = over(picture, dark, soften(head.mask["nostrils"] > 0.5, 0.8))
    shine = lambert(layers.normals["front"], unit(-0.35, -0.75, 0.6))
    band = soften(shine + 0.10 * layers.strands, 1.5)
    tones = [
        (0, hair * 0.75),
        (0.55, hair * 1.1),
        (0.80, hair * 1.7 + (0.02, 0.02, 0.05)),
        (0.945, hair * 2.6 + (0.03, 0.04, 0.10)),
    ]
    return np.clip(over(picture, _steps(band, tones), soften(layers.mask["front"] > 0.5, 0.8)), 0, 1)


def _steps(value: Array, tones: list[tuple[float, Array]]) -> Array:
    """Quantise a value to colours: each holds from its bound upwards, with an edge one pixel wide."""
    picture = np.broadcast_to(np.asarray(tones[0][1], float), (*value.shape, 3)).copy()
    for bound, colour in tones[1:]:
        picture = over(picture, colour, soften(value > bound, 0.9))
    return picture
