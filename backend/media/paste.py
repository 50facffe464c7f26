"""Pastes an animated crop back into the whole picture that it was cut from."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from backend.core.types import Picture
from backend.media.crop import SquareCrop

FEATHER = 0.12
"""Width of the edge over which the crop fades into the picture, as a share of its side."""

VISIBLE_CHANGE = 24.0
"""Least change in grey levels for which a pixel is the frame's alone."""


def paste_back(whole: Picture, crop: SquareCrop, frames: Picture, still: Picture, feather: float = FEATHER) -> Picture:
    """Blend frames of a crop into the whole picture, with a soft edge.

    Where a frame equals the rendered still crop, the picture keeps its own pixels, so small frames do not blur it.

    Args:
        whole: `[height, width, 3]`.
        crop: the square in pixels of `whole`; it may extend beyond it.
        frames: the moving crop `[F, S, S, 3]`.
        still: the crop at rest `[S, S, 3]`, rendered by the same generator.
        feather: as `FEATHER`, in [0, 0.5].

    Returns:
        `[F, height, width, 3]`; outside the crop exactly `whole`.
    """
    height, width = whole.shape[:2]
    top, bottom = _overlap(crop.y, crop.side, height)
    left, right = _overlap(crop.x, crop.side, width)
    down, across = _fade(crop.y, crop.side, height, feather), _fade(crop.x, crop.side, width, feather)
    opacity = (down[top:bottom, None] * across[left:right])[..., None]
    box = (left - crop.x, top - crop.y, right - crop.x, bottom - crop.y)
    pixels, rest = whole[top:bottom, left:right], _scaled(still, crop.side, box)
    result = np.repeat(whole[None], len(frames), 0)
    for index, frame in enumerate(frames):
        moved = _scaled(frame, crop.side, box)
        change = moved - rest
        # A pixel that hardly changed is the picture's plus the change; a pixel that changed is the frame's.
        share = np.clip(np.abs(change).max(-1) / VISIBLE_CHANGE, 0, 1)
        share = gaussian_filter(share, crop.side / 128)[..., None]
        blend = pixels + (1 - share) * change + share * (moved - pixels)
        result[index, top:bottom, left:right] = (pixels + opacity * (blend - pixels)).round().clip(0, 255)
    return result


def _overlap(start: float, side: float, length: int) -> tuple[int, int]:
    """Return start and stop along one axis of the pixels that lie wholly inside the crop and the picture."""
    first, last = max(0, math.ceil(start)), min(length, math.floor(start + side))
    return first, max(first, last)


def _fade(start: float, side: float, length: int, feather: float) -> NDArray[np.float32]:
    """Return the crop's opacity along one axis of the picture `[length]`: 0 at its edges, 1 inside and at the border."""
    at = np.arange(length) + 0.5 - start
    width = max(feather * side, 1e-6)
    rising = at / width if start > 0 else np.ones(length)
    falling = (side - at) / width if start + side < length else np.ones(length)
    opacity = np.minimum(rising, falling).clip(0, 1)
    return np.asarray(opacity * opacity * (3 - 2 * opacity), np.float32)


def _scaled(frame: Picture, side: float, box: tuple[float, float, float, float]) -> NDArray[np.float32]:
    """Resize the part of a frame in a box (left, top, right, bottom; pixels from the crop's corner) to the box's size."""
    scale = len(frame) / side
    size = (round(box[2] - box[0]), round(box[3] - box[1]))
    if min(size) < 1:
        return np.zeros((max(size[1], 0), max(size[0], 0), 3), np.float32)
    left, top, right, bottom = (min(max(edge * scale, 0.0), float(len(frame))) for edge in box)
    part = (left, top, right, bottom)
    # In floating point, by channel: rounding to grey levels would be visible where nothing moves.
    planes = [Image.fromarray(frame[..., channel].astype(np.float32)) for channel in range(3)]
    return np.stack([np.asarray(plane.resize(size, Image.Resampling.BICUBIC, box=part)) for plane in planes], -1)
