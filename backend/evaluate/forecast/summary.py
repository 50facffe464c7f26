"""Per-window scores of all methods -> the figures of the report, with their intervals, and tests between methods."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from backend.evaluate.common.protocol import Windows
from backend.evaluate.common.resampling import Estimate, Finish, Resampler, ratio
from backend.evaluate.forecast.scores import Scored, Units
from backend.evaluate.report.report import Comparison, Metric
from backend.forecast import metrics

MEANS = (
    "crps", "crps_minmax", "energy_score", "path_energy_score", "min_ade", "min_ade_4", "min_ade_8", "min_fde", "min_fde_4",
    "min_fde_8", "mae_best20", "apd", "apd_4", "apd_8", "apd_best20", "nll", "coverage_50", "coverage_80", "coverage_95",
)  # fmt: skip
"""Scores whose figure is their mean over windows and steps."""

COMPARED = ("crps", "energy_score", "energy_distance", "min_ade_4", "min_ade_8", "apd", "apd_4", "apd_8")
"""Figures that are tested between methods ..."""

CHAMPIONS = ("gru_nf", "gru_snf")
"""... each of these against every other."""


class Summary:
    """Figures of all methods on the same windows.

    Args:
        windows, units: what was forecast, and in which units.
        scored: by method.
        seed: of the resamples.
    """

    def __init__(self, windows: Windows, units: Units, scored: Mapping[str, Scored], seed: int = 0) -> None:
        self._windows, self._units, self._scored = windows, units, scored
        self._resampler = Resampler(windows.people, seed)
        self._estimates: dict[str, dict[str, Estimate]] = {name: {} for name in scored}
        self.results: dict[str, dict[str, Metric]] = {}
        ratios = self._standardised_ratios()
        for name, method in scored.items():
            found = self._figures(name, method.per_window)
            found |= self._energy_distances(name, method.draws_RWHD)
            if name in ratios:
                found["apd_over_mae_standardised"] = self._metric(name, "apd_over_mae_standardised", ratios[name])
            self.results[name] = found | {"ms_per_window": Metric(method.ms_per_window)}

    def comparisons(self) -> list[Comparison]:
        """Test the champions against every other method, each pair once."""
        found = []
        for champion in (name for name in CHAMPIONS if name in self._estimates):
            for other in self._estimates:
                if other == champion or (champion, other) == CHAMPIONS:
                    continue
                for metric in COMPARED:
                    ours, theirs = (self._estimates[name].get(metric) for name in (champion, other))
                    if ours is not None and theirs is not None:
                        difference = ours.minus(theirs)
                        low, high = difference.interval() or (None, None)
                        found.append(Comparison(metric, champion, other, difference.value, low, high, difference.p_value()))
        return found

    def _metric(self, method: str, name: str, estimate: Estimate, per_step: list[float] | None = None) -> Metric:
        self._estimates[method][name] = estimate
        low, high = estimate.interval() or (None, None)
        return Metric(estimate.value, low, high, per_step)

    def _figure(self, method: str, name: str, columns: list[Tensor], finish: Finish) -> Metric:
        """Make a figure of the sums of some scores `[W, H]`; each step's figure is that of its own sums."""
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

    def _energy_distances(self, method: str, draws_RWHD: Tensor) -> dict[str, Metric]:
        """Measure whole windows, context and future, as the paper does: sampled ones against those that happened.

        The paper's own form pairs a window with itself too, which favours whatever stays near the truth window by window,
        standing still first; the fair form leaves those pairs out, and is 0 on average where samples are as the truth is.
        """
        happened = self._windows.last_frames_WTD()
        context = happened[:, : self._windows.protocol.context]
        sampled = torch.cat([context.expand(len(draws_RWHD), -1, -1, -1), draws_RWHD], dim=2)
        found = {}
        for unit, change in (("", self._units.standard), ("_minmax", self._units.minmax)):
            draws = torch.stack([change(draw).flatten(1) for draw in sampled])
            terms = metrics.energy_distance_terms(draws, change(happened).flatten(1))
            apart = 1 - torch.eye(len(terms))
            for name, counted in ((f"energy_distance{unit}", None), (f"energy_distance_fair{unit}", apart)):
                if counted is None or len(terms) > 1:
                    found[name] = self._metric(method, name, self._resampler.of_pairs(terms, counted))
        return found

    def _standardised_ratios(self) -> dict[str, Estimate]:
        """Return the paper's APD / MAE: both brought to [0, 1] over all methods and videos, then the ratio of their means.

        It depends on which methods are in the table. A method without error gets none.
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
        # Back on windows, each carrying its share of its video, so that people are resampled as everywhere else.
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
