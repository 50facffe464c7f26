"""Scores of sampled paths against the truth, as sample estimates with K >= 2.

Shapes: paths `[W, K, H, D]` (W windows, K sampled futures), truth `[W, H, D]`. Scores keep the window axis, for confidence
intervals over windows. Scores ending in `_each` keep the D numbers too and are proportional to their unit.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from backend.core.device import on_host, to_host

QUANTILES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""The levels of gluonts' `Evaluator`, from which the GRU-SNF paper computes its CRPS."""


def ordered(paths: Tensor) -> Tensor:
    """Return the samples of every number in ascending order along K."""
    if paths.requires_grad or not on_host(paths.device):
        return paths.sort(dim=1).values
    # NumPy sorts many short rows a hundred times faster than torch, which also returns the indices.
    return torch.from_numpy(np.sort(to_host(paths)[0], axis=1))


def crps_each(paths: Tensor, truth: Tensor) -> Tensor:
    """Continuous ranked probability score of every number `[W, H, D]`, in its unit; less is better.

    Energy form E|X - y| - E|X - X'| / 2 (Gneiting & Raftery 2007, eq. 21), the second term estimated fairly (Ferro 2014).
    """
    return (paths - truth[:, None]).abs().mean(1) - _pair_difference(paths) / 2


def _pair_difference(paths: Tensor) -> Tensor:
    """Mean absolute difference of two of the K samples `[W, H, D]`."""
    k = paths.shape[1]
    # sum over pairs of |x_i - x_j| = 2 * sum_i (2i - k - 1) x_(i): no K x K differences in memory.
    rank = 2 * torch.arange(1, k + 1, dtype=paths.dtype, device=paths.device) - k - 1
    # Relative to the least sample, so that equal samples differ by exactly 0.
    samples = ordered(paths)
    return 2 * torch.einsum("wkhd,k->whd", samples - samples[:, :1], rank) / max(1, k * (k - 1))


def energy_score(paths: Tensor, truth: Tensor) -> Tensor:
    """Energy score `[W, H]`: CRPS with the Euclidean norm over the D numbers, so that it rates their joint distribution."""
    k = paths.shape[1]
    error = torch.linalg.vector_norm(paths - truth[:, None], dim=-1).mean(1)
    return error - _pair_distances(paths.transpose(1, 2)) / (2 * max(1, k * (k - 1)))


def _pair_distances(points: Tensor) -> Tensor:
    """Sum of Euclidean distances over ordered pairs of the K points `[..., K, D]`."""
    if points.requires_grad:
        between = points.contiguous()
        return torch.cdist(between, between, compute_mode="donot_use_mm_for_euclid_dist").sum((-1, -2))
    # A matrix product takes a tenth of the time; centring keeps the precision of close points.
    centred = points - points.mean(-2, keepdim=True)
    square = centred.square().sum(-1)
    distance = (square[..., :, None] + square[..., None, :]).sub_(centred @ centred.mT, alpha=2).clamp_min_(0)
    distance.diagonal(dim1=-2, dim2=-1).zero_()
    return distance.sqrt_().sum((-1, -2))


def path_energy_score(paths: Tensor, truth: Tensor) -> Tensor:
    """Energy score `[W]` of whole paths as single vectors of H * D numbers, per square root of H."""
    h = paths.shape[2]
    return energy_score(paths.flatten(2)[:, :, None], truth.flatten(1)[:, None])[:, 0] / h**0.5


def energy_distance_terms(samples: Tensor, truth: Tensor) -> Tensor:
    """Return `[W, W]` whose mean is the energy distance of R samples per window `[R, W, F]` and the truth `[W, F]`.

    2 E|X - Y| - E|X - X'| - E|Y - Y'| over all pairs, including a point with itself: Szekely & Rizzo's V-statistic.
    """
    x, y = samples.double(), truth.double()
    return (2 * torch.cdist(x, y[None]) - torch.cdist(x, x)).mean(0) - torch.cdist(y, y)


def sample_quantile(paths: Tensor, level: float) -> Tensor:
    """The sample nearest to a quantile `[W, H, D]`, as in gluonts' `SampleForecast.quantile`."""
    return ordered(paths)[:, round((paths.shape[1] - 1) * level)]


def quantile_loss_each(paths: Tensor, truth: Tensor) -> Tensor:
    """Twice the pinball loss `[W, H, D]`, mean over `QUANTILES`; its sum over that of |truth| is `mean_wQuantileLoss`."""
    k, total, samples = paths.shape[1], torch.zeros_like(truth), ordered(paths)
    for level in QUANTILES:
        forecast = samples[:, round((k - 1) * level)]
        total += ((forecast - truth) * ((truth <= forecast).to(truth.dtype) - level)).abs()
    return 2 * total / len(QUANTILES)


