"""Score forecasts as in the GRU-SNF paper (arXiv 2512.04282), every method on the same windows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from backend.core.types import Choose
from backend.evaluate.common.inputs import EvaluationInputs
from backend.evaluate.common.methods import build_methods, shipped_refinement
from backend.evaluate.common.progress import CountProgress
from backend.evaluate.common.significance import few_people
from backend.evaluate.common.windows import ContextHorizon, ForecastWindows
from backend.evaluate.forecast.scores import MethodScores, Units, score
from backend.evaluate.forecast.summary import ForecastSummary, PersonFigures
from backend.evaluate.report.report import ComparisonReport
from backend.keypoints.reading import Layout

ON_SCREEN = (
    "crps", "energy_score", "energy_distance", "min_ade_4", "min_ade_8", "apd_4", "apd_8", "apd_over_mae", "coverage_80",
    "acceleration_ratio", "liveliness", "liveliness_in_range", "nll", "ms_per_window",
)  # fmt: skip
"""Metrics of the table on screen; the report holds all."""


@dataclass(frozen=True)
class ForecastOptions:
    """Options of an evaluation."""

    protocol: str = "8-16"  # a name of `CONTEXT_HORIZONS`
    context: int | None = None  # frames that are seen, if more than the protocol's
    methods: tuple[str, ...] = ()  # all that are available by default
    samples: int = 100  # K
    stride: int | None = None  # steps between the starts of two windows; the paper's window length by default
    fps: float | None = None  # frame rate of keypoint arrays that do not state it
    seed: int = 0  # of all samples and resamples
    choose: Choose = "8x"  # how many futures are drawn for each chosen one


class ForecastReport(ComparisonReport, kw_only=True):
    """A report that also holds the figures of each person."""

    people: PersonFigures = {}


@dataclass(frozen=True)
class ForecastResults:
    """The report, and what its charts are made from."""

    report: ForecastReport
    windows: ForecastWindows
    scored: dict[str, MethodScores]
    layout: Layout
    model: Path


def evaluate_forecast(
    inputs: EvaluationInputs, options: ForecastOptions | None = None, progress: CountProgress = lambda done, total: None
) -> ForecastResults:
    """Score all methods on the same windows.

    Args:
        inputs: forecaster and held-out motions.
        options: defaults to `ForecastOptions()`.
        progress: called with windows done and all, of all methods.

    Raises:
        InputError: the recordings are too short, or an option is unknown or not available.
    """
    options = options or ForecastOptions()
    lengths = ContextHorizon.of(options.protocol, options.context)
    forecaster, notes = inputs.forecaster, list(inputs.notes)
    if lengths.seen > lengths.context:
        notes.append(f"Methods see {lengths.seen} frames, not the {lengths.context} of protocol {lengths.name}.")
    windows = ForecastWindows.of(inputs.motions, lengths, options.stride)
    methods, left_out = build_methods(inputs.model, forecaster, options.methods, options.choose)
    notes += [f"Left out: {sentence}" for sentence in left_out]
    units = Units.of(forecaster, windows)
    examples, total = example_windows(windows), len(methods) * len(windows)
    scored: dict[str, MethodScores] = {}
    for name, method in methods.items():
        before = len(scored) * len(windows)
        scored[name] = score(
            name, method, windows, units, samples=options.samples, seed=options.seed, examples=examples,
            progress=lambda done, before=before: progress(before + done, total),  # type: ignore[misc]
        )  # fmt: skip
    summary = ForecastSummary(windows, units, scored, options.seed)
    notes += few_people(len(set(windows.people)))
    if summary.left_out:
        names = ", ".join(sorted(summary.left_out))
        notes.append(
            f"Some methods have no number for {names}: they divide by a motion or an error that is 0 in these windows."
        )
    settings = asdict(options) | {
        "methods": list(methods),
        "context": lengths.seen,
        "horizon": lengths.horizon,
        "stride": options.stride or lengths.window,
        "model": inputs.model.name,
        **windows.counts(),
        "refinement": asdict(shipped_refinement()),
    }
    report = ForecastReport(
        "evaluate forecast",
        settings,
        summary.results,
        comparisons=summary.comparisons(),
        people=summary.of_people(),
        notes=notes,
    )
    return ForecastResults(report, windows, scored, inputs.motions[0].layout, inputs.model)


def example_windows(windows: ForecastWindows) -> list[int]:
    """Choose three windows to show: 50, 80 and 95 % of windows have less motion."""
    order = windows.truth_WHD.std(1).mean(1).argsort()
    return list(dict.fromkeys(int(order[round(share * (len(order) - 1))]) for share in (0.5, 0.8, 0.95)))
