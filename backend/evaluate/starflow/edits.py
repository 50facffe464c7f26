"""Edits of a clip: drawn again as its mirror image, and told again from its own noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from backend.evaluate.animation.clips import Picture
from backend.evaluate.animation.image_metrics import psnr
from backend.evaluate.animation.table import Table
from backend.evaluate.report import Comparison, Metric
from backend.evaluate.starflow.drift import rebuilt
from backend.evaluate.starflow.footage import Window, unit
from backend.starflow.video import Drawing, VideoFlow

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
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[dict[str, dict[str, Metric]], list[Comparison], list[Edited], list[Edited]]:
    """Edit clips, and measure what can be measured.

    Args:
        video: the model.
        windows: the clips.
        seed: of the noise.
        progress: told of windows done.

    Returns:
        `psnr` in dB by `mirror_drawn`, `mirror_unflipped` (the clip as it is) and `mirror_bound` (the true mirror image through
        the autoencoder), all against the true mirror image; by `retold_unchanged` (told again without any change) and
        `retold_first_frame` (its first frame all the time), against the clip. Tests; and sheets of mirrored and retold clips.
    """
    table, mirrors, tales = Table(seed), list[Edited](), list[Edited]()
    for number, window in enumerate(windows):
        clip = window.frames
        flipped = np.ascontiguousarray(clip[:, :, ::-1])
        drawn = video.mirrored(clip, Drawing(temperature=0.5, seed=seed + number))
        same = video.retold(clip, Drawing(seed=seed + number))
        found = {
            "mirror_drawn": (drawn, flipped),
            "mirror_unflipped": (clip, flipped),
            "mirror_bound": (rebuilt(video, flipped), flipped),
            # The first frame is given, so it is not counted.
            "retold_unchanged": (same[1:], clip[1:]),
            "retold_first_frame": (clip[:1].repeat(len(clip) - 1, 0), clip[1:]),
        }
        table.add(window.person, {name: {"psnr": [_mean_psnr(*pair)]} for name, pair in found.items()})
        if number < SHEETS:
            mirrors.append(Edited(window.clip, {"clip": clip, "drawn mirrored": drawn, "true mirror image": flipped}))
            tales.append(_retold(video, window, windows[(number + 1) % len(windows)], same, seed + number))
        progress(number + 1, len(windows))
    results = {name: {"psnr": table.mean(name, "psnr")} for name in table.methods}
    tests = [
        table.compare("psnr", *pair)
        for pair in (("mirror_drawn", "mirror_unflipped"), ("retold_unchanged", "retold_first_frame"))
    ]
    return results, [test for test in tests if test], mirrors, tales


def _retold(video: VideoFlow, window: Window, other: Window, same: Picture, seed: int) -> Edited:
    rows = {"clip": window.frames, "told again, unchanged": same}
    for words in WORDS:
        rows[f"told again: {words}"] = video.retold(window.frames, Drawing(caption=words, seed=seed))
    if other.person != window.person:
        rows["told again with somebody else's first frame"] = video.retold(window.frames, Drawing(seed=seed), other.frames[0])
    return Edited(window.clip, rows)


def _mean_psnr(made: Picture, truth: Picture) -> float:
    found: Tensor = psnr(unit(made), unit(truth))
    return float(found.mean())
