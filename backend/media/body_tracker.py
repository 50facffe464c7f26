"""Tracks one body through a video."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.core.errors import InputError
from backend.core.progress import Progress
from backend.core.types import FloatArray
from backend.media.landmarks import BodyPose
from backend.media.video_reader import frame_count, read_video


class BodyTrack(NamedTuple):
    """Points of a body `[T, 33, 3]` in pixels, their times `[T]` in seconds, and each point's share of frames outside `[33]`.

    MediaPipe also places points outside the picture, where it can only guess.
    """

    points: FloatArray
    times: NDArray[np.float64]
    outside: FloatArray


def track_body(path: Path, progress: Progress | None = None) -> BodyTrack:
    """Track one body through a video. Frames without a body are left out; `progress` is called after every frame.

    Raises:
        InputError: as `read_video`; `video_no_body`.
    """
    total = frame_count(path)
    bodies: list[FloatArray] = []
    times: list[float] = []
    outside: list[NDArray[np.bool_]] = []
    with BodyPose() as track:
        for index, frame in enumerate(read_video(path)):
            body = track(frame.picture)
            if body is not None:
                bodies.append(body)
                times.append(frame.t)
                height, width = frame.picture.shape[:2]
                outside.append(((body[:, :2] < 0) | (body[:, :2] > (width, height))).any(1))
            if progress:
                progress(index + 1, total)
    if not bodies:
        raise InputError("video_no_body", f"No body was found in {path}.", "Choose a video that shows one person's upper body.")
    return BodyTrack(np.stack(bodies), np.array(times), np.mean(outside, axis=0, dtype=np.float32))
