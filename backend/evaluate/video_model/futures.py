"""Futures of the video flow beside those of the keypoint path and of standing still, on the same windows, in pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from backend.core.progress import Progress
from backend.core.types import Picture
from backend.evaluate.animation.futures import measure as spread_and_error
from backend.evaluate.animation.image_metrics import sharpness
from backend.evaluate.animation.table import Table
from backend.evaluate.report.report import Comparison, Metric
from backend.evaluate.video_model.drift import rebuilt
from backend.evaluate.video_model.keypoint_path import KeypointPath
from backend.evaluate.video_model.named import named
from backend.evaluate.video_model.windows import Window, source, unit
from backend.starflow.video import CHUNK_FRAMES, SamplingSettings, VideoFlow

PREFIX = "futures_"
OURS = "video_flow"
REFERENCES = ("truth", "keypoint_true_motion")
"""What knows what came: no forecasts."""

SLIDE = 0.1
"""Deviation of the speed of `sliding_last`, both ways, in pixels of the small picture a frame."""

EXHIBITS = 6
"""Windows whose pictures are kept: the liveliest."""


@dataclass(frozen=True)
class Exhibit:
    """One window to look at.

    Attributes:
        clip: its video.
        known, truth: true frames `[T, S, S, 3]`, before and after the last known one.
        made: futures `[K, 16, S, S, 3]` by who drew them.
        errors: of each of them, `[K]`.
        moved: how far the truth moves from frame to frame.
    """

    clip: str
    known: Picture
    truth: Picture
    made: dict[str, Picture]
    errors: dict[str, list[float]]
    moved: float


def futures(
    video: VideoFlow,
    keypoints: KeypointPath | None,
    windows: Sequence[Window],
    count: int,
    seed: int = 0,
    progress: Progress = lambda done, total: None,
) -> tuple[dict[str, dict[str, Metric]], list[Comparison], list[Exhibit]]:
    """Draw K futures of every window by every method, and compare them with what came.

    Args:
        video: the model.
        keypoints: the keypoint path; None leaves it out.
        windows: context and 16 frames.
        count: K.
        seed: of the futures.
        progress: told of windows done.

    Returns:
        Figures by `futures_NAME` (see `score`), tests between methods, and windows to look at, the liveliest first.
    """
    table, exhibits = Table(seed), list[Exhibit]()
    for number, window in enumerate(windows):
        known, truth = window.frames[: video.context], window.frames[video.context :]
        still = known[-1:].repeat(CHUNK_FRAMES, 0)
        made = {
            "truth": truth[None],
            "copy_last": still[None],
            "sliding_last": sliding(known[-1], count, source(seed, number)),
            "copy_last_through_autoencoder": rebuilt(video, still[:1])[None].repeat(CHUNK_FRAMES, 1),
            OURS: video.futures(known, count, CHUNK_FRAMES, SamplingSettings(seed=seed + number)),
        }
        if keypoints is not None:
            made |= keypoints.futures(window, len(known), count, seed * 1_000_003 + number)
        scores = {name: score(unit(frames), unit(truth), count) for name, frames in made.items()}
        table.add(window.person, scores)
        errors = {name: (unit(m) - unit(truth)).abs().flatten(1).mean(1).tolist() for name, m in made.items()}
        moved = float(scores["truth"]["change"].mean())
        exhibits.append(Exhibit(window.clip, known, truth, made, errors, moved))
        exhibits.sort(key=lambda exhibit: -exhibit.moved)
        del exhibits[EXHIBITS:]
        progress(number + 1, len(windows))
    return _results(table, count), _tests(table, count), exhibits


def sliding(last: Picture, count: int, random: torch.Generator) -> Picture:
    """Let a picture `[S, S, 3]` slide evenly, each future its own way: what luck alone does for the best of them.

    Returns:
        `[count, 16, S, S, 3]`; edges are repeated.
    """
    size = len(last)
    speed = SLIDE * torch.randn(count, 1, 2, generator=random)
    far = (torch.arange(1, CHUNK_FRAMES + 1)[:, None] * speed).flatten(0, 1) * 2 / size
    unmoved = torch.eye(2).expand(len(far), -1, -1)
    grid = F.affine_grid(torch.cat([unmoved, far[..., None]], 2), [len(far), 3, size, size], align_corners=False)
    pixels = unit(last)[None].expand(len(far), -1, -1, -1)
    moved = F.grid_sample(pixels, grid, padding_mode="border", align_corners=False).unflatten(0, (count, CHUNK_FRAMES))
    found: Picture = (255 * moved).round().byte().movedim(-3, -1).numpy()
    return found


def score(made: Tensor, truth: Tensor, count: int) -> Mapping[str, Tensor]:
    """Score the futures of one window, frame by frame: `[1, H]` each, but `change` `[1, H - 1]`.

    Args:
        made: `[K, H, 3, S, S]` in [0, 1].
        truth: `[H, 3, S, S]`.
        count: K of those who draw several: names `mae_bestK`.

    Returns:
        `mae`: mean |pixel - truth| over all futures; `mae_bestK`: of the one future with the least error over all frames;
        `apd`: mean |pixel - pixel| over all pairs of futures; `change`: mean |frame - frame before| of a future; `sharpness`:
        gradients over the truth's.
    """
    found = spread_and_error(made, truth, 1)
    change = made.diff(dim=1).abs().flatten(2).mean((0, 2))
    sharp = torch.stack([sharpness(sample, truth) for sample in made]).mean(0)
    return {
        "mae": found["mae_all"],
        f"mae_best{count}": found["mae"],
        "apd": found["apd_all"],
        "change": change[None],
        "sharpness": sharp[None],
    }


def _results(table: Table, count: int) -> dict[str, dict[str, Metric]]:
    results: dict[str, dict[str, Metric]] = {}
    for name in table.methods:
        found = {metric: table.mean(name, metric) for metric in ("mae", f"mae_best{count}", "apd", "sharpness")}
        found["motion"] = table.over(name, "motion", "change", ("truth", "change"))
        if found["apd"].value > 0:
            found["apd_over_mae"] = table.over(name, "apd_over_mae", "apd", (name, "mae"))
        results[PREFIX + name] = {metric: known for metric, known in found.items() if np.isfinite(known.value)}
    return results


def _tests(table: Table, count: int) -> list[Comparison]:
    forecasts = [name for name in table.methods if name not in REFERENCES and name != OURS]
    metrics = (f"mae_best{count}", "mae", "apd", "apd_over_mae", "motion")
    tests = [table.compare(metric, OURS, name) for metric in metrics for name in forecasts]
    return named(PREFIX, tests)
