"""`evaluate ...`: how good the models are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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

Videos = Annotated[Path, typer.Option(help="Folder of videos of one face each; the held-out ones of its clips.csv, if any.")]

app = typer.Typer(help="Score the models on held-out people.", no_args_is_help=True)


@app.command("forecast")
def evaluate_forecast(
    recordings: RecordingsOption,
    protocol: ProtocolOption = "8-16",
    context: Annotated[int | None, typer.Option(min=1, help="Frames seen, where more than the protocol's.")] = None,
    methods: Annotated[str, typer.Option(help="Methods with commas between; all that there are by default.")] = "",
    samples: Annotated[int, typer.Option(min=2, help="Futures sampled for each window.")] = 100,
    split: SplitOption = None,
    stride: StrideOption = None,
    fps: Annotated[
        float | None, typer.Option(min=1, help="Frames a second of keypoint arrays; 25 where they do not say.")
    ] = None,
    model: ForecasterOption = None,
    models: ModelsOption = MODELS,
    seed: SeedOption = 0,
    json: JsonOption = None,
    html: HtmlOption = None,
) -> None:
    """Score all methods on the same windows, by the protocol of the GRU-SNF paper."""
    from backend.evaluate.common.inputs import load_inputs
    from backend.evaluate.forecast.evaluation import ON_SCREEN, ForecastOptions
    from backend.evaluate.forecast.evaluation import evaluate_forecast as run
    from backend.evaluate.forecast.html import write_html

    names = tuple(name.strip() for name in methods.split(",") if name.strip())
    settings = ForecastOptions(protocol, context, names, samples, stride, fps, seed)
    with progress("windows") as report:
        found = run(load_inputs(recordings, models, model, split, fps), settings, report)
    print(f"{found.report.settings['windows']} windows of {found.report.settings['people']} people, model {found.model}")
    publish(found.report, json, ON_SCREEN)
    write_page(html, lambda folder: write_html(found, folder))


@app.command("animation")
def evaluate_animation(
    videos: Videos,
    methods: Annotated[str, typer.Option(help="Ways to animate with commas between; all that there are by default.")] = "",
    frames: Annotated[int, typer.Option(min=1, help="Frames of each video that are compared.")] = 12,
    futures: Annotated[int, typer.Option(min=0, help="Forecasts rendered for each window; 0 leaves them out.")] = 20,
    windows: Annotated[int, typer.Option(min=1, help="Windows of each video that are forecast.")] = 1,
    split: SplitOption = None,
    models: ModelsOption = MODELS,
    device: DeviceOption = "cpu",
    threads: ThreadsOption = 0,
    seed: SeedOption = 0,
    json: JsonOption = None,
    html: HtmlOption = None,
) -> None:
    """Score the generators against the camera: reconstruction, faces, flicker and other people's motion."""
    from backend.evaluate.animation.evaluation import FUTURES_ON_SCREEN, ON_SCREEN, AnimationOptions
    from backend.evaluate.animation.evaluation import evaluate_animation as run
    from backend.evaluate.animation.html import write_animation

    names = tuple(name.strip() for name in methods.split(",") if name.strip())
    settings = AnimationOptions(names, frames, futures, windows, seed, threads, device)
    with progress("videos") as report:
        found = run(videos, models, split=split, options=settings, progress=report)
    print(f"{found.report.settings['videos']} videos of {found.report.settings['people']} people")
    if found.futures is not None:
        found.report.show_table(FUTURES_ON_SCREEN)
    publish(found.report, json, ON_SCREEN)
    write_page(html, lambda folder: write_animation(found, folder))


@app.command("ablation")
def evaluate_ablation(
    recordings: RecordingsOption,
    grid: Annotated[str, typer.Option(help="quick or full.")] = "quick",
    protocol: ProtocolOption = "8-16",
    samples: Annotated[int, typer.Option(min=8, help="Futures sampled for each window.")] = 20,
    split: SplitOption = None,
    stride: StrideOption = None,
    model: ForecasterOption = None,
    models: ModelsOption = MODELS,
    seed: SeedOption = 0,
    json: JsonOption = None,
    html: HtmlOption = None,
) -> None:
    """Sweep the refiner's settings: steps, step size, consistency, cooling and kernel, beside temperatures of GRU-NF."""
    from typing import cast, get_args

    from backend.evaluate.ablation.evaluation import ON_SCREEN, AblationOptions, GridName
    from backend.evaluate.ablation.evaluation import evaluate_ablation as run
    from backend.evaluate.ablation.html import write_ablation
    from backend.evaluate.common.inputs import load_inputs

    if grid not in get_args(GridName):
        raise InputError("grid", f"--grid is one of {', '.join(get_args(GridName))}.")
    settings = AblationOptions(cast(GridName, grid), protocol, samples, stride, seed)
    with progress("windows") as report:
        found = run(
            load_inputs(recordings, models, model, split), settings,
            lambda words, done, total: report(done, total, now=words),
        )  # fmt: skip
    publish(found, json, ON_SCREEN)
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
    """Measure whether surprise is calibrated, and how well it notices anomalies put into real motion."""
    from backend.evaluate.common.inputs import load_inputs
    from backend.evaluate.surprise.evaluation import evaluate_surprise as run
    from backend.evaluate.surprise.html import write_surprise

    with progress("anomalies") as report:
        found = run(load_inputs(recordings, models, model, split), seed, report)
    publish(found.report, json)
    write_page(html, lambda folder: write_surprise(found, folder))


@app.command("starflow")
def evaluate_starflow(
    videos: Videos,
    model: Annotated[Path, typer.Option(help="Folder of the video flow.")] = MODELS / "starflow",
    regression: Annotated[
        Path, typer.Option(help="Folder of the regression that drift is compared with; it may be missing.")
    ] = MODELS / "starflow_regression",
    count: Annotated[int, typer.Option(min=2, max=16, help="Futures drawn of each window.")] = 8,
    windows: Annotated[int, typer.Option(min=1, help="Windows that futures are drawn of, of as many people as possible.")] = 16,
    per_clip: Annotated[int, typer.Option(min=1, help="Windows of each video whose likelihood is measured.")] = 2,
    split: SplitOption = None,
    models: ModelsOption = MODELS,
    device: DeviceOption = "cpu",
    threads: ThreadsOption = 0,
    seed: SeedOption = 0,
    json: JsonOption = None,
    html: HtmlOption = None,
) -> None:
    """Measure the video flow: likelihood, inversion, clean-up, drift, futures beside the keypoint path's, edits, captions."""
    from backend.evaluate.video_model.evaluation import StarFlowOptions
    from backend.evaluate.video_model.evaluation import evaluate_starflow as run
    from backend.evaluate.video_model.html import write_starflow

    settings = StarFlowOptions(count, windows, per_clip, seed, threads, device)
    with progress("videos") as report:
        found = run(
            videos, model, regression, models, split=split, options=settings,
            progress=lambda words, done, total: report(done, total, now=words),
        )  # fmt: skip
    print(f"{found.report.settings['videos']} videos of {found.report.settings['people']} people")
    publish(found.report, json)
    write_page(html, lambda folder: write_starflow(found, folder))
