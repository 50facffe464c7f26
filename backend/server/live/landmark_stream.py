"""Converts received landmarks to smoothed ticks of the forecast clock. Numpy only, because it runs on the event loop."""

from __future__ import annotations

import math

import numpy as np

from backend.core.errors import InputError
from backend.core.types import FloatArray
from backend.keypoints.clock import SmoothedClock, Tick
from backend.server.protocol import COORDINATE_LIMIT

MAX_TIME_MS = 1e13
REWIND_S = 1.0
"""A capture time this far behind the last one comes from a new clock (a reloaded page), not from a late frame."""

MIN_FACE_SIDE = 0.1
"""Longer side of a face's box, crop units. A smaller face is mostly noise; as the neutral face it would scale up every later
movement."""

MIN_FACE_ASPECT = 0.1
"""Ratio of the smallest to the largest standard deviation over all directions; a face in profile has four times that."""


class LandmarkStream:
    """Converts one session's landmark messages to clock ticks."""

    def __init__(self) -> None:
        self.dropped = 0  # frames that arrived late or twice
        self._restart()

    def _restart(self) -> None:
        self._clock = SmoothedClock()
        self._last = -math.inf

    def push(self, landmarks: FloatArray, t_ms: float) -> list[Tick]:
        """Add landmarks `[478, 3]` in [-2, 2], captured at `t_ms` of the client's clock; return the ticks that they complete.

        The ticks come oldest first; often there are none. Raises `time_out_of_range`, or as `check_landmarks`.
        """
        if not (math.isfinite(t_ms) and abs(t_ms) <= MAX_TIME_MS):
            raise InputError("time_out_of_range", "The capture time is not a sensible number of milliseconds.")
        check_landmarks(landmarks)
        t = t_ms / 1000.0
        if t < self._last - REWIND_S:
            self._restart()
        if t <= self._last:
            self.dropped += 1
            return []
        self._last = t
        return self._clock.push(landmarks, t)


def check_landmarks(landmarks: FloatArray) -> None:
    """Raise `landmarks_not_finite`, `landmarks_out_of_range` or `landmarks_degenerate` if they show no face in the picture."""
    # Every message comes here, so this takes few passes; a comparison with NaN is false.
    reach = max(float(landmarks.max()), -float(landmarks.min()))
    if not reach < COORDINATE_LIMIT - 1e-4:
        if not np.isfinite(landmarks).all():
            raise InputError("landmarks_not_finite", "The landmarks hold NaN or infinite numbers.")
        # The wire cannot carry more than the limit: a coordinate at the limit was clipped.
        limit = f"Landmarks must lie within {COORDINATE_LIMIT:g} half-widths of the crop."
        raise InputError("landmarks_out_of_range", limit, "Move the face back into the picture.")
    # Rows that lie together in memory, and eigenvalues in closed form, take a tenth of the time.
    rows = np.ascontiguousarray(landmarks[:, :2].T)
    small = (rows.max(1) - rows.min(1)).max() < MIN_FACE_SIDE
    rows -= np.add.reduce(rows, 1, keepdims=True) / len(landmarks)
    (xx, xy), (_, yy) = (rows @ rows.T).tolist()
    middle, half = (xx + yy) / 2, math.hypot((xx - yy) / 2, xy)
    smallest, largest = middle - half, middle + half
    if small or smallest < MIN_FACE_ASPECT**2 * largest:
        raise InputError("landmarks_degenerate", "The landmarks do not span a face.", "Come nearer to the camera.")
