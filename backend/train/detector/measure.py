"""Validation of a detector and its generator on held-out videos: errors and a sample sheet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from torch import Tensor

from backend.animate.fomm.detector import KeypointDetector
from backend.animate.fomm.model import Fomm
from backend.core.pixels import to_tensor
from backend.core.types import Keypoints
from backend.train.detector.videos import TrainingVideo, VideoSet

RIDGE = 1e-4
"""Ridge of the regression, in units of the keypoints' variance."""

MAX_VIDEOS = 20
"""Held-out videos that a validation measures; twice as many train the regression."""

COLOURS = ["#4cc9f0", "#f9c74f", "#f28482", "#90be6d", "#b388eb", "#ff9f5a", "#5ad1b3", "#e27bb1", "#ffffff", "#8ecae6"]
TILE = 160
"""Edge of a picture in a sample sheet, in pixels."""


@torch.no_grad()
def detect_sequence(detector: KeypointDetector, video: TrainingVideo) -> Keypoints:
    """Detect the keypoints of all frames: `[T, N]`."""
    parts = [detector(to_tensor(video.frames[start : start + 32])) for start in range(0, len(video.frames), 32)]
    return Keypoints(torch.cat([part.value for part in parts]), torch.cat([part.jacobian for part in parts]))


@torch.no_grad()
def _reconstruct(model: Fomm, video: TrainingVideo, frames: Sequence[int]) -> Tensor:
    """Render frames of a sequence from its first one and their keypoints: `[F, 3, S, S]` in [0, 1]."""
    driving = to_tensor(video.frames[list(frames)])
    source = to_tensor(video.frames[:1]).expand_as(driving)
    frames_F3SS: Tensor = model(source, model.detect(source), model.detect(driving))
    return frames_F3SS


def validate(model: Fomm, videos: VideoSet) -> dict[str, float]:
    """Measure the reconstruction of held-out frames from the first one and, if joints are known, `joint_regression`.

    Returns:
        `l1` and `l1_copy_source` (mean absolute error in [0, 1], five frames a sequence) and their `ratio`; with joints
        `joints_r2` and `joints_error`.
    """
    used = VideoSet(_evenly_spaced(videos.train, 2 * MAX_VIDEOS), _evenly_spaced(videos.held_out, MAX_VIDEOS))
    errors = []
    for video in used.held_out:
        frames = np.linspace(1, len(video.frames) - 1, min(5, len(video.frames) - 1)).astype(int).tolist()
        truth = to_tensor(video.frames[frames])
        error = (_reconstruct(model, video, frames) - truth).abs().mean()
        errors.append((error, (to_tensor(video.frames[:1]) - truth).abs().mean()))
    l1, copy = (float(torch.stack(values).mean()) for values in zip(*errors, strict=True))
    figures = {"l1": l1, "l1_copy_source": copy, "ratio": l1 / max(copy, 1e-9)}
    if all(video.joints is not None for video in (*videos.train, *used.held_out)):
        figures |= joint_regression(model.kp_detector, used)
    return figures


@torch.no_grad()
def joint_regression(detector: KeypointDetector, videos: VideoSet) -> dict[str, float]:
    """Measure how well a ridge regression, fitted to `videos.train`, predicts held-out joints from keypoint positions.

    Returns:
        `joints_r2`, 1 - squared error / variance over all joints together, and `joints_error`, the mean distance in half
        widths of the picture.
    """
    (x, y), (x_new, y_new) = (_regression_data(detector, part) for part in (videos.train, videos.held_out))
    centre, mean = x.mean(0), y.mean(0)
    x, x_new = x - centre, x_new - centre
    gram = x.T @ x
    ridge = RIDGE * gram.diagonal().mean() + 1e-9  # Keypoints may all stand still.
    weight = torch.linalg.solve(gram + ridge * torch.eye(len(gram), dtype=x.dtype), x.T @ (y - mean))
    off = x_new @ weight + mean - y_new
    r2 = 1 - off.square().sum() / (y_new - mean).square().sum()
    return {"joints_r2": float(r2), "joints_error": float(off.unflatten(1, (-1, 2)).norm(dim=-1).mean())}


def sample_sheet(model: Fomm, held_out: Sequence[TrainingVideo]) -> NDArray[np.uint8]:
    """Render four held-out sequences, two rows each: frames with keypoints; below, their reconstructions."""
    rows = []
    for video in _evenly_spaced(held_out, 4):
        frames = np.linspace(0, len(video.frames) - 1, 6).astype(int).tolist()
        dots = (detect_sequence(model.kp_detector, video).value + 1) / 2 * (TILE - 1)
        rebuilt = (_reconstruct(model, video, frames[1:]).clamp(0, 1) * 255).byte().permute(0, 2, 3, 1).numpy()
        rows.append(np.concatenate([_tile(video.frames[i], dots[i].tolist()) for i in frames], 1))
        rows.append(np.concatenate([_tile(picture) for picture in (video.frames[0], *rebuilt)], 1))
    return np.concatenate(rows)


def _evenly_spaced(videos: Sequence[TrainingVideo], count: int) -> list[TrainingVideo]:
    return [videos[int(i)] for i in np.linspace(0, len(videos) - 1, min(count, len(videos)))]


def _regression_data(detector: KeypointDetector, videos: Sequence[TrainingVideo]) -> tuple[Tensor, Tensor]:
    """Keypoints `[M, 2N]` and joints `[M, 2J]` of ten frames of every sequence."""
    x, y = [], []
    for video in videos:
        if video.joints is not None:
            moments = np.linspace(0, len(video.frames) - 1, min(10, len(video.frames))).astype(int)
            x.append(detector(to_tensor(video.frames[moments])).value.flatten(1))
            y.append(torch.from_numpy(video.joints[moments]).flatten(1))
    return torch.cat(x).double(), torch.cat(y).double()


def _tile(picture: NDArray[np.uint8], dots: Sequence[tuple[float, float]] = ()) -> NDArray[np.uint8]:
    """Enlarge a picture, and draw dots at positions in pixels of the result."""
    image = Image.fromarray(picture).resize((TILE, TILE), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    for index, (x, y) in enumerate(dots):
        draw.ellipse((x - 4, y - 4, x + 4, y + 4), fill=COLOURS[index % len(COLOURS)], outline="#000000")
    return np.asarray(image)
