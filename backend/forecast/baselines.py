"""Forecasts that know little: what a model must beat at every step to be worth its time.

All share one contract: `baseline.sample(context [W, C, D], k, horizon, generator) -> paths [W, K, H, D]`.
What knows the training motion raises InputError (`horizon_too_long`) where the horizon is longer than what it knows.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from backend.core.errors import InputError


class Baseline(Protocol):
    """A forecast from the context alone."""

    def sample(self, context_WCD: Tensor, k: int, horizon: int, generator: torch.Generator | None = None) -> Tensor:
        """Return `[W, K, H, D]`."""
        ...


class CopyLast:
    """The last frame, held: K equal futures."""

    def sample(self, context_WCD: Tensor, k: int, horizon: int, generator: torch.Generator | None = None) -> Tensor:
        """Return the last frame K x H times."""
        return context_WCD[:, None, -1:].expand(-1, k, horizon, -1).clone()


class RandomWalk:
    """A Gaussian random walk, calibrated: at every horizon it is as wide as motion in training was.

    Steps are correlated as training steps are; step h is scaled so that the variance after h steps is that of training
    displacements over h steps (motion goes on at first and returns later: training steps summed up would not fit).

    Args:
        moved_NSD: displacements of training motion after 1..S steps (`motion_bank.load_bank`); S is the longest horizon.
    """

    def __init__(self, moved_NSD: Tensor) -> None:
        variance = moved_NSD.square().mean(0)
        grown = torch.cat([variance[:1], variance.diff(dim=0).clamp_min(0)])
        self._step_spread_SD = grown.sqrt()
        step = moved_NSD.diff(dim=1, prepend=torch.zeros_like(moved_NSD[:, :1])).flatten(0, 1)
        # A number that never moves has no correlation (0 / 0), and no spread either.
        correlation = torch.corrcoef(step.T).nan_to_num()
        self._factor = torch.linalg.cholesky(correlation + 1e-4 * torch.eye(step.shape[-1]))

    def sample(self, context_WCD: Tensor, k: int, horizon: int, generator: torch.Generator | None = None) -> Tensor:
        """Return random walks from the last frame."""
        _check_horizon(horizon, len(self._step_spread_SD))
        noise = torch.randn(len(context_WCD), k, horizon, context_WCD.shape[-1], generator=generator)
        steps = (noise @ self._factor.T) * self._step_spread_SD[:horizon]
        return context_WCD[:, None, -1:] + steps.cumsum(2)


class Bootstrap:
    """What someone in the training data did next, shifted to start here.

    Args:
        moved_NSD: displacements of training motion after 1..S steps (`motion_bank.load_bank`); S is the longest horizon.
    """

    def __init__(self, moved_NSD: Tensor) -> None:
        self._moved_NSD = moved_NSD

    def sample(self, context_WCD: Tensor, k: int, horizon: int, generator: torch.Generator | None = None) -> Tensor:
        """Return K random training paths for each window."""
        _check_horizon(horizon, self._moved_NSD.shape[1])
        pick = torch.randint(len(self._moved_NSD), (len(context_WCD), k), generator=generator)
        return context_WCD[:, None, -1:] + self._moved_NSD[pick, :horizon]


def _check_horizon(horizon: int, longest: int) -> None:
    if horizon > longest:
        raise InputError(
            "horizon_too_long",
            f"The training motion kept with the model is {longest} steps long, the horizon {horizon}.",
            f"Ask for {longest} steps at most.",
        )
