"""Sweep the refiner's settings on the same windows and the same noise, beside GRU-NF and rival temperatures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

import torch

from backend.core.progress import StageProgress
from backend.evaluate.common.inputs import EvaluationInputs
from backend.evaluate.common.methods import PathForecaster, path_sampler, shipped_refinement
from backend.evaluate.common.resampling import Resampler, ratio
from backend.evaluate.common.significance import corrected, few_people
from backend.evaluate.common.table import Figures
from backend.evaluate.common.windows import ContextHorizon, ForecastWindows
from backend.evaluate.forecast.scores import MethodScores, Units, score
from backend.evaluate.forecast.summary import ForecastSummary
from backend.evaluate.report.report import ComparisonReport, Metric, finite
from backend.forecast.diagnostics.refinement_check import RefinementReport, refinement_report
from backend.forecast.refine import KERNELS, Refinement

GridName = Literal["small", "quick", "full"]

METRICS = (
    "crps", "energy_score", "energy_distance", "min_ade_8", "apd", "apd_8", "coverage_80", "acceleration_ratio", "plausibility",
    "acceptance", "ms_per_window",
)  # fmt: skip
"""What is reported of every cell, in addition to its displacement and flags."""

ON_SCREEN = ("crps", "min_ade_8", "apd", "apd_8", "coverage_80", "plausibility", "under_refined", "over_refined")

TESTED = ("crps", "energy_distance", "min_ade_8", "apd_8")
"""Figures of which each cell and temperature is tested against GRU-NF."""

STEP_SIZES: dict[GridName, tuple[float, ...]] = {
    "small": (),
    "quick": (0.1, 0.2, 0.3, 0.5, 1.0),
    "full": (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0),
}
TEMPERATURES: dict[GridName, tuple[float, ...]] = {
    "small": (1.1, 1.2),
    "quick": (0.9, 1.1, 1.2, 1.3, 1.4),
    "full": (0.9, 0.95, 1.05, 1.1, 1.15, 1.2, 1.25, 1.3, 1.35, 1.4),
}
AXES: dict[str, dict[GridName, tuple[Any, ...]]] = {
    "steps": {"small": (1, 4), "quick": (1, 2, 4), "full": (1, 2, 3, 4, 6, 8)},
    "consistency": {"small": (0.0, 1.0), "quick": (0.0, 0.35, 1.0), "full": (0.0, 0.1, 0.2, 0.35, 0.5, 0.7, 1.0, 2.0)},
    "kernel": dict.fromkeys(get_args(GridName), tuple(KERNELS)),
}
"""What is swept against the step size, all else as shipped."""


@dataclass(frozen=True)
class AblationOptions:
    """Options of an ablation."""

    grid: GridName = "quick"
    protocol: str = "8-16"  # a name of `CONTEXT_HORIZONS`
    samples: int = 20  # K, at least 8
    stride: int | None = None  # steps between the starts of two windows; the paper's window length by default
    seed: int = 0  # of all samples; every cell has the same noise


@dataclass(frozen=True)
class SettingsSweep:
    """One heat map: the values of a refinement setting (`axis`) against step sizes."""

    axis: str
    values: tuple[Any, ...]
    sizes: tuple[float, ...]

    def cell(self, value: object, size: float) -> Refinement:
        """Return the refinement of one cell."""
        changes: dict[str, Any] = {self.axis: value, "step_size": size}
        return replace(shipped_refinement(), **changes)

    def cells(self) -> Iterable[Refinement]:
        """Return all refinements of the sweep."""
        return (self.cell(value, size) for value in self.values for size in self.sizes)


def sweeps(grid: GridName) -> list[SettingsSweep]:
    """Return the sweeps of a grid; the shipped values are among the values."""
    shipped = shipped_refinement()
    sizes = tuple(sorted({*STEP_SIZES[grid], shipped.step_size}))
    found = []
    for axis, values in AXES.items():
        sweep = SettingsSweep(axis, values[grid], sizes)
        more = dict.fromkeys((*sweep.values, getattr(shipped, sweep.axis)))
        found.append(replace(sweep, values=tuple(more if axis == "kernel" else sorted(more))))
    return found


def cell_name(refinement: Refinement) -> str:
    """Name a cell by its settings, as `steps=2,step_size=0.3,consistency=0.35,kernel=metropolis`."""
    r = refinement
    return f"steps={r.steps},step_size={r.step_size:g},consistency={r.consistency:g},kernel={r.kernel}"


def temperature_of(name: str) -> float | None:
    """Return the temperature of GRU-NF in a name of the report, or None for a refinement."""
    return 1.0 if name == "gru_nf" else float(name.split("=")[1]) if name.startswith("temperature=") else None


def evaluate_ablation(
    inputs: EvaluationInputs, options: AblationOptions | None = None, progress: StageProgress = lambda cell, done, total: None
) -> ComparisonReport:
    """Score every cell of the sweeps, GRU-NF and its temperatures.

    Args:
        inputs: forecaster and held-out motions.
        options: defaults to `AblationOptions()`.
        progress: called with the cell's name, and windows done and in all.

    Returns:
        A report by `gru_nf`, `temperature=T` and cells (`cell_name`). In addition to `METRICS`: `moved`, `strain` and
        `told_apart_p` of each cell against GRU-NF, and the flags `under_refined` and `over_refined` (1 where raised). Every
        cell and temperature is tested against `gru_nf`.

    Raises:
        InputError: the recordings are too short, or the protocol is unknown.
    """
    options = options or AblationOptions()
    forecaster, shipped = inputs.forecaster, shipped_refinement()
    windows = ForecastWindows.of(inputs.motions, ContextHorizon.of(options.protocol), options.stride)
    units = Units.of(forecaster, windows)
    grid = sweeps(options.grid)
    cells: dict[str, tuple[Refinement | None, float]] = {"gru_nf": (None, 1.0)}
    cells |= {f"temperature={temperature:g}": (None, temperature) for temperature in TEMPERATURES[options.grid]}
    cells |= {cell_name(cell): (cell, 1.0) for sweep in grid for cell in sweep.cells()}
    scored: dict[str, MethodScores] = {}
    checked: Figures = {}
    resampler, total = Resampler(windows.people, options.seed), len(cells) * len(windows)
    # A warm-up, since the first calls are slow.
    path_sampler(forecaster, shipped)(windows.context_WCD[:2], 2, windows.lengths.horizon, torch.Generator())
    for name, (refinement, temperature) in cells.items():
        before, rates = len(scored) * len(windows), list[float]()
        progress(name, before, total)
        method = PathForecaster(path_sampler(forecaster, refinement, temperature, rates))
        scored[name] = score(
            name, method, windows, units, samples=options.samples, seed=options.seed,
            progress=lambda done, name=name, before=before: progress(name, before + done, total),  # type: ignore[misc]
        )  # fmt: skip
        plain, refined = (scored[key].paths_RWHD.transpose(0, 1) for key in ("gru_nf", name))
        effect = refinement_report(forecaster, windows.context_WCD, plain, refined)
        checked[name] = _check_metrics(effect, refinement is not None, resampler)
        if rates:
            checked[name]["acceptance"] = Metric(sum(rates) / len(rates))
    summary = ForecastSummary(windows, units, scored, options.seed)
    found = {name: {key: entry for key, entry in summary.results[name].items() if key in METRICS} for name in cells}
    results = {name: entries | finite(checked[name]) for name, entries in found.items()}
    tests = [summary.compare(metric, name, "gru_nf") for metric in TESTED for name in cells if name != "gru_nf"]
    settings = asdict(options) | {
        "stride": options.stride or windows.lengths.window,
        "model": inputs.model.name,
        **windows.counts(),
        "shipped": cell_name(shipped),
        "sweeps": {sweep.axis: {"values": sweep.values, "sizes": sweep.sizes} for sweep in grid},
    }
    notes = [*inputs.notes, *few_people(settings["people"])]
    return ComparisonReport("evaluate ablation", settings, results, comparisons=corrected(filter(None, tests)), notes=notes)


def _check_metrics(found: RefinementReport, refined: bool, resampler: Resampler) -> dict[str, Metric]:
    plausible = resampler.of_sums(torch.stack([1 - found.outside_B, torch.ones_like(found.outside_B)], 1), ratio)
    entries = {"plausibility": plausible.metric(), "over_refined": Metric(float("over_refined" in found.flags))}
    if refined:
        moved, drop = found.displacement_B.mean().item(), found.log_lik_drop_B.mean().item()
        entries |= {"moved": Metric(moved), "strain": Metric(drop), "told_apart_p": Metric(found.p)}
        entries["under_refined"] = Metric(float("under_refined" in found.flags))
    return entries
