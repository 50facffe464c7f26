"""Measure how clips that are continued window after window drift from the truth, blur or stop moving."""

from __future__ import annotations

import torch
from torch import Tensor

from backend.core.pixels import to_pictures, to_tensor
from backend.core.types import Picture
from backend.evaluate.common.image_metrics import l1, sharpness
from backend.evaluate.common.progress import keep_largest
from backend.evaluate.common.table import Figures, ScoreTable, prefixed
from backend.evaluate.report.blocks import ClipRows
from backend.evaluate.report.report import Comparison
from backend.evaluate.video_model.windows import WindowSet
from backend.starflow.video import CHUNK_FRAMES, SamplingSettings, VideoFlow

PREFIX = "drift_"
LENGTH = 3 * CHUNK_FRAMES
"""Frames that are sampled: three windows."""

METRICS = ("mae", "sharpness", "motion_left", "latent_size")


def drift(
    video: VideoFlow, regression: VideoFlow | None, windows: WindowSet
) -> tuple[Figures, list[Comparison], list[ClipRows]]:
    """Continue clips for three windows, each from the end of the one before.

    Args:
        video: the video model; it samples one future.
        regression: a causal model of its size that predicts the next latents; None leaves it out.
        windows: context and 48 frames.

    Returns:
        By `drift_NAME`, all with `per_step` (frame by frame): `mae` against the true frames; `sharpness`, gradients over the
        truth's; `motion_left`, frame-to-frame change over the truth's; `latent_size`, root mean square of the frame's latents
        (about 1 for real frames). Tests of the flow against the rest. The clips of the window with the most motion.
    """
    table, examples = ScoreTable(windows.seed), list[ClipRows]()
    for number, window in windows:
        known, truth = window.frames[: video.context], window.frames[video.context :]
        made = {
            "truth": truth,
            "reconstruction": reconstruct(video, truth),
            "copy_last": known[-1:].repeat(LENGTH, 0),
            "flow": video.futures(known, 1, LENGTH, SamplingSettings(seed=windows.seed + number))[0],
        }
        if regression is not None:
            mean = SamplingSettings(temperature=0.0)
            made["regression"] = regression.futures(known[-regression.context :], 1, LENGTH, mean)[0]
        table.add(window.person, {name: _scores(video, frames, truth, known[-1]) for name, frames in made.items()})
        motion = float(to_tensor(truth).diff(dim=0).abs().mean())
        keep_largest(examples, ClipRows("", made, motion), 1, lambda kept: kept.motion)
    results: Figures = {}
    for name in table.methods:
        results[PREFIX + name] = {metric: table.mean(name, metric) for metric in ("mae", "sharpness", "latent_size")}
        results[PREFIX + name]["motion_left"] = table.over(name, "motion_left", "change", ("truth", "change"))
    rivals = [name for name in ("regression", "copy_last") if name in table.methods]
    tests = prefixed(PREFIX, (table.compare(metric, "flow", rival) for metric in METRICS for rival in rivals))
    return results, tests, examples


def _scores(video: VideoFlow, frames: Picture, truth: Picture, last: Picture) -> dict[str, Tensor]:
    made, true_frames = to_tensor(frames), to_tensor(truth)
    before = torch.cat([to_tensor(last[None]), made[:-1]])
    with torch.inference_mode():
        latents = video.model.autoencoder.encode(made.to(video.device)).cpu()
    return {
        "mae": l1(made, true_frames)[None],
        "sharpness": sharpness(made, true_frames)[None],
        "change": l1(made, before)[None],
        "latent_size": latents.flatten(1).square().mean(1).sqrt()[None],
    }


@torch.inference_mode()
def reconstruct(video: VideoFlow, frames: Picture) -> Picture:
    """Pass frames `[T, S, S, 3]` through the autoencoder: the bound of what the flow can sample, apart from added detail."""
    return to_pictures(video.model.autoencoder.decode(video.model.autoencoder.encode(to_tensor(frames).to(video.device))))
