"""Reduce the scores of all methods to the report's figures with intervals, and test methods against each other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from backend.evaluate.common.resampling import Estimate, Finish, Resampler, compare, ratio
from backend.evaluate.common.table import Figures
from backend.evaluate.common.windows import ForecastWindows
from backend.evaluate.forecast.scores import MethodScores, Units
from backend.evaluate.report.report import Comparison, Metric
from backend.forecast import metrics

MEANS = (
    "crps", "crps_minmax", "energy_score", "path_energy_score", "min_ade", "min_ade_4", "min_ade_8", "min_fde", "min_fde_4",
    "min_fde_8", "mae_best20", "apd", "apd_4", "apd_8", "apd_best20", "nll", "coverage_50", "coverage_80", "coverage_95",
)  # fmt: skip
"""Scores of which the mean over windows and steps is reported."""

COMPARED = ("crps", "energy_score", "energy_distance", "min_ade_4", "min_ade_8", "apd", "apd_4", "apd_8")
"""Figures that are tested between methods: each of `MAIN_METHODS` against every other."""

MAIN_METHODS = ("gru_nf", "gru_snf")


class ForecastSummary:
    """Figures of all methods on the same windows.

    Args:
        windows: what was forecast.
        units: of errors.
        scored: scores by method.
        seed: of the resamples.
    """

    def __init__(self, windows: ForecastWindows, units: Units, scored: Mapping[str, MethodScores], seed: int = 0) -> None:
        self._windows, self._units, self._scored = windows, units, scored
        self._resampler = Resampler(windows.people, seed)
        self._estimates: dict[str, dict[str, Estimate]] = {name: {} for name in scored}
        self.results: Figures = {}
        ratios = self._standardised_ratios()
        for name, method in scored.items():
            found = self._figures(name, method.per_window)
            found |= self._energy_distances(name, method.paths_RWHD)
            if name in ratios:
                found["apd_over_mae_standardised"] = self._metric(name, "apd_over_mae_standardised", ratios[name])
            self.results[name] = found | {"ms_per_window": Metric(method.ms_per_window)}

    def comparisons(self) -> list[Comparison]:
        """Test the main methods against every other method, each pair once."""
        pairs = [
            (main, other)
            for main in MAIN_METHODS
            for other in self._estimates
            if main in self._estimates and other != main and (main, other) != MAIN_METHODS
        ]
        tests = [compare(self._estimates, metric, *pair) for pair in pairs for metric in COMPARED]
        return [test for test in tests if test is not None]

    def _metric(self, method: str, name: str, estimate: Estimate, per_step: list[float] | None = None) -> Metric:
        self._estimates[method][name] = estimate
        return estimate.metric(per_step)

    def _figure(self, method: str, name: str, columns: list[Tensor], finish: Finish) -> Metric:
        """Compute a figure from sums of scores `[W, H]`, over all steps and step by step."""
        columns_WHC = torch.stack(columns, dim=-1).double()
        estimate = self._resampler.of_sums(columns_WHC.mean(1), finish)
        per_step = finish(columns_WHC.sum(0)).tolist() if columns_WHC.shape[1] > 1 else None
        return self._metric(method, name, estimate, per_step)

    def _figures(self, method: str, scores: dict[str, Tensor]) -> dict[str, Metric]:
        figures: dict[str, tuple[list[Tensor], Finish]] = {
            name: ([scores[name], torch.ones_like(scores[name])], ratio) for name in MEANS if name in scores
        }
        figures["mae"] = ([scores["absolute"], torch.ones_like(scores["absolute"])], ratio)
        for unit in ("", "_minmax"):
            target, square = scores[f"target{unit}"], scores[f"square{unit}"]
            figures[f"wql{unit}"] = ([scores[f"quantile_loss{unit}"], target], ratio)
            figures[f"nd{unit}"] = ([scores[f"absolute{unit}"], target], ratio)
            figures[f"nrmse{unit}"] = ([square, target, torch.ones_like(target)], _nrmse)
            figures[f"mse{unit}"] = ([square, torch.ones_like(square)], ratio)
        figures["apd_over_mae"] = ([scores["apd_best20"], scores["mae_best20"]], ratio)
        figures["acceleration_ratio"] = ([scores["acceleration"], scores["acceleration_truth"]], ratio)
        found = {name: self._figure(method, name, *figure) for name, figure in figures.items()}
        pit = self._figure(method, "pit", list(scores["pit"].unbind(-1)), _unevenness)
        pit.histogram = scores["pit"].mean((0, 1)).tolist()
        return found | {"pit": pit}

    def _energy_distances(self, method: str, paths_RWHD: Tensor) -> dict[str, Metric]:
        """Compute the energy distance of whole windows, context and future, between samples and truth.

        The paper's form includes each window's pair with itself, which favours samples near the own truth, above all standing
        still; the fair form leaves those pairs out, and is 0 on average for samples of the true distribution.
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
                    found[name] = self._metric(method, name, self._resampler.of_pairs(terms, counted))
        return found

    def _standardised_ratios(self) -> dict[str, Estimate]:
        """Return the paper's APD / MAE: both scaled to [0, 1] over all methods and videos, then the ratio of their means.

        It depends on which methods are in the table; methods without error have none.
        """
        _, index = np.unique(np.asarray(self._windows.videos), return_inverse=True)
        video = torch.from_numpy(index)
        by_video: dict[str, list[Tensor]] = {}
        for key in ("apd_best20", "mae_best20"):
            values = torch.stack([scored.per_window[key].double().mean(1) for scored in self._scored.values()])
            means = torch.zeros(len(values), int(video.max()) + 1, dtype=torch.float64)
            means = means.index_add_(1, video, values) / torch.bincount(video)
            low, high = means.min(), means.max()
            by_video[key] = list(((means - low) / (high - low)).nan_to_num().unbind())
        # Spread over the video's windows, so that people can be resampled.
        share = 1 / torch.bincount(video)[video].double()
        found = {}
        for name, apd, mae in zip(self._scored, by_video["apd_best20"], by_video["mae_best20"], strict=True):
            if mae.mean() > 0:
                columns = torch.stack([apd[video] * share, mae[video] * share], dim=1)
                found[name] = self._resampler.of_sums(columns, ratio)
        return found


def _nrmse(sums: Tensor) -> Tensor:
    """Root of the mean square error over the mean of |truth|."""
    square, target, count = sums.unbind(-1)
    return (square / count).sqrt() / (target / count)


def _unevenness(sums: Tensor) -> Tensor:
    """Mean deviation of a histogram's shares from equal ones."""
    share = sums / sums.sum(-1, keepdim=True)
    return (share - 1 / share.shape[-1]).abs().mean(-1)
