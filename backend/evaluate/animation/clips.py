"""Prepare a video for scoring animation: its first frame, frames spread over the rest, and short runs of frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.core.errors import InputError
from backend.core.recording import Recording
from backend.core.types import FloatArray, Picture
from backend.evaluate.animation.faces import keypoint_distance, see_faces
from backend.evaluate.common.videos import SIZE, HeldOutVideo, follow_square
from backend.media.crop import SquareCrop
from backend.media.video_reader import pictures_at

RUNS, RUN = 2, 5
"""Runs of consecutive frames in a clip, and frames of each, to measure flicker."""

MAX_DISTANCE = 0.1
"""Distance of the driving face from the one that Face Mesh finds in the frame, as a share of its size: where they are further
apart, one of them is another person's, and the frame is not scored."""

MIN_FRAMES = 8
"""Frames with a face, at least."""


@dataclass(frozen=True)
class AnnotatedFrame:
    """A picture `[256, 256, 3]` uint8, and its face's landmarks `[478, 3]` in [-1, 1] of it."""

    picture: Picture
    landmarks: FloatArray


@dataclass(frozen=True)
class EvaluationClip:
    """One prepared video."""

    video: HeldOutVideo
    recording: Recording  # landmarks of all its frames with a face, in [-1, 1] of the crop
    crop: SquareCrop  # the square of the video that is used
    source: AnnotatedFrame  # its first frame
    chosen: NDArray[np.intp]  # indices of the compared frames in the recording, and their pictures `[F, 256, 256, 3]`
    pictures: Picture
    runs: NDArray[np.intp]  # the same for runs of consecutive frames: indices `[R, RUN]`
    run_pictures: Picture
    faces: list[FloatArray | None]  # what Face Mesh sees in the chosen pictures, in pixels: the truth of rendered frames
    doubtful: int  # number of chosen frames left out because the face may be another person's

    def pictures_at(self, times: NDArray[np.float64], size: int) -> Iterator[Picture]:
        """Read from the video the square `[size, size, 3]` nearest to each of `times` (seconds, increasing)."""
        half = float(np.median(np.diff(self.recording.timestamps))) / 2
        return pictures_at(self.video.path, self.crop, times - half, size)


def open_clip(video: HeldOutVideo, frames: int) -> EvaluationClip:
    """Follow the face through a video and read the pictures that are compared: `frames` after the first, evenly spaced.

    Raises:
        InputError: it cannot be read, shows no face, or shows one too briefly or none for sure (`video_short`).
    """
    recording, crop = follow_square(video.path, SIZE)
    count = len(recording.landmarks)
    if count < MIN_FRAMES:
        raise InputError("video_short", f"{video.path.name} shows a face in {count} frames; {MIN_FRAMES} are needed.")
    chosen = np.unique(np.linspace(0, count - 1, frames + 1).astype(int)[1:])
    runs = _runs(recording)
    wanted = np.unique(np.concatenate([[0], chosen, runs.ravel()]))
    found = np.stack(list(pictures_at(video.path, crop, recording.timestamps[wanted], SIZE)))
    pictures = found[np.searchsorted(wanted, chosen)]
    faces = see_faces(pictures)
    sure = [same_face(recording.landmarks[i], face) for i, face in zip(chosen, faces, strict=True)]
    if not any(sure):
        raise InputError("video_short", f"In {video.path.name} it is not clear whose face is meant.", "Show one face alone.")
    return EvaluationClip(
        video, recording, crop, AnnotatedFrame(found[0], recording.landmarks[0]), chosen[sure], pictures[sure],
        runs, found[np.searchsorted(wanted, runs)],
        [face for face, kept in zip(faces, sure, strict=True) if kept], sure.count(False),
    )  # fmt: skip


def same_face(driving: FloatArray, face: FloatArray | None) -> bool:
    """Whether landmarks in [-1, 1] and a face in pixels can be one person's (see `MAX_DISTANCE`); an unseen face can."""
    if face is None:
        return True
    size = float(np.ptp(face[:, :2], axis=0).max())
    return keypoint_distance(SquareCrop(0, 0, SIZE).undo(driving), face) < MAX_DISTANCE * size


def _runs(recording: Recording) -> NDArray[np.intp]:
    """Choose runs of consecutive frames without a gap, spread over the clip: `[R, RUN]`, perhaps none."""
    step = np.diff(recording.timestamps)
    even = step < 1.5 * np.median(step)
    starts = [i for i in range(len(step) - RUN + 2) if even[i : i + RUN - 1].all()]
    if not starts:
        return np.zeros((0, RUN), np.intp)
    picked = {starts[round((k + 1) / (RUNS + 1) * (len(starts) - 1))] for k in range(RUNS)}
    return np.array([np.arange(start, start + RUN) for start in sorted(picked)])
