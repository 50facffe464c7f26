"""Score one method's forecasts window by window, a few windows at a time to bound memory.

Units: *standard* (keypoints about the training footage's mean, over its standard deviation), *minmax* (the paper's, see
`ForecastWindows.min_max`) and *crop* (the crop's side is 2; keypoint positions only).
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from backend.core.errors import InputError
from backend.core.types import Keypoints
from backend.evaluate.common.methods import PathForecaster
from backend.evaluate.common.windows import ForecastWindows
from backend.forecast import metrics
from backend.forecast.gru_nf import Forecaster

CHUNK = 16
"""Windows forecast together. Results depend on it, since every chunk has its own noise generator."""

KEPT_PATHS = 10
"""Sampled paths of each window that the energy distance is averaged over."""

GROUPS = (4, 8)
"""minADE, minFDE and APD are also taken over groups of so many futures, as the page shows them."""

LEVELS = (50, 80, 95)


@dataclass(frozen=True)
class Units:
    """Origin and scale of the two units: `[D]` (standard) and `[W, D]` (minmax)."""

    centre_D: Tensor
    std_D: Tensor
    low_WD: Tensor
    range_WD: Tensor

    @classmethod
    def of(cls, forecaster: Forecaster, windows: ForecastWindows) -> Units:
        """Return the units of a forecaster's training data and of some windows."""
        return cls(forecaster.mean, forecaster.std, *windows.min_max(forecaster.std))

    def standard(self, flat: Tensor) -> Tensor:
        """Return flat keypoints `[..., D]` in standard units."""
        return (flat - self.centre_D) / self.std_D

    def minmax(self, flat: Tensor) -> Tensor:
        """Return flat keypoints `[W, ..., D]` of all windows in minmax units."""
        shape = (len(flat), *[1] * (flat.dim() - 2), flat.shape[-1])
        return (flat - self.low_WD.view(shape)) / self.range_WD.view(shape)

    def rows(self, part: slice) -> Units:
        """Return the units of some windows."""
        return Units(self.centre_D, self.std_D, self.low_WD[part], self.range_WD[part])


@dataclass(frozen=True)
class MethodScores:
    """Scores of one method."""

    per_window: dict[str, Tensor]  # by name, `[W, H, ...]` or `[W, 1]`
    paths_RWHD: Tensor  # some sampled paths of every window
    examples: dict[int, Tensor]  # some paths `[K', H, D]` of the windows that charts show
    ms_per_window: float  # time to sample all paths of a window


def score(
    name: str,
    method: PathForecaster,
    windows: ForecastWindows,
    units: Units,
    *,
    samples: int,
    seed: int,
    examples: Sequence[int] = (),
    progress: Callable[[int], None] = lambda done: None,
) -> MethodScores:
    """Forecast all windows by one method and score each.

    Args:
        name: of the method.
        method: the method.
        windows: what is forecast.
        units: of errors.
        samples: K.
        seed: of the chunks' noise generators, the same for all methods.
        examples: windows whose paths are kept.
        progress: called with the number of windows done.

    Raises:
        InputError: `forecast_not_finite`, where a method gives NaN or infinite numbers.
    """
    parts: dict[str, list[Tensor]] = defaultdict(list)
    kept: list[Tensor] = []
    shown: dict[int, Tensor] = {}
    seconds = 0.0
    for start in range(0, len(windows), CHUNK):
        part = slice(start, min(start + CHUNK, len(windows)))
        generator = torch.Generator().manual_seed(seed * 1_000_003 + start)
        since = time.perf_counter()
        paths = method.sample(windows.context_WCD[part], samples, windows.lengths.horizon, generator)
        seconds += time.perf_counter() - since
        if not torch.isfinite(paths).all():
            raise InputError("forecast_not_finite", f"{name} gave NaN or infinite numbers.", "Leave it out with --methods.")
        truth, last = windows.truth_WHD[part], windows.context_WCD[part, -1]
        found = _scores(paths, truth, units.rows(part), generator)
        positions = (Keypoints.from_flat(flat).value for flat in (paths, truth, last))
        found["departure"], found["departure_truth"] = metrics.departures(*positions)
        for group in GROUPS:
            if group <= samples:
                grouped = paths
                if method.joint_sample is not None:
                    contexts = windows.context_WCD[part].repeat_interleave(method.joint_groups, 0)
                    grouped = method.joint_sample(contexts, group, windows.lengths.horizon, generator)
                    grouped = grouped.unflatten(0, (-1, method.joint_groups)).flatten(1, 2)
                found |= _group_scores(grouped, truth, group)
        if method.nll is not None:
            found["nll"] = method.nll(windows.flat_WTD[part], windows.lengths.seen)
        for key, value in found.items():
            parts[key].append(value)
        kept.append(paths[:, :KEPT_PATHS].transpose(0, 1).clone())
        shown |= {index: paths[index - start, :30].clone() for index in examples if part.start <= index < part.stop}
        progress(part.stop)
    per_window = {key: torch.cat(values) for key, values in parts.items()}
    return MethodScores(per_window, torch.cat(kept, dim=1), shown, seconds * 1e3 / len(windows))


