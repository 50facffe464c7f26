"""Confidence intervals and tests by resampling whole people, since windows of one person are not independent.

Figures are functions of sums over windows, so a resample reweights people. All methods share the resamples: tests are paired.
Shape suffixes: W windows, P people, R resamples, C columns of sums.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from backend.evaluate.report.report import Comparison, Metric

RESAMPLES = 2000

Finish = Callable[[Tensor], Tensor]
"""Sums `[..., C]` -> figure `[...]`."""


@dataclass(frozen=True)
class Estimate:
    """A figure, and its values on resampled people (empty where there is only one person)."""

    value: float
    replicates_R: Tensor

    def interval(self) -> tuple[float, float] | None:
        """Return the 95 % percentile interval, corrected for the bias of the resamples, or None without resamples."""
        finite = self.replicates_R[self.replicates_R.isfinite()]
        if not len(finite):
            return None
        low, high = torch.quantile(finite, finite.new_tensor([0.025, 0.975])).tolist()
        bias = finite.mean().item() - self.value
        return low - bias, high - bias

    def minus(self, other: Estimate) -> Estimate:
        """Return the paired difference to another figure of the same people."""
        return Estimate(self.value - other.value, self.replicates_R - other.replicates_R)

    def p_value(self) -> float | None:
        """Return the two-sided p of the hypothesis that the figure (a difference) is 0, or None without resamples.

        Twice the share of resamples beyond 0, with the figure itself among them; corrected for bias as the interval is.
        """
        finite = self.replicates_R[self.replicates_R.isfinite()]
        if not len(finite):
            return None
        shifted = finite - finite.mean() + self.value
        if not shifted.any():
            return 1.0
        tail = min(int((shifted <= 0).sum()), int((shifted >= 0).sum()))
        return min(1.0, 2 * (tail + 1) / (len(shifted) + 1))

    def metric(self, per_step: list[float] | None = None) -> Metric:
        """Return the figure and its interval for a report."""
        low, high = self.interval() or (None, None)
        return Metric(self.value, low, high, per_step)


class Resampler:
    """Resamples the people of some windows, named window by window in `people`."""

    def __init__(self, people: Sequence[str], seed: int = 0) -> None:
        names, group = np.unique(np.asarray(people), return_inverse=True)
        count = self._people = len(names)
        self._group_W = torch.from_numpy(group)
        rounds = RESAMPLES if count > 1 else 0
        pick = torch.randint(count, (rounds, count), generator=torch.Generator().manual_seed(seed))
        times = torch.zeros(rounds, count).scatter_add_(1, pick, torch.ones(pick.shape))
        self._weight_RP = torch.cat([torch.ones(1, count), times]).double()  # In row 0, every person counts once.

    def of_sums(self, sums_WC: Tensor, finish: Finish) -> Estimate:
        """Estimate a figure made of sums over windows."""
        return self._estimate(finish(self._weight_RP @ self._per_person(sums_WC.double())))

    def of_pairs(self, terms_WW: Tensor, counted_WW: Tensor | None = None) -> Estimate:
        """Estimate the mean over all pairs of windows, or over those that are counted (0 or 1)."""
        counted = torch.ones_like(terms_WW) if counted_WW is None else counted_WW
        total_R, count_R = (self._over_pairs(pairs.double()) for pairs in (terms_WW * counted, counted))
        return self._estimate(total_R / count_R)

    def _over_pairs(self, terms_WW: Tensor) -> Tensor:
        terms_PP = self._per_person(self._per_person(terms_WW).T)
        return ((self._weight_RP @ terms_PP) * self._weight_RP).sum(1)

    def _per_person(self, sums_WC: Tensor) -> Tensor:
        return sums_WC.new_zeros(self._people, sums_WC.shape[1]).index_add_(0, self._group_W, sums_WC)

    @staticmethod
    def _estimate(figures_R: Tensor) -> Estimate:
        return Estimate(figures_R[0].item(), figures_R[1:])


def ratio(sums: Tensor) -> Tensor:
    """Divide the first of two sums by the second (a mean, where the second counts windows)."""
    return sums[..., 0] / sums[..., 1]


class FigureTable:
    """Figures of methods on the same rows; keeps their resamples, so that methods can be tested against each other."""

    def __init__(self, people: Iterable[str] = (), seed: int = 0) -> None:
        self.people = list(people)  # the person of each row; complete before the first figure
        self._seed = seed
        self._estimates: dict[str, dict[str, Estimate]] = defaultdict(dict)

    @cached_property
    def _resampler(self) -> Resampler:
        """The resamples that all figures share."""
        return Resampler(self.people, self._seed)

    def _keep(self, method: str, name: str, estimate: Estimate, per_step: list[float] | None = None) -> Metric:
        """Keep a figure of a method for tests, and return it for a report."""
        self._estimates[method][name] = estimate
        return estimate.metric(per_step)

    def _figure(self, method: str, name: str, columns: Sequence[Tensor], finish: Finish) -> Metric:
        """Compute and keep a function of the sums of columns `[W]`, or `[W, H]` for a figure that also has a value per step."""
        terms = torch.stack(list(columns), -1).double()
        estimate = self._resampler.of_sums(terms if terms.dim() == 2 else terms.mean(1), finish)
        stepwise = terms.dim() == 3 and terms.shape[1] > 1
        return self._keep(method, name, estimate, finish(terms.sum(0)).tolist() if stepwise else None)

    def compare(self, metric: str, method: str, against: str) -> Comparison | None:
        """Test two methods; None where one lacks the metric.

        Args:
            metric: a figure that was computed before.
            method: the method whose difference is reported.
            against: the other method.
        """
        ours, theirs = (self._estimates[name].get(metric) for name in (method, against))
        if ours is None or theirs is None:
            return None
        difference = ours.minus(theirs)
        low, high = difference.interval() or (None, None)
        return Comparison(metric, method, against, difference.value, low, high, difference.p_value())
