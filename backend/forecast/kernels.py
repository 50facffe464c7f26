"""MCMC transitions that leave exp(-U) unchanged, one class each, in the manner of blackjax: `init` / `step` -> (state, info).

All randomness comes in as tensors, so that a rollout can draw it at once. The three share the meaning of `step_size`: the
standard deviation of a proposal's displacement in every coordinate where U is flat. A row (a whole vector) is accepted or
rejected as one: U couples its coordinates, and a draw per coordinate, as in the paper's code, does not keep exp(-U).
A proposal of NaN or infinite energy is rejected. Shape suffixes: B rows (chains), D coordinates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor


class Energy(Protocol):
    """A potential U: `[B, D]` -> `[B, 1]`, known up to a constant; the target density is exp(-U)."""

    def __call__(self, y_BD: Tensor) -> Tensor:
        """Return U `[B, 1]`."""
        ...

    def gradient(self, y_BD: Tensor) -> Tensor:
        """Return dU/dy `[B, D]`."""
        ...


class ChainState(NamedTuple):
    """Where each row's chain stands: `y [B, D]` and its `energy [B, 1]`."""

    y: Tensor
    energy: Tensor


class StepInfo(NamedTuple):
    """What a step did: `accepted [B, 1]`, true where the row moved."""

    accepted: Tensor


class Kernel(Protocol):
    """An MCMC transition that leaves exp(-U) unchanged."""

    def init(self, y_BD: Tensor, energy: Energy) -> ChainState:
        """Start a chain at y."""
        ...

    def step(self, state: ChainState, energy: Energy, normal_BD: Tensor, log_uniform_B1: Tensor) -> tuple[ChainState, StepInfo]:
        """Make one transition from standard normal and log-uniform noise."""
        ...


class _Chain:
    """Every kernel here starts from y and its energy, and ends a step by accepting or rejecting."""

    def init(self, y_BD: Tensor, energy: Energy) -> ChainState:
        """Start a chain at y."""
        return ChainState(y_BD, energy(y_BD))

    @staticmethod
    def _choose(old: ChainState, new: ChainState, log_ratio_B1: Tensor, log_uniform_B1: Tensor) -> tuple[ChainState, StepInfo]:
        accepted = log_uniform_B1 < log_ratio_B1  # NaN compares false.
        y, energy = torch.where(accepted, new.y, old.y), torch.where(accepted, new.energy, old.energy)
        return ChainState(y, energy), StepInfo(accepted)


@dataclass(frozen=True)
class Metropolis(_Chain):
    """Random-walk Metropolis (Metropolis et al. 1953) with a Gaussian proposal."""

    step_size: float

    def step(self, state: ChainState, energy: Energy, normal_BD: Tensor, log_uniform_B1: Tensor) -> tuple[ChainState, StepInfo]:
        """Propose y' = y + step_size * noise."""
        proposal = torch.add(state.y, normal_BD, alpha=self.step_size)
        proposed = ChainState(proposal, energy(proposal))
        return self._choose(state, proposed, state.energy - proposed.energy, log_uniform_B1)


@dataclass(frozen=True)
class Mala(_Chain):
    """Metropolis-adjusted Langevin algorithm (Roberts & Tweedie 1996): the proposal leans downhill."""

    step_size: float

    def step(self, state: ChainState, energy: Energy, normal_BD: Tensor, log_uniform_B1: Tensor) -> tuple[ChainState, StepInfo]:
        """Propose y' = y - step_size^2 / 2 * dU/dy + step_size * noise, corrected for not being symmetric."""
        s, slope = self.step_size, energy.gradient(state.y)
        proposal = state.y - s * s / 2 * slope + s * normal_BD
        proposed = ChainState(proposal, energy(proposal))
        # The noise that would lead back from y' to y; densities of the two proposals differ by the two noises' alone.
        back = s / 2 * (slope + energy.gradient(proposal)) - normal_BD
        correction = (normal_BD.square() - back.square()).sum(-1, keepdim=True) / 2
        return self._choose(state, proposed, state.energy - proposed.energy + correction, log_uniform_B1)


@dataclass(frozen=True)
class Hmc(_Chain):
    """Hamiltonian Monte Carlo (Duane et al. 1987; Neal 2011, arXiv 1206.1901) with `leaps` leapfrog steps and unit mass.

    The trajectory lasts for the time `step_size`, so that more leaps follow the same path more closely.
    """

    step_size: float
    leaps: int = 3

    def step(self, state: ChainState, energy: Energy, normal_BD: Tensor, log_uniform_B1: Tensor) -> tuple[ChainState, StepInfo]:
        """Propose the end of a trajectory that starts with the noise as its momentum."""
        y, momentum = self.integrate(state.y, normal_BD, energy)
        proposed = ChainState(y, energy(y))
        kinetic = (normal_BD.square() - momentum.square()).sum(-1, keepdim=True) / 2
        return self._choose(state, proposed, state.energy - proposed.energy + kinetic, log_uniform_B1)

    def integrate(self, y_BD: Tensor, momentum_BD: Tensor, energy: Energy) -> tuple[Tensor, Tensor]:
        """Follow Hamilton's equations by leapfrog steps; volume-preserving, and reversible by turning the momentum round."""
        leap = self.step_size / self.leaps
        momentum_BD = momentum_BD - leap / 2 * energy.gradient(y_BD)
        for left in reversed(range(self.leaps)):
            y_BD = y_BD + leap * momentum_BD
            momentum_BD = momentum_BD - (leap if left else leap / 2) * energy.gradient(y_BD)
        return y_BD, momentum_BD
