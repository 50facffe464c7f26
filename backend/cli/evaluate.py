"""The commands `evaluate ...`: score the models on held-out people and write reports."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from backend.cli.options import (
    MODELS,
    DeviceOption,
    ForecasterOption,
    HtmlOption,
    JsonOption,
    ModelsOption,
    ProtocolOption,
    RecordingsOption,
    SeedOption,
    SplitOption,
    StrideOption,
    ThreadsOption,
    progress,
    publish,
    write_page,
)
from backend.core.errors import InputError

Videos = Annotated[Path, typer.Option(help="Folder of videos of one face each; only the held-out ones if it has a clips.csv.")]

Methods = Annotated[str, typer.Option(help="Comma-separated methods; all available ones by default.")]

app = typer.Typer(help="Score the models on held-out people.", no_args_is_help=True)


@app.command("forecast")
def evaluate_forecast(
    recordings: RecordingsOption,
    protocol: ProtocolOption = "8-16",
    context: Annotated[int | None, typer.Option(min=1, help="Frames seen, where more than the protocol's.")] = None,
    methods: Methods = "",
    samples: Annotated[int, typer.Option(min=2, help="Futures sampled for each window.")] = 100,
    split: SplitOption = None,
    stride: StrideOption = None,
    fps: Annotated[
        float | None, typer.Option(min=1, help="Frames per second of keypoint arrays that do not state it; 25 by default.")
    ] = None,
    choose: Annotated[str, typer.Option(help="Draws for each future of the chosen methods: 4x, 8x or 16x.")] = "8x",
    model: ForecasterOption = None,
    models: ModelsOption = MODELS,
    seed: SeedOption = 0,
    json: JsonOption = None,
    html: HtmlOption = None,
) -> None:
    """Score all forecasting methods on the same windows, by the protocol of the GRU-SNF paper."""
    from backend.core.types import Choose
    from backend.evaluate.common.inputs import load_inputs
    from backend.evaluate.forecast import evaluation
    from backend.evaluate.forecast.html import write_forecast

    if choose not in ("4x", "8x", "16x"):
        raise InputError("settings", f"Futures cannot be chosen from {choose!r}.", "Choose 4x, 8x or 16x.")
    options = evaluation.ForecastOptions(protocol, context, _names(methods), samples, stride, fps, seed, cast(Choose, choose))
    with progress("windows") as report:
        found = evaluation.evaluate_forecast(load_inputs(recordings, models, model, split, fps), options, report)
    print(f"{found.report.settings['windows']} windows of {found.report.settings['people']} people, model {found.model}")
    publish(found.report, json, evaluation.ON_SCREEN)
    write_page(html, lambda folder: write_forecast(found, folder))


@app.command("animation")
def evaluate_animation(
    videos: Videos,
    methods: Methods = "",
    frames: Annotated[int, typer.Option(min=1, help="Frames to compare in each video.")] = 12,
    futures: Annotated[int, typer.Option(min=0, help="Futures rendered for each window; 0 renders none.")] = 20,
    windows: Annotated[int, typer.Option(min=1, help="Windows to forecast in each video.")] = 1,
    split: SplitOption = None,
    models: ModelsOption = MODELS,
    device: DeviceOption = "cpu",
    threads: ThreadsOption = 0,
    seed: SeedOption = 0,
    json: JsonOption = None,
    html: HtmlOption = None,
) -> None:
    """Compare the generators with real video: reconstruction, faces, flicker, motion of other people, rendered futures."""
    from backend.evaluate.animation import evaluation
    from backend.evaluate.animation.html import write_animation

    options = evaluation.AnimationOptions(_names(methods), frames, futures, windows, seed, threads, device)
    with progress("videos") as report:
        found = evaluation.evaluate_animation(videos, models, split=split, options=options, progress=report)
    print(f"{found.report.settings['videos']} videos of {found.report.settings['people']} people")
    if found.futures is not None:
        found.report.show_table(evaluation.FUTURES_ON_SCREEN)
    publish(found.report, json, evaluation.ON_SCREEN)
    write_page(html, lambda folder: write_animation(found, folder))


@app.command("ablation")
def evaluate_ablation(
    recordings: Annotated[
        list[Path], typer.Option("--recordings", "--data", help="Folder of recordings; may be repeated to compare data sets.")
    ],
    grid: Annotated[str, typer.Option(help="Settings to try: small (at the shipped step size), quick or full.")] = "quick",
    protocol: ProtocolOption = "8-16",
    samples: Annotated[int, typer.Option(min=8, help="Futures sampled for each window.")] = 20,
    split: SplitOption = None,
    stride: StrideOption = None,
    model: Annotated[
        list[Path] | None, typer.Option(help="Forecaster of each data set, in their order; by default the one that fits it.")
    ] = None,
    models: ModelsOption = MODELS,
    seed: SeedOption = 0,
    json: JsonOption = None,
    html: HtmlOption = None,
) -> None:
    """Sweep the settings of refinement (steps, step size, ...), and temperatures of GRU-NF, on one or more data sets."""
    from backend.evaluate.ablation import evaluation
    from backend.evaluate.ablation.data_sets import evaluate_data_sets, load_data_sets
    from backend.evaluate.ablation.html import write_ablation

    if grid not in get_args(evaluation.GridName):
        raise InputError("grid", f"--grid is one of {', '.join(get_args(evaluation.GridName))}.")
    options = evaluation.AblationOptions(cast(evaluation.GridName, grid), protocol, samples, stride, seed)
    with progress("windows") as report:
        data = load_data_sets(recordings, models, model or (), split)
        found = evaluate_data_sets(data, options, lambda cell, done, total: report(done, total, now=cell))
    publish(found, json, evaluation.ON_SCREEN)
    write_page(html, lambda folder: write_ablation(found, folder))


@app.command("surprise")
def evaluate_surprise(
    recordings: RecordingsOption,
    split: SplitOption = None,
    model: ForecasterOption = None,
    models: ModelsOption = MODELS,
    seed: SeedOption = 0,
    json: JsonOption = None,
    html: HtmlOption = None,
) -> None:
    """Measure whether surprise is calibrated, and how well it detects anomalies inserted into real motion."""
    from backend.evaluate.common.inputs import load_inputs
    from backend.evaluate.surprise import evaluation
    from backend.evaluate.surprise.html import write_surprise

    with progress("anomalies") as report:
        found = evaluation.evaluate_surprise(load_inputs(recordings, models, model, split), seed, report)
    publish(found.report, json)
    write_page(html, lambda folder: write_surprise(found, folder))


@app.command("starflow")
def evaluate_starflow(
    videos: Videos,
    model: Annotated[Path, typer.Option(help="Folder of the video model.")] = MODELS / "starflow",
    regression: Annotated[
        Path, typer.Option(help="Folder of the regression model for the comparison of drift; it may be missing.")
    ] = MODELS / "starflow_regression",
    count: Annotated[int, typer.Option(min=2, max=16, help="Futures sampled for each window.")] = 8,
    windows: Annotated[int, typer.Option(min=1, help="Windows to sample futures of, from as many people as possible.")] = 16,
    per_clip: Annotated[int, typer.Option(min=1, help="Windows per video to measure the likelihood of.")] = 2,
    split: SplitOption = None,
    models: ModelsOption = MODELS,
    device: DeviceOption = "cpu",
    threads: ThreadsOption = 0,
    seed: SeedOption = 0,
    json: JsonOption = None,
    html: HtmlOption = None,
) -> None:
    """Measure the video model: likelihood, inversion, noise removal, drift, futures, edits and captions."""
    from backend.evaluate.video_model import evaluation
    from backend.evaluate.video_model.html import write_starflow

    options = evaluation.StarFlowOptions(count, windows, per_clip, seed, threads, device)
    with progress("videos") as report:
        found = evaluation.evaluate_starflow(
            videos, model, regression, models, split=split, options=options,
            progress=lambda stage, done, total: report(done, total, now=stage),
        )  # fmt: skip
    print(f"{found.report.settings['videos']} videos of {found.report.settings['people']} people")
    publish(found.report, json)
    write_page(html, lambda folder: write_starflow(found, folder))


def _names(methods: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in methods.split(",") if name.strip())
