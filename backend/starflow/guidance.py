"""Guidance for a flow, in closed form: away from what it would draw without the caption (STARFlow-V, section 3.4)."""

from __future__ import annotations

from torch import Tensor

from backend.starflow.conditional import Told
from backend.starflow.inversion import Solver


def guided(with_it: Told, without: Told, weight: float) -> Told:
    """Combine two Gaussians of every token: p_c^(1 + w) / p_u^w, with the variance ratio clipped at 1 so that it stays one.

    Args:
        with_it: what is told under the caption.
        without: what is told without it.
        weight: w; 0 is the caption's own.

    Returns:
        Shift and scale of the guided Gaussian, channel by channel; the directions of its spread are those under the caption.
    """
    ratio = (with_it.scale / without.scale).square().clamp(max=1.0)
    precision = 1 + weight - weight * ratio
    shift = ((1 + weight) * with_it.shift - weight * ratio * without.shift) / precision
    return Told(shift, with_it.scale / precision.sqrt(), with_it.spread)


class Guided:
    """Two readers of the same tokens, one with the caption and one without, as one.

    Args:
        with_it: reads with the caption.
        without: reads without it.
        weight: w of `guided`.
    """

    def __init__(self, with_it: Solver, without: Solver, weight: float) -> None:
        self._both, self._weight = (with_it, without), weight

    @property
    def passes(self) -> int:
        """Passes of both."""
        return sum(reader.passes for reader in self._both)

    def guess(self, apart: Tensor) -> Told:
        """What is told of the next tokens, were they `apart`."""
        with_it, without = (reader.guess(apart) for reader in self._both)
        return guided(with_it, without, self._weight)

    def settle(self, apart: Tensor) -> Tensor:
        """Take `apart` as the first of the tokens that were last guessed."""
        tokens, _ = (reader.settle(apart) for reader in self._both)
        return tokens

    def take(self, x: Tensor) -> Told:
        """Read tokens that are known."""
        with_it, without = (reader.take(x) for reader in self._both)
        return guided(with_it, without, self._weight)
