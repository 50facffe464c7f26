"""`train ...`: train the models, and make the data that they are trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from backend.cli.options import DeviceOption, SeedOption, ThreadsOption, progress, writing
from backend.core.errors import InputError

app = typer.Typer(help="Train the models (resumable).", no_args_is_help=True)

Run = typer.Option(help="Folder of the run; a run that is there is resumed.")
Updates = Annotated[int, typer.Option(min=1, help="Optimiser steps in all.")]
Minutes = Annotated[float, typer.Option(min=0, help="Stop after this long in all; 0 does not.")]
PairsPerUpdate = Annotated[int, typer.Option("--batch", min=2, help="Pairs per update.")]
PackFolder = Annotated[Path, typer.Option("--pack", help="Folder made by `train pack`.")]


@app.command("forecaster")
def train_forecaster(
    data: Annotated[Path, typer.Option(help="Folder with clips.csv and recordings/ (made by `landmarks`).")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the weights.")] = Path("runs/forecaster/best"),
    run: Annotated[Path, Run] = Path("runs/forecaster"),
    updates: Updates = 3000,
    minutes: Minutes = 0.0,
    kind: Annotated[str, typer.Option(help="gru_nf, gru_gaussian (no flow) or vrnn.")] = "gru_nf",
    likelihood_only: Annotated[
        bool, typer.Option("--likelihood-only", help="As the paper trains: no sampled paths, no augmentation.")
    ] = False,
    stage: Annotated[str, typer.Option(help="likelihood, or scores, which continue from --start-from.")] = "likelihood",
    learning_rate: Annotated[float, typer.Option(min=0, max=0.1, help="Highest rate of AdamW; 0 takes the stage's own.")] = 0.0,
    start_from: Annotated[Path | None, typer.Option(help="Folder of a forecaster to continue from.")] = None,
    seed: SeedOption = 0,
) -> None:
    """Train a forecaster on recordings of landmarks or keypoints."""
    from backend.train import forecaster
    from backend.train.settings import ForecasterKind, ForecasterStage, ForecasterTraining

    model: ForecasterKind = _one_of("kind", kind, get_args(ForecasterKind))
    settings = ForecasterTraining(kind=model, updates=updates, minutes=minutes, seed=seed)
    if _one_of("stage", stage, get_args(ForecasterStage)) == "scores":
        if start_from is None:
            raise InputError("start_missing", "Scores train a forecaster further.", "Name it with --start-from.")
        settings = settings.with_scores()
    if learning_rate:
        settings = replace(settings, learning_rate=learning_rate)
    if likelihood_only:
        settings = replace(settings, rollout_weight=0.0, input_noise=0.0, augment=False, keep="last")
    with _update_progress() as report:
        forecaster.train_forecaster(data, out, run, settings, start_from=start_from, progress=report)
    print(f"Best weights: {out}")


@app.command("joint")
def train_joint(
    data: Annotated[Path, typer.Option(help="Folder with clips.csv and recordings/ (made by `landmarks`).")],
    start_from: Annotated[Path, typer.Option(help="Folder of the forecaster whose GRU observes.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the weights.")] = Path("runs/joint/best"),
    run: Annotated[Path, Run] = Path("runs/joint"),
    updates: Updates = 450,
    minutes: Minutes = 0.0,
    learning_rate: Annotated[float, typer.Option(min=1e-6, max=0.1, help="Highest rate of AdamW.")] = 1.2e-3,
    seed: SeedOption = 0,
) -> None:
    """Train a forecaster's flow over whole paths; its GRU stays as it is."""
    from backend.train import joint
    from backend.train.settings import JointTraining

    settings = JointTraining(updates=updates, minutes=minutes, learning_rate=learning_rate, seed=seed)
    with _update_progress() as report:
        joint.train_joint(data, out, run, settings, start_from=start_from, progress=report)
    print(f"Best weights: {out}")


@app.command("average")
def train_average(
    models: Annotated[list[Path], typer.Argument(help="Folders of forecasters that were trained from the same one.")],
    data: Annotated[Path, typer.Option(help="Folder of the recordings that they were trained on.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the weights.")] = Path("runs/forecaster/average"),
) -> None:
    """Average the weights of forecasters, which generalises better than each of them."""
    from backend.train.forecaster import average_forecasters
    from backend.train.settings import ForecasterTraining

    average_forecasters(data, models, out, ForecasterTraining())
    print(f"Weights: {out}")


@app.command("pack")
def train_pack(
    data: Annotated[Path, typer.Option(help="Folder with clips.csv and clips/.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the packed frames and landmarks.")],
) -> None:
    """Decode clips and find their landmarks, once, for generator training."""
    from backend.train.data.pack import pack

    with progress("clips") as report:
        pack(data, out, progress=report)


@app.command("generator")
def train_generator(
    pack: PackFolder,
    run: Annotated[Path, Run] = Path("runs/generator"),
    kind: Annotated[str, typer.Option(help="slim_128, slim_256 or full_256.")] = "slim_128",
    stage: Annotated[str, typer.Option(help="motion (optical flow, first), details (eyes and lips) or all.")] = "all",
    updates: Updates = 20_000,
    minutes: Annotated[float, typer.Option(min=0, help="Stop after this long in all; 0 goes by --updates.")] = 0.0,
    batch: PairsPerUpdate = 8,
    adversarial: Annotated[bool, typer.Option(help="Train against discriminators, for sharpness.")] = True,
    start_from: Annotated[Path | None, typer.Option(help="Weights to start from.")] = None,
    device: DeviceOption = "cpu",
    threads: ThreadsOption = 2,
    seed: SeedOption = 0,
) -> None:
    """Train motion and inpainting to reconstruct one frame of a person from another."""
    from backend.animate.generator import ARCHITECTURES
    from backend.train import generator
    from backend.train.settings import GeneratorStage, GeneratorTraining

    architecture = ARCHITECTURES[_one_of("kind", kind, ARCHITECTURES)]
    trained: GeneratorStage = _one_of("stage", stage, get_args(GeneratorStage))
    machine: Any = {"threads": threads, "seed": seed, "device": device, "architecture": architecture}
    settings = GeneratorTraining(stage=trained, updates=0 if minutes else updates, minutes=minutes, batch=batch, **machine)
    if not adversarial:
        settings = replace(settings, adversarial=0.0, matching=0.0)
    with _update_progress() as report:
        best = generator.train_generator(pack, run, settings, start_from=start_from, progress=report)
    print(f"Best weights: {best}")


