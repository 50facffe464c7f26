"""Landmark recordings on disk -> keypoint motions for training and evaluation."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from backend.errors import InputError
from backend.keypoints.regions import FaceRegions
from backend.types import CLOCK_S, FloatArray, Recording

Split = Literal["train", "val"]

GAP_S = 0.25
"""A longer pause between two frames (the face was lost) ends a motion."""

JUMP = 0.15
"""Mean keypoint displacement between two frames of video, in crop units, over which the tracker found another face."""


@dataclass(frozen=True)
class Motion:
    """One unbroken motion of one person at the video's own frame rate.

    Attributes:
        flat: flat keypoints `[T, 6N]` float32.
        timestamps: `[T]` seconds, increasing.
        person, split, clip: where it comes from.
    """

    flat: FloatArray
    timestamps: NDArray[np.float64]
    person: str
    split: str
    clip: str

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return float(self.timestamps[-1] - self.timestamps[0])

    def at(self, times: NDArray[np.float64]) -> FloatArray:
        """Interpolate linearly at times in seconds; keypoints are linear in the landmarks, so this equals resampling those."""
        place = np.interp(times, self.timestamps, np.arange(len(self.flat)))
        low = np.minimum(place.astype(np.int64), len(self.flat) - 2)
        part = (place - low).astype(np.float32)[:, None]
        frames: FloatArray = (1 - part) * self.flat[low] + part * self.flat[low + 1]
        return frames

    def clocked(self) -> FloatArray:
        """Return the motion on the 12.5 Hz grid that starts at its first frame, `[T', 6N]`."""
        ticks = int(self.seconds / CLOCK_S + 1e-6) + 1
        return self.at(self.timestamps[0] + CLOCK_S * np.arange(ticks))


def read_motions(data: Path, split: Split | None = None) -> list[Motion]:
    """Read every clip of `clips.csv` whose recording is there.

    Args:
        data: folder with `clips.csv` (columns clip, person, split) and a landmark recording `STEM.npz` per clip, in the
            folder itself or in `recordings/`.
        split: only the clips of this split.

    Raises:
        InputError: no `clips.csv`, a column is missing, or none of its clips has a recording.
    """
    try:
        with (data / "clips.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError:
        raise InputError(
            "data_missing",
            f"There is no clips.csv in {data}.",
            "Name the folder of clips.csv and landmark recordings with --data.",
        ) from None
    if rows and not {"clip", "person", "split"} <= rows[0].keys():
        raise InputError("data_columns", f"{data / 'clips.csv'} needs the columns clip, person and split.")
    regions = FaceRegions()
    motions: list[Motion] = []
    for row in rows:
        name = f"{Path(row['clip']).stem}.npz"
        found = [path for path in (data / name, data / "recordings" / name) if path.exists()]
        if found and split in (None, row["split"]):
            motions += _motions(Recording.load(found[0]), row, regions)
    if not motions:
        raise InputError(
            "data_empty",
            f"{data} holds no landmark recording of its clips.",
            "Make them with `motionfan landmarks VIDEO... -o DIR`.",
        )
    return motions


def _motions(recording: Recording, row: dict[str, str], regions: FaceRegions) -> list[Motion]:
    if len(recording.landmarks) < 2:
        return []
    with torch.no_grad():
        keypoints = regions(torch.from_numpy(recording.landmarks))
    flat = keypoints.flat().numpy()
    moved = np.abs(np.diff(keypoints.value.numpy(), axis=0)).mean((1, 2))
    cuts = np.flatnonzero((np.diff(recording.timestamps) > GAP_S) | (moved > JUMP)) + 1
    return [
        Motion(part, times, row["person"], row["split"], row["clip"])
        for part, times in zip(np.split(flat, cuts), np.split(recording.timestamps, cuts), strict=True)
        if len(part) > 1
    ]


def windows(motions: Sequence[Motion], length: int, stride: int) -> tuple[FloatArray, list[str]]:
    """Cut motions on the clock into windows: `[W, length, 6N]`, and the person of each."""
    cut, persons = [], []
    for motion in motions:
        frames = motion.clocked()
        for start in range(0, len(frames) - length + 1, stride):
            cut.append(frames[start : start + length])
            persons.append(motion.person)
    if not cut:
        raise InputError("data_short", f"No motion is as long as {length} steps of 80 ms.")
    return np.stack(cut), persons
