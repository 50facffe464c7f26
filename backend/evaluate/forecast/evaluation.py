"""Score forecasts by the protocol of the GRU-SNF paper (arXiv 2512.04282), every method on the same windows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from backend.core.progress import Progress
from backend.evaluate.common.inputs import gather
from backend.evaluate.common.methods import Methods, shipped_refinement
from backend.evaluate.common.protocol import Protocol, Windows
from backend.evaluate.forecast.scores import Scored, Units, score
from backend.evaluate.forecast.summary import Summary
from backend.evaluate.report.report import ComparisonReport
from backend.keypoints.reading import Layout

ON_SCREEN = (
    "crps", "energy_score", "energy_distance", "min_ade_8", "apd_8", "apd_over_mae", "coverage_80", "acceleration_ratio", "nll",
    "ms_per_window",
)  # fmt: skip
"""The figures of the table on screen; the report holds all."""


@dataclass(frozen=True)
class ForecastEvaluation:
    """Settings of an evaluation.

    Attributes:
        protocol: frames seen and forecast, as named in the paper.
        context: frames that are seen, where more than the protocol's.
        methods: which; none for all that there are.
        samples: K.
        stride: steps between the starts of two windows of a motion; the paper's window length by default.
        fps: frames a second of keypoint arrays that do not say it.
        seed: of all samples and resamples.
    """

    protocol: str = "8-16"
    context: int | None = None
    methods: tuple[str, ...] = ()
    samples: int = 100
    stride: int | None = None
    fps: float | None = None
    seed: int = 0


@dataclass(frozen=True)
class Evaluation:
    """What was measured, and what pictures of it are made from."""

    report: ComparisonReport
    windows: Windows
    scored: dict[str, Scored]
    layout: Layout
    model: Path


def evaluate_forecast(
    recordings: Path,
    models: Path,
    *,
    model: Path | None = None,
    split: Path | None = None,
    evaluation: ForecastEvaluation | None = None,
    progress: Progress = lambda done, total: None,
) -> Evaluation:
    """Score all methods on the same windows.

    Args:
        recordings: folder of landmark recordings or keypoint arrays (see `read_evaluation_set`).
        models: folder of all models.
        model: folder of the forecaster; by default one of `models` that fits the recordings.
        split: a CSV of which recordings are held out.
        evaluation: settings.
        progress: told of windows done, and of all.

    Returns:
        The report and what its pictures need. Intervals are 95 %, by resampling people.

    Raises:
        ModelError: the forecaster cannot be read.
        InputError: the recordings cannot be read or do not fit, or a method is not there.
    """
    evaluation = evaluation or ForecastEvaluation()
    protocol = Protocol.of(evaluation.protocol, evaluation.context)
    material = gather(recordings, models, model, split, evaluation.fps)
    model, forecaster, notes = material.model, material.forecaster, list(material.notes)
    if protocol.seen > protocol.context:
        notes.append(f"Methods see {protocol.seen} frames, not the {protocol.context} of protocol {protocol.name}.")
    windows = Windows.of(material.motions, protocol, evaluation.stride)
    methods, left_out = Methods(model, forecaster).build(evaluation.methods)
    notes += [f"Left out: {sentence}" for sentence in left_out]
    units = Units(forecaster.centre, forecaster.spread, *windows.min_max(forecaster.spread))
    scored: dict[str, Scored] = {}
    done, total = 0, len(methods) * len(windows)
    shown = typical(windows)
    for name, method in methods.items():
        scored[name] = score(
            name, method, windows, units, samples=evaluation.samples, seed=evaluation.seed, examples=shown,
            progress=lambda count, before=done: progress(before + count, total),  # type: ignore[misc]
        )  # fmt: skip
        done += len(windows)
    summary = Summary(windows, units, scored, evaluation.seed)
    people, videos = len(set(windows.people)), len(set(windows.videos))
    if people < 2:
        notes.append("There is only one person, so there are no intervals and no tests.")
    settings = asdict(evaluation) | {
        "methods": list(methods),
        "context": protocol.seen,
        "horizon": protocol.horizon,
        "stride": evaluation.stride or protocol.length,
        "model": model.name,
        "windows": len(windows),
        "people": people,
        "recordings": videos,
        "refinement": asdict(shipped_refinement()),
    }
    report = ComparisonReport("evaluate forecast", settings, summary.results, comparisons=summary.comparisons(), notes=notes)
    return Evaluation(report, windows, scored, material.motions[0].layout, model)


def typical(windows: Windows) -> list[int]:
    """Choose three windows to show, of usual, lively and very lively motion (50, 80 and 95 % of windows move less)."""
    moved = windows.truth_WHD.std(1).mean(1)
    order = moved.argsort()
    return list(dict.fromkeys(int(order[round(share * (len(order) - 1))]) for share in (0.5, 0.8, 0.95)))
