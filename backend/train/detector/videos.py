"""Reads a folder of videos of any kind into memory: sequences to train on, and held-out ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from backend.animate.fomm.reenact import central_square
from backend.core.errors import InputError
from backend.media.video_reader import VIDEO_SUFFIXES, read_video
from backend.train.detector.tfrecord import read_softmotion

RECORDS = {".tfrecord", ".tfrecords"}

MAX_FRAMES = 300
"""Frames kept of one video, so that memory holds many videos."""

HELD_OUT_EVERY = 10
"""One video in this many is held out."""

FPS = 25.0
"""Frames a second of files that do not say it."""


@dataclass(frozen=True)
class TrainingVideo:
    """One sequence: `frames [T, S, S, 3]` uint8; `joints [T, J, 2]` in [-1, 1] if they are known; frames a second."""

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
            raise InputError(
                "data_short",
                f"{folder} holds {len(videos)} usable videos; at least two are needed, one of them to measure on.",
                "Add videos, .npz files with `frames`, or softmotion TFRecords.",
            )
        kept = {min(start + HELD_OUT_EVERY, len(videos)) - 1 for start in range(0, len(videos), HELD_OUT_EVERY)}
        return cls(
            [video for index, video in enumerate(videos) if index not in kept], [videos[index] for index in sorted(kept)]
        )

    def sample(self, batch: int, random: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Sample source and driving pictures `[B, 3, S, S]` in [0, 1]: two frames of one video, randomly mirrored and lit."""
        pairs = []
        for _ in range(batch):
            frames = self.train[random.integers(len(self.train))].frames
            pair = frames[random.choice(len(frames), 2, replace=False)].astype(np.float32) / 255
            pair = pair[:, :, ::-1] if random.random() < 0.5 else pair
            gain, lift = np.exp(random.normal(0, 0.1, 3)), random.normal(0, 0.03)
            pairs.append((pair * gain + lift).clip(0, 1))
        tensor = torch.from_numpy(np.stack(pairs).astype(np.float32)).permute(1, 0, 4, 2, 3).contiguous()
        return tensor[0], tensor[1]


def pictures(frames: NDArray[np.uint8]) -> Tensor:
    """`[F, S, S, 3]` uint8 -> `[F, 3, S, S]` in [0, 1]."""
    return torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2).float() / 255


def _sequences(path: Path, size: int) -> Iterator[TrainingVideo]:
    kind = path.suffix.lower()
    if kind in VIDEO_SUFFIXES:
        read = [
            (central_square(frame.picture, size), frame.t)
            for frame, _ in zip(read_video(path), range(MAX_FRAMES), strict=False)
        ]
        last = read[-1][1]
        yield TrainingVideo(path.name, np.stack([picture for picture, _ in read]), fps=(len(read) - 1) / last if last else FPS)
    elif kind == ".npz":
        yield _array(path, size)
    elif kind in RECORDS:
        for index, frames_THW3 in enumerate(read_softmotion(path)):
            yield TrainingVideo(f"{path.name}:{index}", np.stack([central_square(picture, size) for picture in frames_THW3]))


def _array(path: Path, size: int) -> TrainingVideo:
    try:
        with np.load(path, allow_pickle=False) as file:
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
