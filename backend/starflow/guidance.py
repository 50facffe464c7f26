"""Guidance for a flow, in closed form: away from what it would draw without the caption (STARFlow-V, section 3.4)."""

from __future__ import annotations

from torch import Tensor

from backend.starflow.inversion import Solver


def guided(with_it: tuple[Tensor, Tensor], without: tuple[Tensor, Tensor], weight: float) -> tuple[Tensor, Tensor]:
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

    def guess(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Shift and scale of the next tokens, were they `x`."""
        with_it, without = (reader.guess(x) for reader in self._both)
        return guided(with_it, without, self._weight)

    def settle(self, x: Tensor) -> None:
        """Take `x` as the tokens that were last guessed."""
        for reader in self._both:
            reader.settle(x)
