"""Sweep the refiner's settings on the same windows and the same noise, beside GRU-NF and the temperatures that rival it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from backend.core.progress import StageProgress
from backend.evaluate.common.inputs import gather
from backend.evaluate.common.methods import Method, shipped_refinement
from backend.evaluate.common.protocol import Protocol, Windows
from backend.evaluate.common.resampling import Resampler, ratio
from backend.evaluate.forecast.scores import Scored, Units, score
from backend.evaluate.forecast.summary import Summary
from backend.evaluate.report.report import Metric, Report
from backend.forecast.diagnostics.refinement_check import RefinementReport, refinement_report
from backend.forecast.gru_nf import Forecaster
from backend.forecast.refine import KERNELS, Refinement

GridName = Literal["quick", "full"]

"""Called with what runs, windows done and all windows."""

METRICS = (
    "crps", "energy_score", "energy_distance", "min_ade_8", "apd", "apd_8", "coverage_80", "acceleration_ratio", "plausibility",
    "acceptance", "ms_per_window",
)  # fmt: skip
"""What is reported of every cell, beside how far it moved and its flags; `_8`: of 8 futures drawn to be shown together."""

ON_SCREEN = ("crps", "min_ade_8", "apd", "apd_8", "coverage_80", "plausibility", "under_refined", "over_refined")

STEP_SIZES = {"quick": (0.1, 0.2, 0.3, 0.5, 1.0), "full": (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)}
TEMPERATURES = {"quick": (0.9, 1.1, 1.2, 1.3, 1.4), "full": (0.9, 0.95, 1.05, 1.1, 1.15, 1.2, 1.25, 1.3, 1.35, 1.4)}
AXES: dict[str, dict[str, tuple[Any, ...]]] = {
    "steps": {"quick": (1, 2, 4), "full": (1, 2, 3, 4, 6, 8)},
    "consistency": {"quick": (0.0, 0.35, 1.0), "full": (0.0, 0.1, 0.2, 0.35, 0.5, 0.7, 1.0, 2.0)},
    "cooling": {"quick": (0.9, 1.0), "full": (0.85, 0.9, 0.94, 0.97, 1.0, 1.05)},
    "kernel": {"quick": tuple(KERNELS), "full": tuple(KERNELS)},
}
"""What is swept against the step size, all else as shipped."""

FIELDS = {"cooling": "base_scale"}
"""Fields of `Refinement` whose name in reports is another."""


@dataclass(frozen=True)
class Ablation:
    """Settings of an ablation.

    Attributes:
        grid: quick or full.
        protocol: frames seen and forecast.
        samples: K, at least 8.
        stride: steps between the starts of two windows of a motion; the protocol's length by default.
        seed: of all samples; every cell has the same noise.
    """

    grid: GridName = "quick"
    protocol: str = "8-16"
    samples: int = 20
    stride: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class Sweep:
    """One heat map: a setting of the refinement against the step size.

    Attributes:
        axis: the setting's name.
        values: its values.
        sizes: the step sizes.
    """

    axis: str
    values: tuple[Any, ...]
    sizes: tuple[float, ...]

    def cell(self, value: object, size: float) -> Refinement:
        """Return the refinement of one cell."""
        changes: dict[str, Any] = {FIELDS.get(self.axis, self.axis): value, "step_size": size}
        return replace(independent(shipped_refinement()), **changes)

    def cells(self) -> Iterable[Refinement]:
        """Return all refinements of the sweep."""
        return (self.cell(value, size) for value in self.values for size in self.sizes)


def independent(refinement: Refinement) -> Refinement:
    """Return the refinement with K futures that do not know of each other: scores of samples take them to be independent."""
    return replace(refinement, antithetic=False)


def sweeps(grid: GridName) -> list[Sweep]:
    """Return the sweeps of a grid; the shipped values are among the values."""
    shipped = shipped_refinement()
    sizes = tuple(sorted({*STEP_SIZES[grid], shipped.step_size}))
    found = []
    for axis, values in AXES.items():
        own = getattr(shipped, FIELDS.get(axis, axis))
        more = values[grid] if own in values[grid] else (*values[grid], own)
        found.append(Sweep(axis, more if axis == "kernel" else tuple(sorted(more)), sizes))
    return found


def cell_name(refinement: Refinement) -> str:
    """Name a cell by its settings, as `steps=2,step_size=0.3,consistency=0.35,kernel=metropolis,cooling=1`."""
    r = refinement
    return f"steps={r.steps},step_size={r.step_size:g},consistency={r.consistency:g},kernel={r.kernel},cooling={r.base_scale:g}"


def evaluate_ablation(
    recordings: Path,
    models: Path,
    *,
    model: Path | None = None,
    split: Path | None = None,
    ablation: Ablation | None = None,
    progress: StageProgress = lambda words, done, total: None,
) -> Report:
    """Score every cell of the sweeps, GRU-NF and its temperatures.

    Args:
        recordings: folder of landmark recordings or keypoint arrays (see `read_evaluation_set`).
        models: folder of all models.
        model: folder of the forecaster; by default one of `models` that fits the recordings.
        split: a CSV of which recordings are held out.
        ablation: settings.
        progress: told what runs.

    Returns:
        A report whose names are `gru_nf`, `temperature=T` and the cells (`cell_name`). Beside the figures of `METRICS`:
        `moved`, `strain` and `told_apart_p` of each cell against GRU-NF, `under_refined` and `over_refined`: 1 where flagged.

    Raises:
        ModelError: the forecaster cannot be read.
        InputError: the recordings cannot be read or do not fit.
    """
    ablation = ablation or Ablation()
    material = gather(recordings, models, model, split)
    forecaster = material.forecaster
    windows = Windows.of(material.motions, Protocol.of(ablation.protocol), ablation.stride)
    units = Units(forecaster.centre, forecaster.spread, *windows.min_max(forecaster.spread))
    grid = sweeps(ablation.grid)
    cells: dict[str, tuple[Refinement | None, float]] = {"gru_nf": (None, 1.0)}
    cells |= {f"temperature={temperature:g}": (None, temperature) for temperature in TEMPERATURES[ablation.grid]}
    cells |= {cell_name(cell): (cell, 1.0) for sweep in grid for cell in sweep.cells()}
    scored: dict[str, Scored] = {}
    extras: dict[str, dict[str, Metric]] = {}
    resampler = Resampler(windows.people, ablation.seed)
    total = len(cells) * len(windows)
    # The first calls are slow: they are not to be GRU-NF's.
    _Sampler(forecaster, shipped_refinement(), 1.0)(windows.context_WCD[:2], 2, windows.protocol.horizon, torch.Generator())
    for number, (name, (refinement, temperature)) in enumerate(cells.items()):
        sampler = _Sampler(forecaster, refinement, temperature)
        coupled = replace(refinement, antithetic=True) if refinement and shipped_refinement().antithetic else None
        together = _Sampler(forecaster, coupled, 1.0) if coupled else None
        scored[name] = score(
            name, Method(sampler, together=together), windows, units, samples=ablation.samples, seed=ablation.seed,
            progress=_Counter(progress, name, number * len(windows), total),
        )  # fmt: skip
        plain, drawn = (scored[key].draws_RWHD.transpose(0, 1) for key in ("gru_nf", name))
        found = refinement_report(forecaster, windows.context_WCD, plain, drawn)
        extras[name] = _checked(found, refinement is not None, resampler)
        if sampler.acceptance:
            extras[name]["acceptance"] = Metric(sum(sampler.acceptance) / len(sampler.acceptance))
    summary = Summary(windows, units, scored, ablation.seed)
    results = {
        name: {metric: entry for metric, entry in (summary.results[name] | extras[name]).items() if metric in METRICS}
        | {metric: entry for metric, entry in extras[name].items() if metric not in METRICS}
        for name in cells
    }
    settings = asdict(ablation) | {
        "stride": ablation.stride or windows.protocol.length,
        "model": material.model.name,
        "windows": len(windows),
        "people": len(set(windows.people)),
        "recordings": len(set(windows.videos)),
        "shipped": cell_name(independent(shipped_refinement())),
        "sweeps": {sweep.axis: {"values": sweep.values, "sizes": sweep.sizes} for sweep in grid},
    }
    return Report("evaluate ablation", settings, results, notes=material.notes)


class _Sampler:
    """GRU-NF or GRU-SNF at one setting; keeps the acceptance rates."""

    def __init__(self, forecaster: Forecaster, refinement: Refinement | None, temperature: float) -> None:
        self._forecaster, self._refinement, self._temperature = forecaster, refinement, temperature
        self.acceptance: list[float] = []

    def __call__(self, context: Tensor, k: int, horizon: int, generator: torch.Generator) -> Tensor:
        state = self._forecaster.observe(context)
        forecast = self._forecaster.sample(state, k, horizon, generator, self._refinement, self._temperature)
        if forecast.acceptance is not None:
            self.acceptance.append(forecast.acceptance)
        return forecast.paths


class _Counter:
    """Adds up the windows done."""

    def __init__(self, progress: StageProgress, words: str, before: int, total: int) -> None:
        self._progress, self._words, self._done, self._total = progress, words, before, total
        progress(words, before, total)

    def __call__(self, count: int) -> None:
        self._done += count
        self._progress(self._words, self._done, self._total)


def _checked(found: RefinementReport, refined: bool, resampler: Resampler) -> dict[str, Metric]:
    inside = resampler.of_sums(torch.stack([1 - found.outside_B, torch.ones_like(found.outside_B)], 1), ratio)
    low, high = inside.interval() or (None, None)
    entries = {"plausibility": Metric(inside.value, low, high), "over_refined": Metric(float("over_refined" in found.flags))}
    if refined:
        entries["moved"] = Metric(found.displacement_B.mean().item())
        entries["strain"] = Metric(found.log_lik_drop_B.mean().item())
        entries["told_apart_p"] = Metric(found.p)
        entries["under_refined"] = Metric(float("under_refined" in found.flags))
    return entries
