"""A marble bust."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from tools.portraits.light import gloss, hollows, lambert, rim, unit, vignette
from tools.portraits.person import Layers
from tools.portraits.sculpt import normals_of
from tools.portraits.shape import SIDE, Array, noise, over, soften


def marble(layers: Layers) -> Array:
    """A marble bust before a dark wall: carved eyes, veins, subsurface scattering."""
    head = layers.head
    generator = np.random.default_rng(layers.person.seed + 20)
    key = unit(-0.7, -0.55, 0.55)
    grid = np.arange(SIDE)
    wall = np.array(layers.person.ground) * vignette(0.75)[..., None] * (1 + 0.05 * noise(generator, 200))[..., None]
    wall = wall + 0.10 * np.array((0.7, 0.85, 1.0)) * np.exp(
        -((grid[None, :, None] - 0.66 * SIDE) ** 2 + (grid[:, None, None] - 0.5 * SIDE) ** 2) / (0.3 * SIDE) ** 2
    )
    warp = noise(generator, 240) * 26
    along = grid[None] * 0.8 + grid[:, None] * 0.6 + warp
    veins = np.exp(-np.abs(np.sin(along * np.pi / 210 + 0.6 * noise(generator, 120))) * 26) * np.clip(
        0.5 + 0.5 * noise(generator, 160), 0, 1
    )
    stone = np.array((0.93, 0.91, 0.88)) * (1 + 0.02 * noise(generator, 150))[..., None] - 0.16 * veins[..., None] * (
        0.8,
        0.9,
        1.0,
    )
    depth = head.depth.copy()
    # Eyes as the Romans carved them: a ring for the iris, a drilled pupil.
    ring = head.mask["iris"] - soften(head.mask["iris"] > 0.5, 4)
    depth = depth + 4 * head.mask["eyes"] - 10 * head.mask["lashes"] - 5 * head.mask["crease"] - 4 * head.mask["lower"]
    depth = (
        depth
        - 6 * np.clip(ring, 0, 1)
        - 9 * soften(head.mask["pupil"], 2)
        - 8 * head.mask["nostrils"]
        - 7 * head.mask["mouth"]
        + 7 * soften(head.mask["brows"], 4)
    )
    carved = normals_of(gaussian_filter(depth, 1.6))
    skin_normals = over(layers.normals["skin"], carved, head.mask["face"])
    picture = wall
    shades = (
        ("skin", skin_normals, np.where(head.mask["face"] > 0.5, 0.5 + 0.5 * hollows(depth, 12), 1.0)),
        ("cloth", layers.normals["cloth"], 1.0 + 0 * depth),
        ("front", layers.normals["front"], 0.92 + 0.16 * layers.strands),
    )
    for part, normals, sky in shades:
        light = 0.20 + 0.88 * lambert(normals, key, 0.15) * sky + 0.16 * lambert(normals, unit(0.9, 0.0, 0.4), 0.3)
        if part == "skin":
            light = light * (1 - 0.6 * layers.mask["under_chin"]) * (1 - 0.4 * layers.mask["under_hair"])
        inside = np.dstack([gaussian_filter(light, sigma) for sigma in (7, 4, 2.5)])
        stone_lit = stone * (0.65 * light[..., None] + 0.35 * inside) + 0.10 * gloss(normals, key, 40)[..., None]
        stone_lit = stone_lit + 0.16 * rim(normals, unit(0.95, -0.2, 0.0))[..., None] * np.array((0.75, 0.88, 1.0))
        picture = over(picture, stone_lit, layers.mask[part])
        if part == "skin":
            dark = np.clip(
                0.55 * head.mask["lashes"]
                + 0.75 * head.mask["pupil"]
                + 0.35 * np.clip(ring, 0, 1)
                + 0.6 * head.mask["nostrils"]
                + 0.45 * head.mask["mouth"],
                0,
                0.8,
            )
            picture = over(picture, (0.20, 0.19, 0.20), soften(dark, 1.0))
            picture = over(picture, (0.45, 0.44, 0.44), 0.35 * head.mask["brows"])
    return np.clip(picture, 0, 1)
