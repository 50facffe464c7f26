"""Reduce the scores of all methods to the report's figures with intervals, and test methods against each other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from backend.evaluate.common.methods import SAME_DRAWS
from backend.evaluate.common.resampling import Estimate, FigureTable, ratio
from backend.evaluate.common.significance import corrected
from backend.evaluate.common.table import Figures
from backend.evaluate.common.windows import ForecastWindows
from backend.evaluate.forecast.scores import MethodScores, Units
from backend.evaluate.report.report import Comparison, Metric, finite
from backend.forecast import metrics

MEANS = (
    "crps", "crps_minmax", "energy_score", "path_energy_score", "min_ade", "min_ade_4", "min_ade_8", "min_fde", "min_fde_4",
    "min_fde_8", "mae_best20", "apd", "apd_4", "apd_8", "apd_best20", "nll", "coverage_50", "coverage_80", "coverage_95",
    "coverage_80_4", "coverage_80_8",
)  # fmt: skip
"""Scores of which the mean over windows and steps is reported."""

TOGETHER = ("min_ade_4", "min_ade_8", "apd_4", "apd_8")
"""Figures of futures that are shown together."""

COMPARED = ("crps", "energy_score", "energy_distance", "apd", *TOGETHER)
"""Figures that are tested between methods: each of `MAIN_METHODS` against every other."""

MAIN_METHODS = ("gru_nf", "gru_snf")

MIN_LIVELINESS, MAX_LIVELINESS = 0.7, 1.4
"""Liveliness that is in range; `liveliness_in_range` is the share of people whose futures have it."""

OF_EACH_PERSON = ("liveliness", "coverage_80", "acceleration_ratio", "crps")
"""Figures that are reported of each person."""

PersonFigures = dict[str, dict[str, dict[str, float]]]
"""Person -> method -> metric -> value."""


class ForecastSummary(FigureTable):
    """Figures of all methods on the same windows, from their scores by method; `seed` is that of the resamples."""

    def __init__(self, windows: ForecastWindows, units: Units, scored: Mapping[str, MethodScores], seed: int = 0) -> None:
        super().__init__(windows.people, seed)
        self._windows, self._units, self._scored = windows, units, scored
        self.results: Figures = {}
        self.left_out: dict[str, None] = {}  # metrics that have no number for some method
        ratios = self._standardised_ratios()
        for name, method in scored.items():
            found = self._figures(name, method.per_window) | self._energy_distances(name, method.paths_RWHD)
            if name in ratios:
                found["apd_over_mae_standardised"] = self._keep(name, "apd_over_mae_standardised", ratios[name])
            self.results[name] = finite(found) | {"ms_per_window": Metric(method.ms_per_window)}
            self.left_out |= dict.fromkeys(found.keys() - self.results[name].keys())

    def comparisons(self) -> list[Comparison]:
        """Test the main methods against every other method, each pair once; methods of `SAME_DRAWS` by `TOGETHER` only."""
        pairs = [(main, other) for main in MAIN_METHODS for other in self._scored if main != other]
        tests = [
            self.compare(metric, *pair)
            for pair in pairs if pair != MAIN_METHODS
            for metric in (TOGETHER if pair[1] in SAME_DRAWS else COMPARED)
        ]  # fmt: skip
        return corrected(test for test in tests if test is not None)

    def of_people(self) -> PersonFigures:
        """Return the figures of each person alone."""
        found: PersonFigures = {name: {method: {} for method in self.results} for name in sorted(set(self.people))}
        for method in self.results:
            for metric in OF_EACH_PERSON:
                for person, value in self.of_each(method, metric).items():
                    found[person][method][metric] = value
        return found

    def _figures(self, method: str, scores: dict[str, Tensor]) -> dict[str, Metric]:
        sums: dict[str, tuple[Tensor, ...]]
        sums = {name: (scores[name], torch.ones_like(scores[name])) for name in MEANS if name in scores}
        sums["mae"] = (scores["absolute"], torch.ones_like(scores["absolute"]))
        for unit in ("", "_minmax"):
            target, square = scores[f"target{unit}"], scores[f"square{unit}"]
            sums[f"wql{unit}"] = (scores[f"quantile_loss{unit}"], target)
            sums[f"nd{unit}"] = (scores[f"absolute{unit}"], target)
            sums[f"nrmse{unit}"] = (square, target, torch.ones_like(target))
            sums[f"mse{unit}"] = (square, torch.ones_like(square))
        sums["apd_over_mae"] = (scores["apd_best20"], scores["mae_best20"])
        sums["liveliness"] = (scores["departure"], scores["departure_truth"])
        for group in ("", "_4", "_8"):
            if f"acceleration{group}" in scores:
                sums[f"acceleration_ratio{group}"] = (scores[f"acceleration{group}"], scores[f"acceleration_truth{group}"])
        found = {}
        for name, columns in sums.items():
            found[name] = self._figure(method, name, columns, _nrmse if name.startswith("nrmse") else ratio)
        found["liveliness_in_range"] = self._share(method, "liveliness", MIN_LIVELINESS, MAX_LIVELINESS)
        found["pit"] = self._figure(method, "pit", scores["pit"].unbind(-1), _unevenness)
        found["pit"].histogram = scores["pit"].mean((0, 1)).tolist()
        return found

    def _energy_distances(self, method: str, paths_RWHD: Tensor) -> dict[str, Metric]:
        """Compute the energy distance of whole windows, context and future, between samples and truth.

        The paper's form includes each window's pair with itself, which favours samples near their own truth, above all those
        that do not move; the fair form leaves those pairs out, and is 0 on average for samples of the true distribution.
        """
        truth = self._windows.last_frames_WTD()
        context = truth[:, : self._windows.lengths.context]
        sampled = torch.cat([context.expand(len(paths_RWHD), -1, -1, -1), paths_RWHD], dim=2)
        found = {}
        for unit, change in (("", self._units.standard), ("_minmax", self._units.minmax)):
            paths = torch.stack([change(path).flatten(1) for path in sampled])
            terms = metrics.energy_distance_terms(paths, change(truth).flatten(1))
            others = 1 - torch.eye(len(terms))
            for name, counted in ((f"energy_distance{unit}", None), (f"energy_distance_fair{unit}", others)):
                if counted is None or len(terms) > 1:
                    found[name] = self._keep(method, name, self._resampler.of_pairs(terms, counted))
        return found

    def _standardised_ratios(self) -> dict[str, Estimate]:
        """Return the paper's APD / MAE: both scaled to [0, 1] over all methods and videos, then the ratio of their means.

        It depends on which methods are in the table; methods without error have none.
        """
        _, index = np.unique(np.asarray(self._windows.videos), return_inverse=True)
        video = torch.from_numpy(index)
        size = torch.bincount(video)
        scaled = []
        for key in ("apd_best20", "mae_best20"):
            values_MW = torch.stack([scored.per_window[key].double().mean(1) for scored in self._scored.values()])
            means_MV = torch.zeros(len(values_MW), len(size), dtype=torch.float64).index_add_(1, video, values_MW) / size
            low, high = means_MV.min(), means_MV.max()
            scaled.append(((means_MV - low) / (high - low)).nan_to_num())
        # A video's number is shared out among its windows, so that people can be resampled.
        share = 1 / size[video].double()
        return {
            name: self._resampler.of_sums(torch.stack([apd[video] * share, mae[video] * share], dim=1), ratio)
            for name, apd, mae in zip(self._scored, *scaled, strict=True)
            if mae.mean() > 0
        }


def _nrmse(sums: Tensor) -> Tensor:
    """Root of the mean square error over the mean of |truth|."""
    square, target, count = sums.unbind(-1)
    return (square / count).sqrt() / (target / count)


def _unevenness(sums: Tensor) -> Tensor:
    """Mean deviation of a histogram's shares from equal ones."""
    share = sums / sums.sum(-1, keepdim=True)
    return (share - 1 / share.shape[-1]).abs().mean(-1)
