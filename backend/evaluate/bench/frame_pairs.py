"""Pairs of frames of one person, from a training pack or videos, to calibrate and measure an eight-bit generator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from backend.core.errors import InputError
from backend.core.pixels import to_tensor
from backend.evaluate.common.videos import evenly_spaced
from backend.keypoints.regions import FaceRegions
from backend.media.face_tracker import track_face
from backend.media.video_reader import VIDEO_SUFFIXES, pictures_at
from backend.train.data.pack import Pack
from backend.train.data.pairs import Pairs, PairSampler

CALIBRATION, HELD_OUT = 96, 48
"""Pairs to calibrate with, and to measure on."""

LATER = 4
"""Frames of a video that its first one is paired with."""


def real_pairs(data: Path, size: int, seed: int = 0) -> tuple[list[Pairs], list[Pairs]]:
    """Return batches of one pair each, to calibrate with, and of other people to measure on.

    Args:
        data: a folder made by `train pack`, or one of videos with a face each.
        size: edge of the pictures; 128 or 256 for a pack.
        seed: of the sampling from a pack.

    Raises:
        InputError: `calibration_empty`; as `pictures_at`.
    """
    found = _from_pack(data, size, seed) if (data / "index.npz").is_file() else _from_videos(data, size)
    if not all(found):
        message = f"{data} holds too little: pairs are needed to calibrate with, and others to measure on."
        hint = "Name a folder made by `motionfan train pack`, or one of at least two videos."
        raise InputError("calibration_empty", message, hint)
    return found


def _from_pack(folder: Path, size: int, seed: int) -> tuple[list[Pairs], list[Pairs]]:
    pack = Pack(folder)
    sampled = PairSampler(pack, size).sample(CALIBRATION, np.random.default_rng(seed))
    kept = PairSampler(pack, size, held_out=True).first_frames(2)
    chosen = evenly_spaced(len(kept.source), min(HELD_OUT, len(kept.source)))
    return [sampled[i : i + 1] for i in range(CALIBRATION)], [kept[i : i + 1] for i in chosen.tolist()]


def _from_videos(folder: Path, size: int) -> tuple[list[Pairs], list[Pairs]]:
    """Measure on every fourth video, calibrate with the others."""
    videos = sorted(path for path in folder.glob("*") if path.suffix.lower() in VIDEO_SUFFIXES)
    both: tuple[list[Pairs], list[Pairs]] = ([], [])
    for number, index in enumerate(evenly_spaced(len(videos), (CALIBRATION + HELD_OUT) // LATER)):
        both[number % 4 == 1].extend(_from_video(videos[index], size))
    return both


def _from_video(path: Path, size: int) -> Iterator[Pairs]:
    """Pair the first frame with later ones, evenly spaced; a video without a face has none."""
    try:
        recording, crop = track_face(path)
    except InputError:
        return
    rows = evenly_spaced(len(recording.timestamps), LATER + 1)
    pictures = [to_tensor(picture)[None] for picture in pictures_at(path, crop, recording.timestamps[rows], size)]
    keypoints = FaceRegions()(torch.from_numpy(recording.landmarks[rows]))
    for i in range(1, len(rows)):
        yield Pairs(pictures[0], pictures[i], keypoints[:1], keypoints[i : i + 1], torch.ones(1, 1, size, size))