def _scores(paths: Tensor, truth: Tensor, units: Units, generator: torch.Generator) -> dict[str, Tensor]:
    standard, standard_truth = units.standard(paths), units.standard(truth)
    values, target = Keypoints.from_flat(paths).value, Keypoints.from_flat(truth).value
    displacement = metrics.displacement(values, target)
    found = {
        "energy_score": metrics.energy_score(standard, standard_truth),
        "path_energy_score": metrics.path_energy_score(standard, standard_truth)[:, None],
        "apd": metrics.apd(values)[:, None],
        "min_ade": metrics.best_of(displacement.mean(2))[:, None],
        "min_fde": metrics.best_of(displacement[..., -1])[:, None],
        **{f"coverage_{level}": metrics.coverage(paths, truth, level / 100) for level in LEVELS},
        "pit": metrics.pit_histogram(paths, truth, generator),
    }
    found["mae_best20"], found["apd_best20"] = metrics.best_fifth(standard, standard_truth)
    found["acceleration"], found["acceleration_truth"] = metrics.accelerations(values, target)
    return found | _number_scores(paths, truth, units)


def _group_scores(paths: Tensor, truth: Tensor, group: int) -> dict[str, Tensor]:
    """Score futures in groups of this size, which are shown together; their coverage is that of all groups' futures."""
    values, target = Keypoints.from_flat(paths).value, Keypoints.from_flat(truth).value
    displacement = metrics.displacement(values, target)
    acceleration, true_acceleration = metrics.accelerations(values, target)
    groups = values.shape[1] // group
    apart = metrics.apd(values[:, : groups * group].unflatten(1, (groups, group)).flatten(0, 1)).unflatten(0, (-1, groups))
    return {
        f"min_ade_{group}": metrics.best_of(displacement.mean(2), group)[:, None],
        f"min_fde_{group}": metrics.best_of(displacement[..., -1], group)[:, None],
        f"apd_{group}": apart.mean(1, keepdim=True),
        f"coverage_80_{group}": metrics.coverage(paths, truth, 0.8),
        f"acceleration_{group}": acceleration,
        f"acceleration_truth_{group}": true_acceleration,
    }


def _number_scores(paths: Tensor, truth: Tensor, units: Units) -> dict[str, Tensor]:
    """Score number by number, in both units."""
    error = (metrics.sample_quantile(paths, 0.5) - truth).abs()
    residual = paths.mean(1) - truth
    crps, quantile_loss = metrics.crps_each(paths, truth), metrics.quantile_loss_each(paths, truth)
    found = {}
    for suffix, scale, target in (
        ("", 1 / units.std_D, units.standard(truth)),
        ("_minmax", (1 / units.range_WD)[:, None], units.minmax(truth)),
    ):
        found[f"crps{suffix}"] = (crps * scale).mean(-1)
        found[f"quantile_loss{suffix}"] = (quantile_loss * scale).mean(-1)
        found[f"absolute{suffix}"] = (error * scale).mean(-1)
        found[f"square{suffix}"] = (residual * scale).square().mean(-1)
        found[f"target{suffix}"] = target.abs().mean(-1)
    return found
