"""`train ...`: making the models."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from backend.cli.options import DeviceOption, SeedOption, ThreadsOption, progress, writing
from backend.core.errors import InputError

app = typer.Typer(help="Train the models (resumable).", no_args_is_help=True)


@app.command("forecaster")
def train_forecaster(
    data: Annotated[Path, typer.Option(help="Folder with clips.csv and recordings/ (made by `landmarks`).")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the weights.")] = Path("runs/forecaster/best"),
    run: Annotated[Path, typer.Option(help="Folder of the run; a run that is there goes on.")] = Path("runs/forecaster"),
    updates: Annotated[int, typer.Option(min=1, help="Optimiser steps in all.")] = 3000,
    minutes: Annotated[float, typer.Option(min=0, help="Stop after this long; 0 does not.")] = 0.0,
    kind: Annotated[str, typer.Option(help="gru_nf, gru_gaussian (no flow) or vrnn.")] = "gru_nf",
    likelihood_only: Annotated[
        bool, typer.Option("--likelihood-only", help="As the paper trains: no sampled paths, no augmentation.")
    ] = False,
    learning_rate: Annotated[float, typer.Option(min=1e-6, max=0.1, help="Highest rate of AdamW.")] = 1e-3,
    start_from: Annotated[Path | None, typer.Option(help="Folder of a forecaster to go on from.")] = None,
    seed: SeedOption = 0,
) -> None:
    """Train a forecaster on recordings of landmarks or keypoints."""
    from typing import cast, get_args

    from backend.train.forecaster import ForecasterTraining, Kind
    from backend.train.forecaster import train_forecaster as work

    if kind not in get_args(Kind):
        raise InputError("kind", f"--kind is one of {', '.join(get_args(Kind))}.")
    training = ForecasterTraining(cast(Kind, kind), updates, minutes=minutes, learning_rate=learning_rate, seed=seed)
    if likelihood_only:
        training = replace(training, rollout_weight=0.0, input_noise=0.0, augment=False, keep="last")
    work(data, out, run, training, start_from=start_from)
    print(f"Best weights: {out}")


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
    pack: Annotated[Path, typer.Option(help="Folder made by `train pack`.")],
    run: Annotated[Path, typer.Option(help="Folder of the run; a run that is there goes on.")] = Path("runs/generator"),
    kind: Annotated[str, typer.Option(help="slim_128, slim_256 or full_256.")] = "slim_128",
    stage: Annotated[str, typer.Option(help="motion (the flow alone, first), details (eyes and lips) or all.")] = "all",
    updates: Annotated[int, typer.Option(min=1, help="Optimiser steps in all.")] = 20_000,
    minutes: Annotated[float, typer.Option(min=0, help="Stop after this long in all; 0 goes by --updates.")] = 0.0,
    batch: Annotated[int, typer.Option(min=2, help="Pairs per update.")] = 8,
    adversarial: Annotated[bool, typer.Option(help="Train against critics, for sharpness.")] = True,
    start_from: Annotated[Path | None, typer.Option(help="Weights to start from.")] = None,
    device: DeviceOption = "cpu",
    threads: ThreadsOption = 2,
    seed: SeedOption = 0,
) -> None:
    """Train motion and paint to reconstruct one frame of a person from another."""
    from typing import cast, get_args

    from backend.animate.generator import ARCHITECTURES
    from backend.train.generator import GeneratorTraining, Stage
    from backend.train.generator import train_generator as work

    if kind not in ARCHITECTURES:
        raise InputError("kind", f"--kind is one of {', '.join(ARCHITECTURES)}.")
    if stage not in get_args(Stage):
        raise InputError("stage", f"--stage is one of {', '.join(get_args(Stage))}.")
    settings = GeneratorTraining(
        cast(Stage, stage), updates, minutes, batch, threads=threads, seed=seed, device=device, architecture=ARCHITECTURES[kind]
    )
    if not adversarial:
        settings = replace(settings, adversarial=0.0, matching=0.0)
    end = None if minutes else updates
    with progress("updates") as report:
        best = work(pack, run, settings, start_from=start_from, progress=lambda done, *_: report(done, end))
    print(f"Best weights: {best}")


@app.command("scene")
def train_scene(
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the sequences (.npz).")],
    sequences: Annotated[int, typer.Option(min=1, help="How many.")] = 300,
    frames: Annotated[int, typer.Option(min=2, help="Frames of each, 12.5 a second.")] = 30,
    seed: SeedOption = 0,
) -> None:
    """Draw a robot arm that pushes things about, with its joints: videos without a face, for `train detector`."""
    from backend.train.detector.arm_scene import write_scene

    with writing(out), progress("sequences") as report:
        write_scene(out, sequences, seed, frames, report)
    print(f"{sequences} sequences: {out}")


@app.command("detector")
def train_detector(
    data: Annotated[Path, typer.Option(help="Folder of videos, .npz with `frames`, or softmotion TFRecords.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the weights; a run that is there goes on.")],
    keypoints: Annotated[int, typer.Option(min=1, max=50, help="How many to find.")] = 10,
    size: Annotated[int, typer.Option(help="Edge of the pictures: 64, 128 or 256.")] = 64,
    updates: Annotated[int, typer.Option(min=1, help="Optimiser steps in all.")] = 5000,
    minutes: Annotated[float, typer.Option(min=0, help="Stop after this long; 0 does not.")] = 0.0,
    batch: Annotated[int, typer.Option(min=2, help="Pairs per update.")] = 8,
    report_every: Annotated[int, typer.Option(min=1, help="Updates between validations.")] = 200,
    threads: ThreadsOption = 2,
    seed: SeedOption = 0,
) -> None:
    """Train keypoints, motion and generator on any videos, with no labels (First Order Motion Model)."""
    from backend.train.detector.training import DetectorTraining
    from backend.train.detector.training import train_detector as work

    settings = DetectorTraining(size, keypoints, updates, minutes, batch, report_every=report_every, threads=threads, seed=seed)
    with writing(out), progress("updates") as report:
        figures = work(data, out, settings, progress=lambda done, total, _: report(done, total))
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
    pack: Annotated[Path, typer.Option(help="Folder made by `train pack`.")],
    stage: Annotated[str, typer.Option(help="autoencoder, flow, denoiser; regression, to compare.")],
    run: Annotated[Path | None, typer.Option(help="Folder of the run; a run that is there goes on.")] = None,
    minutes: Annotated[float, typer.Option(min=0.01, help="How long in all.")] = 60.0,
    batch: Annotated[int, typer.Option(min=1, help="Frames (autoencoder) or windows per update.")] = 16,
    start_from: Annotated[Path | None, typer.Option(help="Weights of the parts before; the stage before's by default.")] = None,
    device: DeviceOption = "cpu",
    threads: ThreadsOption = 2,
    seed: SeedOption = 0,
) -> None:
    """Train a flow that draws video: one stage at a time."""
    from typing import cast, get_args

    from backend.train.starflow import Stage, StarFlowTraining
    from backend.train.starflow import train_starflow as work

    stages = get_args(Stage)
    if stage not in stages:
        raise InputError("stage", f"--stage is one of {', '.join(stages)}.")
    if start_from is None and stage != stages[0]:
        earlier = Path("runs/starflow") / stages[stages.index(stage) - 1] / "best"
        start_from = earlier if earlier.is_dir() else None
    settings = StarFlowTraining(cast(Stage, stage), minutes, batch, threads=threads, seed=seed, device=device)
    with progress("minutes") as report:
        best = work(
            pack,
            run or Path("runs/starflow") / stage,
            settings,
            start_from=start_from,
            progress=lambda share, _: report(round(share * minutes, 1), minutes),
        )
    print(f"Best weights: {best}")
