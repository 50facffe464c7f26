"""Measures what refinement changed: sampled paths are encoded by the flow that sampled them.

Encoding a step, given its path's past, returns its log likelihood and the noise from which the flow alone would have sampled
it. The displacement of that noise from the one it was sampled from is the effect of MCMC. Shape suffixes: B streams or
windows, K futures, H steps, D numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from backend.core.device import seeded_generator
from backend.forecast.diagnostics.refinement_flags import RefinementEffect, RefinementFlag
from backend.forecast.futures_model import FuturesModel
from backend.forecast.gru_nf import Forecaster
from backend.forecast.noise import RolloutNoise
from backend.forecast.refine import Refinement
from backend.forecast.state import ForecastState

PLAUSIBLE_PERCENTILE = 99
"""A step is plausible up to this percentile of training motion's -log_prob."""

MAX_IMPLAUSIBLE = 0.1
"""Share of implausible steps above which a method is over-refined: ten times that of real motion."""


@dataclass(frozen=True)
class EncodedPaths:
    """The noise from which the flow alone would have sampled every step of some paths, and the step's -log_prob."""

    noise_BKHD: Tensor
    nll_BKH: Tensor


@torch.inference_mode()
def encode_paths(forecaster: Forecaster, state: ForecastState, paths_BKHD: Tensor) -> EncodedPaths:
    """Map sampled paths to their noise and likelihood.

    Args:
        forecaster: the model whose flow encodes.
        state: of the B streams, before the paths begin.
        paths_BKHD: flat keypoints.
    """
    (b, k), d = paths_BKHD.shape[:2], paths_BKHD.shape[-1]
    rows, volume = state.expand(k), forecaster.prepare().log_volume
    noises, nlls = [], []
    for step, frame in enumerate(paths_BKHD.flatten(0, 1).unbind(1)):
        conditional = forecaster.condition(rows.h)
        noise, log_det = conditional.encode(forecaster.encode_step(rows.frame, frame))
        noises.append(noise)
        nlls.append(0.5 * (noise.square().sum(-1) + d * math.log(2 * math.pi)) - log_det - volume)
        if step + 1 < paths_BKHD.shape[2]:
            rows = forecaster.step(rows, frame)
    return EncodedPaths(torch.stack(noises, 1).unflatten(0, (b, k)), torch.stack(nlls, 1).unflatten(0, (b, k)))


def is_implausible(forecaster: Forecaster, nll: Tensor) -> Tensor:
    """Return which steps are less likely than 99 % of training motion."""
    return nll > forecaster.surprise_quantiles[PLAUSIBLE_PERCENTILE]


def compare(plain_BKHD: Tensor, refined_BKHD: Tensor) -> tuple[Tensor, Tensor]:
    """Return `displacement` and `log_lik_drop` of every stream `[B]`, as in `RefinementEffect`.

    `refined_BKHD` is the noise that the flow alone would have made the refined steps from, `plain_BKHD` what they began from.
    """
    plain = plain_BKHD.square().mean((1, 2, 3))
    displacement = (refined_BKHD - plain_BKHD).square().mean((1, 2, 3)) / (2 * plain).clamp_min(1e-12)
    return displacement.sqrt(), (refined_BKHD.square().mean((1, 2, 3)) - plain) / 2


def check_refinement(
    model: FuturesModel,
    state: ForecastState,
    paths_BKHD: Tensor,
    noise: RolloutNoise,
    refine: Refinement,
    temperature: float = 1.0,
) -> Tensor:
    """Measure each stream's refinement by the first pass of the flow, which needs no unrefined paths.

    Args:
        model: that sampled the paths.
        state: of the streams, before the paths begin.
        paths_BKHD: refined paths.
        noise: that the paths were made from.
        refine: with these settings.
        temperature: of the paths.

    Returns:
        `[B, 2]`, the numbers of a `RefinementEffect` for each stream.
    """
    refined = model.refined_noise(state, paths_BKHD, noise, refine, temperature)
    plain = noise.base_TRD[0, :, : refined.shape[-1]] * temperature
    shape = (len(state), -1, 1, refined.shape[-1])
    return torch.stack(compare(plain.view(shape), refined.view(shape)), 1)


@dataclass(frozen=True)
class RefinementReport:
    """How far refined paths differ from unrefined ones of the same noise.

    Attributes:
        displacement_B, log_lik_drop_B: of every window, over all steps (see `RefinementEffect`).
        outside_B: share of refined steps less likely than 99 % of training motion.
        p: p-value of the hypothesis that refinement changed nothing (see `permutation_test`).
    """

    displacement_B: Tensor
    log_lik_drop_B: Tensor
    outside_B: Tensor
    p: float

    @property
    def flags(self) -> frozenset[RefinementFlag]:
        """Under-refined: paths hardly move, as in the live figures. Over-refined: too many steps are implausible."""
        under = RefinementEffect(self.displacement_B.mean().item(), 0.0).flags()
        over: frozenset[RefinementFlag] = frozenset({"over_refined"})
        return under | over if self.outside_B.mean().item() > MAX_IMPLAUSIBLE else under


def refinement_report(
    forecaster: Forecaster, context_BCD: Tensor, plain_BKHD: Tensor, refined_BKHD: Tensor
) -> RefinementReport:
    """Compare GRU-SNF's samples with GRU-NF's.

    Args:
        forecaster: the model that sampled them.
        context_BCD: the observed frames.
        plain_BKHD: unrefined paths.
        refined_BKHD: refined paths from the same seed and not antithetic, so that each begins from its plain path's noise.
    """
    state = forecaster.observe(context_BCD)
    plain, refined = encode_paths(forecaster, state, plain_BKHD), encode_paths(forecaster, state, refined_BKHD)
    outside = is_implausible(forecaster, refined.nll_BKH).float().mean((1, 2))
    p = permutation_test(plain_BKHD / forecaster.std, refined_BKHD / forecaster.std)
    return RefinementReport(*compare(plain.noise_BKHD, refined.noise_BKHD), outside, p)


def permutation_test(plain_BKHD: Tensor, refined_BKHD: Tensor, permutations: int = 199, seed: int = 0) -> float:
    """Test whether refined paths differ in distribution from unrefined ones of the same noise, over all windows at once.

    The statistic is the energy distance (Szekely & Rizzo 2004) between the two sets of every window, in units of the window's
    mean distance between paths, summed over windows. Permutations swap the labels within pairs of the same noise.

    Args:
        plain_BKHD: K >= 2 unrefined paths of each window, in units of equal weight.
        refined_BKHD: the refined path of each.
        permutations: of the labels.
        seed: of the permutations.

    Returns:
        p: the share of labellings, the true one included, whose statistic is at least the true one's.
    """
    b, k = plain_BKHD.shape[:2]
    points = torch.cat([plain_BKHD, refined_BKHD], 1).flatten(2)
    distance = torch.cdist(points, points)
    distance = distance / distance.mean((1, 2), keepdim=True).clamp_min(1e-12)
    random, device = seeded_generator(points.device, seed), points.device
    swap = torch.rand(permutations, b, k, generator=random, device=device) < 0.5
    sign = torch.cat([torch.ones(1, b, k, device=device), torch.where(swap, -1.0, 1.0)])
    labels = torch.cat([sign, -sign], -1)
    # 2 E|X - Y| - E|X - X'| - E|Y - Y'|, each the mean over all pairs, is minus this quadratic form of the labels.
    statistic = -torch.einsum("rbi,bij,rbj->r", labels, distance, labels)
    return (statistic >= statistic[0] - 1e-6 * statistic[0].abs()).float().mean().item()
