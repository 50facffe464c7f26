"""Baselines: forecasts without a learned model, which a model must beat at every step."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor

from backend.core.errors import InputError


class Baseline(ABC):
    """The last frame plus displacements sampled without looking at the frames before it.

    Attributes:
        max_horizon: S, length of the training motion that displacements come from.
    """

    max_horizon: float = math.inf

    def sample(self, context_WCD: Tensor, k: int, horizon: int, generator: torch.Generator | None = None) -> Tensor:
        """Sample K futures of H steps for each window, `[W, K, H, D]`.

        Args:
            context_WCD: the observed frames.
            k: K.
            horizon: H.
            generator: source of all randomness, on the context's device.

        Raises:
            InputError: `horizon_too_long`: it is longer than S.
        """
        if horizon > self.max_horizon:
            raise InputError(
                "horizon_too_long",
                f"The training motion kept with the model is {self.max_horizon} steps long, the horizon {horizon}.",
                f"Ask for {self.max_horizon} steps at most.",
            )
        last = context_WCD[:, None, -1:]
        return last + self._displacement(last, (len(last), k, horizon, last.shape[-1]), generator)

    @abstractmethod
    def _displacement(self, last: Tensor, shape: tuple[int, int, int, int], generator: torch.Generator | None) -> Tensor: ...


class CopyLast(Baseline):
    """The last frame, held: K equal futures."""

    def _displacement(self, last: Tensor, shape: tuple[int, int, int, int], generator: torch.Generator | None) -> Tensor:
        return last.new_zeros(shape)


class RandomWalk(Baseline):
    """A Gaussian random walk whose variance after h steps is that of training displacements over h steps.

    The D numbers of a step are correlated as in training. A plain sum of training steps would not fit: motion first
    continues and later returns.

    Args:
        displacement_NSD: displacements of training motion (`load_bank`), on the contexts' device.
    """

    def __init__(self, displacement_NSD: Tensor) -> None:
        self.max_horizon = displacement_NSD.shape[1]
        variance = displacement_NSD.square().mean(0)
        self._step_std_SD = torch.cat([variance[:1], variance.diff(dim=0).clamp_min(0)]).sqrt()
        step = displacement_NSD.diff(dim=1, prepend=torch.zeros_like(displacement_NSD[:, :1])).flatten(0, 1)
        # A number that never moves has no correlation (0 / 0), and no variance either.
        correlation = torch.corrcoef(step.T).nan_to_num()
        self._factor = torch.linalg.cholesky(correlation + 1e-4 * torch.eye(step.shape[-1], device=step.device))

    def _displacement(self, last: Tensor, shape: tuple[int, int, int, int], generator: torch.Generator | None) -> Tensor:
        steps = (torch.randn(shape, generator=generator, device=last.device) @ self._factor.T) * self._step_std_SD[: shape[2]]
        return steps.cumsum(2)


class Bootstrap(Baseline):
    """Random training paths, shifted to start at the last frame.

    Args:
        displacement_NSD: displacements of training motion (`load_bank`), on the contexts' device.
    """

    def __init__(self, displacement_NSD: Tensor) -> None:
        self.max_horizon = displacement_NSD.shape[1]
        self._displacement_NSD = displacement_NSD

    def _displacement(self, last: Tensor, shape: tuple[int, int, int, int], generator: torch.Generator | None) -> Tensor:
        pick = torch.randint(len(self._displacement_NSD), shape[:2], generator=generator, device=last.device)
        return self._displacement_NSD[pick, : shape[2]]
