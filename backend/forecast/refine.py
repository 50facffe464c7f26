"""GRU-SNF's refinement (arXiv 2512.04282): MCMC steps between the blocks of the flow's inverse pass.

After block i of T the sample y moves under the energy

    U(y) = (1 - l) |y|^2 / (2 v) + l beta |y - y_hat|^2 / (2 w),    l = i / (T - 1),

number by number: near the noise the spread v of y over all contexts, near the data a pull towards the prediction y_hat from
this context, with the spread w around it. The paper has v = w = 1; here both are measured (`block_moments.py`), because
otherwise MCMC widens the samples to unit variance. A temperature scales both by its square.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from backend.core.types import ForecastSettings
from backend.forecast.block_moments import BlockMoments
from backend.forecast.flow import AfterBlock
from backend.forecast.kernels import Hmc, Kernel, Mala, Metropolis
from backend.forecast.noise import RolloutNoise


@dataclass(frozen=True)
class QuadraticEnergy:
    """U(y) = sum of half_stiffness * (y - centre)^2: independent normal numbers of variance 1 / (2 half_stiffness).

    Attributes:
        half_stiffness: `[D]`, or one number.
        centre: `[B, D]`.
    """

    half_stiffness: float | Tensor
    centre: Tensor

    def __call__(self, y_BD: Tensor) -> Tensor:
        """Return U `[B, 1]`."""
        away = y_BD - self.centre
        return (away * away * self.half_stiffness).sum(-1, keepdim=True)

    def gradient(self, y_BD: Tensor) -> Tensor:
        """Return dU/dy `[B, D]`."""
        return (y_BD - self.centre) * (2 * self.half_stiffness)


def block_energies(moments: BlockMoments, consistency: float) -> tuple[Tensor, Tensor]:
    """Join the two terms of U: U(y) = sum of half_stiffness * (y - share * y_hat)^2 up to a constant.

    Args:
        moments: of y behind each block.
        consistency: beta.

    Returns:
        `half_stiffness` and `share`, `[T, Z]` each.
    """
    blocks = moments.blocks
    weight = torch.arange(blocks, dtype=moments.second.dtype, device=moments.second.device) / max(1, blocks - 1)
    weight_T1 = weight[:, None] if blocks > 1 else torch.ones_like(weight)[:, None]
    pull = weight_T1 * consistency / moments.residual
    stiffness = (1 - weight_T1) / moments.second + pull
    # Last block and no consistency: U is flat, every move is accepted, and the centre is arbitrary.
    return stiffness / 2, (pull / stiffness).masked_fill(stiffness <= 0, 0)


KernelName = Literal["metropolis", "mala", "hmc"]

KERNELS: dict[KernelName, Callable[[float], Kernel]] = {"metropolis": Metropolis, "mala": Mala, "hmc": Hmc}


@dataclass(frozen=True)
class Refinement:
    """Settings of GRU-SNF.

    Attributes:
        steps: MCMC steps after each block; 0 is GRU-NF.
        step_size: standard deviation of a proposal, in units of the spread of each number of y.
        consistency: beta, the pull towards y_hat. 1 keeps the flow's own variance; less increases it.
        kernel: which transition (`kernels.py`).

    Raises:
        ValueError: a number is negative or not finite, or there is no such kernel.
    """

    steps: int = 1
    step_size: float = 0.2
    consistency: float = 1.0
    kernel: KernelName = "metropolis"

    def __post_init__(self) -> None:
        if self.steps < 0 or not all(0 <= number < math.inf for number in (self.step_size, self.consistency)):
            raise ValueError("a refinement needs steps, step_size and consistency that are not negative")
        if self.kernel not in KERNELS:
            raise ValueError(f"a refinement's kernel is one of {', '.join(KERNELS)}")

    @classmethod
    def from_settings(cls, settings: ForecastSettings) -> Refinement:
        """Return the refinement with a person's settings."""
        return cls(settings.mcmc_steps, settings.step_size, settings.consistency)


