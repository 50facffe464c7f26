"""GRU-SNF's refinement (arXiv 2512.04282): MCMC steps between the blocks of the flow's inverse pass.

After block i of T the sample y moves under the energy U(y) = (1 - l) |y|^2 / 2 + l beta |y - y_hat|^2 / 2 with
l = i / (T - 1): near the noise it is the flow's own base, near the data a pull towards the point forecast y_hat.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

import torch
from torch import Tensor

from backend.forecast.noise import Source, draw


class Energy(Protocol):
    """A potential U: `[B, D]` -> `[B, 1]`, known up to a constant; the target density is exp(-U)."""

    def __call__(self, y_BD: Tensor) -> Tensor:
        """Return U `[B, 1]`."""
        ...


@dataclass(frozen=True)
class Quadratic:
    """U(y) = half_stiffness |y - centre|^2: the normal distribution N(centre, I / (2 half_stiffness))."""

    half_stiffness: float | Tensor
    centre: Tensor

    def __call__(self, y_BD: Tensor) -> Tensor:
        """Return U `[B, 1]`."""
        away = y_BD - self.centre
        return (away * away).sum(-1, keepdim=True) * self.half_stiffness


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


class ChainState(NamedTuple):
    """Where each row's chain stands: `y [B, D]` and its `energy [B, 1]`."""

    y: Tensor
    energy: Tensor


class StepInfo(NamedTuple):
    """What a step did: `accepted [B, 1]`, true where the row moved."""

    accepted: Tensor


class Kernel(Protocol):
    """An MCMC transition that leaves exp(-U) unchanged. All randomness comes in, so a rollout can draw it at once."""

    def init(self, y_BD: Tensor, energy: Energy) -> ChainState:
        """Start a chain at y."""
        ...

    def step(self, state: ChainState, energy: Energy, normal_BD: Tensor, log_uniform_B1: Tensor) -> tuple[ChainState, StepInfo]:
        """Make one transition from standard normal and log-uniform noise."""
        ...


@dataclass(frozen=True)
class Metropolis:
    """Random-walk Metropolis with a Gaussian proposal of standard deviation `step_size` in every coordinate."""

    step_size: float

    def init(self, y_BD: Tensor, energy: Energy) -> ChainState:
        """Start a chain at y."""
        return ChainState(y_BD, energy(y_BD))

    def step(self, state: ChainState, energy: Energy, normal_BD: Tensor, log_uniform_B1: Tensor) -> tuple[ChainState, StepInfo]:
        """Propose for the whole vector and accept or reject the whole vector.

        The energy is a sum over coordinates; a draw per coordinate, as in the paper's code, does not keep its density.
        A proposal of NaN energy compares false and is rejected.
        """
        proposal = torch.add(state.y, normal_BD, alpha=self.step_size)
        proposed = energy(proposal)
        accepted = log_uniform_B1 < state.energy - proposed
        y = torch.where(accepted, proposal, state.y)
        return ChainState(y, torch.where(accepted, proposed, state.energy)), StepInfo(accepted)


KernelName = Literal["metropolis"]


@dataclass(frozen=True)
class Refinement:
    """How GRU-SNF refines.

    Attributes:
        steps: MCMC steps after each block; 0 is GRU-NF.
        step_size: standard deviation of a proposal, in units of the motion at hand (the flow's y).
        consistency: beta, the pull towards the point forecast. 1 keeps the flow's own spread; less lets the futures spread
            (0.35: 5 % more diverse on held-out people at an unchanged energy score).
        kernel: which transition.
    """

    steps: int = 2
    step_size: float = 0.3
    consistency: float = 0.35
    kernel: KernelName = "metropolis"

    def __post_init__(self) -> None:
        if self.steps < 0 or not (0 <= self.step_size < math.inf) or not (0 <= self.consistency < math.inf):
            raise ValueError("a refinement needs steps, step_size and consistency that are not negative")

    def transition(self) -> Kernel:
        """Return the kernel with its step size."""
        return Metropolis(self.step_size)


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
        self._steps, self._blocks = refinement.steps, blocks
        moves = horizon * blocks * refinement.steps
        self._normal = draw(torch.randn, generator, moves, rows, features).unbind()
        self._log_uniform = draw(torch.rand, generator, moves, rows, 1).log_().unbind()
        # As tensors: a product with a Python number converts it every time.
        self._energies = [torch.tensor(block_energy(i, blocks, refinement.consistency)).unbind() for i in range(blocks)]
        self._accepted: list[Tensor] = []

    def move(self, step: int, block: int, y_BD: Tensor, y_hat_BD: Tensor) -> Tensor:
        """Run the MCMC steps that follow `block` in `step` of the rollout."""
        half_stiffness, share = self._energies[block]
        energy = Quadratic(half_stiffness, y_hat_BD * share)
        state = self._kernel.init(y_BD, energy)
        first = (step * self._blocks + block) * self._steps
        for move in range(first, first + self._steps):
            state, info = self._kernel.step(state, energy, self._normal[move], self._log_uniform[move])
            self._accepted.append(info.accepted)
        return state.y

    def acceptance(self) -> float | None:
        """Mean acceptance rate so far in [0, 1], or None where no step was made."""
        return torch.stack(self._accepted).float().mean().item() if self._accepted else None
