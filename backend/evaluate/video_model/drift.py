"""What becomes of a clip that is continued window after window: does it leave the truth, blur, or fall apart?"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from backend.core.progress import Progress
from backend.core.types import Picture
from backend.evaluate.animation.image_metrics import l1, sharpness
from backend.evaluate.animation.table import Table
from backend.evaluate.report.report import Comparison, Metric
from backend.evaluate.video_model.named import named
from backend.evaluate.video_model.windows import Window, unit
from backend.starflow.video import CHUNK_FRAMES, SamplingSettings, VideoFlow

PREFIX = "drift_"
WINDOWS = 3
LENGTH = WINDOWS * CHUNK_FRAMES
"""Frames that are drawn."""

METRICS = ("mae", "sharpness", "motion_left", "latent_size")


def drift(
    video: VideoFlow,
    regression: VideoFlow | None,
    windows: Sequence[Window],
    seed: int = 0,
    progress: Progress = lambda done, total: None,
) -> tuple[dict[str, dict[str, Metric]], list[Comparison], dict[str, Picture]]:
    """Continue clips for three windows, each drawn behind the end of the one before.

    Args:
        video: the model; draws one future.
        regression: a causal model of its size, trained to say the next latents, continued in the same way; None leaves it out.
        windows: context and 48 frames.
        seed: of the futures.
        progress: told of windows done.

    Returns:
        Figures by `drift_NAME`, all with `per_step` (frame by frame): `mae` against the true frames; `sharpness`, gradients
        over the truth's; `motion_left`, change from frame to frame over the truth's; `latent_size`, root mean square of the
        frame's latents (real frames have about 1). Tests of the flow against the rest; and the frames `[T, S, S, 3]` of the
        liveliest window by name, to look at.
    """
    table, shown, liveliest = Table(seed), dict[str, Picture](), -1.0
    for number, window in enumerate(windows):
        known, truth = window.frames[: video.context], window.frames[video.context :]
        drawing = SamplingSettings(seed=seed + number)
        made = {
            "truth": truth,
            "reconstruction": rebuilt(video, truth),
            "copy_last": known[-1:].repeat(LENGTH, 0),
            "flow": video.futures(known, 1, LENGTH, drawing)[0],
        }
        if regression is not None:
            mean = SamplingSettings(temperature=0.0)
            made["regression"] = regression.futures(known[-regression.context :], 1, LENGTH, mean)[0]
        table.add(window.person, {name: _scores(video, frames, truth, known[-1]) for name, frames in made.items()})
        moved = float(unit(truth).diff(dim=0).abs().mean())
        if moved > liveliest:
            liveliest, shown = moved, made
        progress(number + 1, len(windows))
    results = {}
    for name in table.methods:
        results[PREFIX + name] = {metric: table.mean(name, metric) for metric in ("mae", "sharpness", "latent_size")}
        results[PREFIX + name]["motion_left"] = table.over(name, "motion_left", "change", ("truth", "change"))
    rivals = [name for name in ("regression", "copy_last") if name in table.methods]
    tests = named(PREFIX, (table.compare(metric, "flow", rival) for metric in METRICS for rival in rivals))
    return results, tests, shown


def _scores(video: VideoFlow, frames: Picture, truth: Picture, last: Picture) -> dict[str, Tensor]:
    made, happened = unit(frames), unit(truth)
    before = torch.cat([unit(last[None]), made[:-1]])
    with torch.inference_mode():
        latents = video.model.autoencoder.encode(made.to(video.device)).cpu()
    found = {
        "mae": l1(made, happened),
        "sharpness": sharpness(made, happened),
        "change": l1(made, before),
        "latent_size": latents.flatten(1).square().mean(1).sqrt(),
    }
    return {name: values[None] for name, values in found.items()}


@torch.inference_mode()
def rebuilt(video: VideoFlow, frames: Picture) -> Picture:
    """Frames `[T, S, S, 3]` through the autoencoder: a right draw, but for the detail that draws are given back."""
    made = video.model.autoencoder.decode(video.model.autoencoder.encode(unit(frames).to(video.device)))
    found: Picture = (made.clamp(0, 1) * 255).round().byte().movedim(-3, -1).cpu().numpy()
    return found
