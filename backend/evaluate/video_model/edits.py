"""Measure edits of a clip: decoded from its own noise unchanged, with another caption, or from another first frame."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from backend.core.pixels import to_tensor
from backend.core.types import Picture
from backend.evaluate.common.image_metrics import l1, psnr
from backend.evaluate.common.table import Figures, ScoreTable, prefixed
from backend.evaluate.report.blocks import ClipRows
from backend.evaluate.report.report import Comparison, finite
from backend.evaluate.video_model.drift import reconstruct
from backend.evaluate.video_model.windows import WindowSet
from backend.starflow.video import SamplingSettings, VideoFlow

PREFIX = "retold_"

MAX_EXAMPLES = 2
"""Clips whose edits are kept as pictures."""

CAPTIONS = ("smiles", "opens mouth", "turns left", "looks down")
"""Captions of the kept edits."""


def edits(video: VideoFlow, windows: WindowSet) -> tuple[Figures, list[Comparison], list[ClipRows]]:
    """Edit clips without a change, and from the first frame of the next window of another person.

    Returns:
        `psnr` in dB against the clip without its first frame, by `retold_unchanged` (the edit that changes nothing),
        `retold_autoencoder` (the clip through the autoencoder) and `retold_first_frame` (that frame all the time);
        `follows`, the correlation over time of frame-to-frame changes with the clip's, by `retold_somebody_else` (from another
        first frame) and `retold_fresh_noise` (sampled from that frame alone). Tests; and examples.
    """
    table, examples = ScoreTable(windows.seed), list[ClipRows]()
    for number, window in windows:
        clip, settings = window.frames, SamplingSettings(seed=windows.seed + number)
        made = {
            "unchanged": video.edit(clip, settings),
            "autoencoder": reconstruct(video, clip),
            "first_frame": clip[:1].repeat(len(clip), 0),
        }
        truth = to_tensor(clip[1:])
        scores = {
            name: {"psnr": [float(psnr(to_tensor(frames[1:]), truth).mean())], "follows": [math.nan]}
            for name, frames in made.items()
        }
        later = [*windows.windows[number + 1 :], *windows.windows[:number]]
        other = next((following for following in later if following.person != window.person), None)
        start = clip[0] if other is None else other.frames[0]
        moved = video.edit(clip, settings, start)
        fresh = np.concatenate([start[None], video.futures(start[None], 1, len(clip) - 1, settings)[0]])
        for name, frames in (("somebody_else", moved), ("fresh_noise", fresh)):
            scores[name] = {"psnr": [math.nan], "follows": [math.nan if other is None else follows(frames, clip)]}
        table.add(window.person, scores)
        if number < MAX_EXAMPLES:
            rows = {"clip": clip, "unchanged": made["unchanged"]}
            rows |= {caption: video.edit(clip, replace(settings, caption=caption)) for caption in CAPTIONS}
            examples.append(ClipRows(window.clip, rows if other is None else rows | {"someone else": moved}))
    results: Figures = {}
    for name in table.methods:
        if figures := finite({metric: table.mean(name, metric) for metric in ("psnr", "follows")}):
            results[PREFIX + name] = figures
    pairs = [("psnr", "unchanged", "first_frame"), ("follows", "somebody_else", "fresh_noise")]
    tests = [table.compare(*pair) for pair in pairs if all(pair[0] in results.get(PREFIX + name, {}) for name in pair[1:])]
    return results, prefixed(PREFIX, tests), examples


def follows(made: Picture, clip: Picture) -> float:
    """Return the correlation over time of the frame-to-frame changes of two clips `[T, S, S, 3]`; NaN where one is still."""
    ours, theirs = (l1(pixels[1:], pixels[:-1]).double() for pixels in (to_tensor(made), to_tensor(clip)))
    ours, theirs = ours - ours.mean(), theirs - theirs.mean()
    scale = float(ours.norm() * theirs.norm())
    return float(ours @ theirs) / scale if scale > 0 else math.nan
