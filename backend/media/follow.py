"""The one face of a video, from frame to frame, also where it is small."""

from __future__ import annotations

from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from backend.core.types import FloatArray
from backend.media.crop import SquareCrop
from backend.media.face_search import face_size, find_faces
from backend.media.landmarks import FaceMesh

ROOM = 3.0
"""Side of the watched square over the face's size: the detector sees it well and it can move."""

EDGE = 512
"""Pixels that the watched square is brought to, at most."""

OFF_CENTRE = 0.2
"""The square moves after a face that is further from its centre than this share of the side."""

SMALLEST, LARGEST = 0.2, 0.55
"""The square is set anew when the face fills less or more of it."""

PAUSE_S = 0.5
"""From one thorough search for a lost face to the next; doubled after each in vain, up to `LONGEST_PAUSE_S`."""

LONGEST_PAUSE_S = 8.0


class FaceFollower:
    """Face Mesh's tracker, helped where its detector does not see the face: then a thorough search says where to look.

    A face under about an eighth of the picture's width, as in many 16:9 videos, is not detected in the whole picture.
    """

    def __init__(self) -> None:
        self._mesh = FaceMesh(video=True)
        self._square: SquareCrop | None = None
        self._pause = PAUSE_S
        self._next = -np.inf

    def __call__(self, picture: NDArray[np.uint8], t: float) -> FloatArray | None:
        """Return the face in one `[height, width, 3]` uint8 RGB frame seen at `t` seconds, `[478, 3]` in pixels, or None."""
        face = self._track(picture)
        if face is None and t >= self._next:
            found = find_faces(picture)
            self._pause = PAUSE_S if found else min(2 * self._pause, LONGEST_PAUSE_S)
            self._next = t + self._pause
            if found:
                self._square = _around(found[0])
                face = self._track(picture)
        return face

    def _track(self, picture: NDArray[np.uint8]) -> FloatArray | None:
        face = self._look(picture)
        if face is None:
            face = self._look(picture)  # The tracker lost it; the detector, which only then looks, may see it in this frame.
        if face is None or self._square is None:
            return face
        centre = np.abs(self._square.apply(face)[:, :2].mean(0)).max() / 2
        if centre > OFF_CENTRE or not SMALLEST < face_size(face) / self._square.side < LARGEST:
            self._square = _around(face)
            self._look(picture)  # The tracker still expects the face at its old place in the square: let it miss here.
        return face

    def _look(self, picture: NDArray[np.uint8]) -> FloatArray | None:
        if self._square is None:
            return next(iter(self._mesh(picture)), None)
        size = min(EDGE, max(1, round(self._square.side)))
        found = self._mesh(self._square.cut(picture, size))
        return self._square.undo(SquareCrop(0, 0, size).apply(found[0])) if found else None

    def __enter__(self) -> FaceFollower:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._mesh.close()


def _around(face: FloatArray) -> SquareCrop:
    side = ROOM * face_size(face)
    x, y = (face[:, :2].min(0) + face[:, :2].max(0) - side) / 2
    return SquareCrop(float(x), float(y), side)
