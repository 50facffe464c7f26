"""Classifier-free guidance for a flow, in closed form (STARFlow-V, section 3.4)."""

from __future__ import annotations

from torch import Tensor

from backend.starflow.conditional import ConditionalGaussian
from backend.starflow.inversion import TokenPredictor


def guide(captioned: ConditionalGaussian, uncaptioned: ConditionalGaussian, weight: float) -> ConditionalGaussian:
    """Combine two Gaussians of every token: p_c^(1 + w) / p_u^w, with the variance ratio clipped at 1 to keep it a Gaussian.

    Channels are guided independently; the factors stay those of p_c.

    Args:
        captioned: p_c, given the caption.
        uncaptioned: p_u, without it.
        weight: w; 0 returns p_c.
    """
    ratio = (captioned.scale / uncaptioned.scale).square().clamp(max=1.0)
    precision = 1 + weight - weight * ratio
    loc = ((1 + weight) * captioned.loc - weight * ratio * uncaptioned.loc) / precision
    return ConditionalGaussian(loc, captioned.scale / precision.sqrt(), captioned.factors)


class ClassifierFreeGuidance:
    """A `TokenPredictor` that guides one with the caption by one without it; `weight` is w of `guide`."""

    def __init__(self, captioned: TokenPredictor, uncaptioned: TokenPredictor, weight: float) -> None:
        self._both, self._weight = (captioned, uncaptioned), weight

    @property
    def nfe(self) -> int:
        """Passes through the transformer by both."""
        return sum(predictor.nfe for predictor in self._both)

    def predict(self, residuals: Tensor) -> ConditionalGaussian:
        """As `TokenPredictor.predict`."""
        captioned, uncaptioned = (predictor.predict(residuals) for predictor in self._both)
        return guide(captioned, uncaptioned, self._weight)

    def commit(self, residuals: Tensor) -> Tensor:
        """As `TokenPredictor.commit`."""
        tokens, _ = (predictor.commit(residuals) for predictor in self._both)
        return tokens

    def prefill(self, x: Tensor) -> ConditionalGaussian:
        """As `TokenPredictor.prefill`."""
        captioned, uncaptioned = (predictor.prefill(x) for predictor in self._both)
        return guide(captioned, uncaptioned, self._weight)
