"""Insert anomalies into real motion at known frames, for a surprise score to detect.

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
"""Noise of a tracker on a frozen picture, as a share of a step's standard deviation."""

NAMES = ("frozen", "frozen_noisy", "jump", "shuffled", "swapped", "fast")

BRIEF = ("jump", "swapped")
"""Anomalies of one frame: the motion before and after it is real."""


@dataclass(frozen=True)
class AnomalyWindows:
    """Real motion, and where an anomaly begins."""

    flat_WTD: Tensor
    people: Sequence[str]  # of each window
    onset_W: Tensor  # the first frame of the anomaly; at least 1, and twice `EVENT` frames before the end
    step_std_D: Tensor  # standard deviation of a frame-to-frame difference in training

    @property
    def since_WT(self) -> Tensor:
        """Frames since the onset."""
        return torch.arange(self.flat_WTD.shape[1]) - self.onset_W[:, None]


def inject(name: str, windows: AnomalyWindows, seed: int = 0) -> Tensor:
    """Return the windows with an anomaly in each.

    Args:
        name: from the onset on, `frozen` repeats the frame before it, `frozen_noisy` adds the tracker's noise, `jump` shifts
            all keypoints, `shuffled` permutes `EVENT` frames, `swapped` tracks another person, `fast` doubles the speed.
        windows: real motion.
        seed: of noise, directions, permutations and the other people.
    """
    random = np.random.default_rng(seed)
    flat, since = windows.flat_WTD, windows.since_WT
    after = (since >= 0)[..., None]
    frames = torch.arange(flat.shape[1]).expand(len(flat), -1)
    onset = windows.onset_W[:, None]
    if name == "frozen":
        return _pick(flat, torch.where(since >= 0, onset - 1, frames))
    if name == "frozen_noisy":
        noise = torch.from_numpy(random.standard_normal(flat.shape).astype(np.float32))
        return inject("frozen", windows) + after * LIVE_NOISE * windows.step_std_D * noise
    if name == "jump":
        return flat + after * _shift(windows, random)[:, None]
    if name == "shuffled":
        order = torch.from_numpy(np.stack([_permutation(random) for _ in range(len(flat))]))
        inside = (since >= 0) & (since < EVENT)
        return _pick(flat, torch.where(inside, onset + order.gather(1, since.clamp(0, EVENT - 1)), frames))
    if name == "swapped":
        return torch.where(after, flat[_others(windows.people, random)], flat)
    if name == "fast":
        return _pick(flat, torch.where(since >= 0, (onset + 2 * since).clamp(max=flat.shape[1] - 1), frames))
    raise ValueError(f"no anomaly {name}")


def _pick(flat_WTD: Tensor, index_WT: Tensor) -> Tensor:
    return flat_WTD.gather(1, index_WT[..., None].expand(-1, -1, flat_WTD.shape[-1]))


def _shift(windows: AnomalyWindows, random: np.random.Generator) -> Tensor:
    """Return a shift `[W, D]` of all keypoints, in a random direction each."""
    std = windows.step_std_D.view(-1, 6)
    angle = torch.from_numpy(random.uniform(0, 2 * math.pi, len(windows.flat_WTD))).float()
    length = JUMP_STEPS * std[:, :2].square().sum(-1).mean().sqrt()
    shift = torch.zeros(len(angle), *std.shape)
    shift[..., :2] = (length * torch.stack([angle.cos(), angle.sin()], -1))[:, None]
    return shift.flatten(1)


def _permutation(random: np.random.Generator) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return a permutation of `EVENT` frames that is not the identity."""
    while (order := random.permutation(EVENT)).tolist() == list(range(EVENT)):
        pass
    return order


def _others(people: Sequence[str], random: np.random.Generator) -> Tensor:
    """Return for each window one of another person, or any where there is only one."""
    names = np.asarray(people)
    chosen = [random.choice(np.flatnonzero(names != name) if (names != name).any() else len(names)) for name in names]
    return torch.tensor(chosen)
