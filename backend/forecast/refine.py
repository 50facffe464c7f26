"""GRU-SNF's refinement (arXiv 2512.04282): MCMC steps between the blocks of the flow's inverse pass.

After block i of T the sample y moves under the energy U(y) = (1 - l) |y|^2 / 2 + l beta |y - y_hat|^2 / 2 with
l = i / (T - 1): near the noise it is the flow's own base, near the data a pull towards the point forecast y_hat.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from backend.core.types import ForecastSettings
from backend.forecast.antithetic import NoiseSource, antithetic, sample_noise
from backend.forecast.flow import AfterBlock
from backend.forecast.kernels import Hmc, Kernel, Mala, Metropolis


@dataclass(frozen=True)
class QuadraticEnergy:
    """U(y) = half_stiffness |y - centre|^2: the normal distribution N(centre, I / (2 half_stiffness))."""

    half_stiffness: float | Tensor
    centre: Tensor

    def __call__(self, y_BD: Tensor) -> Tensor:
        """Return U `[B, 1]`."""
        away = y_BD - self.centre
        return (away * away).sum(-1, keepdim=True) * self.half_stiffness

    def gradient(self, y_BD: Tensor) -> Tensor:
        """Return dU/dy `[B, D]`."""
        return (y_BD - self.centre) * (2 * self.half_stiffness)


def block_energy(index: int, blocks: int, consistency: float) -> tuple[float, float]:
    """Join the two terms of U after a block: U(y) = half_stiffness |y - share * y_hat|^2 up to a constant.

    Args:
        index: of the block in the inverse pass.
        blocks: T.
        consistency: beta.

    Returns:
        `(half_stiffness, share)`.
    """
    weight = index / (blocks - 1) if blocks > 1 else 1.0
    pull = weight * consistency
    stiffness = 1 - weight + pull
    # Last block and no consistency: U is flat, every move is accepted, and the centre is arbitrary.
    return stiffness / 2, pull / stiffness if stiffness > 0 else 0.0


KernelName = Literal["metropolis", "mala", "hmc"]

KERNELS: dict[KernelName, Callable[[float], Kernel]] = {"metropolis": Metropolis, "mala": Mala, "hmc": Hmc}


@dataclass(frozen=True)
class Refinement:
    """Settings of GRU-SNF.

    Attributes:
        steps: MCMC steps after each block; 0 is GRU-NF.
        step_size: standard deviation of a proposal in the flow's y, which has about unit variance.
        consistency: beta, the pull towards the point forecast. 1 keeps the flow's own variance; less increases it.
        kernel: which transition (`kernels.py`).
        base_scale: scale of the flow's base noise. The moves restore the variance that a value below 1 takes away, and the
            paths shake less than from wider noise.
        antithetic: whether the noise of the K futures is negatively correlated (`antithetic.py`).

    Raises:
        ValueError: a number is negative or not finite, or there is no such kernel.
    """

    steps: int = 1
    step_size: float = 0.2
    consistency: float = 1.0
    kernel: KernelName = "metropolis"
    base_scale: float = 0.985
    antithetic: bool = True

    def __post_init__(self) -> None:
        numbers = (self.step_size, self.consistency, self.base_scale)
        if self.steps < 0 or not all(0 <= number < math.inf for number in numbers):
            raise ValueError("a refinement needs steps, step_size, consistency and base_scale that are not negative")
        if self.kernel not in KERNELS:
            raise ValueError(f"a refinement's kernel is one of {', '.join(KERNELS)}")

    @classmethod
    def from_settings(cls, settings: ForecastSettings) -> Refinement:
        """Return the refinement with a person's settings."""
        return cls(settings.mcmc_steps, settings.step_size, settings.consistency)

    def base_noise(self, normal_TRD: Tensor, k: int) -> Tensor:
        """Return the base noise of K futures per stream, given standard normal noise `[T, R, D]`, R a multiple of K."""
        return (antithetic(normal_TRD, k) if self.antithetic else normal_TRD) * self.base_scale


