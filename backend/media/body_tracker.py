"""Tracks one body through a video."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backend.core.errors import InputError
from backend.core.progress import Progress
from backend.core.types import FloatArray
from backend.media.landmarks import BodyPose
from backend.media.video_reader import frame_count, read_video


def track_body(path: Path, progress: Progress | None = None) -> tuple[FloatArray, NDArray[np.float64]]:
    """Track one body through a video; return its points `[T, 33, 3]` in pixels and their times `[T]` in seconds.

    Frames without a body are left out. `progress` is called after every frame.

    Raises:
        InputError: as `read_video`; `video_no_body`.
    """
    total = frame_count(path)
    bodies: list[FloatArray] = []
    times: list[float] = []
    with BodyPose() as track:
        for index, frame in enumerate(read_video(path)):
            body = track(frame.picture)
            if body is not None:
                bodies.append(body)
                times.append(frame.t)
            if progress:
                progress(index + 1, total)
    if not bodies:
        raise InputError("video_no_body", f"No body was found in {path}.", "Choose a video that shows one person's upper body.")
    return np.stack(bodies), np.array(times)
