"""The base of every learned forecaster, which reads frames as standardised features and forecasts decorrelated steps.

A *step* is the difference of two frames, standardised and decorrelated by the training motion's covariance: its numbers have
unit variance and are nearly independent. Shape suffixes: B streams, T time, D = 6N.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from backend.forecast.state import ForecastState


@dataclass(frozen=True)
class MotionStatistics:
    """Statistics of the training motion, stored with the weights.

    Attributes:
        mean, std: of the keypoints `[D]`.
        step_std, deviation_std: of a frame's difference from the previous one, and from the running mean `[D]`.
        whiten: `[D, D]`, standardised difference (row) @ whiten = decorrelated difference of unit variance.
    """

    mean: Tensor
    std: Tensor
    step_std: Tensor
    deviation_std: Tensor
    whiten: Tensor


class StepModel(nn.Module, ABC):
    """The training statistics as buffers, and the transforms based on them.

    Args:
        features: D = 6N.
        layers, hidden: shape of a stream's hidden state.
        mean_frames: the running mean is the plain mean of up to this many frames, then exponential with this time constant.
    """

    mean: Tensor
    std: Tensor
    step_std: Tensor
    inverse_std: Tensor
    whiten: Tensor
    unwhiten: Tensor

    def __init__(self, features: int, layers: int, hidden: int, mean_frames: int) -> None:
        super().__init__()
        self._features, self._state_shape, self._mean_frames = features, (layers, hidden), mean_frames
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("std", torch.ones(features))
        self.register_buffer("step_std", torch.ones(features))
        self.register_buffer("inverse_std", torch.ones(3 * features))
        self.register_buffer("whiten", torch.eye(features))
        self.register_buffer("unwhiten", torch.eye(features))

    def set_statistics(self, statistics: MotionStatistics) -> None:
        """Store the statistics of the training motion."""
        self.mean.copy_(statistics.mean)
        self.std.copy_(statistics.std)
        self.step_std.copy_(statistics.step_std)
        self.inverse_std.copy_(1 / torch.cat([statistics.std, statistics.step_std, statistics.deviation_std]))
        self.whiten.copy_(statistics.whiten / statistics.step_std[:, None])
        self.unwhiten.copy_(torch.linalg.inv(self.whiten.double()).to(self.whiten))

    def log_volume(self) -> Tensor:
        """Return log |det| of the decorrelation alone; the buffer `whiten` also standardises, which is not part of it."""
        return torch.linalg.slogdet(self.whiten)[1] + self.step_std.log().sum()

    def start(self, batch: int) -> ForecastState:
        """Return the initial state of `batch` streams."""
        d = self._features
        shapes = (self._state_shape, (d,), (d,), (), (d,), (self.energy_count,))
        return ForecastState(*(self.mean.new_zeros(batch, *shape) for shape in shapes))

    def step(self, state: ForecastState, flat_BD: Tensor) -> ForecastState:
        """Update the state with one frame of each stream."""
        before = torch.where((state.count == 0)[:, None], flat_BD, state.frame)
        after, step = self._advance(replace(state, frame=before), flat_BD), flat_BD - before
        energy = self.running_mean(state.energy, self.energies(step, flat_BD - after.mean), after.count)
        return replace(after, step=step, energy=energy)

    @abstractmethod
    def _advance(self, state: ForecastState, frame_BD: Tensor) -> ForecastState:
        """Return the state after a frame `[B, D]` that follows the state's own, but with the old `step` and `energy`."""

    def features(self, frame: Tensor, before: Tensor, mean: Tensor) -> Tensor:
        """Return features `[..., 3D]` in units of their std: frame, difference to the previous one and to the running mean.

        Args:
            frame: flat keypoints `[..., D]`.
            before: the previous frame.
            mean: the running mean, this frame included.
        """
        origin = torch.cat([self.mean.expand_as(frame), before, mean], dim=-1)
        return (torch.cat([frame, frame, frame], dim=-1) - origin) * self.inverse_std

    @property
    def energy_count(self) -> int:
        """Numbers that `energies` returns, 2N + 2."""
        return self._features // 3 + 2

    def energies(self, step: Tensor, deviation: Tensor) -> Tensor:
        """Return how much each part moves, `[..., 2N + 2]`: mean squares, in units of the training motion.

        They are of every keypoint's position and of all numbers, first in `step`, then in `deviation`.

        Args:
            step: difference from the previous frame `[..., D]`.
            deviation: from the running mean `[..., D]`.
        """
        squares = torch.stack([step, deviation], -2).mul(self.inverse_std[self._features :].view(2, -1)).square()
        of_keypoints = squares.unflatten(-1, (-1, 6))[..., :2].mean(-1)
        return torch.cat([of_keypoints, squares.mean(-1, keepdim=True)], -1).flatten(-2)

    def encode_step(self, before: Tensor, after: Tensor) -> Tensor:
        """Return the decorrelated step between two frames `[..., D]`."""
        return (after - before) @ self.whiten

    def running_mean(self, mean_BD: Tensor, frame_BD: Tensor, count_B: Tensor) -> Tensor:
        """Update the running mean `[B, D]`.

        Args:
            mean_BD: before this frame.
            frame_BD: this frame.
            count_B: frames observed, this one included.
        """
        return torch.lerp(mean_BD, frame_BD, (1 / count_B.clamp(max=self._mean_frames))[:, None])

    def running_means(self, flat_BTD: Tensor) -> Tensor:
        """Return the running mean `[B, T, D]` after every frame of a sequence."""
        means, mean = [], torch.zeros_like(flat_BTD[:, 0])
        for t, frame in enumerate(flat_BTD.unbind(1)):
            mean = torch.lerp(mean, frame, 1 / min(t + 1, self._mean_frames))
            means.append(mean)
        return torch.stack(means, dim=1)


def previous_frames(flat_BTD: Tensor) -> Tensor:
    """Return the previous frame of each frame `[B, T, D]`; the first frame is its own."""
    return torch.cat([flat_BTD[:, :1], flat_BTD[:, :-1]], dim=1)
