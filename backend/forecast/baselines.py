"""Baselines: forecasts without a learned model, which a model must beat at every step.

They share one contract: `baseline.sample(context [W, C, D], k, horizon, generator) -> paths [W, K, H, D]`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from backend.core.errors import InputError


class CopyLast:
    """The last frame, held: K equal futures."""

    def sample(self, context_WCD: Tensor, k: int, horizon: int, generator: torch.Generator | None = None) -> Tensor:
        """Return `[W, K, H, D]`."""
        return context_WCD[:, None, -1:].expand(-1, k, horizon, -1).clone()


class RandomWalk:
    """A Gaussian random walk whose variance after h steps is that of training displacements over h steps.

    The D numbers of a step are correlated as in training. A plain sum of training steps would not fit: motion first
    continues and later returns.

    Args:
        displacement_NSD: displacements of training motion after 1..S steps (`displacement_bank.load_bank`).
    """

    def __init__(self, displacement_NSD: Tensor) -> None:
        variance = displacement_NSD.square().mean(0)
        increments = torch.cat([variance[:1], variance.diff(dim=0).clamp_min(0)])
        self._step_std_SD = increments.sqrt()
        step = displacement_NSD.diff(dim=1, prepend=torch.zeros_like(displacement_NSD[:, :1])).flatten(0, 1)
        # A number that never moves has no correlation (0 / 0), and no variance either.
        correlation = torch.corrcoef(step.T).nan_to_num()
        self._factor = torch.linalg.cholesky(correlation + 1e-4 * torch.eye(step.shape[-1]))

    def sample(self, context_WCD: Tensor, k: int, horizon: int, generator: torch.Generator | None = None) -> Tensor:
        """Return `[W, K, H, D]`.

        Raises:
            InputError: `horizon_too_long`: it is longer than S.
        """
        _check_horizon(horizon, len(self._step_std_SD))
        noise = torch.randn(len(context_WCD), k, horizon, context_WCD.shape[-1], generator=generator)
        steps = (noise @ self._factor.T) * self._step_std_SD[:horizon]
        return context_WCD[:, None, -1:] + steps.cumsum(2)


class Bootstrap:
    """Random training paths, shifted to start at the last frame.

    Args:
        displacement_NSD: displacements of training motion after 1..S steps (`displacement_bank.load_bank`).
    """

    def __init__(self, displacement_NSD: Tensor) -> None:
        self._displacement_NSD = displacement_NSD

    def sample(self, context_WCD: Tensor, k: int, horizon: int, generator: torch.Generator | None = None) -> Tensor:
        """Return `[W, K, H, D]`.

        Raises:
            InputError: `horizon_too_long`: it is longer than S.
        """
        _check_horizon(horizon, self._displacement_NSD.shape[1])
        pick = torch.randint(len(self._displacement_NSD), (len(context_WCD), k), generator=generator)
        return context_WCD[:, None, -1:] + self._displacement_NSD[pick, :horizon]


def _check_horizon(horizon: int, longest: int) -> None:
    if horizon > longest:
        raise InputError(
            "horizon_too_long",
            f"The training motion kept with the model is {longest} steps long, the horizon {horizon}.",
            f"Ask for {longest} steps at most.",
        )
