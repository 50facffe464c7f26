"""Scores of sampled paths against what happened.

Shapes: paths `[W, K, H, D]` (W windows, K sampled futures), truth `[W, H, D]`. Scores keep the window axis, so that
intervals can be taken over windows. All are sample estimates with K >= 2 unless said otherwise.
"""

from __future__ import annotations

import torch
from torch import Tensor


def crps(paths: Tensor, truth: Tensor) -> Tensor:
    """Continuous ranked probability score `[W, H]`, mean over the D numbers, in their units; less is better.

    Energy form E|X - y| - E|X - X'| / 2 (Gneiting & Raftery 2007, eq. 21), the second term estimated fairly (Ferro 2014).
    """
    k = paths.shape[1]
    error = (paths - truth[:, None]).abs().mean(1)
    # sum over pairs of |x_i - x_j| = 2 * sum_i (2i - k - 1) x_(i): no K x K differences in memory.
    rank = 2 * torch.arange(1, k + 1, dtype=paths.dtype) - k - 1
    pairs = 2 * (paths.sort(dim=1).values * rank[:, None, None]).sum(1)
    return (error - pairs / (2 * max(1, k * (k - 1)))).mean(-1)


def energy_score(paths: Tensor, truth: Tensor) -> Tensor:
    """Energy score `[W, H]`: CRPS with the Euclidean norm over the D numbers, so that it sees how they move together."""
    k = paths.shape[1]
    error = torch.linalg.vector_norm(paths - truth[:, None], dim=-1).mean(1)
    if k == 1:
        return error
    between = paths.transpose(1, 2).contiguous()
    pairs = torch.cdist(between, between, compute_mode="donot_use_mm_for_euclid_dist").sum((-1, -2))
    return error - pairs / (2 * k * (k - 1))


def path_energy_score(paths: Tensor, truth: Tensor) -> Tensor:
    """Energy score `[W]` of whole paths as single vectors of H * D numbers, per square root of H."""
    h = paths.shape[2]
    return energy_score(paths.flatten(2)[:, :, None], truth.flatten(1)[:, None])[:, 0] / h**0.5


def min_ade(values: Tensor, truth: Tensor) -> Tensor:
    """Average displacement error of the best of K futures, `[W]`.

    Args:
        values: keypoint positions `[W, K, H, N, 2]` in crop units.
        truth: `[W, H, N, 2]`.
    """
    return torch.linalg.vector_norm(values - truth[:, None], dim=-1).mean((2, 3)).amin(1)


def apd(values: Tensor) -> Tensor:
    """Average pairwise distance of K futures `[W]`: keypoint distance in crop units, mean over steps and pairs; diversity."""
    k = values.shape[1]
    total = values.new_zeros(len(values))
    for shift in range(1, k):
        total += torch.linalg.vector_norm(values[:, shift:] - values[:, :-shift], dim=-1).mean((2, 3)).sum(1)
    return total / max(1, k * (k - 1) / 2)


def coverage(paths: Tensor, truth: Tensor, level: float) -> Tensor:
    """Share `[W, H]` of the D numbers that lie inside the paths' central interval of `level`; calibrated when equal to it.

    The interval's ends are order statistics placed so that it holds `level` of the mass for any K (a draw from the same
    distribution falls between the i-th and j-th of K samples with probability (j - i) / (K + 1)).
    """
    ordered = paths.sort(dim=1).values
    low, high = (_order_statistic(ordered, tail) for tail in ((1 - level) / 2, (1 + level) / 2))
    return ((truth >= low) & (truth <= high)).to(paths.dtype).mean(-1)


def _order_statistic(ordered: Tensor, quantile: float) -> Tensor:
    k = ordered.shape[1]
    place = min(max(quantile * (k + 1) - 1, 0.0), k - 1.0)
    low = min(int(place), k - 1)
    high = min(low + 1, k - 1)
    return torch.lerp(ordered[:, low], ordered[:, high], place - low)


def accelerations(values: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Mean acceleration of the futures and of the truth, `[W, H - 2]` each, in crop units per squared step.

    The ratio of their sums above 1 means that the futures shake, below 1 that they glide. Arguments as for `min_ade`.
    """
    futures = torch.linalg.vector_norm(values.diff(n=2, dim=2), dim=-1).mean((1, 3))
    return futures, torch.linalg.vector_norm(truth.diff(n=2, dim=1), dim=-1).mean(2)
