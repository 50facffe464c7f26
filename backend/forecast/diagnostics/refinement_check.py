"""Does refinement do too little, or too much? Sampled paths are read back through the flow that drew them.

Reading a step back gives the noise from which the flow alone would have drawn it, and its likelihood, both given its path's own
past. An unrefined step gives back the very noise it was drawn from; what refinement did is how far that noise has gone.
Shape suffixes: B streams or windows, K futures, H steps, D numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from backend.forecast.antithetic import Source, draw
from backend.forecast.diagnostics.refinement_flags import Refined, RefinementFlag
from backend.forecast.gru_nf import Forecaster
from backend.forecast.refine import Refinement
from backend.forecast.state import ForecastState

DATA_RANGE = 99
"""A step is plausible up to this percentile of training motion's own -log_prob."""

OUTSIDE_LIMIT = 0.1
"""Share of implausible steps from which a method is flagged: ten times that of real motion."""


@dataclass(frozen=True)
class ReadBack:
    """Sampled paths under the flow.

    Attributes:
        noise_BKHD: what the flow alone would have drawn every step from.
        nll_BKH: -log_prob of every step.
    """

    noise_BKHD: Tensor
    nll_BKH: Tensor


@torch.inference_mode()
def read_back(forecaster: Forecaster, state: ForecastState, paths_BKHD: Tensor) -> ReadBack:
    """Read sampled paths back.

    Args:
        forecaster: whose flow.
        state: of the B streams, before the paths begin.
        paths_BKHD: flat keypoints.
    """
    (b, k), d = paths_BKHD.shape[:2], paths_BKHD.shape[-1]
    rows, volume = state.expand(k), forecaster.prepare().log_volume
    noises, nlls = [], []
    for step, frame in enumerate(paths_BKHD.flatten(0, 1).unbind(1)):
        given, _ = forecaster.condition(rows.h)
        noise, log_det = given.encode(forecaster.encode_step(rows.frame, frame))
        noises.append(noise)
        nlls.append(0.5 * (noise.square().sum(-1) + d * math.log(2 * math.pi)) - log_det - volume)
        if step + 1 < paths_BKHD.shape[2]:
            rows = forecaster.step(rows, frame)
    return ReadBack(torch.stack(noises, 1).unflatten(0, (b, k)), torch.stack(nlls, 1).unflatten(0, (b, k)))


def outside(forecaster: Forecaster, nll: Tensor) -> Tensor:
    """Say which steps are less likely than 99 % of training motion was; of real motion, about one in a hundred."""
    return nll > forecaster.surprise_quantiles[DATA_RANGE]


def compare(begun_BKHD: Tensor, refined_BKHD: Tensor, plain_BKHD: Tensor) -> tuple[Tensor, Tensor]:
    """Compare the noise of refined steps with what they began from, and with that of GRU-NF's steps.

    Returns:
        `moved` and `strain` of every stream `[B]`, as in `Refined`.
    """
    begun, plain = begun_BKHD.square().mean((1, 2, 3)), plain_BKHD.square().mean((1, 2, 3))
    moved = (refined_BKHD - begun_BKHD).square().mean((1, 2, 3)) / (2 * begun).clamp_min(1e-12)
    return moved.sqrt(), (refined_BKHD.square().mean((1, 2, 3)) - plain) / 2


def check_first_step(
    forecaster: Forecaster,
    state: ForecastState,
    paths_BKHD: Tensor,
    noise: Source,
    refine: Refinement,
    temperature: float = 1.0,
) -> list[Refined]:
    """Measure each stream's refinement by the first step of its paths, which needs neither unrefined paths nor a rollout.

    Args:
        forecaster: that drew the paths.
        state: from which.
        paths_BKHD: refined paths.
        noise: a source in the state that `Forecaster.sample` found it in when it drew them.
        refine: of that call.
        temperature: of that call.
    """
    b, k, h, d = paths_BKHD.shape
    normal = draw(torch.randn, noise, h, b * k, d)[:1] * temperature
    begun, plain = (one.start(normal, k).view(b, k, 1, d) for one in (refine, replace(refine, cooling=1.0)))
    moved, strain = compare(begun, read_back(forecaster, state, paths_BKHD[:, :, :1]).noise_BKHD, plain)
    return [Refined(*pair) for pair in zip(moved.tolist(), strain.tolist(), strict=True)]


