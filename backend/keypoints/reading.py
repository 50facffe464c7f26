"""Reads a recording, landmarks or keypoints of any detector, as unbroken tracks of flat keypoints."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from backend.core.arrays import load_arrays
from backend.core.errors import InputError, reason
from backend.core.recording import Recording
from backend.core.types import FloatArray
from backend.keypoints.regions import FaceRegions
from backend.keypoints.smoothing import smooth

Layout = Literal["face_regions", "flat"]
"""Keypoints of face regions, or of another detector, whose keypoints have no known meaning."""

GAP_S = 0.25
"""Longest pause in seconds between two frames of a track; after a longer one the face was lost."""

MAX_PAUSE = 2.5
"""Longest pause of a track of keypoint arrays relative to their usual one, if that is longer than `GAP_S`."""

MAX_JUMP = 0.15
"""Largest mean keypoint displacement between two frames of a track, in crop units; a larger one is another face."""

MAX_KEYPOINT = 1e8
"""Largest number of a keypoint: arrays in any unit pass, and what would overflow does not."""

FPS = 25.0
"""Frames per second of an array that does not state it."""


@dataclass(frozen=True)
class KeypointTrack:
    """Keypoints without a break: flat `[T, 6N]` float32 with T >= 2, increasing timestamps `[T]` in seconds, and the layout."""

    flat: FloatArray
    timestamps: NDArray[np.float64]
    layout: Layout


def read_tracks(path: Path, regions: FaceRegions, fps: float | None = None) -> list[KeypointTrack]:
    """Read one recording.

    Args:
        path: `.npz` with `landmarks` (see `Recording`); `.npz` with `keypoints [T, 6N]` and perhaps `fps` or `timestamps`;
            or `.npz` or `.npy` of a single such array.
        regions: turns landmarks into keypoints.
        fps: overrides the frames per second or timestamps of an array.

    Raises:
        InputError: `recording_unreadable`, `_shape`, `_short`, `_not_finite`, `_no_keypoints` or `_order`.
    """
    arrays = _arrays(path)
    if "landmarks" in arrays:
        return _from_landmarks(Recording.load(path), regions)
    found = [arrays["keypoints"]] if "keypoints" in arrays else list(arrays.values())
    if len(found) != 1 or found[0].ndim != 2 or found[0].dtype.kind not in "fiu":
        message = f"{path.name} holds neither landmarks nor one array of keypoints [frames, 6 N]."
        raise InputError("recording_unreadable", message)
    return _from_keypoints(path.name, found[0].astype(np.float32), arrays, fps)


def _from_landmarks(recording: Recording, regions: FaceRegions) -> list[KeypointTrack]:
    value = regions(torch.from_numpy(recording.landmarks)).value.numpy()
    displacement = np.abs(np.diff(value, axis=0)).mean((1, 2))
    cuts = np.flatnonzero((np.diff(recording.timestamps) > GAP_S) | (displacement > MAX_JUMP)) + 1
    return [
        KeypointTrack(regions(torch.from_numpy(smooth(part, times))).flat().numpy(), times, "face_regions")
        for part, times in zip(np.split(recording.landmarks, cuts), np.split(recording.timestamps, cuts), strict=True)
        if len(part) > 1
    ]


def _from_keypoints(
    name: str, flat: FloatArray, arrays: dict[str, NDArray[np.generic]], fps: float | None
) -> list[KeypointTrack]:
    if flat.shape[1] == 0 or flat.shape[1] % 6:
        raise InputError("recording_shape", f"{name} has {flat.shape[1]} numbers a frame; keypoints need 6 each.")
    if len(flat) < 2:
        raise InputError("recording_short", f"{name} holds {len(flat)} frames; a motion needs two.")
    if not np.isfinite(flat).all():
        raise InputError("recording_not_finite", f"{name} holds NaN or infinite numbers.")
    if not flat.any() or np.abs(flat).max() > MAX_KEYPOINT:
        raise InputError("recording_no_keypoints", f"{name} holds no keypoints, or numbers far outside of any picture.")
    if fps is None and "timestamps" in arrays:
        times = np.asarray(arrays["timestamps"], np.float64)
        if times.shape != (len(flat),) or not np.isfinite(times).all() or (np.diff(times) <= 0).any():
            raise InputError("recording_order", f"{name} needs one timestamp per frame, and they must increase.")
    else:
        rate = fps if fps is not None else float(np.asarray(arrays.get("fps", FPS)).reshape(-1)[0])
        if not (np.isfinite(rate) and rate > 0):
            raise InputError("recording_order", f"{name} says {rate} frames a second.")
        times = np.arange(len(flat)) / rate
    # Slow recordings have long pauses throughout.
    steps = np.diff(times)
    cuts = np.flatnonzero(steps > max(GAP_S, MAX_PAUSE * np.median(steps))) + 1
    tracks = zip(np.split(flat, cuts), np.split(times, cuts), strict=True)
    return [KeypointTrack(part, moments, "flat") for part, moments in tracks if len(part) > 1]


def _arrays(path: Path) -> dict[str, NDArray[np.generic]]:
    try:
        return load_arrays(path)
    except (OSError, ValueError) as error:
        why = reason(error)
        raise InputError("recording_unreadable", f"{path.name} is not a recording ({why}).") from None
