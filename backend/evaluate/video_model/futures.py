"""Compare futures of the video model with those of the keypoint path and of standing still, in pixels of the same windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from backend.core.pixels import to_pictures, to_tensor
from backend.core.types import Picture
from backend.evaluate.common.image_metrics import sample_scores, sharpness
from backend.evaluate.common.progress import keep_largest
from backend.evaluate.common.table import Figures, ScoreTable, prefixed
from backend.evaluate.report.report import Comparison, finite
from backend.evaluate.video_model.drift import reconstruct
from backend.evaluate.video_model.keypoint_path import KeypointPath
from backend.evaluate.video_model.windows import WindowSet, window_noise
from backend.starflow.video import CHUNK_FRAMES, SamplingSettings, VideoFlow

PREFIX = "futures_"
OURS = "video_flow"
REFERENCES = ("truth", "keypoint_true_motion")
"""Rows that see the true future: no forecasts."""

SLIDE = 0.1
"""Standard deviation of the speed of `sliding_last`, in each direction, in pixels of the small picture a frame."""

MAX_EXAMPLES = 6
"""Windows whose pictures are kept: those with the most motion."""


@dataclass(frozen=True)
class FuturesExample:
    """One window to look at."""

    clip: str  # its video
    known: Picture  # true frames `[T, S, S, 3]`, before and after the last known one
    truth: Picture
    made: dict[str, Picture]  # futures `[K, 16, S, S, 3]` by method
    errors: dict[str, list[float]]  # of each of them, `[K]`
    motion: float  # mean frame-to-frame change of the truth


def futures(
    video: VideoFlow, keypoints: KeypointPath | None, windows: WindowSet, count: int
) -> tuple[Figures, list[Comparison], list[FuturesExample]]:
    """Sample K futures of every window by every method, and compare them with the true one.

    Args:
        video: the video model.
        keypoints: the keypoint path; None leaves it out.
        windows: context and 16 frames.
        count: K.

    Returns:
        Figures by `futures_NAME` (see `score`), tests between methods, and the windows with the most motion.
    """
    table, examples, seed = ScoreTable(windows.seed), list[FuturesExample](), windows.seed
    for number, window in windows:
        known, truth = window.frames[: video.context], window.frames[video.context :]
        still = known[-1:].repeat(CHUNK_FRAMES, 0)
        made = {
            "truth": truth[None],
            "copy_last": still[None],
            "sliding_last": sliding(known[-1], count, window_noise(seed, number)),
            "copy_last_through_autoencoder": reconstruct(video, still[:1])[None].repeat(CHUNK_FRAMES, 1),
            OURS: video.futures(known, count, CHUNK_FRAMES, SamplingSettings(seed=seed + number)),
        }
        if keypoints is not None:
            made |= keypoints.futures(window, len(known), count, seed * 1_000_003 + number)
        scores = {name: score(to_tensor(frames), to_tensor(truth), count) for name, frames in made.items()}
        table.add(window.person, scores)
        errors = {name: (to_tensor(m) - to_tensor(truth)).abs().flatten(1).mean(1).tolist() for name, m in made.items()}
        motion = float(scores["truth"]["change"].mean())
        example = FuturesExample(window.clip, known, truth, made, errors, motion)
        keep_largest(examples, example, MAX_EXAMPLES, lambda kept: kept.motion)
    results: Figures = {}
    for name in table.methods:
        found = {metric: table.mean(name, metric) for metric in ("mae", f"mae_best{count}", "apd", "sharpness")}
        found["motion"] = table.over(name, "motion", "change", ("truth", "change"))
        if found["apd"].value > 0:
            found["apd_over_mae"] = table.over(name, "apd_over_mae", "apd", (name, "mae"))
        results[PREFIX + name] = finite(found)
    rivals = [name for name in table.methods if name not in (*REFERENCES, OURS)]
    metrics = (f"mae_best{count}", "mae", "apd", "apd_over_mae", "motion")
    tests = prefixed(PREFIX, (table.compare(metric, OURS, name) for metric in metrics for name in rivals))
    return results, tests, examples


def sliding(last: Picture, count: int, noise: torch.Generator) -> Picture:
    """Move a picture `[S, S, 3]` at a random constant speed per future: what chance alone does for the best of K.

    Args:
        last: the picture.
        count: K.
        noise: of the speeds.

    Returns:
        `[count, 16, S, S, 3]`; edges are repeated.
    """
    size = len(last)
    speed = SLIDE * torch.randn(count, 1, 2, generator=noise)
    shift = (torch.arange(1, CHUNK_FRAMES + 1)[:, None] * speed).flatten(0, 1) * 2 / size
    identity = torch.eye(2).expand(len(shift), -1, -1)
    grid = F.affine_grid(torch.cat([identity, shift[..., None]], 2), [len(shift), 3, size, size], align_corners=False)
    pixels = to_tensor(last)[None].expand(len(shift), -1, -1, -1)
    moved = F.grid_sample(pixels, grid, padding_mode="border", align_corners=False)
    return to_pictures(moved.unflatten(0, (count, CHUNK_FRAMES)))


def score(made: Tensor, truth: Tensor, count: int) -> Mapping[str, Tensor]:
    """Score the futures of one window, frame by frame: `[1, H]` each, but `change` `[1, H - 1]`.

    Args:
        made: `[K, H, 3, S, S]` in [0, 1].
        truth: `[H, 3, S, S]`.
        count: K of methods that sample several, for the name `mae_bestK`.

    Returns:
        `mae`: mean |pixel - truth| over all futures; `mae_bestK`: of the future with the lowest error over all frames; `apd`:
        mean |pixel - pixel| over all pairs of futures; `change`: mean |frame - frame before|; `sharpness`: gradients over the
        truth's.
    """
    found = sample_scores(made, truth, 1)
    change = made.diff(dim=1).abs().flatten(2).mean((0, 2))
    sharp = torch.stack([sharpness(sample, truth) for sample in made]).mean(0)
    return {
        "mae": found["mae_all"],
        f"mae_best{count}": found["mae"],
        "apd": found["apd_all"],
        "change": change[None],
        "sharpness": sharp[None],
    }