class Refiner:
    """A refinement with the random numbers of a whole forecast.

    Chains run on u = y / spread, so that one step size fits numbers of different spread. Metropolis runs in a few operations:
    U = sum of a (y - c)^2 rises by sum of s (y - m) on the way to y + p, where s = 2 a p and m = c - p / 2. So the move is
    accepted where sum of s y < sum of s m - log uniform, and all but the left side is known before the first block.

    Args:
        refinement: the settings; it has at least one step.
        moments: of the flow's blocks.
        noise: of the proposals: H * T * steps of them.
        temperature: above 0, scale of the base noise.
    """

    def __init__(self, refinement: Refinement, moments: BlockMoments, noise: RolloutNoise, temperature: float = 1.0) -> None:
        if noise.normal_MRZ is None or noise.log_uniform_MR1 is None:
            raise ValueError("the noise was drawn without that of MCMC")
        self._kernel, self._steps = KERNELS[refinement.kernel](refinement.step_size), refinement.steps
        per_step = (-1, moments.blocks, refinement.steps)
        self._normal = noise.normal_MRZ.unflatten(0, per_step)
        self._log_uniform = noise.log_uniform_MR1.unflatten(0, per_step)
        half_stiffness_TZ, self._share_TZ = block_energies(moments, refinement.consistency)
        self._spread_TZ = moments.residual.sqrt() * temperature
        self._half_stiffness_TZ = half_stiffness_TZ * moments.residual
        self._accepted: list[Tensor] = []
        # Of Metropolis: p and s per standard normal number.
        self._proposal_T11Z = (self._spread_TZ * refinement.step_size)[:, None, None]
        self._slope_T11Z = (2 * self._half_stiffness_TZ / self._spread_TZ * refinement.step_size)[:, None, None]

    @classmethod
    def start(
        cls, refinement: Refinement | None, moments: BlockMoments, noise: RolloutNoise, temperature: float
    ) -> Refiner | None:
        """Return a refiner, or None where nothing moves: without steps, blocks or temperature.

        Args:
            refinement: the settings, or None.
            moments: of the flow's blocks.
            noise: of the proposals.
            temperature: scale of the base noise.
        """
        if refinement is None or not (refinement.steps and moments.blocks and temperature > 0):
            return None
        return cls(refinement, moments, noise, temperature)

    def after_block(self, step: int, y_hat_TBZ: Tensor, log_terms: list[Tensor] | None = None) -> AfterBlock:
        """Return the function that moves y between the blocks in one pass of the flow.

        Args:
            step: which pass, from 0.
            y_hat_TBZ: the prediction of y behind each block.
            log_terms: receives U(y after) - U(y before) `[B]` of every block's moves: the stochastic part of the path's log
                weight (Wu, Koehler & Noe 2020, arXiv 2002.06707).
        """
        centre_TBZ = y_hat_TBZ * self._share_TZ[:, None]
        if log_terms is None and isinstance(self._kernel, Metropolis):
            return self._fused_metropolis(step, centre_TBZ)
        normals, log_uniforms = self._normal[step], self._log_uniform[step]

        def move(block: int, y_BZ: Tensor) -> Tensor:
            spread = self._spread_TZ[block]
            energy = QuadraticEnergy(self._half_stiffness_TZ[block], centre_TBZ[block] / spread)
            state = start = self._kernel.init(y_BZ / spread, energy)
            for normal, log_uniform in zip(normals[block], log_uniforms[block], strict=True):
                state, accepted = self._kernel.step(state, energy, normal, log_uniform)
                self._accepted.append(accepted)
            if log_terms is not None:
                log_terms.append((state.energy - start.energy).squeeze(-1))
            return state.y * spread

        return move

    def _fused_metropolis(self, step: int, centre_TBZ: Tensor) -> AfterBlock:
        proposal, slope = self._normal[step] * self._proposal_T11Z, self._normal[step] * self._slope_T11Z
        middle = torch.sub(centre_TBZ[:, None], proposal, alpha=0.5)
        limit = (slope * middle).sum(-1, keepdim=True) - self._log_uniform[step]
        moves = list(zip(*(part.flatten(0, 1).unbind() for part in (slope, proposal, limit)), strict=True))

        def move(block: int, y_BZ: Tensor) -> Tensor:
            for slope, proposal, limit in moves[block * self._steps : (block + 1) * self._steps]:
                # In place, the result is 0 or 1 in floating point, which the product takes without a conversion.
                accepted = (slope * y_BZ).sum(-1, keepdim=True).lt_(limit)
                y_BZ = torch.addcmul(y_BZ, proposal, accepted)
                self._accepted.append(accepted)
            return y_BZ

        return move

    def acceptance(self, k: int) -> Tensor | None:
        """Mean acceptance rate of every path so far in [0, 1], `[B, k]`; None before the first step."""
        return torch.stack(self._accepted).float().mean((0, 2)).unflatten(0, (-1, k)) if self._accepted else None
