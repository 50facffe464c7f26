"""A pop-art print."""

from __future__ import annotations

import numpy as np

from tools.portraits.light import gloss, lambert, unit
from tools.portraits.paint import LUMA, Lighting, painting
from tools.portraits.person import Layers
from tools.portraits.shape import SIDE, Array, over, soften, stroke, taper


def halftone(layers: Layers) -> Array:
    """A pop-art print: flat colours, a raster of dots for the shade, bold outlines."""
    head = layers.head
    plain = painting(layers, Lighting(strength=0.95, ambient=0.22, fill_strength=0.08))
    grey = np.clip(plain @ LUMA, 0, 1)
    grid = np.arange(SIDE, dtype=float)
    rows, columns = np.meshgrid(grid, grid, indexing="ij")
    turquoise, pink, cream = np.array((0.16, 0.70, 0.74)), np.array((0.98, 0.44, 0.52)), np.array((1.0, 0.85, 0.72))
    picture = np.broadcast_to(turquoise, (SIDE, SIDE, 3)).copy()
    stripe = (columns + rows) % 96 < 48
    picture = over(picture, turquoise * 1.12 + 0.02, soften(stripe, 0.8))
    ink = np.array((0.16, 0.07, 0.16))
    hair = np.array((0.98, 0.76, 0.20))
    skin_light = grey / max(1e-3, float(np.percentile(grey[head.mask["face"] > 0.9], 92)))
    shade = np.clip(1.05 - skin_light, 0, 1)
    skin = over(
        np.broadcast_to(cream, picture.shape), pink, 0.92 * _dots(rows, columns, 11.0, 30, np.clip(shade * 1.15, 0, 0.8))
    )
    dress = over(
        np.broadcast_to(np.array((0.90, 0.20, 0.32)), picture.shape),
        (0.55, 0.06, 0.25),
        _dots(rows, columns, 13.0, 30, np.clip(0.75 - 0.9 * lambert(layers.normals["cloth"], unit(-0.6, -0.5, 0.6)), 0, 0.7)),
    )
    picture = over(picture, hair * (0.72, 0.52, 0.5), layers.mask["back"])
    picture = over(picture, skin, layers.mask["skin"])
    picture = over(
        picture,
        pink,
        0.5 * soften(np.clip(head.mask["cheeks"], 0, 1) > 0.5, 2) * _dots(rows, columns, 11.0, 30, 0.55 + 0 * grey),
    )
    picture = over(picture, dress, layers.mask["cloth"])
    picture = over(picture, (1, 1, 1), head.mask["eyes"])
    picture = over(picture, (0.10, 0.52, 0.62), head.mask["iris"])
    picture = over(picture, ink, np.clip(head.mask["pupil"], 0, 1))
    picture = over(picture, (1, 1, 1), head.mask["shine"])
    picture = over(picture, (0.20, 0.62, 0.72), 0.55 * soften(head.mask["lid"] > 0.4, 1.5) * (1 - head.mask["eyes"]))
    lips = np.array((0.88, 0.12, 0.26))
    picture = over(picture, lips * 0.78, soften(soften(head.mask["lips_up"], 2) > 0.5, 0.8))
    picture = over(picture, lips, soften(soften(head.mask["lips_low"], 2) > 0.5, 0.8))
    picture = over(
        picture,
        (1, 0.75, 0.78),
        soften(gloss(layers.normals["skin"], unit(-0.2, -0.4, 0.9), 40) * head.mask["lips_low"] > 0.5, 0.8),
    )
    for name, width in (
        ("lash_right", 13),
        ("lash_left", 13),
        ("brow_right", 17),
        ("brow_left", 17),
        ("mouth", 7),
        ("crease_right", 5),
        ("crease_left", 5),
        ("lower_right", 4),
        ("lower_left", 4),
    ):
        line = head.lines[name]
        picture = over(picture, ink, stroke(line, taper(len(line), width, 0.4, 0.2)))
    picture = over(picture, ink, soften(head.mask["nostrils"] > 0.45, 0.8))
    locks = lambert(layers.normals["front"], unit(-0.4, -0.6, 0.65))
    shadow = _dots(rows, columns, 11.0, 30, np.clip(0.95 - 1.05 * locks - 0.06 * layers.strands, 0, 0.75))
    top = over(np.broadcast_to(hair, picture.shape), hair * (0.80, 0.42, 0.3), shadow)
    top = over(top, (1.0, 0.94, 0.66), soften(soften(locks + 0.05 * layers.strands, 2) > 0.97, 0.8) * 0.9)
    top = over(top, ink, layers.locks)
    picture = over(picture, top, soften(layers.mask["front"] > 0.5, 0.8))
    edge = np.zeros((SIDE, SIDE))
    for part in (
        layers.mask["front"],
        np.maximum(head.mask["face"], layers.mask["front"]),
        np.maximum(layers.mask["cloth"], layers.mask["front"]),
        np.maximum.reduce([layers.mask["skin"], layers.mask["cloth"], layers.mask["front"]]),
    ):
        solid = soften(part > 0.5, 3.0)
        edge = np.maximum(edge, np.exp(-(((solid - 0.5) / 0.33) ** 2) * 2))
    return np.clip(over(picture, ink, np.clip(edge, 0, 1)), 0, 1)


def _dots(rows: Array, columns: Array, pitch: float, degrees: float, dark: Array) -> Array:
    """A raster of round dots whose coverage is the darkness.

    Args:
        rows: pixel coordinates y.
        columns: pixel coordinates x.
        pitch: distance of dots in pixels.
        degrees: angle of the raster.
        dark: darkness in [0, 1].
    """
    angle = np.radians(degrees)
    u = (columns * np.cos(angle) + rows * np.sin(angle)) / pitch
    v = (-columns * np.sin(angle) + rows * np.cos(angle)) / pitch
    away = np.hypot(u - np.round(u), v - np.round(v))
    radius = np.sqrt(np.clip(dark, 0, 1) / np.pi) * 1.12
    return np.clip((radius - away) * pitch / 1.6 + 0.5, 0, 1) * (dark > 0.03)
