"""Light on a sculpted head: diffuse light, highlights, rim light, ambient occlusion and shadows."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter, shift

from tools.portraits.shape import SIDE, Array, soften


def unit(*direction: float) -> Array:
    """A unit vector: x right, y down, z towards the viewer."""
    vector = np.array(direction, float)
    return vector / np.linalg.norm(vector)


def lambert(normals: Array, direction: Array, wrap: float = 0.0) -> Array:
    """Diffuse light `[SIDE, SIDE]` in [0, 1]; `wrap` lets it reach round the edge, as it does in skin."""
    return np.clip((normals @ direction + wrap) / (1 + wrap), 0, 1)


def gloss(normals: Array, direction: Array, power: float) -> Array:
    """Blinn's highlight for a viewer straight ahead."""
    return np.clip(normals @ unit(*(direction + (0, 0, 1))), 0, 1) ** power


def rim(normals: Array, direction: Array, power: float = 3.0) -> Array:
    """Light from behind that catches the edges turned towards `direction`."""
    return (1 - np.clip(normals[..., 2], 0, 1)) ** power * np.clip(normals[..., :2] @ direction[:2] + 0.3, 0, 1)


def hollows(depth: Array, scale: float = 14.0) -> Array:
    """Ambient light at each point, 0.25 in creases to 1 on ridges: depth relative to its neighbourhood."""
    away = depth - gaussian_filter(depth, scale)
    return np.clip(1 + away / (0.35 * scale), 0.25, 1.0)


def cast(blocker: Array, dx: float, dy: float, blur: float) -> Array:
    """A soft shadow in [0, 1].

    Args:
        blocker: mask of what casts it.
        dx: shift to the right in pixels.
        dy: shift downwards in pixels.
        blur: standard deviation in pixels.
    """
    return np.clip(soften(shift(blocker, (dy, dx), order=1), blur), 0, 1)


def vignette(strength: float, x: float = 0.5, y: float = 0.42) -> Array:
    """Darkening towards the corners, `[SIDE, SIDE]`: 1 in the middle."""
    grid = (np.arange(SIDE) + 0.5) / SIDE
    away = (grid[None] - x) ** 2 + (grid[:, None] - y) ** 2
    return 1 - strength * np.clip(away / 0.5, 0, 1)
