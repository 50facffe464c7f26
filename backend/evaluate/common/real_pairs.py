"""Pairs of frames of one person, from a pack or from videos: what an eight-bit generator is calibrated and judged on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from backend.core.errors import InputError
from backend.core.types import Keypoints
from backend.keypoints.regions import FaceRegions
from backend.media.face_recording import track_face
from backend.media.video_reader import VIDEO_SUFFIXES, pictures_at
from backend.train.data.pack import Pack
from backend.train.data.pairs import PairSampler

CALIBRATION, HELD_OUT = 96, 48
"""Pairs to calibrate with, and to measure on."""

LATER = 4
"""Frames of a video that its first one is paired with."""


@dataclass(frozen=True)
class Pair:
    """A portrait and a later frame: pictures `[1, 3, n, n]` in [0, 1], and keypoints `[1, N]`."""

    source: Tensor
    driving: Tensor
    source_keypoints: Keypoints
    driving_keypoints: Keypoints


def real_pairs(data: Path, size: int, seed: int = 0) -> tuple[list[Pair], list[Pair]]:
    """Draw pairs to calibrate with, and pairs of other people to measure on.

    Args:
        data: a folder made by `train pack`, or one of videos with a face each.
        size: side of the pictures; of a pack, 128 or 256.
        seed: of the draw from a pack.

    Raises:
        InputError: `calibration_empty`: there are no frames in it; as `pictures_at` and `track_face`.
    """
    found = _of_pack(data, size, seed) if (data / "index.npz").is_file() else _of_videos(data, size)
    if not all(found):
        raise InputError(
            "calibration_empty",
            f"{data} holds too little: pairs are needed to calibrate with, and others to measure on.",
            "Name a folder made by `motionfan train pack`, or one of at least two videos.",
        )
    return found


def _of_pack(folder: Path, size: int, seed: int) -> tuple[list[Pair], list[Pair]]:
    pack = Pack(folder)
    drawn = PairSampler(pack, size).sample(CALIBRATION, np.random.default_rng(seed))
    kept = PairSampler(pack, size, held_out=True).first_frames(2)
    chosen = np.unique(np.linspace(0, len(kept.source) - 1, min(HELD_OUT, len(kept.source))).astype(int)).tolist()
    both = []
    for pairs, rows in ((drawn, range(CALIBRATION)), (kept, chosen)):
        parts = (pairs.source, pairs.driving, pairs.source_keypoints, pairs.driving_keypoints)
        both.append([Pair(*(part[i : i + 1] for part in parts)) for i in rows])  # type: ignore[arg-type]
    return both[0], both[1]


def _of_videos(folder: Path, size: int) -> tuple[list[Pair], list[Pair]]:
    """Every fourth video is measured on."""
    videos = sorted(path for path in folder.glob("*") if path.suffix.lower() in VIDEO_SUFFIXES)
    most = (CALIBRATION + HELD_OUT) // LATER
    chosen = [videos[i] for i in np.unique(np.linspace(0, len(videos) - 1, most).astype(int))] if videos else []
    both: tuple[list[Pair], list[Pair]] = ([], [])
    for number, video in enumerate(chosen):
        both[number % 4 == 1].extend(_of_video(video, size))
    return both


def _of_video(path: Path, size: int) -> Iterator[Pair]:
    """Pair the first frame with later ones, evenly spread; a video without a face has none."""
    try:
        recording, crop = track_face(path)
    except InputError:
        return
    rows = np.unique(np.linspace(0, len(recording.timestamps) - 1, LATER + 1).astype(int))
    pictures = [
        torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
        for picture in pictures_at(path, crop, recording.timestamps[rows], size)
    ]
    keypoints = FaceRegions()(torch.from_numpy(recording.landmarks[rows]))
    for i in range(1, len(rows)):
        yield Pair(pictures[0], pictures[i], keypoints[:1], keypoints[i : i + 1])
