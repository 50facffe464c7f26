"""Edits of a clip: told again from its own noise, with other words, or from somebody else's first frame."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from backend.core.progress import Progress
from backend.core.types import Picture
from backend.evaluate.animation.image_metrics import l1, psnr
from backend.evaluate.animation.table import Table
from backend.evaluate.report.report import Comparison, Metric
from backend.evaluate.video_model.drift import rebuilt
from backend.evaluate.video_model.named import named
from backend.evaluate.video_model.windows import Window, unit
from backend.starflow.video import SamplingSettings, VideoFlow

PREFIX = "retold_"

SHEETS = 2
"""Clips whose edits are kept as pictures."""

WORDS = ("smiles", "opens mouth", "turns left", "looks down")
"""What clips are told again with, on the sheets."""


@dataclass(frozen=True)
class Edited:
    """One clip and its edits, rows of frames `[T, S, S, 3]` by what they are."""

    clip: str
    rows: dict[str, Picture]


def edits(
    video: VideoFlow,
    windows: Sequence[Window],
    seed: int = 0,
    progress: Progress = lambda done, total: None,
) -> tuple[dict[str, dict[str, Metric]], list[Comparison], list[Edited]]:
    """Tell clips again, and measure what can be measured.

    Args:
        video: the model.
        windows: the clips; each is told again from the first frame of the next that shows another person, too.
        seed: of the noise.
        progress: told of windows done.

    Returns:
        `psnr` in dB against the clip, without its first frame, by `retold_unchanged` (told again without any change),
        `retold_autoencoder` (the clip through the autoencoder) and `retold_first_frame` (that frame all the time);
        `follows`, the correlation over time of how much changes from frame to frame with how much does in the clip, by
        `retold_somebody_else` (from another first frame) and `retold_fresh_noise` (drawn from that frame, of nothing else).
        Tests; and sheets.
    """
    table, tales = Table(seed), list[Edited]()
    for number, window in enumerate(windows):
        clip, drawing = window.frames, SamplingSettings(seed=seed + number)
        made = {
            "unchanged": video.edit(clip, drawing),
            "autoencoder": rebuilt(video, clip),
            "first_frame": clip[:1].repeat(len(clip), 0),
        }
        scores = {name: {"psnr": [_psnr(frames[1:], clip[1:])], "follows": [math.nan]} for name, frames in made.items()}
        other = _another(windows, number)
        start = clip[0] if other is None else other.frames[0]
        moved = video.edit(clip, drawing, start)
        fresh = np.concatenate([start[None], video.futures(start[None], 1, len(clip) - 1, drawing)[0]])
        for name, frames in (("somebody_else", moved), ("fresh_noise", fresh)):
            scores[name] = {"psnr": [math.nan], "follows": [math.nan if other is None else follows(frames, clip)]}
        table.add(window.person, scores)
        if number < SHEETS:
            rows = {"clip": clip, "unchanged": made["unchanged"]}
            rows |= {words: video.edit(clip, SamplingSettings(caption=words, seed=seed + number)) for words in WORDS}
            tales.append(Edited(window.clip, rows if other is None else rows | {"somebody else": moved}))
        progress(number + 1, len(windows))
    results: dict[str, dict[str, Metric]] = {}
    for name in table.methods:
        figures = {metric: table.mean(name, metric) for metric in ("psnr", "follows")}
        known = {metric: figure for metric, figure in figures.items() if math.isfinite(figure.value)}
        if known:
            results[PREFIX + name] = known
    pairs = [("psnr", "unchanged", "first_frame"), ("follows", "somebody_else", "fresh_noise")]
    tests = [table.compare(*pair) for pair in pairs if all(pair[0] in results.get(PREFIX + name, {}) for name in pair[1:])]
    return results, named(PREFIX, tests), tales


def follows(made: Picture, clip: Picture) -> float:
    """Correlation over time of how much changes from frame to frame in two clips `[T, S, S, 3]`; NaN where one stands still."""
    ours, theirs = (l1(pixels[1:], pixels[:-1]).double() for pixels in (unit(made), unit(clip)))
    ours, theirs = ours - ours.mean(), theirs - theirs.mean()
    spread = float(ours.norm() * theirs.norm())
    return float(ours @ theirs) / spread if spread > 0 else math.nan


def _another(windows: Sequence[Window], number: int) -> Window | None:
    """Return the next window of another person."""
    turned = [*windows[number + 1 :], *windows[:number]]
    return next((window for window in turned if window.person != windows[number].person), None)


def _psnr(made: Picture, truth: Picture) -> float:
    found: Tensor = psnr(unit(made), unit(truth))
    return float(found.mean())
