"""A copper engraving."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter, sobel

from tools.portraits.paint import LUMA, Lighting, painting
from tools.portraits.person import Layers, glasses
from tools.portraits.shape import SIDE, Array, noise, over, soften


def engraving(layers: Layers) -> Array:
    """A copper engraving: lines of varying width along the forms, cross-hatched in the dark, on laid paper."""
    head = layers.head
    frame, lens = glasses(head)
    plain = painting(layers, Lighting(strength=0.95, ambient=0.24, fill_strength=0.1))
    tone = np.clip(plain @ LUMA, 0, 1)
    tone = np.clip((tone - 0.04) / 0.78, 0, 1)
    tone = np.where(lens > 0.5, np.clip(tone * 1.05 + 0.03, 0, 1), tone)
    person_mask = np.clip(layers.mask["skin"] + layers.mask["front"] + layers.mask["cloth"] + layers.mask["back"], 0, 1)
    depth = gaussian_filter(np.where(head.mask["face"] > 0.5, head.depth, head.depth * 0.35), 11)
    grid = np.arange(SIDE, dtype=float)
    rows, columns = np.meshgrid(grid, grid, indexing="ij")
    pitch = 8.0
    # Lines follow the relief, but never so steeply that two of them meet.
    rise = np.clip(np.diff(0.42 * depth * soften(person_mask, 6), axis=0, prepend=0), -0.5, 0.5)
    follow = np.cumsum(rise, axis=0)
    first = np.sin(2 * np.pi * (rows + 0.28 * columns - follow) / pitch)
    second = np.sin(2 * np.pi * (rows * 0.55 - columns * 0.75 - 0.8 * follow) / pitch)
    wall = np.sin(2 * np.pi * rows / pitch)
    hairs = np.sin(2 * np.pi * 0.9 * (columns * 0.6 + rows * 0.3) / pitch + 3.0 * layers.strands)
    dark = 1 - tone
    hatch = soften(_line(first, dark * 0.92), 0.5)
    cross = soften(_line(second, np.clip((dark - 0.45) * 1.3, 0, 0.6)), 0.5)
    ink = np.maximum(hatch, cross)
    tuft = np.clip(layers.mask["front"] + layers.mask["beard"], 0, 1)
    ink = ink * (1 - tuft) + tuft * np.maximum(_line(hairs, dark), np.clip(-layers.strands * 1.2 - 0.2, 0, 1))
    back = _line(
        wall,
        np.clip(0.30 + 0.25 * (rows / SIDE - 0.5), 0, 1)
        * np.ones_like(tone)
        * (0.55 + 0.45 * np.exp(-(((columns - 0.8 * SIDE) / (0.3 * SIDE)) ** 2))),
    )
    ink = ink * person_mask + soften(back, 0.5) * (1 - person_mask)
    for name in ("lashes", "pupil", "mouth", "nostrils"):
        ink = np.maximum(ink, 0.95 * head.mask[name])
    ink = np.maximum(ink, 0.8 * head.mask["iris"] * (1 - head.mask["shine"]))
    ink = np.maximum(ink, 0.75 * head.mask["crease"])
    ink = np.maximum(ink, 0.6 * head.mask["lower"])
    bristles = np.clip(0.65 + 0.35 * np.sin(2 * np.pi * (columns * 0.8 + rows * 0.5) / 5), 0, 1)
    ink = np.maximum(ink, head.mask["brows"] * bristles)
    ink = ink * (1 - 0.9 * np.maximum(head.mask["shine"], 0))
    ink = np.maximum(ink, frame)
    outline = (
        np.hypot(sobel(layers.mask["skin"], 0), sobel(layers.mask["skin"], 1))
        * (1 - layers.mask["front"])
        * (1 - layers.mask["cloth"])
    )
    ink = np.maximum(ink, np.clip(soften(outline, 0.7) * 1.1, 0, 0.9))
    generator = np.random.default_rng(layers.person.seed + 30)
    paper = np.array((0.95, 0.92, 0.84)) * (1 + 0.012 * noise(generator, 300) + 0.008 * noise(generator, 4, 1))[..., None]
    return np.clip(over(paper, (0.13, 0.12, 0.15), np.clip(ink, 0, 1)), 0, 1)


def _line(wave: Array, dark: Array) -> Array:
    """Lines whose width, as a share of the wave's period, is the darkness."""
    bound = np.cos(np.pi * np.clip(dark, 0.02, 0.97))
    return np.clip((wave - bound) * 2.2 + 0.5, 0, 1)
