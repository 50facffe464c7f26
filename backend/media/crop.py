"""The square of a picture that landmarks and portraits are measured in: head and shoulders."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from backend.core.types import FloatArray

MARGIN = 1.9
"""Side of the square over the longer side of the face's box: the face fills about half, as in VoxCeleb crops."""

RISE = 0.05
"""The square's centre lies this share of its side above the face's: hair rises higher than the chin reaches below."""

TIGHT = 1.4
"""A picture too small for the margin is not padded as long as the face fills less than 1 / TIGHT of it."""

SHIFT = 0.12
"""Share of the side by which the square may move to stay inside the picture."""

SMALLEST, LARGEST = 0.35, 0.75
"""A square picture in which the face fills a share between these is framed already."""


@dataclass(frozen=True)
class SquareCrop:
    """A square in pixels of a picture; it may reach outside.

    Attributes:
        x: left edge.
        y: upper edge.
        side: length of an edge, above 0.
    """

    x: float
    y: float
    side: float

    @classmethod
    def around(cls, landmarks: FloatArray, width: int, height: int) -> SquareCrop:
        """Frame a face.

        Args:
            landmarks: `[478, 3]` in pixels.
            width: of the picture, pixels.
            height: of the picture, pixels.
        """
        low, high = landmarks[:, :2].min(0).astype(float), landmarks[:, :2].max(0).astype(float)
        face = max(1.0, *(high - low))
        if width == height and SMALLEST <= face / width <= LARGEST:
            return cls(0.0, 0.0, float(width))
        side = face * MARGIN
        if side > min(width, height):
            side = max(face * TIGHT, min(width, height))
        x, y = (low + high) / 2 - (side / 2, side * (0.5 + RISE))
        return cls(_inside(x, side, width), _inside(y, side, height), side)

    def apply(self, landmarks: FloatArray) -> FloatArray:
        """Pixels -> [-1, 1] of the square, `[..., 3]` float32; z keeps its origin and takes the same scale."""
        shift = np.array([self.x + self.side / 2, self.y + self.side / 2, 0])
        return np.asarray((landmarks - shift) * (2 / self.side), np.float32)

    def undo(self, landmarks: FloatArray) -> FloatArray:
        """[-1, 1] of the square -> pixels, the inverse of `apply`."""
        shift = np.array([self.x + self.side / 2, self.y + self.side / 2, 0])
        return np.asarray(landmarks * (self.side / 2) + shift, np.float32)

    def cut(self, picture: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
        """Return the square as `[size, size, 3]` uint8; outside the picture its edge pixels are repeated.

        Args:
            picture: `[height, width, 3]` uint8.
            size: pixels of the result's edge.
        """
        left, top = math.floor(self.x), math.floor(self.y)
        columns = np.arange(left, math.ceil(self.x + self.side)).clip(0, picture.shape[1] - 1)
        rows = np.arange(top, math.ceil(self.y + self.side)).clip(0, picture.shape[0] - 1)
        region = picture[rows[:, None], columns]
        box = (self.x - left, self.y - top, self.x - left + self.side, self.y - top + self.side)
        if region.shape[:2] == (size, size) and box == (0.0, 0.0, float(size), float(size)):
            return region
        return np.array(Image.fromarray(region).resize((size, size), Image.Resampling.LANCZOS, box=box))


def _inside(start: float, side: float, length: int) -> float:
    """Move a stretch towards [0, length], by at most `SHIFT` of it."""
    wanted = min(max(start, 0.0), length - side) if side <= length else (length - side) / 2
    return start + min(max(wanted - start, -SHIFT * side), SHIFT * side)
