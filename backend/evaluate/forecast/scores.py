"""One method's forecasts of all windows -> per-window scores, a few windows at a time to bound memory.

Units: *standard* (keypoints about the training footage's mean, over its standard deviation), *minmax* (the paper's, see
`Windows.min_max`) and *crop* (the crop's side is 2; keypoint positions only).
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
from backend.evaluate.common.methods import Method, Sampler
from backend.evaluate.common.protocol import Windows
from backend.forecast import metrics

CHUNK = 16
"""Windows forecast together. Part of the seeds: every chunk's noise is drawn from its own."""

DRAWS = 10
"""Sampled paths of each window that the energy distance is averaged over."""

GROUPS = (4, 8)
"""K of the page: minADE, minFDE and APD are also taken over groups of so many futures."""

DRAWN = 6
"""Groups drawn of each window, where futures that are shown together are not independent."""

LEVELS = (50, 80, 95)

"""Called with the number of windows done since the last call."""


@dataclass(frozen=True)
class Units:
    """Origin and scale of the two units: `[D]` (standard) and `[W, D]` (minmax)."""

    centre_D: Tensor
    spread_D: Tensor
    low_WD: Tensor
    range_WD: Tensor

    def standard(self, flat: Tensor) -> Tensor:
        """Return flat keypoints `[..., D]` in standard units."""
        return (flat - self.centre_D) / self.spread_D

    def minmax(self, flat: Tensor) -> Tensor:
        """Return flat keypoints `[W, ..., D]` of all windows in minmax units."""
        shape = (len(flat), *[1] * (flat.dim() - 2), flat.shape[-1])
        return (flat - self.low_WD.view(shape)) / self.range_WD.view(shape)

    def rows(self, part: slice) -> Units:
        """Return the units of some windows."""
        return Units(self.centre_D, self.spread_D, self.low_WD[part], self.range_WD[part])


@dataclass(frozen=True)
class Scored:
    """What is kept of a method.

    Attributes:
        per_window: scores by name, `[W, H, ...]` or `[W, 1]`.
        draws_RWHD: a few sampled paths of every window.
        examples: window -> some of its paths `[K', H, D]`, to be drawn.
        ms_per_window: time to sample all paths of a window.
    """

    per_window: dict[str, Tensor]
    draws_RWHD: Tensor
    examples: dict[int, Tensor]
    ms_per_window: float


def score(
    name: str,
    method: Method,
    windows: Windows,
    units: Units,
    *,
    samples: int,
    seed: int,
    examples: Sequence[int] = (),
    progress: Callable[[int], None] = lambda done: None,
) -> Scored:
    """Forecast all windows by one method and score every one.

    Args:
        name: for the error message.
        method: the method.
        windows: what is forecast.
        units: in which errors are counted.
        samples: K.
        seed: every chunk of windows is sampled with its own generator, the same for all methods.
        examples: windows whose paths are kept.
        progress: told about windows done.

    Raises:
        InputError: `forecast_not_finite`, where a method gives NaN or infinite numbers.
    """
    parts: dict[str, list[Tensor]] = defaultdict(list)
    draws: list[Tensor] = []
    kept: dict[int, Tensor] = {}
    seconds = 0.0
    for start in range(0, len(windows), CHUNK):
        part = slice(start, min(start + CHUNK, len(windows)))
        generator = torch.Generator().manual_seed(seed * 1_000_003 + start)
        since = time.perf_counter()
        paths = method.sample(windows.context_WCD[part], samples, windows.protocol.horizon, generator)
        seconds += time.perf_counter() - since
        if not torch.isfinite(paths).all():
            raise InputError("forecast_not_finite", f"{name} gave NaN or infinite numbers.", "Leave it out with --methods.")
        truth = windows.truth_WHD[part]
        found = _scores(paths, truth, units.rows(part), generator)
        for group in (group for group in GROUPS if group <= samples):
            shown = paths if method.together is None else _together(method.together, windows, part, group, generator)
            found |= _groups(shown, truth, group)
        for key, value in found.items():
            parts[key].append(value)
        if method.nll is not None:
            parts["nll"].append(method.nll(windows.flat_WTD[part], windows.protocol.seen))
        draws.append(paths[:, :DRAWS].transpose(0, 1).clone())
        kept |= {index: paths[index - start, :30].clone() for index in examples if part.start <= index < part.stop}
        progress(part.stop - part.start)
    per_window = {key: torch.cat(values) for key, values in parts.items()}
    return Scored(per_window, torch.cat(draws, dim=1), kept, seconds * 1e3 / len(windows))


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
    return found | _numbers(paths, truth, units)


def _together(together: Sampler, windows: Windows, part: slice, group: int, generator: torch.Generator) -> Tensor:
    """Draw as many groups of futures as the page would show together, `[W, DRAWN * group, H, D]`."""
    context = windows.context_WCD[part]
    paths = together(context.repeat_interleave(DRAWN, 0), group, windows.protocol.horizon, generator)
    return paths.unflatten(0, (len(context), DRAWN)).flatten(1, 2)


def _groups(paths: Tensor, truth: Tensor, group: int) -> dict[str, Tensor]:
    """Score futures by groups of so many: what is true of the few that the page shows."""
    values = Keypoints.from_flat(paths).value
    displacement = metrics.displacement(values, Keypoints.from_flat(truth).value)
    groups = values.shape[1] // group
    apart = metrics.apd(values[:, : groups * group].unflatten(1, (groups, group)).flatten(0, 1)).unflatten(0, (-1, groups))
    return {
        f"min_ade_{group}": metrics.best_of(displacement.mean(2), group)[:, None],
        f"min_fde_{group}": metrics.best_of(displacement[..., -1], group)[:, None],
        f"apd_{group}": apart.mean(1, keepdim=True),
    }


def _numbers(paths: Tensor, truth: Tensor, units: Units) -> dict[str, Tensor]:
    """Score number by number, once for both units."""
    error = (metrics.sample_quantile(paths, 0.5) - truth).abs()
    away = paths.mean(1) - truth
    crps, quantile_loss = metrics.crps_each(paths, truth), metrics.quantile_loss_each(paths, truth)
    found = {}
    for suffix, per, target in (
        ("", 1 / units.spread_D, units.standard(truth)),
        ("_minmax", (1 / units.range_WD)[:, None], units.minmax(truth)),
    ):
        found[f"crps{suffix}"] = (crps * per).mean(-1)
        found[f"quantile_loss{suffix}"] = (quantile_loss * per).mean(-1)
        found[f"absolute{suffix}"] = (error * per).mean(-1)
        found[f"square{suffix}"] = (away * per).square().mean(-1)
        found[f"target{suffix}"] = target.abs().mean(-1)
    return found
