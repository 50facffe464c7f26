"""Scores of all methods on the same rows -> figures with intervals, and tests between methods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import torch
from torch import Tensor

from backend.evaluate.common.resampling import FigureTable, ratio
from backend.evaluate.report.report import Comparison, Metric

Scores = Mapping[str, Sequence[float] | Tensor]
"""Metric -> one number a row `[W]`, or one a row and step `[W, H]`; NaN where there is none (no face was found, ...)."""

Figures = dict[str, dict[str, Metric]]
"""Name of a method or cell -> metric -> figure."""


class ScoreTable(FigureTable):
    """Scores of rows of one kind (frames, runs, windows) under all methods, the same rows for each."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed=seed)
        self._scores: dict[str, dict[str, list[Tensor]]] = {}

    def add(self, person: str, scores: Mapping[str, Scores]) -> None:
        """Add rows of a person: the same number for every method and metric."""
        columns = {m: {k: torch.as_tensor(v, dtype=torch.float64) for k, v in found.items()} for m, found in scores.items()}
        lengths = {len(values) for found in columns.values() for values in found.values()}
        if len(lengths) != 1:
            raise ValueError(f"all methods and metrics need the same rows, not {sorted(lengths)}")
        self.people += [person] * lengths.pop()
        for method, found in columns.items():
            for metric, values in found.items():
                self._scores.setdefault(method, {}).setdefault(metric, []).append(values)

    def put(self, method: str, metric: str, values: Tensor) -> None:
        """Set a derived metric.

        Args:
            method: whose metric it is.
            metric: its name.
            values: of all rows, `[W]` or `[W, H]`.
        """
        self._scores[method][metric] = [values.double()]

    def __len__(self) -> int:
        return len(self.people)

    @property
    def methods(self) -> list[str]:
        """Names, in the order in which they were added."""
        return list(self._scores)

    def values(self, method: str, metric: str) -> Tensor:
        """Return all rows of a metric, `[W]` or `[W, H]`."""
        return torch.cat(self._scores[method][metric])

    def mean(self, method: str, metric: str) -> Metric:
        """Return the mean over the rows that have a number."""
        values = self.values(method, metric)
        return self._figure(method, metric, [values.nan_to_num(), values.isfinite().double()], ratio)

    def over(self, method: str, name: str, metric: str, against: tuple[str, str]) -> Metric:
        """Return the ratio of two metrics' sums over the rows that have both.

        Args:
            method: whose ratio it is.
            name: of the ratio.
            metric: the method's metric above the line.
            against: method and metric below it.
        """
        above, below = self.values(method, metric), self.values(*against)
        both = above.isfinite() & below.isfinite()
        return self._figure(method, name, [above.where(both, 0), below.where(both, 0)], ratio)


def prefixed(prefix: str, tests: Iterable[Comparison | None]) -> list[Comparison]:
    """Put a section's prefix before the names of both methods; drop tests that could not be made."""
    return [msgspec.structs.replace(test, method=prefix + test.method, against=prefix + test.against) for test in tests if test]
