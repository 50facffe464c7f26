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
from backend.forecast.antithetic import Source, couple, draw
from backend.forecast.flow import AfterBlock
from backend.forecast.kernels import Hmc, Kernel, Mala, Metropolis


@dataclass(frozen=True)
class Quadratic:
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
    """Join the two terms of U after block `index` of the inverse pass by completing the square.

    Returns:
        `(half_stiffness, share)`: U(y) = half_stiffness |y - share * y_hat|^2 up to a constant.
    """
    weight = index / (blocks - 1) if blocks > 1 else 1.0
    pull = weight * consistency
    stiffness = 1 - weight + pull
    # Last block and no consistency: U is flat, every move is accepted, and any centre will do.
    return stiffness / 2, pull / stiffness if stiffness > 0 else 0.0


KernelName = Literal["metropolis", "mala", "hmc"]

KERNELS: dict[KernelName, Callable[[float], Kernel]] = {"metropolis": Metropolis, "mala": Mala, "hmc": Hmc}


@dataclass(frozen=True)
class Refinement:
    """How GRU-SNF refines.

    Attributes:
        steps: MCMC steps after each block; 0 is GRU-NF.
        step_size: standard deviation of a proposal, in units of the motion at hand (the flow's y).
        consistency: beta, the pull towards the point forecast. 1 keeps the flow's own spread; less lets the futures spread.
        kernel: which transition (`kernels.py`).
        cooling: the flow starts from noise of this scale (times the temperature); the moves widen what it narrows, and shake
            the paths less than a wider start would.
        coupled: the noise of K futures avoids each other (`noise.couple`).
    """

    steps: int = 1
    step_size: float = 0.2
    consistency: float = 1.0
    kernel: KernelName = "metropolis"
    cooling: float = 0.985
    coupled: bool = True

    def __post_init__(self) -> None:
        numbers = (self.step_size, self.consistency, self.cooling)
        if self.steps < 0 or not all(0 <= number < math.inf for number in numbers):
            raise ValueError("a refinement needs steps, step_size, consistency and cooling that are not negative")
        if self.kernel not in KERNELS:
            raise ValueError(f"a refinement's kernel is one of {', '.join(KERNELS)}")

    @classmethod
    def of(cls, settings: ForecastSettings) -> Refinement:
        """Return what a person has set; all else as shipped."""
        return cls(settings.mcmc_steps, settings.step_size, settings.consistency)

    def transition(self) -> Kernel:
        """Return the kernel with its step size."""
        return KERNELS[self.kernel](self.step_size)

    def start(self, normal_TRD: Tensor, k: int) -> Tensor:
        """Return the noise that K futures of each stream start from, given standard normal noise `[T, R, D]`."""
        return (couple(normal_TRD, k) if self.coupled else normal_TRD) * self.cooling

    def begin(self, *, horizon: int, blocks: int, rows: int, features: int, generator: Source) -> Refiner:
        """Draw the noise of a rollout of H steps through T blocks, of `rows` paths of D numbers moved together."""
        kind = QuickRefiner if self.kernel == "metropolis" else Refiner
        return kind(self, horizon=horizon, blocks=blocks, rows=rows, features=features, generator=generator)


class Refiner:
    """A refinement with the noise of a whole rollout drawn at once (small draws would cost more than the moves).

    Args:
        refinement: the settings.
        horizon: H, steps of the rollout.
        blocks: T.
        rows: B, paths moved together.
        features: D.
        generator: source of all randomness.
    """

    def __init__(
        self, refinement: Refinement, *, horizon: int, blocks: int, rows: int, features: int, generator: Source
    ) -> None:
        self._kernel = refinement.transition()
        self._steps = refinement.steps
        moves, shape = horizon * blocks * refinement.steps, (horizon, blocks * refinement.steps)
        self._normal = draw(torch.randn, generator, moves, rows, features).unflatten(0, shape)
        self._log_uniform = draw(torch.rand, generator, moves, rows, 1).log_().unflatten(0, shape)
        # As tensors: a product with a Python number converts it every time.
        energies = [block_energy(index, blocks, refinement.consistency) for index in range(blocks)]
        self._half_stiffness, self._share = torch.tensor(energies).reshape(-1, 2).unbind(1)
        self._accepted: list[Tensor] = []

    def after(self, step: int, y_hat_BD: Tensor, log_terms: list[Tensor] | None = None) -> AfterBlock:
        """Return what moves y between the blocks in `step` of the rollout.

        Args:
            step: 0..H - 1.
            y_hat_BD: the point forecast.
            log_terms: where the work U(y after) - U(y before) `[B]` of every block's moves is appended: the stochastic part
                of the path's log weight (Wu, Koehler & Noe 2020, arXiv 2002.06707).
        """
        normals, log_uniforms = self._normal[step], self._log_uniform[step]

        def move(block: int, y_BD: Tensor) -> Tensor:
            energy = Quadratic(self._half_stiffness[block], y_hat_BD * self._share[block])
            state = began = self._kernel.init(y_BD, energy)
            for index in range(block * self._steps, (block + 1) * self._steps):
                state, info = self._kernel.step(state, energy, normals[index], log_uniforms[index])
                self._accepted.append(info.accepted)
            if log_terms is not None:
                log_terms.append((state.energy - began.energy).squeeze(-1))
            return state.y

        return move

    def acceptance(self) -> float | None:
        """Mean acceptance rate so far in [0, 1], or None where no step was made."""
        return torch.stack(self._accepted).float().mean().item() if self._accepted else None


class QuickRefiner(Refiner):
    """Metropolis alone: the same moves from the same noise, in half as many operations.

    U = a |y - c|^2 rises by a (2 s n.(y - c) + s^2 |n|^2) on the way to y + s n. So the move is accepted where
    n.y < n.c - (log u / a + s^2 |n|^2) / (2 s), and all but n.y is known before the blocks are passed.
    """

    def __init__(
        self, refinement: Refinement, *, horizon: int, blocks: int, rows: int, features: int, generator: Source
    ) -> None:
        super().__init__(refinement, horizon=horizon, blocks=blocks, rows=rows, features=features, generator=generator)
        self._push = self._normal * refinement.step_size
        stiffness = self._half_stiffness.repeat_interleave(self._steps)[:, None, None]
        grown = self._push.square().sum(-1, keepdim=True)
        self._limit = (self._log_uniform / stiffness + grown) / (-2 * refinement.step_size)
        self._shares = self._share.repeat_interleave(self._steps)[:, None, None]

    def after(self, step: int, y_hat_BD: Tensor, log_terms: list[Tensor] | None = None) -> AfterBlock:
        """Return what moves y between the blocks in `step` of the rollout; the work is left to the plain kernel."""
        if log_terms is not None:
            return super().after(step, y_hat_BD, log_terms)
        normals = self._normal[step]
        limits = torch.add(self._limit[step], (normals * (self._shares * y_hat_BD)).sum(-1, keepdim=True)).unbind()
        moves = list(zip(normals.unbind(), self._push[step].unbind(), limits, strict=True))

        def move(block: int, y_BD: Tensor) -> Tensor:
            for normal, push, limit in moves[block * self._steps : (block + 1) * self._steps]:
                accepted = (normal * y_BD).sum(-1, keepdim=True) < limit
                y_BD = torch.addcmul(y_BD, push, accepted)
                self._accepted.append(accepted)
            return y_BD

        return move
