"""MCMC kernels that leave the density exp(-U) invariant, with blackjax's interface: `init` / `step` -> (state, info).

All randomness comes in as tensors, so that a rollout can sample it at once. In all three, `step_size` is the standard
deviation of a proposal's displacement in every coordinate where U is flat. A row (a whole vector) is accepted or rejected as
one: U depends on all its coordinates together, and accepting each coordinate alone, as in the paper's code, does not leave
exp(-U) invariant. A proposal of NaN or infinite energy is rejected. Shape suffixes: B rows (chains), D coordinates.
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
        ...

    def gradient(self, y_BD: Tensor) -> Tensor:
        """Return dU/dy `[B, D]`."""
        ...


class ChainState(NamedTuple):
    """The state of B chains: `y [B, D]` and its `energy [B, 1]`."""

    y: Tensor
    energy: Tensor


class StepInfo(NamedTuple):
    """The outcome of a step: `accepted [B, 1]`, true where the proposal was accepted."""

    accepted: Tensor


class Kernel(ABC):
    """An MCMC transition that leaves exp(-U) invariant."""

    def init(self, y_BD: Tensor, energy: Energy) -> ChainState:
        """Start a chain at y."""
        return ChainState(y_BD, energy(y_BD))

    @abstractmethod
    def step(self, state: ChainState, energy: Energy, normal_BD: Tensor, log_uniform_B1: Tensor) -> tuple[ChainState, StepInfo]:
        """Make one transition.

        Args:
            state: of the chains.
            energy: U.
            normal_BD: standard normal noise.
            log_uniform_B1: logarithms of uniform noise in (0, 1).
        """

    @staticmethod
    def _choose(old: ChainState, new: ChainState, log_ratio_B1: Tensor, log_uniform_B1: Tensor) -> tuple[ChainState, StepInfo]:
        accepted = log_uniform_B1 < log_ratio_B1  # NaN compares false.
        y, energy = torch.where(accepted, new.y, old.y), torch.where(accepted, new.energy, old.energy)
        return ChainState(y, energy), StepInfo(accepted)


@dataclass(frozen=True)
class Metropolis(Kernel):
    """Random-walk Metropolis (Metropolis et al. 1953) with a Gaussian proposal."""

    step_size: float

    def step(self, state: ChainState, energy: Energy, normal_BD: Tensor, log_uniform_B1: Tensor) -> tuple[ChainState, StepInfo]:
        """Propose y' = y + step_size * noise."""
        proposal = torch.add(state.y, normal_BD, alpha=self.step_size)
        proposed = ChainState(proposal, energy(proposal))
        return self._choose(state, proposed, state.energy - proposed.energy, log_uniform_B1)


@dataclass(frozen=True)
class Mala(Kernel):
    """Metropolis-adjusted Langevin algorithm (Roberts & Tweedie 1996): the proposal drifts towards lower energy."""

    step_size: float

    def step(self, state: ChainState, energy: Energy, normal_BD: Tensor, log_uniform_B1: Tensor) -> tuple[ChainState, StepInfo]:
        """Propose y' = y - step_size^2 / 2 * dU/dy + step_size * noise, with the Hastings correction."""
        s, gradient = self.step_size, energy.gradient(state.y)
        proposal = state.y - s * s / 2 * gradient + s * normal_BD
        proposed = ChainState(proposal, energy(proposal))
        # The noise that leads back from y' to y: the two proposal densities differ only by those of the two noises.
        back = s / 2 * (gradient + energy.gradient(proposal)) - normal_BD
        correction = (normal_BD.square() - back.square()).sum(-1, keepdim=True) / 2
        return self._choose(state, proposed, state.energy - proposed.energy + correction, log_uniform_B1)


@dataclass(frozen=True)
class Hmc(Kernel):
    """Hamiltonian Monte Carlo (Duane et al. 1987; Neal 2011, arXiv 1206.1901) with `leaps` leapfrog steps and unit mass.

    The trajectory lasts for the time `step_size`: more leaps integrate the same path more accurately.
    """

    step_size: float
    leaps: int = 3

    def step(self, state: ChainState, energy: Energy, normal_BD: Tensor, log_uniform_B1: Tensor) -> tuple[ChainState, StepInfo]:
        """Propose the end of a trajectory whose initial momentum is the noise."""
        y, momentum = self.integrate(state.y, normal_BD, energy)
        proposed = ChainState(y, energy(y))
        kinetic = (normal_BD.square() - momentum.square()).sum(-1, keepdim=True) / 2
        return self._choose(state, proposed, state.energy - proposed.energy + kinetic, log_uniform_B1)

    def integrate(self, y_BD: Tensor, momentum_BD: Tensor, energy: Energy) -> tuple[Tensor, Tensor]:
        """Integrate Hamilton's equations by leapfrog steps: volume-preserving, and reversible by negating the momentum.

        Args:
            y_BD: initial position.
            momentum_BD: initial momentum.
            energy: U.

        Returns:
            Final position and momentum.
        """
        leap = self.step_size / self.leaps
        momentum_BD = momentum_BD - leap / 2 * energy.gradient(y_BD)
        for left in reversed(range(self.leaps)):
            y_BD = y_BD + leap * momentum_BD
            momentum_BD = momentum_BD - (leap if left else leap / 2) * energy.gradient(y_BD)
        return y_BD, momentum_BD
