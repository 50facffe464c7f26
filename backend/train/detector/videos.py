"""Reads a folder of videos into memory: sequences to train on, and held-out ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from backend.animate.fomm.reenact import central_square
from backend.core.arrays import load_arrays
from backend.core.errors import InputError
from backend.media.video_reader import VIDEO_SUFFIXES, read_video
from backend.train.detector.tfrecord import read_softmotion

MAX_FRAMES = 300
"""Only this many frames of a video are kept, so that memory holds many videos."""

HELD_OUT_EVERY = 10
"""One video in this many is held out."""

FPS = 25.0
"""Frames a second of files without a frame rate."""


@dataclass(frozen=True)
class TrainingVideo:
    """A sequence: `frames [T, S, S, 3]` uint8; `joints [T, J, 2]` in [-1, 1], x right, y down, if known; frames a second."""

    name: str
    frames: NDArray[np.uint8]
    joints: NDArray[np.float32] | None = None
    fps: float = FPS


@dataclass(frozen=True)
class VideoSet:
    """Sequences to train on, and held-out ones."""

    train: list[TrainingVideo]
    held_out: list[TrainingVideo]

    @classmethod
    def read(cls, folder: Path, size: int) -> VideoSet:
        """Read videos, `.npz` files (`frames [T, H, W, 3]` uint8, perhaps `joints` and `fps`) and softmotion TFRecords.

        The central square of every picture is scaled to `size`.

        Raises:
            InputError: `data_missing`, `data_short` (fewer than two usable sequences), or a file cannot be read.
        """
        if not folder.is_dir():
            raise InputError("data_missing", f"There is no folder {folder}.", "Name one with videos in it.")
        videos = [video for path in sorted(folder.iterdir()) for video in _sequences(path, size) if len(video.frames) > 1]
        if len(videos) < 2:
            message = f"{folder} holds {len(videos)} usable videos; at least two are needed, one of them to measure on."
            raise InputError("data_short", message, "Add videos, .npz files with `frames`, or softmotion TFRecords.")
        held_out = {min(start + HELD_OUT_EVERY, len(videos)) - 1 for start in range(0, len(videos), HELD_OUT_EVERY)}
        train = [video for index, video in enumerate(videos) if index not in held_out]
        return cls(train, [videos[index] for index in sorted(held_out)])

    def sample(self, batch: int, random: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Sample source and driving pictures `[B, 3, S, S]` in [0, 1]: two frames of one video, randomly mirrored and lit."""
        pairs = []
        for _ in range(batch):
            frames = self.train[random.integers(len(self.train))].frames
            pair = frames[random.choice(len(frames), 2, replace=False)].astype(np.float32) / 255
            pair = pair[:, :, ::-1] if random.random() < 0.5 else pair
            gain, lift = np.exp(random.normal(0, 0.1, 3)), random.normal(0, 0.03)
            pairs.append((pair * gain + lift).clip(0, 1))
        source, driving = torch.from_numpy(np.stack(pairs).astype(np.float32)).permute(1, 0, 4, 2, 3).contiguous()
        return source, driving


def _sequences(path: Path, size: int) -> Iterator[TrainingVideo]:
    kind = path.suffix.lower()
    if kind in VIDEO_SUFFIXES:
        frames = [(central_square(frame.picture, size), frame.t) for frame in islice(read_video(path), MAX_FRAMES)]
        last = frames[-1][1]
        fps = (len(frames) - 1) / last if last else FPS
        yield TrainingVideo(path.name, np.stack([picture for picture, _ in frames]), fps=fps)
    elif kind == ".npz":
        yield _array(path, size)
    elif kind in (".tfrecord", ".tfrecords"):
        for index, frames_THW3 in enumerate(read_softmotion(path)):
            yield TrainingVideo(f"{path.name}:{index}", np.stack([central_square(picture, size) for picture in frames_THW3]))


def _array(path: Path, size: int) -> TrainingVideo:
    try:
        file = load_arrays(path)
        frames = file["frames"]
        joints = file["joints"].astype(np.float32) if "joints" in file else None
        fps = float(file["fps"]) if "fps" in file else FPS
    except Exception as error:
        raise InputError("video_unreadable", f"{path} is no .npz with an array `frames`.") from error
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[-1] != 3 or not len(frames):
        raise InputError("video_unreadable", f"`frames` of {path} is {frames.dtype} {frames.shape}, not uint8 [T, H, W, 3].")
    if joints is not None and (joints.ndim != 3 or joints.shape[2] != 2 or len(joints) != len(frames)):
        raise InputError("video_unreadable", f"`joints` of {path} is {joints.shape}, not [T, J, 2].")
    if not (np.isfinite(fps) and fps > 0):
        raise InputError("video_unreadable", f"{path} says {fps} frames a second.")
    kept = None if joints is None else joints[:MAX_FRAMES]
    return TrainingVideo(path.name, np.stack([central_square(picture, size) for picture in frames[:MAX_FRAMES]]), kept, fps)
