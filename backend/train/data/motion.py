"""Training motion for the forecaster: randomly augmented windows, and the statistics of motion."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from backend.core.errors import InputError
from backend.core.types import CLOCK_S, Keypoints
from backend.forecast.steps import MotionStatistics
from backend.keypoints.dataset import KeypointSequence
from backend.keypoints.regions import FaceRegions


class MotionSampler:
    """Samples windows with random person, start, tempo, direction of time, mirror, rotation, scale, shift and amplitude.

    Every person is sampled equally often, however long their footage is. Only face regions are mirrored: keypoints of another
    detector have no left and right.

    Args:
        motions: training motions.
        length, seed: frames of a window, and the seed of the sampler.

    Raises:
        InputError: `data_short`: no motion is long enough.
    """

    def __init__(self, motions: Sequence[KeypointSequence], length: int, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._length = length
        self._seconds = CLOCK_S * (length - 1)
        self._motions = [motion for motion in motions if motion.seconds >= self._seconds]
        if not self._motions:
            raise InputError("data_short", f"No motion is as long as {length} steps of 80 ms.")
        footage: dict[str, float] = defaultdict(float)
        for motion in self._motions:
            footage[motion.person] += motion.seconds
        weight = np.array([motion.seconds / footage[motion.person] for motion in self._motions])
        self._cumulative = np.cumsum(weight / weight.sum())
        self._regions = FaceRegions() if all(motion.layout == "face_regions" for motion in self._motions) else None

    def sample(self, count: int, augment: bool = True) -> Tensor:
        """Sample windows: `[count, length, 6N]` float32."""
        frames = []
        for _ in range(count):
            motion = self._motions[min(int(np.searchsorted(self._cumulative, self._random.random())), len(self._motions) - 1)]
            fastest = min(1.25, motion.seconds / self._seconds)
            tempo = self._random.uniform(0.8, fastest) if augment else 1.0
            grid = np.arange(self._length) * CLOCK_S * tempo
            start = motion.timestamps[0] + self._random.uniform(0, motion.seconds - grid[-1])
            window = motion.at(start + grid)
            frames.append(window[::-1] if augment and self._random.random() < 0.2 else window)
        flat = torch.from_numpy(np.stack(frames))
        return self._augment(flat) if augment else flat

    def _augment(self, flat: Tensor) -> Tensor:
        count = len(flat)
        if self._regions is not None:
            mirror = torch.from_numpy(self._random.random(count) < 0.5)[:, None, None]
            flat = torch.where(mirror, self._regions.mirror(flat), flat)
        amplitude = torch.from_numpy(np.exp(self._random.normal(0, 0.2, (count, 1, 1)))).float()
        flat = torch.lerp(flat.mean(1, keepdim=True), flat, amplitude)
        angle, scale = self._random.normal(0, 0.08, count), np.exp(self._random.normal(0, 0.08, count))
        linear = scale[:, None] * np.stack([np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)], -1)
        shift = torch.from_numpy(self._random.normal(0, 0.05, (count, 2))).float()
        return transform(flat, torch.from_numpy(linear).float().view(count, 2, 2), shift)


def transform(flat_BTD: Tensor, linear_B22: Tensor, shift_B2: Tensor) -> Tensor:
    """Transform keypoints by p -> linear @ p + shift; keypoints of transformed landmarks are the same.

    Args:
        flat_BTD: flat keypoints.
        linear_B22: one matrix per window.
        shift_B2: one shift per window.
    """
    keypoints, linear = Keypoints.from_flat(flat_BTD), linear_B22[:, None, None]
    value = (linear @ keypoints.value[..., None])[..., 0] + shift_B2[:, None, None]
    return Keypoints(value, linear @ keypoints.jacobian).flat()


def measure_statistics(flat_BTD: Tensor, mean_frames: int) -> MotionStatistics:
    """Measure the statistics that a forecaster standardises with, on windows `[B, T, D]`; `mean_frames` as in its config."""
    step = flat_BTD.diff(dim=1).flatten(0, 1)
    means, mean = [], flat_BTD[:, 0]
    for t, frame in enumerate(flat_BTD.unbind(1)):
        mean = torch.lerp(mean, frame, 1 / min(t + 1, mean_frames))
        means.append(mean)
    deviation = (flat_BTD - torch.stack(means, dim=1))[:, 1:].flatten(0, 1)
    step_std = step.std(0).clamp_min(1e-5)
    standardised = (step / step_std).double()
    # The floor keeps directions in which faces hardly move from being amplified to noise.
    values, vectors = torch.linalg.eigh(standardised.T @ standardised / len(standardised))
    return MotionStatistics(
        mean=flat_BTD.flatten(0, 1).mean(0),
        std=flat_BTD.flatten(0, 1).std(0).clamp_min(1e-4),
        step_std=step_std,
        deviation_std=deviation.std(0).clamp_min(1e-4),
        whiten=(vectors / (values + 1e-3).sqrt()).flip(-1).float(),
    )
