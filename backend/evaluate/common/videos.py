"""Held-out videos of faces: find them, follow the face, and convert their pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backend.core.clip_table import held_out_people
from backend.core.errors import InputError
from backend.core.frames import parts
from backend.core.recording import Recording
from backend.media.crop import SquareCrop
from backend.media.face_tracker import track_face
from backend.media.video_reader import VIDEO_SUFFIXES, read_video

SIZE = 256
"""Edge of full-size frames in pixels."""


@dataclass(frozen=True)
class HeldOutVideo:
    """A file and the person in it; an unknown person is named after the file."""

    path: Path
    person: str

    @property
    def name(self) -> str:
        """Name of the file without its ending."""
        return self.path.stem


def find_videos(folder: Path, table: Path | None = None) -> tuple[list[HeldOutVideo], list[str]]:
    """Find the videos to be scored, in a folder or its `clips/`.

    `table` is a CSV with the columns clip, person and split, by default `clips.csv` in the folder or its parent, if it exists.

    Returns:
        The videos (with a table, those that it holds out), and a sentence for each row without a video.

    Raises:
        InputError: `data_missing`, `data_empty`, or the table cannot be used.
    """
    if not folder.is_dir():
        raise InputError("data_missing", f"There is no folder {folder}.", "Name a folder of videos.")
    places = [place for place in (folder / "clips", folder) if place.is_dir()]
    files = {path.stem: path for place in places for path in sorted(place.iterdir()) if path.suffix.lower() in VIDEO_SUFFIXES}
    if table is None:
        table = next((place / "clips.csv" for place in (folder, folder.parent) if (place / "clips.csv").is_file()), None)
    people, notes = held_out_people(table, files)
    missing = notes + [f"{name}: no video of this name in {folder}." for name in sorted(people.keys() - files.keys())]
    videos = [HeldOutVideo(files[name], people[name]) for name in sorted(people.keys() & files.keys())]
    if not videos:
        raise InputError(
            "data_empty", f"{folder} holds no video that can be scored.", " ".join(missing[:3]) or "Name a folder of videos."
        )
    return videos, missing


def follow_square(path: Path, size: int | None = None) -> tuple[Recording, SquareCrop]:
    """Return the landmarks of a video in [-1, 1] of a square, and the square.

    It is the whole picture where that is square (of `size` pixels, if given), otherwise a square around the face.

    Raises:
        InputError: the video cannot be read or shows no face.
    """
    recording, crop = track_face(path)
    height, width = next(read_video(path)).picture.shape[:2]
    if height != width or size not in (None, width):
        return recording, crop
    whole = SquareCrop(0, 0, width)
    for part in parts(recording.landmarks):
        part[:] = whole.apply(crop.undo(part))
    return recording, whole


def evenly_spaced(count: int, chosen: int) -> NDArray[np.intp]:
    """Choose up to `chosen` of `count` indices, evenly spaced from the first to the last."""
    return np.unique(np.linspace(0, count - 1, chosen).astype(int)) if count else np.zeros(0, np.intp)
