"""Videos of faces -> what animation is measured on: a first frame, frames spread over the rest, and short runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backend.core.clip_table import held_out_people
from backend.core.errors import InputError
from backend.core.progress import Progress
from backend.core.recording import Recording
from backend.core.types import FloatArray, Picture
from backend.evaluate.animation.faces import keypoint_distance, see_faces
from backend.media.crop import SquareCrop
from backend.media.face_recording import track_face
from backend.media.video_reader import VIDEO_SUFFIXES, pictures_at, read_video

SIZE = 256
"""Edge of the frames in pixels: what rendered ones are compared with."""

RUNS, RUN = 2, 5
"""Runs of consecutive frames in a clip, and frames of each, for what happens in time."""

DISAGREE = 0.1
"""Where the face that drives and the one that Face Mesh finds in the frame itself are further apart than this share of its
size, one of them is another face (somebody in the background): such a frame says nothing about a method."""

SHORTEST = 8
"""Frames with a face that a clip needs."""


@dataclass(frozen=True)
class Video:
    """A file and whose face it shows; a person who is not known is the file itself."""

    path: Path
    person: str


@dataclass(frozen=True)
class Still:
    """A picture `[256, 256, 3]` uint8, and its face's landmarks `[478, 3]` in [-1, 1] of it."""

    picture: Picture
    landmarks: FloatArray


@dataclass(frozen=True)
class Clip:
    """One video made ready.

    Attributes:
        video: where it comes from.
        recording: landmarks of all its frames with a face, in [-1, 1] of the crop.
        crop: the square of the video that is used.
        source: its first frame.
        chosen: which of the recording's frames are compared, and their pictures `[F, 256, 256, 3]`.
        runs: the same for runs of consecutive frames: indices `[R, RUN]`.
        faces: what Face Mesh sees in the chosen pictures, in pixels: the truth of rendered frames.
        doubtful: frames that were chosen and left out since it is not clear whose face is meant.
    """

    video: Video
    recording: Recording
    crop: SquareCrop
    source: Still
    chosen: NDArray[np.intp]
    pictures: Picture
    runs: NDArray[np.intp]
    run_pictures: Picture
    faces: list[FloatArray | None]
    doubtful: int

    def pictures_at(self, times: NDArray[np.float64], size: int) -> Iterator[Picture]:
        """Read the video once more: the square `[size, size, 3]` nearest to each of `times` (seconds, increasing)."""
        half = float(np.median(np.diff(self.recording.timestamps))) / 2
        return pictures_at(self.video.path, self.crop, times - half, size)


def find_videos(folder: Path, table: Path | None = None) -> tuple[list[Video], list[str]]:
    """Find the videos that are to be scored.

    Args:
        folder: of videos, in it or in its `clips/`.
        table: CSV with the columns clip, person and split; by default `clips.csv` in the folder or its parent, if there is one.

    Returns:
        The videos of the table's rows of split val or test, or all where there is no table; and a sentence for each row that
        has no video.

    Raises:
        InputError: `data_missing`, `data_empty`, or the table cannot be used.
    """
    if not folder.is_dir():
        raise InputError("data_missing", f"There is no folder {folder}.", "Name a folder of videos.")
    places = [place for place in (folder / "clips", folder) if place.is_dir()]
    files = {path.stem: path for place in places for path in sorted(place.iterdir()) if path.suffix.lower() in VIDEO_SUFFIXES}
    if table is None:
        table = next((place / "clips.csv" for place in (folder, folder.parent) if (place / "clips.csv").is_file()), None)
    people = {name: name for name in files} if table is None else held_out_people(table, files)
    missing = [f"{name}: no video of this name in {folder}." for name in sorted(people.keys() - files.keys())]
    videos = [Video(files[name], people[name]) for name in sorted(people.keys() & files.keys())]
    if not videos:
        raise InputError("data_empty", f"{folder} holds no video that can be scored.", " ".join(missing[:3]))
    return videos, missing


def open_clip(video: Video, frames: int, progress: Progress | None = None) -> Clip:
    """Follow the face through a video and take the pictures that are compared.

    A video of 256 x 256 is taken as it is; others are cut to a square around the face.

    Args:
        video: the file.
        frames: how many frames after the first are compared, evenly spread.
        progress: see `track_face`.

    Raises:
        InputError: it cannot be read, shows no face, or shows one too briefly or none for sure (`video_short`).
    """
    recording, crop = track_face(video.path, progress)
    count = len(recording.landmarks)
    if count < SHORTEST:
        raise InputError("video_short", f"{video.path.name} shows a face in {count} frames; {SHORTEST} are needed.")
    if next(read_video(video.path)).picture.shape[:2] == (SIZE, SIZE):
        whole = SquareCrop(0, 0, SIZE)
        recording = Recording(whole.apply(crop.undo(recording.landmarks)), recording.timestamps, recording.source)
        crop = whole
    chosen = np.unique(np.linspace(0, count - 1, frames + 1).astype(int)[1:])
    runs = _runs(recording)
    wanted = np.unique(np.concatenate([[0], chosen, runs.ravel()]))
    found = np.stack(list(pictures_at(video.path, crop, recording.timestamps[wanted], SIZE)))
    at = {int(index): place for place, index in enumerate(wanted)}
    pictures = found[[at[int(i)] for i in chosen]]
    faces = see_faces(pictures)
    sure = [same_face(recording.landmarks[i], face) for i, face in zip(chosen, faces, strict=True)]
    if not any(sure):
        raise InputError("video_short", f"In {video.path.name} it is not clear whose face is meant.", "Show one face alone.")
    return Clip(
        video, recording, crop, Still(found[0], recording.landmarks[0]), chosen[sure], pictures[sure],
        runs, found[[at[int(i)] for i in runs.ravel()]].reshape(*runs.shape, SIZE, SIZE, 3),
        [face for face, kept in zip(faces, sure, strict=True) if kept], sure.count(False),
    )  # fmt: skip


def same_face(driving: FloatArray, face: FloatArray | None) -> bool:
    """Whether landmarks in [-1, 1] and a face in pixels can be one (see `DISAGREE`); an unseen face is not held against it."""
    if face is None:
        return True
    size = float(np.ptp(face[:, :2], axis=0).max())
    return keypoint_distance(SquareCrop(0, 0, SIZE).undo(driving), face) < DISAGREE * size


def _runs(recording: Recording) -> NDArray[np.intp]:
    """Choose runs of frames that follow each other without a gap, spread over the clip: `[R, RUN]`, perhaps none."""
    step = np.diff(recording.timestamps)
    even = step < 1.5 * np.median(step)
    starts = [i for i in range(len(step) - RUN + 2) if even[i : i + RUN - 1].all()]
    if not starts:
        return np.zeros((0, RUN), np.intp)
    picked = {starts[round((k + 1) / (RUNS + 1) * (len(starts) - 1))] for k in range(RUNS)}
    return np.array([np.arange(start, start + RUN) for start in sorted(picked)])