@dataclass(frozen=True)
class RefinementReport:
    """How far refined paths differ from unrefined ones of the same draws.

    Attributes:
        moved_B, strain_B: of every window, over all steps (see `Refined`).
        outside_B, plain_outside_B: share of refined and of unrefined steps less likely than 99 % of training motion.
        p: of a difference between the two sets of samples as large as theirs, if refinement changed nothing (see `tell_apart`).
    """

    moved_B: Tensor
    strain_B: Tensor
    outside_B: Tensor
    plain_outside_B: Tensor
    p: float

    @property
    def flags(self) -> frozenset[RefinementFlag]:
        """Under-refined: paths hardly move, as in the live figures. Over-refined: too many steps are implausible.

        `p` raises no flag: it says as much about the number of windows as about the refinement.
        """
        under = Refined(self.moved_B.mean().item(), 0.0).flags()
        over: frozenset[RefinementFlag] = frozenset({"over_refined"})
        return under | over if self.outside_B.mean().item() > OUTSIDE_LIMIT else under


def refinement_report(
    forecaster: Forecaster, context_BCD: Tensor, plain_BKHD: Tensor, refined_BKHD: Tensor
) -> RefinementReport:
    """Compare GRU-SNF's samples with GRU-NF's.

    Args:
        forecaster: that drew them.
        context_BCD: the frames seen.
        plain_BKHD: unrefined paths.
        refined_BKHD: refined paths from the same seed, not coupled, so that each begins from the noise of its plain one.
    """
    state = forecaster.observe(context_BCD)
    plain, refined = read_back(forecaster, state, plain_BKHD), read_back(forecaster, state, refined_BKHD)
    moved, strain = compare(plain.noise_BKHD, refined.noise_BKHD, plain.noise_BKHD)
    return RefinementReport(
        moved,
        strain,
        outside(forecaster, refined.nll_BKH).float().mean((1, 2)),
        outside(forecaster, plain.nll_BKH).float().mean((1, 2)),
        tell_apart(plain_BKHD / forecaster.spread, refined_BKHD / forecaster.spread),
    )


def tell_apart(plain_BKHD: Tensor, refined_BKHD: Tensor, permutations: int = 199, seed: int = 0) -> float:
    """Test whether refined paths can be told from the unrefined ones of the same draws, over all windows at once.

    A permutation test of the energy distance (Szekely & Rizzo 2004) between the two sets of every window, in units of the
    window's mean distance between paths, summed over windows. Which of the two paths of a draw is called refined is permuted:
    pairing finds far smaller differences than two independent sets would show.

    Args:
        plain_BKHD: K >= 2 unrefined paths of each window, in units that count alike.
        refined_BKHD: refined ones of the same draws.
        permutations: of the names.
        seed: of the permutations.

    Returns:
        p: the share of namings (the true one among them) that part the two sets as well.
    """
    b, k = plain_BKHD.shape[:2]
    points = torch.cat([plain_BKHD, refined_BKHD], 1).flatten(2)
    distance = torch.cdist(points, points)
    distance = distance / distance.mean((1, 2), keepdim=True).clamp_min(1e-12)
    swap = torch.rand(permutations, b, k, generator=torch.Generator().manual_seed(seed)) < 0.5
    sign = torch.cat([torch.ones(1, b, k), torch.where(swap, -1.0, 1.0)])
    names = torch.cat([sign, -sign], -1)
    # 2 E|X - Y| - E|X - X'| - E|Y - Y'|, each the mean over all pairs, is minus this quadratic form of the names.
    parted = -torch.einsum("rbi,bij,rbj->r", names, distance, names)
    return (parted >= parted[0] - 1e-6 * parted[0].abs()).float().mean().item()
