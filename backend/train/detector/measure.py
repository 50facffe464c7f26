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
from backend.train.detector.videos import TrainingVideo, pictures

RIDGE = 1e-4
"""Ridge of the regression, in units of the keypoints' variance."""

COLOURS = ["#4cc9f0", "#f9c74f", "#f28482", "#90be6d", "#b388eb", "#ff9f5a", "#5ad1b3", "#e27bb1", "#ffffff", "#8ecae6"]
TILE = 160
"""Edge of a picture in a sample sheet, in pixels."""


@torch.no_grad()
def keypoints_of(detector: KeypointDetector, video: TrainingVideo) -> tuple[Tensor, Tensor]:
    """Find positions `[T, N, 2]` and Jacobians `[T, N, 2, 2]` of a sequence."""
    parts = [detector(pictures(video.frames[start : start + 32])) for start in range(0, len(video.frames), 32)]
    return torch.cat([part.value for part in parts]), torch.cat([part.jacobian for part in parts])


@torch.no_grad()
def _reconstruct(model: Fomm, video: TrainingVideo, frames: Sequence[int]) -> Tensor:
    """Frames of a sequence, from its first one and their keypoints: `[F, 3, S, S]` in [0, 1]."""
    driving = pictures(video.frames[list(frames)])
    source = pictures(video.frames[:1]).expand_as(driving)
    frames_F3SS: Tensor = model(source, model.detect(source), model.detect(driving))
    return frames_F3SS


def validate(
    model: Fomm, train: Sequence[TrainingVideo], held_out: Sequence[TrainingVideo], max_videos: int = 20
) -> dict[str, float]:
    """Measure the reconstruction from the first frame and, if joints are known, how well keypoints predict them.

    Args:
        model: in evaluation mode.
        train: sequences that the regression is fitted to.
        held_out: sequences that everything is measured on.
        max_videos: held-out sequences used, evenly spaced; twice as many train the regression.

    Returns:
        `l1` and `l1_copy_source` (mean absolute error in [0, 1], five frames a sequence) and their `ratio`; with joints
        `joints_r2` and `joints_error` (mean distance in half widths).
    """
    held_out = _evenly_spaced(held_out, max_videos)
    errors = []
    for video in held_out:
        frames = np.linspace(1, len(video.frames) - 1, min(5, len(video.frames) - 1)).astype(int).tolist()
        truth = pictures(video.frames[frames])
        error = (_reconstruct(model, video, frames) - truth).abs().mean()
        errors.append((error, (pictures(video.frames[:1]) - truth).abs().mean()))
    l1, copy = (float(torch.stack(values).mean()) for values in zip(*errors, strict=True))
    figures = {"l1": l1, "l1_copy_source": copy, "ratio": l1 / max(copy, 1e-9)}
    if all(video.joints is not None for video in (*train, *held_out)):
        figures |= joint_regression(model.kp_detector, _evenly_spaced(train, 2 * max_videos), held_out)
    return figures


@torch.no_grad()
def joint_regression(
    detector: KeypointDetector, train: Sequence[TrainingVideo], held_out: Sequence[TrainingVideo]
) -> dict[str, float]:
    """Measure how well a ridge regression predicts joints `[2J]` from keypoint positions `[2N]` of other sequences.

    Args:
        detector: in evaluation mode.
        train: sequences that the regression is fitted to.
        held_out: sequences that it is measured on.

    Returns:
        `joints_r2`, 1 - squared error / variance over all joints together, and `joints_error`, the mean distance.
    """
    (x, y), (x_new, y_new) = _regression_data(detector, train), _regression_data(detector, held_out)
    centre, mean = x.mean(0), y.mean(0)
    x, x_new = x - centre, x_new - centre
    gram = x.T @ x
    ridge = RIDGE * gram.diagonal().mean() + 1e-9  # keypoints may all stand still
    weight = torch.linalg.solve(gram + ridge * torch.eye(len(gram), dtype=x.dtype), x.T @ (y - mean))
    off = x_new @ weight + mean - y_new
    r2 = 1 - off.square().sum() / (y_new - mean).square().sum()
    return {"joints_r2": float(r2), "joints_error": float(off.unflatten(1, (-1, 2)).norm(dim=-1).mean())}


def sample_sheet(model: Fomm, held_out: Sequence[TrainingVideo], rows: int = 4) -> NDArray[np.uint8]:
    """Render held-out sequences, two rows each: frames with keypoints; below, their reconstructions.

    Args:
        model: in evaluation mode.
        held_out: sequences to choose from.
        rows: sequences to show.
    """
    lines = []
    for video in _evenly_spaced(held_out, rows):
        frames = np.linspace(0, len(video.frames) - 1, 6).astype(int).tolist()[1:]
        value, _ = keypoints_of(model.kp_detector, video)
        rebuilt = (_reconstruct(model, video, frames).clamp(0, 1) * 255).byte().permute(0, 2, 3, 1).numpy()
        lines.append(
            np.concatenate([_with_dots(video.frames[0], value[0]), *(_with_dots(video.frames[i], value[i]) for i in frames)], 1)
        )
        lines.append(np.concatenate([_enlarged(video.frames[0]), *(_enlarged(picture) for picture in rebuilt)], 1))
    return np.concatenate(lines)


def _evenly_spaced(videos: Sequence[TrainingVideo], count: int) -> list[TrainingVideo]:
    return [videos[int(i)] for i in np.linspace(0, len(videos) - 1, min(count, len(videos)))]


def _regression_data(detector: KeypointDetector, videos: Sequence[TrainingVideo]) -> tuple[Tensor, Tensor]:
    """Keypoints `[M, 2N]` and joints `[M, 2J]` of ten frames of every sequence."""
    x, y = [], []
    for video in videos:
        if video.joints is not None:
            moments = np.linspace(0, len(video.frames) - 1, min(10, len(video.frames))).astype(int)
            x.append(detector(pictures(video.frames[moments])).value.flatten(1))
            y.append(torch.from_numpy(video.joints[moments]).flatten(1))
    return torch.cat(x).double(), torch.cat(y).double()


def _enlarged(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(picture).resize((TILE, TILE), Image.Resampling.BICUBIC))


def _with_dots(picture: NDArray[np.uint8], value_N2: Tensor) -> NDArray[np.uint8]:
    image = Image.fromarray(_enlarged(picture))
    draw = ImageDraw.Draw(image)
    for index, (x, y) in enumerate(((value_N2 + 1) / 2 * (TILE - 1)).tolist()):
        draw.ellipse((x - 4, y - 4, x + 4, y + 4), fill=COLOURS[index % len(COLOURS)], outline="#000000")
    return np.asarray(image)
