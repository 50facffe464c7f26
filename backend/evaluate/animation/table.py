"""Scores of frames, clip by clip -> figures with intervals, and tests between methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from backend.evaluate.common.resampling import Estimate, Finish, Resampler, ratio
from backend.evaluate.report.report import Comparison, Metric

Scores = Mapping[str, Sequence[float] | Tensor]
"""Metric -> one number a row, or one a row and step `[W, H]`; NaN where there is none (no face was found, ...)."""


class Table:
    """Rows of one kind (frames, runs, windows) under all methods, the same rows for each.

    Args:
        seed: of the resamples of people.

    Attributes:
        people: whose each row is.
    """

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self.people: list[str] = []
        self._scores: dict[str, dict[str, list[Tensor]]] = {}
        self._resampler: Resampler | None = None
        self._estimates: dict[tuple[str, str], Estimate] = {}

    def add(self, person: str, scores: Mapping[str, Scores]) -> None:
        """Add the rows of one clip: for each method the same number of them."""
        columns = {m: {k: torch.as_tensor(v, dtype=torch.float64) for k, v in found.items()} for m, found in scores.items()}
        lengths = {len(values) for found in columns.values() for values in found.values()}
        if len(lengths) != 1:
            raise ValueError(f"all methods and metrics need the same rows, not {sorted(lengths)}")
        self.people += [person] * lengths.pop()
        for method, found in columns.items():
            for metric, values in found.items():
                self._scores.setdefault(method, {}).setdefault(metric, []).append(values)

    def put(self, method: str, metric: str, values: Tensor) -> None:
        """Set a metric of all rows, one that was made of others."""
        self._scores[method][metric] = [values.double()]

    def __len__(self) -> int:
        return len(self.people)

    @property
    def methods(self) -> list[str]:
        """Names, in the order in which they came."""
        return list(self._scores)

    def values(self, method: str, metric: str) -> Tensor:
        """Return all rows of a metric, `[W]` or `[W, H]`."""
        return torch.cat(self._scores[method][metric])

    def mean(self, method: str, metric: str) -> Metric:
        """Return the mean over the rows that have a number."""
        values = self.values(method, metric)
        return self._figure(method, metric, [values.nan_to_num(), values.isfinite().double()], ratio)

    def over(self, method: str, name: str, metric: str, against: tuple[str, str]) -> Metric:
        """Return the sum of a metric over the sum of another one, (method, metric); rows count that have both."""
        above, below = self.values(method, metric), self.values(*against)
        both = above.isfinite() & below.isfinite()
        return self._figure(method, name, [above.where(both, 0), below.where(both, 0)], ratio)

    def compare(self, metric: str, method: str, against: str) -> Comparison | None:
        """Test two methods on the same people, by a figure that was made of both; None where one lacks it."""
        ours, theirs = (self._estimates.get((name, metric)) for name in (method, against))
        if ours is None or theirs is None:
            return None
        difference = ours.minus(theirs)
        low, high = difference.interval() or (None, None)
        return Comparison(metric, method, against, difference.value, low, high, difference.p_value())

    def _figure(self, method: str, name: str, columns: list[Tensor], finish: Finish) -> Metric:
        if self._resampler is None:
            self._resampler = Resampler(self.people, self._seed)
        steps = torch.stack(columns, -1)
        sums = steps if steps.dim() == 2 else steps.mean(1)
        estimate = self._resampler.of_sums(sums, finish)
        self._estimates[method, name] = estimate
        low, high = estimate.interval() or (None, None)
        return Metric(estimate.value, low, high, finish(steps.sum(0)).tolist() if steps.dim() == 3 else None)
