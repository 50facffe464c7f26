"""MCMC kernels that leave the density exp(-U) invariant, with an interface like blackjax's: `init`, `step`.

All randomness comes in as tensors, so that a rollout can sample it at once. `step_size` is the standard deviation of a
proposal's displacement in every coordinate where U is flat. A row is accepted or rejected as a whole: accepting each
coordinate alone, as the paper's code does, does not leave exp(-U) invariant. A proposal of NaN or infinite energy is rejected.
Shape suffixes: B rows (chains), D coordinates.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor


class Energy(Protocol):
    """A potential U: `[B, D]` -> `[B, 1]`, known up to a constant; the target density is exp(-U)."""

    def __call__(self, y_BD: Tensor) -> Tensor:
        """Return U `[B, 1]`."""

    def gradient(self, y_BD: Tensor) -> Tensor:
        """Return dU/dy `[B, D]`."""


class ChainState(NamedTuple):
    """The state of B chains: `y [B, D]` and its `energy [B, 1]`."""

    y: Tensor
    energy: Tensor


class Kernel(ABC):
    """An MCMC transition that leaves exp(-U) invariant."""

    def init(self, y_BD: Tensor, energy: Energy) -> ChainState:
        """Start a chain at y."""
        return ChainState(y_BD, energy(y_BD))

    def step(self, state: ChainState, energy: Energy, normal_BD: Tensor, log_uniform_B1: Tensor) -> tuple[ChainState, Tensor]:
        """Make one transition.

        Args:
            state: of the chains.
            energy: U.
            normal_BD: standard normal noise.
            log_uniform_B1: logarithms of uniform noise in (0, 1).

        Returns:
            The new state, and where the proposal was accepted, bool `[B, 1]`.
        """
        proposal, correction = self._propose(state.y, energy, normal_BD)
        proposed_energy = energy(proposal)
        accepted = log_uniform_B1 < state.energy - proposed_energy + correction  # NaN compares false.
        y, u = torch.where(accepted, proposal, state.y), torch.where(accepted, proposed_energy, state.energy)
        return ChainState(y, u), accepted

    @abstractmethod
    def _propose(self, y_BD: Tensor, energy: Energy, normal_BD: Tensor) -> tuple[Tensor, Tensor | float]:
        """Return the proposal y' `[B, D]`, and the log of the proposal densities' ratio, of y given y' over y' given y."""


@dataclass(frozen=True)
class Metropolis(Kernel):
    """Random-walk Metropolis (Metropolis et al. 1953): y' = y + step_size * noise."""

    step_size: float

    def _propose(self, y_BD: Tensor, energy: Energy, normal_BD: Tensor) -> tuple[Tensor, Tensor | float]:
        return torch.add(y_BD, normal_BD, alpha=self.step_size), 0.0


@dataclass(frozen=True)
class Mala(Kernel):
    """Metropolis-adjusted Langevin algorithm (Roberts & Tweedie 1996): y' = y - step_size^2 / 2 * dU/dy + step_size * noise."""

    step_size: float

    def _propose(self, y_BD: Tensor, energy: Energy, normal_BD: Tensor) -> tuple[Tensor, Tensor | float]:
        s, gradient = self.step_size, energy.gradient(y_BD)
        proposal = y_BD - s * s / 2 * gradient + s * normal_BD
        # The noise that leads back from y' to y: the two proposal densities differ only by those of the two noises.
        back = s / 2 * (gradient + energy.gradient(proposal)) - normal_BD
        return proposal, (normal_BD.square() - back.square()).sum(-1, keepdim=True) / 2


@dataclass(frozen=True)
class Hmc(Kernel):
    """Hamiltonian Monte Carlo (Duane et al. 1987; Neal 2011, arXiv 1206.1901): y' ends a trajectory from y whose initial
    momentum, with unit mass, is the noise.

    The trajectory lasts for the time `step_size`: more leapfrog steps (`leaps`) integrate the same path more accurately.
    """

    step_size: float
    leaps: int = 3

    def _propose(self, y_BD: Tensor, energy: Energy, normal_BD: Tensor) -> tuple[Tensor, Tensor | float]:
        proposal, momentum = self.integrate(y_BD, normal_BD, energy)
        return proposal, (normal_BD.square() - momentum.square()).sum(-1, keepdim=True) / 2

    def integrate(self, y_BD: Tensor, momentum_BD: Tensor, energy: Energy) -> tuple[Tensor, Tensor]:
        """Integrate Hamilton's equations by leapfrog steps: volume-preserving, and reversible by negating the momentum.

        Args:
            y_BD: position, returned as the final one.
            momentum_BD: momentum, returned as the final one.
            energy: U.
        """
        leap = self.step_size / self.leaps
        momentum_BD = momentum_BD - leap / 2 * energy.gradient(y_BD)
        for left in reversed(range(self.leaps)):
            y_BD = y_BD + leap * momentum_BD
            momentum_BD = momentum_BD - (leap if left else leap / 2) * energy.gradient(y_BD)
        return y_BD, momentum_BD
