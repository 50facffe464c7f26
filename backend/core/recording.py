"""Recordings: the face landmarks of a clip over time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.core.arrays import load_arrays, save_arrays
from backend.core.errors import InputError, reason
from backend.core.frames import parts
from backend.core.types import LANDMARKS, FloatArray

MIN_FACE_SIDE = 0.02
"""Least longer side of a face's box, in crop units, of which the crop has two: smaller ones show no motion."""

MAX_REACH = 16.0
"""Farthest that a landmark may lie from the crop's centre, in half-widths of the crop."""


@dataclass(frozen=True)
class Recording:
    """Face landmarks over time, without pictures.

    Attributes:
        landmarks: `[T, 478, 3]` float32, x and y in [-1, 1] of the square crop (points may leave it), z on the same scale.
        timestamps: `[T]` float64 seconds, strictly increasing.
        source: name of the file or public source.

    Raises:
        InputError: `recording_shape`, `recording_not_finite`, `recording_order`.
    """

    landmarks: FloatArray
    timestamps: NDArray[np.float64]
    source: str = ""

    def __post_init__(self) -> None:
        if self.landmarks.ndim != 3 or self.landmarks.shape[1:] != (LANDMARKS, 3):
            raise InputError("recording_shape", f"A recording holds [T, 478, 3] landmarks, not {self.landmarks.shape}.")
        if self.timestamps.shape != (len(self.landmarks),):
            raise InputError("recording_shape", "A recording needs one timestamp per frame.")
        if not (all(np.isfinite(part).all() for part in parts(self.landmarks)) and np.isfinite(self.timestamps).all()):
            raise InputError("recording_not_finite", "The recording holds NaN or infinite numbers.")
        if (np.diff(self.timestamps) <= 0).any():
            raise InputError("recording_order", "The recording's timestamps must increase.")

    def save(self, path: Path) -> None:
        """Write an `.npz` with `landmarks` (float16), `timestamps` and `source`, atomically.

        Raises:
            InputError: `recording_unwritable`.
        """
        _save(path, landmarks=self.landmarks.astype(np.float16), timestamps=self.timestamps, source=np.array(self.source))

    @classmethod
    def load(cls, path: Path) -> Recording:
        """Read what `save` wrote.

        Raises:
            InputError: `recording_missing`, `recording_unreadable`, `recording_no_face`; the codes of a damaged `Recording`.
        """
        try:
            file = load_arrays(path)
            landmarks, timestamps = file["landmarks"].astype(np.float32), file["timestamps"].astype(np.float64)
            source = str(file["source"])
        except FileNotFoundError:
            raise InputError("recording_missing", f"There is no recording at {path}.") from None
        except OSError as error:
            raise InputError("recording_unreadable", f"{path} cannot be read ({reason(error)}).") from None
        except Exception as error:
            hint = "Make one with `motionfan landmarks VIDEO -o DIR`."
            raise InputError("recording_unreadable", f"{path} is not a landmark recording.", hint) from error
        recording = cls(landmarks, timestamps, source)
        _check_faces(path, landmarks)
        return recording


def _check_faces(path: Path, landmarks: FloatArray) -> None:
    """Raise `recording_no_face` where the points of a frame `[478, 3]` lie together, or far outside of the crop."""
    if not len(landmarks):
        return
    flat = landmarks[:, :, :2]
    sides = (flat.max(1) - flat.min(1)).max(1)
    reach = np.maximum(landmarks.max((1, 2)), -landmarks.min((1, 2)))
    if sides.min() < MIN_FACE_SIDE or reach.max() > MAX_REACH:
        frame = int(sides.argmin() if sides.min() < MIN_FACE_SIDE else reach.argmax())
        hint = "Make one with `motionfan landmarks VIDEO -o DIR`."
        raise InputError("recording_no_face", f"Frame {frame} of {path} does not show a face.", hint)


def save_keypoints(path: Path, keypoints: FloatArray, timestamps: NDArray[np.float64], source: str = "") -> None:
    """Write an `.npz` of flat keypoints, which `keypoints.reading` reads, atomically.

    Args:
        path: of the file.
        keypoints: `[T, 6N]`.
        timestamps: `[T]` seconds, increasing.
        source: name of the file or public source.

    Raises:
        InputError: `recording_unwritable`.
    """
    _save(path, keypoints=keypoints, timestamps=timestamps, source=np.array(source))


def _save(path: Path, **arrays: NDArray[Any]) -> None:
    try:
        save_arrays(path, arrays)
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}."
        raise InputError("recording_unwritable", message, "Choose another place.") from None
