"""Anomalies put into real motion at known moments: what a surprise score ought to notice.

Shape suffixes: W windows, T frames, D = 6N numbers of flat keypoints (x and y of a keypoint first).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

EVENT = 8
"""Frames that an anomaly lasts, where it does not last to the end."""

JUMP_STEPS = 5.0
"""Length of a jump, in usual lengths of a keypoint's step."""

LIVE_NOISE = 0.1
"""Noise of a tracker on a frozen picture, as a share of a step's spread."""

NAMES = ("frozen", "frozen_noisy", "jump", "shuffled", "swapped", "fast")

BRIEF = ("jump", "swapped")
"""Anomalies of one frame: the motion before and after is somebody's real motion."""


@dataclass(frozen=True)
class Moments:
    """Real motion, and when something happens to it.

    Attributes:
        flat_WTD: windows of flat keypoints on the clock.
        people: of each window.
        onset_W: the first frame of the anomaly; at least 1, and twice `EVENT` frames before the end.
        step_spread_D: standard deviation of a frame-to-frame difference in training.
    """

    flat_WTD: Tensor
    people: Sequence[str]
    onset_W: Tensor
    step_spread_D: Tensor

    @property
    def since_WT(self) -> Tensor:
        """Frames since the onset."""
        return torch.arange(self.flat_WTD.shape[1]) - self.onset_W[:, None]


def inject(name: str, moments: Moments, seed: int = 0) -> Tensor:
    """Return the windows with an anomaly in each.

    Args:
        name: `frozen` (the frame before the onset, again and again), `frozen_noisy` (the same under the tracker's live noise),
            `jump` (all keypoints are shifted from the onset on), `shuffled` (the order of `EVENT` frames is permuted),
            `swapped` (from the onset on somebody else is tracked), `fast` (from the onset on everything runs twice as fast).
        moments: where.
        seed: of what is random.
    """
    random = np.random.default_rng(seed)
    flat, since = moments.flat_WTD, moments.since_WT
    after = (since >= 0)[..., None]
    frames = torch.arange(flat.shape[1]).expand(len(flat), -1)
    onset = moments.onset_W[:, None]
    if name == "frozen":
        return _pick(flat, torch.where(since >= 0, onset - 1, frames))
    if name == "frozen_noisy":
        noise = torch.from_numpy(random.standard_normal(flat.shape).astype(np.float32))
        return inject("frozen", moments) + after * LIVE_NOISE * moments.step_spread_D * noise
    if name == "jump":
        return flat + after * _shift(moments, random)[:, None]
    if name == "shuffled":
        order = torch.from_numpy(np.stack([_disorder(random) for _ in range(len(flat))]))
        inside = (since >= 0) & (since < EVENT)
        return _pick(flat, torch.where(inside, onset + order.gather(1, since.clamp(0, EVENT - 1)), frames))
    if name == "swapped":
        return torch.where(after, flat[_others(moments.people, random)], flat)
    if name == "fast":
        return _pick(flat, torch.where(since >= 0, (onset + 2 * since).clamp(max=flat.shape[1] - 1), frames))
    raise ValueError(f"no anomaly {name}")


def _pick(flat_WTD: Tensor, index_WT: Tensor) -> Tensor:
    return flat_WTD.gather(1, index_WT[..., None].expand(-1, -1, flat_WTD.shape[-1]))


def _shift(moments: Moments, random: np.random.Generator) -> Tensor:
    """Return a shift `[W, D]` of all keypoints, in a random direction each."""
    places = moments.step_spread_D.view(-1, 6)[:, :2]
    angle = torch.from_numpy(random.uniform(0, 2 * math.pi, len(moments.flat_WTD))).float()
    shift = torch.zeros(len(angle), *moments.step_spread_D.view(-1, 6).shape)
    shift[..., :2] = (JUMP_STEPS * places.square().sum(-1).mean().sqrt() * torch.stack([angle.cos(), angle.sin()], -1))[:, None]
    return shift.flatten(1)


def _disorder(random: np.random.Generator) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return an order that is not the right one."""
    while (order := random.permutation(EVENT)).tolist() == list(range(EVENT)):
        pass
    return order


def _others(people: Sequence[str], random: np.random.Generator) -> Tensor:
    """Return for each window one of another person, or any where there is no other."""
    names = np.asarray(people)
    chosen = [random.choice(np.flatnonzero(names != name) if (names != name).any() else len(names)) for name in names]
    return torch.tensor(chosen)
