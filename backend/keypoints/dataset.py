"""Recordings on disk -> keypoint motions for training and evaluation."""

from __future__ import annotations

import csv
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from backend.core.errors import InputError
from backend.core.types import CLOCK_S, FloatArray
from backend.keypoints.reading import Layout, Track, read_tracks
from backend.keypoints.regions import FaceRegions

Split = Literal["train", "val"]

HELD_OUT = ("val", "test")
"""Splits of a table whose rows are evaluated."""

SUFFIXES = (".npz", ".npy")


@dataclass(frozen=True)
class Motion:
    """One unbroken motion of one person at the video's own frame rate.

    Attributes:
        flat: flat keypoints `[T, 6N]` float32.
        timestamps: `[T]` seconds, increasing.
        person, split, clip: where it comes from.
        layout: which keypoints they are; only face regions can be mirrored.
    """

    flat: FloatArray
    timestamps: NDArray[np.float64]
    person: str
    split: str
    clip: str
    layout: Layout = "face_regions"

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


@dataclass(frozen=True)
class Footage:
    """What a folder of recordings holds.

    Attributes:
        motions: what can be evaluated.
        skipped: a sentence for every file that cannot be used.
    """

    motions: list[Motion]
    skipped: list[str]


def read_motions(data: Path, split: Split | None = None, fps: float | None = None) -> list[Motion]:
    """Read every clip of `clips.csv` whose recording is there.

    Args:
        data: folder with `clips.csv` (columns clip, person, split) and a recording `STEM.npz` or `STEM.npy` per clip, in the
            folder itself or in `recordings/`.
        split: only the clips of this split.
        fps: frames a second of arrays that do not say it themselves.

    Raises:
        InputError: no `clips.csv`, a column is missing, none of its clips has a recording, or one cannot be read.
    """
    rows = read_table(data / "clips.csv")
    if rows and not {"clip", "person", "split"} <= rows[0].keys():
        raise InputError("data_columns", f"{data / 'clips.csv'} needs the columns clip, person and split.")
    regions = FaceRegions()
    files = recordings_in(data)
    motions: list[Motion] = []
    for row in rows:
        found = files.get(row["clip"]) or files.get(Path(row["clip"]).stem)
        if found is not None and split in (None, row["split"]):
            motions += _motions(read_tracks(found, regions, fps), row["person"], row["split"], row["clip"])
    if not motions:
        raise InputError(
            "data_empty",
            f"{data} holds no landmark recording of its clips.",
            "Make them with `motionfan landmarks VIDEO... -o DIR`.",
        )
    return motions


def read_footage(data: Path, table: Path | None = None, fps: float | None = None) -> Footage:
    """Read what of a folder is to be evaluated: the held-out rows of its table, or every recording where there is no table.

    Args:
        data: folder of landmark recordings and flat keypoint arrays (`.npz`, `.npy`), in it or in its `recordings/`.
        table: a CSV with the columns clip (or name), person and split; by default the folder's own `clips.csv`.
        fps: frames a second of arrays that do not say it themselves; 25 by default.

    Returns:
        Motions of the rows of split val or test; a file that cannot be used is skipped and named. A person who is not known
        is the recording itself.

    Raises:
        InputError: the folder, its recordings or the table cannot be read, or nothing usable is left.
    """
    files = recordings_in(data)
    if table is None and (data / "clips.csv").is_file():
        table = data / "clips.csv"
    people = {name: name for name in files} if table is None else held_out(table, files)
    skipped = [f"{name}: no recording of this name in {data}." for name in sorted(people.keys() - files.keys())]
    regions, motions = FaceRegions(), []
    for name in sorted(people.keys() & files.keys()):
        try:
            motions += _motions(read_tracks(files[name], regions, fps), people[name], "val", name)
        except InputError as error:
            skipped.append(f"{files[name].name}: {error.message}")
    if not motions:
        raise InputError("data_empty", f"{data} holds no recording that can be evaluated.", " ".join(skipped[:3]))
    return Footage(motions, skipped)


def recordings_in(data: Path) -> dict[str, Path]:
    """Return the recordings of a folder, or of its `recordings/`, by their names without the ending."""
    if not data.is_dir():
        raise InputError("data_missing", f"There is no folder {data}.", "Name a folder of recordings.")
    # The folder's own files win over those of the same name below it.
    paths = [path for folder in (data / "recordings", data) if folder.is_dir() for path in sorted(folder.iterdir())]
    return {path.stem: path for path in paths if path.suffix.lower() in SUFFIXES}


def read_table(path: Path) -> list[dict[str, str]]:
    """Read a CSV with a heading.

    Raises:
        InputError: it is missing or is no such table.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return [{key: value or "" for key, value in row.items() if key} for row in csv.DictReader(file)]
    except FileNotFoundError:
        raise InputError(
            "data_missing", f"There is no {path.name} in {path.parent}.", "Name the folder of clips.csv and its recordings."
        ) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError("data_columns", f"{path} cannot be read as a table ({error}).") from None


def held_out(table: Path, files: Container[str]) -> dict[str, str]:
    """Return the person of every held-out recording of a table."""
    rows = read_table(table)
    key = "clip" if rows and "clip" in rows[0] else "name"
    if not rows or not {key, "split"} <= rows[0].keys():
        raise InputError("data_columns", f"{table} needs the columns clip (or name), person and split.")
    people = {}
    for row in rows:
        if row["split"].strip().lower() in HELD_OUT:
            name = row[key].strip()
            stem = name if name in files else Path(name).stem
            people[stem] = row.get("person", "").strip() or stem
    if not people:
        raise InputError("split_empty", f"{table} has no row whose split is val or test.")
    return people


def _motions(tracks: Sequence[Track], person: str, split: str, clip: str) -> list[Motion]:
    return [Motion(track.flat, track.timestamps, person, split, clip, track.layout) for track in tracks]


def cut(motions: Sequence[Motion], length: int, stride: int) -> Iterator[tuple[FloatArray, Motion]]:
    """Cut motions on the clock into windows `[length, 6N]`, each with the motion it comes from."""
    for motion in motions:
        frames = motion.clocked()
        for start in range(0, len(frames) - length + 1, stride):
            yield frames[start : start + length], motion


def windows(motions: Sequence[Motion], length: int, stride: int) -> tuple[FloatArray, list[str]]:
    """Cut motions on the clock into windows: `[W, length, 6N]`, and the person of each."""
    parts = list(cut(motions, length, stride))
    if not parts:
        raise InputError("data_short", f"No motion is as long as {length} steps of 80 ms.")
    return np.stack([frames for frames, _ in parts]), [motion.person for _, motion in parts]
