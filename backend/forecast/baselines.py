"""Forecasts that know little: what a model must beat at every step to be worth its time.

All share one contract: `baseline.sample(context [W, C, D], k, horizon, generator) -> paths [W, K, H, D]`.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor


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
        windows_WTD: training motion on the clock, T > horizon.
        horizon: the longest horizon that will be asked for.
    """

    def __init__(self, windows_WTD: Tensor, horizon: int) -> None:
        variance = torch.stack(
            [(windows_WTD[:, h:] - windows_WTD[:, :-h]).square().mean((0, 1)) for h in range(1, horizon + 1)]
        )
        grown = torch.cat([variance[:1], variance.diff(dim=0).clamp_min(0)])
        self._step_spread_HD = grown.sqrt()
        step = windows_WTD.diff(dim=1).flatten(0, 1)
        self._factor = torch.linalg.cholesky(torch.corrcoef(step.T) + 1e-4 * torch.eye(step.shape[-1]))

    def sample(self, context_WCD: Tensor, k: int, horizon: int, generator: torch.Generator | None = None) -> Tensor:
        """Return random walks from the last frame."""
        noise = torch.randn(len(context_WCD), k, horizon, context_WCD.shape[-1], generator=generator)
        steps = (noise @ self._factor.T) * self._step_spread_HD[:horizon]
        return context_WCD[:, None, -1:] + steps.cumsum(2)


class Bootstrap:
    """What someone in the training data did next, shifted to start here.

    Args:
        windows_WTD: training motion on the clock; T - 1 is the longest horizon.
    """

    def __init__(self, windows_WTD: Tensor) -> None:
        self._moved = windows_WTD[:, 1:] - windows_WTD[:, :1]

    def sample(self, context_WCD: Tensor, k: int, horizon: int, generator: torch.Generator | None = None) -> Tensor:
        """Return K random training paths for each window."""
        pick = torch.randint(len(self._moved), (len(context_WCD), k), generator=generator)
        return context_WCD[:, None, -1:] + self._moved[pick, :horizon]