@app.command("scene")
def train_scene(
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the sequences (.npz).")],
    sequences: Annotated[int, typer.Option(min=1, help="How many.")] = 300,
    frames: Annotated[int, typer.Option(min=2, help="Frames of each, 12.5 a second.")] = 30,
    seed: SeedOption = 0,
) -> None:
    """Render a robot arm that pushes things about, with its joints: videos without a face, for `train detector`."""
    from backend.train.detector.arm_scene import write_scene

    with writing(out), progress("sequences") as report:
        write_scene(out, sequences, seed, frames, report)
    print(f"{sequences} sequences: {out}")


@app.command("detector")
def train_detector(
    data: Annotated[Path, typer.Option(help="Folder of videos, .npz with `frames`, or softmotion TFRecords.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the weights; a run that is there is resumed.")],
    keypoints: Annotated[int, typer.Option(min=1, max=50, help="How many to find.")] = 10,
    size: Annotated[int, typer.Option(help="Edge of the pictures: 64, 128 or 256.")] = 64,
    updates: Updates = 5000,
    minutes: Minutes = 0.0,
    batch: PairsPerUpdate = 8,
    report_every: Annotated[int, typer.Option(min=1, help="Updates between validations.")] = 200,
    threads: ThreadsOption = 2,
    seed: SeedOption = 0,
) -> None:
    """Train keypoints, motion and generator on any videos, with no labels (First Order Motion Model)."""
    from backend.train.detector import training
    from backend.train.settings import DetectorTraining

    run: Any = {"updates": updates, "minutes": minutes, "batch": batch, "validate_every": report_every}
    settings = DetectorTraining(size=size, keypoints=keypoints, threads=threads, seed=seed, **run)
    with writing(out), _update_progress() as report:
        figures = training.train_detector(data, out, settings, progress=report)
    print(f"Weights: {out}; " + ", ".join(f"{name} {value:.3f}" for name, value in figures.items()))


@app.command("keypoints")
def train_keypoints(
    data: Annotated[Path, typer.Option(help="Folder as for `train detector`.")],
    checkpoint: Annotated[Path, typer.Option(help="Folder of a detector, or a published FOMM checkpoint.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for clips.csv and recordings/.")],
    threads: ThreadsOption = 2,
) -> None:
    """Write a detector's keypoints of every video, for `train forecaster` and `evaluate forecast`."""
    from backend.animate.fomm.checkpoint import open_model
    from backend.core.process import configure_process
    from backend.train.detector.keypoints import write_keypoints

    configure_process(threads)
    model = open_model(checkpoint)
    with writing(out), progress("videos") as report:
        count = write_keypoints(model, data, out, report)
    print(f"{count} recordings: {out}")


@app.command("starflow")
def train_starflow(
    pack: PackFolder,
    stage: Annotated[str, typer.Option(help="autoencoder, flow, denoiser; regression, to compare.")],
    run: Annotated[Path | None, Run] = None,
    minutes: Annotated[float, typer.Option(min=0.01, help="How long in all.")] = 60.0,
    batch: Annotated[int, typer.Option(min=1, help="Frames (autoencoder) or windows per update.")] = 16,
    start_from: Annotated[
        Path | None, typer.Option(help="Weights of the stages before; by default the best of the previous stage.")
    ] = None,
    device: DeviceOption = "cpu",
    threads: ThreadsOption = 2,
    seed: SeedOption = 0,
) -> None:
    """Train the video model, one stage at a time."""
    from backend.train import starflow
    from backend.train.settings import StarFlowStage, StarFlowTraining

    stages, runs = get_args(StarFlowStage), Path("runs/starflow")
    settings = StarFlowTraining(
        stage=_one_of("stage", stage, stages), minutes=minutes, batch=batch, threads=threads, seed=seed, device=device
    )
    if start_from is None and stage != stages[0]:
        earlier = runs / stages[stages.index(stage) - 1] / "best"
        start_from = earlier if earlier.is_dir() else None
    with _update_progress() as report:
        best = starflow.train_starflow(pack, run or runs / stage, settings, start_from=start_from, progress=report)
    print(f"Best weights: {best}")


def _one_of(option: str, value: str, choices: Any) -> Any:
    """Return a value that is one of the choices, or refuse it."""
    if value not in choices:
        raise InputError(option, f"--{option} is one of {', '.join(choices)}.")
    return value


@contextmanager
def _update_progress() -> Iterator[Callable[[int, int, dict[str, float]], None]]:
    """Show updates done, updates expected, the remaining time and the last validation's first figure."""
    with progress("updates") as report:

        def show(done: int, total: int, figures: dict[str, float]) -> None:
            report(done, total, now="  ".join(["updates", *(f"{name} {value:.4f}" for name, value in figures.items())][:2]))

        yield show
