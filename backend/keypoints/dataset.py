"""Reads folders of recordings as keypoint sequences for training and evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from backend.core.clip_table import held_out_people, read_table
from backend.core.errors import InputError
from backend.core.types import CLOCK_S, FloatArray
from backend.keypoints.reading import KeypointTrack, Layout, read_tracks
from backend.keypoints.regions import FaceRegions

SUFFIXES = (".npz", ".npy")


@dataclass(frozen=True)
class KeypointSequence:
    """One unbroken motion of one person at the video's own frame rate.

    Attributes:
        flat: flat keypoints `[T, 6N]` float32.
        timestamps: `[T]` seconds, increasing.
        person, split, clip: its entries in the table of clips.
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
        """Interpolate linearly at times in seconds: `[len(times), 6N]`."""
        place = np.interp(times, self.timestamps, np.arange(len(self.flat)))
        low = np.minimum(place.astype(np.int64), len(self.flat) - 2)
        part = (place - low).astype(np.float32)[:, None]
        return np.asarray((1 - part) * self.flat[low] + part * self.flat[low + 1])

    def clocked(self) -> FloatArray:
        """Resample to the clock (`CLOCK_HZ`) from the first frame on: `[T', 6N]`."""
        ticks = int(self.seconds / CLOCK_S + 1e-6) + 1
        return self.at(self.timestamps[0] + CLOCK_S * np.arange(ticks))


@dataclass(frozen=True)
class EvaluationSet:
    """Sequences to evaluate on, and a sentence for each file that cannot be used."""

    sequences: list[KeypointSequence]
    skipped: list[str]


def read_split(
    data: Path, split: Literal["train", "val", "test"] | None = None, fps: float | None = None
) -> list[KeypointSequence]:
    """Read every clip of `clips.csv` that has a recording.

    Args:
        data: folder with `clips.csv` (columns clip, person, split) and a recording `STEM.npz` or `STEM.npy` per clip, in the
            folder itself or in `recordings/`.
        split: only the clips of this split.
        fps: frames per second of arrays that do not state it.

    Raises:
        InputError: `data_missing`, `data_columns`, `data_empty`; as `read_tracks`.
    """
    rows, files, regions = read_table(data / "clips.csv"), _recordings_in(data), FaceRegions()
    if rows and not {"clip", "person", "split"} <= rows[0].keys():
        raise InputError("data_columns", f"{data / 'clips.csv'} needs the columns clip, person and split.")
    sequences: list[KeypointSequence] = []
    for row in rows:
        found = files.get(row["clip"]) or files.get(Path(row["clip"]).stem)
        if found is not None and split in (None, row["split"]):
            sequences += _sequences(read_tracks(found, regions, fps), row["person"], row["split"], row["clip"])
    if not sequences:
        hint = "Make them with `motionfan landmarks VIDEO... -o DIR`."
        of = f" of split {split}" if split else ""
        raise InputError("data_empty", f"{data} holds no recording of its clips{of}.", hint)
    return sequences


def read_evaluation_set(data: Path, table: Path | None = None, fps: float | None = None) -> EvaluationSet:
    """Read the recordings that a table holds out (split test, or val without one), or all if there is no table.

    A file that cannot be used is skipped. Without a table, each recording counts as a person.

    Args:
        data: folder of landmark recordings and flat keypoint arrays (`.npz`, `.npy`), in it or in its `recordings/`.
        table: a CSV with the columns clip (or name), person and split; by default the folder's own `clips.csv`.
        fps: frames per second of arrays that do not state it; 25 by default.

    Raises:
        InputError: `data_missing`, `data_empty`; as `held_out_people`.
    """
    files = _recordings_in(data)
    if table is None and (data / "clips.csv").is_file():
        table = data / "clips.csv"
    people, notes = held_out_people(table, files)
    skipped = notes + [f"{name}: no recording of this name in {data}." for name in sorted(people.keys() - files.keys())]
    regions, sequences = FaceRegions(), []
    for name in sorted(people.keys() & files.keys()):
        try:
            found = _sequences(read_tracks(files[name], regions, fps), people[name], "val", name)
            sequences += found
            if not found:
                skipped.append(f"{files[name].name}: no two frames of it show the same face in succession.")
        except InputError as error:
            skipped.append(f"{files[name].name}: {error.message}")
    if not sequences:
        raise InputError(
            "data_empty",
            f"{data} holds no recording that can be evaluated.",
            " ".join(skipped[:3]) or "Name a folder of .npz or .npy files.",
        )
    return EvaluationSet(sequences, skipped)


def _recordings_in(data: Path) -> dict[str, Path]:
    """Return the recordings of a folder and of its `recordings/`, by their names without suffix."""
    if not data.is_dir():
        raise InputError("data_missing", f"There is no folder {data}.", "Name a folder of recordings.")
    # The folder's own files replace those of the same name in `recordings/`.
    paths = [path for folder in (data / "recordings", data) if folder.is_dir() for path in sorted(folder.iterdir())]
    return {path.stem: path for path in paths if path.suffix.lower() in SUFFIXES}


def _sequences(tracks: Sequence[KeypointTrack], person: str, split: str, clip: str) -> list[KeypointSequence]:
    return [KeypointSequence(track.flat, track.timestamps, person, split, clip, track.layout) for track in tracks]


def iterate_windows(
    sequences: Sequence[KeypointSequence], length: int, stride: int
) -> Iterator[tuple[FloatArray, KeypointSequence]]:
    """Resample sequences to the clock, cut them into windows `[length, 6N]`, and yield each with its sequence.

    Args:
        sequences: no window crosses from one to the next.
        length: frames of a window.
        stride: frames between the starts of two windows.
    """
    for sequence in sequences:
        frames = sequence.clocked()
        for start in range(0, len(frames) - length + 1, stride):
            yield frames[start : start + length], sequence


def stack_windows(sequences: Sequence[KeypointSequence], length: int, stride: int) -> tuple[FloatArray, list[str]]:
    """Return the windows of `iterate_windows` as `[W, length, 6N]`, and the person of each.

    Args:
        sequences: no window crosses from one to the next.
        length: frames of a window.
        stride: frames between the starts of two windows.

    Raises:
        InputError: `data_short`: every sequence is shorter than a window.
    """
    parts = list(iterate_windows(sequences, length, stride))
    if not parts:
        raise InputError("data_short", f"No motion is as long as {length} steps of 80 ms.")
    return np.stack([frames for frames, _ in parts]), [sequence.person for _, sequence in parts]
