"""Tracks one face through a video, also where it is small."""

from __future__ import annotations

from types import TracebackType

import numpy as np

from backend.core.types import FloatArray, Picture
from backend.media.crop import SquareCrop
from backend.media.face_search import face_size, find_faces
from backend.media.landmarks import FaceMesh

SQUARE_MARGIN = 3.0
"""Side of the tracked square over the face's size: the detector sees the face well and it can move."""

MAX_SQUARE_PIXELS = 512
"""Largest side in pixels to which the tracked square is resized."""

MAX_OFF_CENTRE = 0.2
"""The square is centred again when the face is further from its centre than this share of the side."""

MIN_FACE_FILL, MAX_FACE_FILL = 0.2, 0.55
"""The square is resized when the face fills a smaller or larger share of its side."""

PAUSE_S = 0.5
"""Time between two thorough searches for a lost face; doubled after each failure, up to `MAX_PAUSE_S`."""

MAX_PAUSE_S = 8.0


class FaceTracker:
    """Face Mesh's tracker, with a thorough search for the square to track where its detector misses the face.

    The detector misses faces under about an eighth of the picture's width, as in many 16:9 videos.
    """

    def __init__(self) -> None:
        self._mesh = FaceMesh(video=True)
        self._square: SquareCrop | None = None
        self._pause = PAUSE_S
        self._next = -np.inf

    def __call__(self, picture: Picture, t: float) -> FloatArray | None:
        """Return the face in a frame `[height, width, 3]` at `t` seconds, `[478, 3]` in pixels, or None."""
        face = self._track(picture)
        if face is None and t >= self._next:
            found = find_faces(picture)
            self._pause = PAUSE_S if found else min(2 * self._pause, MAX_PAUSE_S)
            self._next = t + self._pause
            if found:
                self._square = SquareCrop.centred(found[0], SQUARE_MARGIN * face_size(found[0]))
                face = self._track(picture)
        return face

    def _track(self, picture: Picture) -> FloatArray | None:
        face = self._detect(picture)
        if face is None:
            face = self._detect(picture)  # The tracker lost it; only after that does the detector run.
        if face is None or self._square is None:
            return face
        centre = np.abs(self._square.apply(face)[:, :2].mean(0)).max() / 2
        if centre > MAX_OFF_CENTRE or not MIN_FACE_FILL < face_size(face) / self._square.side < MAX_FACE_FILL:
            self._square = SquareCrop.centred(face, SQUARE_MARGIN * face_size(face))
            self._detect(picture)  # The tracker expects the face at its old position in the square: let it miss now.
        return face

    def _detect(self, picture: Picture) -> FloatArray | None:
        if self._square is None:
            return next(iter(self._mesh(picture)), None)
        size = min(MAX_SQUARE_PIXELS, max(1, round(self._square.side)))
        found = self._mesh(self._square.cut(picture, size))
        return self._square.undo(SquareCrop(0, 0, size).apply(found[0])) if found else None

    def __enter__(self) -> FaceTracker:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._mesh.close()
