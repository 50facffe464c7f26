"""Confidence intervals by resampling whole people, since windows of one person are not independent.

Figures are functions of sums over windows, so a resample reweights people. All methods share the resamples: differences are
paired. `significance.py` tests the differences.
Shape suffixes: W windows, P people, R resamples, C columns of sums.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from backend.evaluate.common.significance import sign_flip_p
from backend.evaluate.report.report import Comparison, Metric

RESAMPLES = 2000

Finish = Callable[[Tensor], Tensor]
"""Sums `[..., C]` -> figure `[...]`."""


class Difference(NamedTuple):
    """One figure minus another of the same people, its 95 % interval, and the p of `sign_flip_p`."""

    value: float
    interval: tuple[float, float] | None
    p: float | None


@dataclass(frozen=True)
class Estimate:
    """A figure, and its values on resampled people (empty where there is only one person)."""

    value: float
    replicates_R: Tensor
    parts_PC: Tensor  # each person's part: `finish` of their sum is the figure
    finish: Finish

    def interval(self) -> tuple[float, float] | None:
        """Return the 95 % percentile interval, corrected for the bias of the resamples, or None without resamples."""
        return _interval(self.value, self.replicates_R)

    def minus(self, other: Estimate) -> Difference:
        """Compare with the same figure of another method on the same people."""
        value = self.value - other.value
        spread = _interval(value, self.replicates_R - other.replicates_R)
        return Difference(value, spread, sign_flip_p(self.parts_PC, other.parts_PC, self.finish))

    def metric(self, per_step: list[float] | None = None) -> Metric:
        """Return the figure and its interval for a report."""
        low, high = self.interval() or (None, None)
        return Metric(self.value, low, high, per_step)


def _interval(value: float, replicates_R: Tensor) -> tuple[float, float] | None:
    finite = replicates_R[replicates_R.isfinite()]
    if not len(finite):
        return None
    low, high = torch.quantile(finite, finite.new_tensor([0.025, 0.975])).tolist()
    bias = finite.mean().item() - value
    return low - bias, high - bias


class Resampler:
    """Resamples the people of some windows, named window by window in `people`."""

    def __init__(self, people: Sequence[str], seed: int = 0) -> None:
        names, group = np.unique(np.asarray(people), return_inverse=True)
        self.names: list[str] = names.tolist()
        count = self._people = len(names)
        self._group_W = torch.from_numpy(group)
        rounds = RESAMPLES if count > 1 else 0
        pick = torch.randint(count, (rounds, count), generator=torch.Generator().manual_seed(seed))
        times = torch.zeros(rounds, count).scatter_add_(1, pick, torch.ones(pick.shape))
        self._weight_RP = torch.cat([torch.ones(1, count), times]).double()  # In row 0, every person counts once.

    def of_sums(self, sums_WC: Tensor, finish: Finish) -> Estimate:
        """Estimate a figure made of sums over windows."""
        return self.of_people(self._per_person(sums_WC.double()), finish)

    def of_people(self, parts_PC: Tensor, finish: Finish) -> Estimate:
        """Estimate a figure made of sums over people, who are in the order of their sorted names."""
        return self._estimate(finish(self._weight_RP @ parts_PC), parts_PC, finish)

    def of_pairs(self, terms_WW: Tensor, counted_WW: Tensor | None = None) -> Estimate:
        """Estimate the mean over all pairs of windows, or over those that are counted (0 or 1).

        A person's part is linear: its share of the pairs, and by how much the mean changes with the person's weight.
        """
        counted = torch.ones_like(terms_WW) if counted_WW is None else counted_WW
        total_PP, count_PP = (self._per_person(self._per_person(each.double()).T) for each in (terms_WW * counted, counted))
        total_R, count_R = (((self._weight_RP @ each) * self._weight_RP).sum(1) for each in (total_PP, count_PP))
        mean_R = total_R / count_R
        total_P, count_P = ((each.sum(0) + each.sum(1)) / count_R[0] for each in (total_PP, count_PP))
        parts_PC = torch.stack([total_P - mean_R[0] * count_P / 2, count_P / 2], 1)
        return self._estimate(mean_R, parts_PC, ratio)

    def _per_person(self, sums_WC: Tensor) -> Tensor:
        return sums_WC.new_zeros(self._people, sums_WC.shape[1]).index_add_(0, self._group_W, sums_WC)

    @staticmethod
    def _estimate(figures_R: Tensor, parts_PC: Tensor, finish: Finish) -> Estimate:
        return Estimate(figures_R[0].item(), figures_R[1:], parts_PC, finish)


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
        steps_H = finish(terms.sum(0))
        stepwise = terms.dim() == 3 and terms.shape[1] > 1 and bool(steps_H.isfinite().all())
        return self._keep(method, name, estimate, steps_H.tolist() if stepwise else None)

    def of_each(self, method: str, metric: str) -> dict[str, float]:
        """Return a method's figure for each person alone, without people who have no number; compute the figure before."""
        estimate = self._estimates[method][metric]
        values = estimate.finish(estimate.parts_PC).tolist()
        return {name: value for name, value in zip(self._resampler.names, values, strict=True) if isfinite(value)}

    def _share(self, method: str, metric: str, low: float, high: float) -> Metric:
        """Compute and keep the share of people whose figure lies between two numbers, as METRIC_in_range.

        Args:
            method: whose share it is.
            metric: a figure that was computed before.
            low: least number within the range.
            high: greatest number within the range.
        """
        each = self.of_each(method, metric)
        rows = [[low <= each.get(name, -1) <= high, name in each] for name in self._resampler.names]
        return self._keep(method, f"{metric}_in_range", self._resampler.of_people(torch.tensor(rows).double(), ratio))

    def compare(self, metric: str, method: str, against: str) -> Comparison | None:
        """Test two methods; None where one lacks the metric or has no number for it.

        Args:
            metric: a figure that was computed before.
            method: the method whose difference is reported.
            against: the other method.
        """
        ours, theirs = (self._estimates[name].get(metric) for name in (method, against))
        if ours is None or theirs is None or not isfinite(ours.value - theirs.value):
            return None
        difference = ours.minus(theirs)
        low, high = difference.interval or (None, None)
        return Comparison(metric, method, against, difference.value, low, high, difference.p)