class Refiner:
    """A refinement with the noise of a whole rollout, sampled at once (small samples would cost more than the moves).

    Metropolis runs in half as many operations. U = a |y - c|^2 rises by a (2 s n.(y - c) + s^2 |n|^2) on the way to y + s n.
    So the move is accepted where n.y < n.c - (log u / a + s^2 |n|^2) / (2 s), and all but n.y is known before the first block.

    Args:
        refinement: the settings.
        shape: H steps, T blocks, B paths moved together, D.
        generator: source of all randomness.
    """

    def __init__(self, refinement: Refinement, shape: tuple[int, int, int, int], generator: NoiseSource) -> None:
        horizon, blocks, rows, features = shape
        self._kernel, self._steps = KERNELS[refinement.kernel](refinement.step_size), refinement.steps
        moves = (horizon, blocks * refinement.steps)
        self._normal = sample_noise(torch.randn, generator, math.prod(moves), rows, features).unflatten(0, moves)
        self._log_uniform = sample_noise(torch.rand, generator, math.prod(moves), rows, 1).log_().unflatten(0, moves)
        # As tensors: a product with a Python number converts it every time.
        energies = [block_energy(index, blocks, refinement.consistency) for index in range(blocks)]
        self._half_stiffness, self._share = torch.tensor(energies).reshape(-1, 2).unbind(1)
        self._accepted: list[Tensor] = []
        if refinement.kernel == "metropolis":
            self._proposal = self._normal * refinement.step_size
            stiffness = self._half_stiffness.repeat_interleave(self._steps)[:, None, None]
            square = self._proposal.square().sum(-1, keepdim=True)
            self._limit = (self._log_uniform / stiffness + square) / (-2 * refinement.step_size)
            self._shares = self._share.repeat_interleave(self._steps)[:, None, None]

    def after_block(self, step: int, y_hat_BD: Tensor, log_terms: list[Tensor] | None = None) -> AfterBlock:
        """Return the function that moves y between the blocks in one step of the rollout.

        Args:
            step: 0..H - 1.
            y_hat_BD: the point forecast.
            log_terms: receives U(y after) - U(y before) `[B]` of every block's moves: the stochastic part of the path's log
                weight (Wu, Koehler & Noe 2020, arXiv 2002.06707).
        """
        if log_terms is None and isinstance(self._kernel, Metropolis):
            return self._fused_metropolis(step, y_hat_BD)
        normals, log_uniforms = self._normal[step], self._log_uniform[step]

        def move(block: int, y_BD: Tensor) -> Tensor:
            energy = QuadraticEnergy(self._half_stiffness[block], y_hat_BD * self._share[block])
            state = start = self._kernel.init(y_BD, energy)
            for index in range(block * self._steps, (block + 1) * self._steps):
                state, accepted = self._kernel.step(state, energy, normals[index], log_uniforms[index])
                self._accepted.append(accepted)
            if log_terms is not None:
                log_terms.append((state.energy - start.energy).squeeze(-1))
            return state.y

        return move

    def _fused_metropolis(self, step: int, y_hat_BD: Tensor) -> AfterBlock:
        normals = self._normal[step]
        limits = torch.add(self._limit[step], (normals * (self._shares * y_hat_BD)).sum(-1, keepdim=True)).unbind()
        moves = list(zip(normals.unbind(), self._proposal[step].unbind(), limits, strict=True))

        def move(block: int, y_BD: Tensor) -> Tensor:
            for normal, proposal, limit in moves[block * self._steps : (block + 1) * self._steps]:
                accepted = (normal * y_BD).sum(-1, keepdim=True) < limit
                y_BD = torch.addcmul(y_BD, proposal, accepted)
                self._accepted.append(accepted)
            return y_BD

        return move

    def acceptance(self) -> float | None:
        """Mean acceptance rate so far in [0, 1], or None before the first step."""
        return torch.stack(self._accepted).float().mean().item() if self._accepted else None
