"""Inverts an affine map: token by token (the oracle), or whole blocks at once by fixed-point (Jacobi) iteration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from backend.core.progress import ShareProgress
from backend.starflow.conditional import ConditionalGaussian


@dataclass(frozen=True)
class JacobiSettings:
    """Settings of `invert_jacobi`.

    Attributes:
        block: tokens that are iterated together.
        tolerance: squared change of a converged token over its square, in standard deviations; 0 gives the exact result.
    """

    block: int = 96
    tolerance: float = 2e-6


@dataclass
class SolverStats:
    """Number of passes through the transformer, and of tokens that each Jacobi iteration committed."""

    nfe: int = 0
    committed: list[int] = field(default_factory=list)


class TokenPredictor(Protocol):
    """Predicts tokens from left to right, as standardized residuals: a `CachedPredictor`, or two of them under guidance."""

    @property
    def nfe(self) -> int:
        """Passes through the transformer so far."""

    def predict(self, residuals: Tensor) -> ConditionalGaussian:
        """Distribution of the next m residuals, each given those of `residuals` `[B, m, C]` before it."""

    def commit(self, residuals: Tensor) -> Tensor:
        """Fix the first tokens of the last `predict`, and go on after them; returns the tokens `[B, m, C]`."""

    def prefill(self, x: Tensor) -> ConditionalGaussian:
        """Commit known tokens `[B, m, C]` in one pass; returns the distribution of their residuals."""


def invert_sequential(predictor: TokenPredictor, z: Tensor) -> tuple[Tensor, SolverStats]:
    """Map noise `[B, L, C]` to tokens one after the other: exact and slow."""
    tokens, before = [], predictor.nfe
    for noise in z.split(1, 1):
        tokens.append(predictor.commit(predictor.predict(noise).inverse(noise)))
    return torch.cat(tokens, 1), SolverStats(predictor.nfe - before)


def invert_jacobi(
    predictor: TokenPredictor,
    z: Tensor,
    settings: JacobiSettings,
    last: ConditionalGaussian | None = None,
    progress: ShareProgress | None = None,
) -> tuple[Tensor, SolverStats]:
    """Map noise to tokens a block at a time: iterate x <- s(x) z + b(x) until it converges (STARFlow-V, video-aware Jacobi).

    After every iteration the block slides past the converged tokens at its front, at least one. New tokens start from the
    prediction at the same position one frame earlier, or without one from their noise.

    Args:
        predictor: of the next tokens.
        z: noise `[B, L, C]`.
        settings: block size and tolerance.
        last: predictions of the frame before.
        progress: called with the share of tokens that is committed.
    """
    done, stats, before, tokens = 0, SolverStats(), predictor.nfe, []
    frame = last or ConditionalGaussian.standard(z[:, : settings.block])
    prediction = frame[:0]
    while done < z.shape[1]:
        noise = z[:, done : done + settings.block]
        prediction = _extended(frame, prediction, noise.shape[1])
        guess = prediction.inverse(noise)
        prediction = predictor.predict(guess)
        found = prediction.inverse(noise)
        count = _converged(found, guess, settings.tolerance)
        tokens.append(predictor.commit(found[:, :count]))
        frame, prediction = ConditionalGaussian.concat([frame, prediction[:count]])[-len(frame) :], prediction[count:]
        done += count
        stats.committed.append(count)
        if progress:
            progress(done / z.shape[1])
    stats.nfe = predictor.nfe - before
    return torch.cat(tokens, 1), stats


def _extended(frame: ConditionalGaussian, prediction: ConditionalGaussian, length: int) -> ConditionalGaussian:
    """Extend predictions of the tokens after `frame` to `length` tokens by repeating the last frame's."""
    whole = ConditionalGaussian.concat([frame, prediction])
    while (missing := len(frame) + length - len(whole)) > 0:
        whole = ConditionalGaussian.concat([whole, whole[-len(frame) :][:missing]])
    return whole[len(frame) :][:length]


def _converged(found: Tensor, guess: Tensor, tolerance: float) -> int:
    """Count the tokens at the front that have converged; the first depends on no guess, so it always has."""
    moved = (found - guess).square().sum((0, 2)) > tolerance * guess.square().sum((0, 2))
    moved[0] = False
    return int(moved.long().cumsum(0).eq(0).sum())
