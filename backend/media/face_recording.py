"""The face in a video -> a landmark recording."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from backend.core.errors import InputError
from backend.core.progress import Progress
from backend.core.recording import Recording
from backend.core.types import FloatArray
from backend.media.crop import SquareCrop
from backend.media.face_tracker import FaceTracker
from backend.media.video_reader import frame_count, read_video

REPLACE_S = 0.5
"""After this long without the last face, another face may replace it; forecasts restart after such a gap."""

MAX_JUMP = 0.5
"""A face whose centre moves by more than this share of its size between frames is another face."""

MAX_GROWTH = 1.4
"""A face that grows or shrinks by more than this factor between frames is another face."""


def landmark_recording(path: Path, progress: Progress | None = None) -> Recording:
    """Return the recording that `track_face` makes, without the square."""
    return track_face(path, progress)[0]


def track_face(path: Path, progress: Progress | None = None) -> tuple[Recording, SquareCrop]:
    """Track one face through a video; return its landmarks and the square in pixels that they are relative to.

    The square is fixed for the whole video, around the face's median position and size. Frames without a face are left out,
    and so are frames in which the tracker jumped to another face, until the first is back or `REPLACE_S` have passed.

    Args:
        path: the video.
        progress: called after every frame with (frames read, frames in all or None where the file does not say).

    Raises:
        InputError: as `read_video`; `video_no_face` where no frame shows a face.
    """
    path = Path(path)
    total = frame_count(path)
    faces: list[FloatArray] = []
    times: list[float] = []
    height = width = 0
    with FaceTracker() as track:
        for index, frame in enumerate(read_video(path)):
            height, width = frame.picture.shape[:2]
            face = track(frame.picture, frame.t)
            if face is not None and (not faces or frame.t - times[-1] > REPLACE_S or _same_face(faces[-1], face)):
                faces.append(face)
                times.append(frame.t)
            if progress:
                progress(index + 1, total)
    if not faces:
        raise InputError("video_no_face", f"No face was found in {path}.", "Choose a video in which one face is well visible.")
    crop = SquareCrop.around(np.median(np.stack(faces), axis=0), width, height)
    return Recording(crop.apply(np.stack(faces)), np.array(times), path.name), crop


def _same_face(before: FloatArray, after: FloatArray) -> bool:
    """Whether faces `[478, 3]` in pixels of consecutive frames can be the same face."""
    size, grown = (float(np.ptp(face[:, :2], axis=0).max()) for face in (before, after))
    jump = float(np.linalg.norm(before[:, :2].mean(0) - after[:, :2].mean(0)))
    return jump < MAX_JUMP * size and size < MAX_GROWTH * grown and grown < MAX_GROWTH * size