def displacement(values: Tensor, truth: Tensor) -> Tensor:
    """Mean distance `[W, K, H]` of keypoints `[W, K, H, N, 2]` from the truth `[W, H, N, 2]` at every step, in crop units."""
    return torch.linalg.vector_norm(values - truth[:, None], dim=-1).mean(-1)


def best_of(error: Tensor, group: int | None = None) -> Tensor:
    """Least of the errors `[W, K]`, `[W]`: minADE for errors averaged over the steps, minFDE for errors of the last step.

    With `group`, disjoint groups of that size are formed, and their least errors averaged (a rest is unused).
    """
    size = group or error.shape[1]
    groups = error.shape[1] // size
    return error[:, : groups * size].unflatten(1, (groups, size)).amin(2).mean(1)


def apd(values: Tensor) -> Tensor:
    """Average pairwise distance `[W]` of futures `[W, K, H, N, 2]`: crop units, mean over keypoints, steps and pairs."""
    k = values.shape[1]
    total = values.new_zeros(len(values))
    x, y = (part.contiguous() for part in values.unbind(-1))
    for shift in range(1, k):
        square = (x[:, shift:] - x[:, :-shift]).square_()
        across = y[:, shift:] - y[:, :-shift]
        total += square.addcmul_(across, across).sqrt_().mean((2, 3)).sum(1)
    return total / max(1, k * (k - 1) / 2)


def best_fifth(paths: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """MAE and APD (mean absolute difference over pairs), `[W, H]` each, of the fifth of the samples with the least MAE.

    The GRU-SNF paper takes 20 of 100.
    """
    error = (paths - truth[:, None]).abs().mean(3)
    best = error.mean(2).topk(max(2, paths.shape[1] // 5), dim=1, largest=False).indices
    chosen = torch.take_along_dim(paths, best[:, :, None, None], dim=1)
    return torch.take_along_dim(error, best[:, :, None], dim=1).mean(1), _pair_difference(chosen).mean(-1)


def coverage(paths: Tensor, truth: Tensor, level: float) -> Tensor:
    """Share `[W, H]` of the D numbers that lie inside the paths' central interval of `level`; equal to it if calibrated.

    A sample of the same distribution falls between the i-th and j-th of K samples with probability (j - i) / (K + 1).

    Args:
        paths: `[W, K, H, D]`.
        truth: `[W, H, D]`.
        level: in (0, 1).
    """
    samples = ordered(paths)
    low, high = (_order_statistic(samples, tail) for tail in ((1 - level) / 2, (1 + level) / 2))
    return ((truth >= low) & (truth <= high)).to(paths.dtype).mean(-1)


def _order_statistic(samples: Tensor, quantile: float) -> Tensor:
    k = samples.shape[1]
    place = min(max(quantile * (k + 1) - 1, 0.0), k - 1.0)
    low = min(int(place), k - 1)
    high = min(low + 1, k - 1)
    return torch.lerp(samples[:, low], samples[:, high], place - low)


def pit_histogram(paths: Tensor, truth: Tensor, generator: torch.Generator | None = None, bins: int = 10) -> Tensor:
    """Share `[W, H, bins]` of the D numbers in each bin of the probability integral transform; uniform if calibrated.

    It is the truth's rank among the samples, with ties broken and the rank filled at random (Czado, Gneiting & Held 2009).

    Args:
        paths: `[W, K, H, D]`.
        truth: `[W, H, D]`.
        generator: source of the random numbers.
        bins: of equal width on [0, 1].
    """
    target = truth[:, None]
    below, equal = (paths < target).sum(1), (paths == target).sum(1)
    uniform = torch.rand(truth.shape, generator=generator, dtype=truth.dtype)
    pit = (below + uniform * (equal + 1)) / (paths.shape[1] + 1)
    index = (pit * bins).long().clamp(max=bins - 1)
    return torch.stack([(index == bin).to(truth.dtype).mean(-1) for bin in range(bins)], dim=-1)


def departures(values: Tensor, truth: Tensor, last: Tensor) -> tuple[Tensor, Tensor]:
    """Mean distance of futures and of the truth from the last frame seen, `[W, H]` each, in crop units.

    The ratio of their sums is the liveliness: 1 where the futures move as far as the truth, above 1 where they move further.

    Args:
        values: futures `[W, K, H, N, 2]`.
        truth: `[W, H, N, 2]`.
        last: the last frame seen, `[W, N, 2]`.
    """
    still = last[:, None].expand_as(truth)
    return displacement(values, still).mean(1), displacement(truth[:, None], still)[:, 0]


def accelerations(values: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Mean acceleration of futures `[W, K, H, N, 2]` and truth `[W, H, N, 2]`, `[W, H - 2]` each, in crop units per step^2.

    A ratio of their sums above 1 means that the futures shake, below 1 that they are too smooth.
    """
    futures = torch.linalg.vector_norm(values.diff(n=2, dim=2), dim=-1).mean((1, 3))
    return futures, torch.linalg.vector_norm(truth.diff(n=2, dim=1), dim=-1).mean(2)
