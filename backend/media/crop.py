"""The square crop around head and shoulders, to which landmarks and portraits are relative."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from backend.core.types import FloatArray, Picture

MARGIN = 1.9
"""Side of the square relative to the longer side of the face's box: the face fills about half of it, as in VoxCeleb."""

RISE = 0.05
"""Height of the square's centre above the face's, as a share of the side, so that the hair fits."""

MIN_MARGIN = 1.4
"""Least side relative to the face: a picture that is too small for `MARGIN` is padded only up to this side."""

MAX_SHIFT = 0.12
"""Largest shift of the square to keep it inside the picture, as a share of its side."""

MIN_FACE_SHARE, MAX_FACE_SHARE = 0.35, 0.75
"""A square picture of which the face fills a share between these is not cropped."""


@dataclass(frozen=True)
class SquareCrop:
    """A square in pixels of a picture, with its left and upper edge and its side; it may extend beyond the picture."""

    x: float
    y: float
    side: float

    @classmethod
    def around(cls, landmarks: FloatArray, width: int, height: int) -> SquareCrop:
        """Return the crop around a face.

        Args:
            landmarks: `[478, 3]` in pixels.
            width: of the picture, pixels.
            height: of the picture, pixels.
        """
        low, high = landmarks[:, :2].min(0).astype(float), landmarks[:, :2].max(0).astype(float)
        face = max(1.0, *(high - low))
        if width == height and MIN_FACE_SHARE <= face / width <= MAX_FACE_SHARE:
            return cls(0.0, 0.0, float(width))
        side = face * MARGIN
        if side > min(width, height):
            side = max(face * MIN_MARGIN, min(width, height))
        x, y = (low + high) / 2 - (side / 2, side * (0.5 + RISE))
        return cls(_shifted(x, side, width), _shifted(y, side, height), side)

    @classmethod
    def centred(cls, landmarks: FloatArray, side: float) -> SquareCrop:
        """Return the square of a given side, centred on the box around landmarks `[478, 3]` in pixels."""
        x, y = (landmarks[:, :2].min(0) + landmarks[:, :2].max(0) - side) / 2
        return cls(float(x), float(y), side)

    def apply(self, landmarks: FloatArray) -> FloatArray:
        """Convert pixels `[..., 3]` to [-1, 1] of the square, float32; z keeps its origin and is scaled by the same factor."""
        return np.asarray((landmarks - self._centre) * (2 / self.side), np.float32)

    def undo(self, landmarks: FloatArray) -> FloatArray:
        """Convert [-1, 1] of the square to pixels, the inverse of `apply`."""
        return np.asarray(landmarks * (self.side / 2) + self._centre, np.float32)

    @property
    def _centre(self) -> NDArray[np.float64]:
        return np.array([self.x + self.side / 2, self.y + self.side / 2, 0])

    def cut(self, picture: Picture, size: int) -> Picture:
        """Return the square of a picture as `[size, size, 3]`; beyond the picture, edge pixels are repeated."""
        left, top = math.floor(self.x), math.floor(self.y)
        columns = np.arange(left, math.ceil(self.x + self.side)).clip(0, picture.shape[1] - 1)
        rows = np.arange(top, math.ceil(self.y + self.side)).clip(0, picture.shape[0] - 1)
        region = picture[rows[:, None], columns]
        box = (self.x - left, self.y - top, self.x - left + self.side, self.y - top + self.side)
        if region.shape[:2] == (size, size) and box == (0.0, 0.0, float(size), float(size)):
            return region
        return np.array(Image.fromarray(region).resize((size, size), Image.Resampling.LANCZOS, box=box))


def _shifted(start: float, side: float, length: int) -> float:
    """Return the start of an interval of length `side`, moved towards [0, length] by at most `MAX_SHIFT` of its length."""
    wanted = min(max(start, 0.0), length - side) if side <= length else (length - side) / 2
    return start + min(max(wanted - start, -MAX_SHIFT * side), MAX_SHIFT * side)
