"""Guidance for a flow, in closed form: away from what it would draw without the caption (STARFlow-V, section 3.4)."""

from __future__ import annotations

from torch import Tensor

from backend.starflow.inversion import Solver, Told


def guided(with_it: Told, without: Told, weight: float) -> Told:
    """Combine two Gaussians of every token: p_c^(1 + w) / p_u^w, with the variance ratio clipped at 1 so that it stays one.

    Args:
        with_it: shift and scale under the caption.
        without: shift and scale without it.
        weight: w; 0 is the caption's own.

    Returns:
        shift and scale of the guided Gaussian.
    """
    (mean_c, scale_c), (mean_u, scale_u) = with_it, without
    ratio = (scale_c / scale_u).square().clamp(max=1.0)
    precision = 1 + weight - weight * ratio
    return ((1 + weight) * mean_c - weight * ratio * mean_u) / precision, scale_c / precision.sqrt()


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
        """Shift and scale of the next tokens, were they `apart`."""
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
