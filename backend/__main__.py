"""`motionfan VERB`: the command line. Every verb loads only what it needs, so `--help` is quick."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backend import __version__
from backend.errors import InputError, MotionFanError
from backend.settings import REPOSITORY

if TYPE_CHECKING:
    from backend.film import Pictures
    from backend.types import Recording

# A thread that waits for another sleeps: spinning halves the speed of a machine whose cores are shared.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

app = typer.Typer(
    help="Drive a portrait with a face and see several different futures of its motion.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
train = typer.Typer(help="Train the models (resumable).", no_args_is_help=True)
evaluate = typer.Typer(help="Score the models on held-out people.", no_args_is_help=True)
app.add_typer(train, name="train")
app.add_typer(evaluate, name="evaluate")

Models = Annotated[Path, typer.Option(help="Folder of the weights.")]
Json = Annotated[
    Path | None, typer.Option("--json", help="Write the figures to this file.", callback=lambda path: _json_place(path))
]
Threads = Annotated[int, typer.Option(min=0, help="Torch threads; 0 takes half of the cores.")]
Device = Annotated[str, typer.Option(help="Where the generator runs: cpu or cuda.")]
Recordings = Annotated[
    Path, typer.Option("--recordings", "--data", help="Folder of landmark recordings or keypoint arrays (.npz, .npy).")
]
Split = Annotated[
    Path | None, typer.Option(help="CSV of clip, person, split: rows of split val or test are scored; clips.csv by default.")
]
Html = Annotated[
    Path | None,
    typer.Option("--html", help="Folder for a report with pictures (index.html).", callback=lambda path: _html_place(path)),
]
Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of everything random.")]
Forecaster = Annotated[Path | None, typer.Option(help="Folder of the forecaster; found to fit by default.")]
Protocol = Annotated[str, typer.Option(help="Frames seen and forecast: 8-16, 12-12, 10-14, 6-6 or 5-20.")]
Stride = Annotated[int | None, typer.Option(min=1, help="Steps between windows; a window's length by default.")]
MODELS = REPOSITORY / "models"


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        print(f"motionfan {__version__}")
        raise typer.Exit


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (MOTIONFAN_HOST).")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port (MOTIONFAN_PORT).")] = None,
) -> None:
    """Serve the demo: page, API and WebSocket."""
    from backend.server.run import serve as run
    from backend.settings import Settings

    given = {name: value for name, value in {"host": host, "port": port}.items() if value is not None}
    run(Settings.read(**given))


@app.command()
def landmarks(
    videos: Annotated[list[Path], typer.Argument(help="Videos of one face each.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the recordings.")],
) -> None:
    """Turn videos into landmark recordings (.npz): no picture is kept."""
    from backend.media.video import landmark_recording

    makers: dict[Path, Path] = {}
    for video in videos:
        path = out / f"{video.stem}.npz"
        if path in makers:
            raise InputError("names_collide", f"{makers[path]} and {video} would both become {path}.", "Rename one of them.")
        makers[path] = video
    with _writing(out):
        out.mkdir(parents=True, exist_ok=True)
    failures = []
    for path, video in makers.items():
        with progress(video.name) as report:
            try:
                recording = landmark_recording(video, report)
            except InputError as error:
                failures.append(str(error))
                continue
        recording.save(path)
        print(f"{path}: {len(recording.timestamps)} frames with a face")
    if failures:
        raise InputError("videos_failed", "\n".join(failures))


@app.command()
def animate(
    driving: Annotated[Path, typer.Option(help="Video, or a recording made by `landmarks`.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The MP4 to write.")],
    portrait: Annotated[Path | None, typer.Option(help="Picture to animate; the bundled portrait by default.")] = None,
    at: Annotated[list[float] | None, typer.Option(help="Second to forecast at; may be given again and again.")] = None,
    k: Annotated[int, typer.Option(min=1, max=16, help="Futures.")] = 4,
    horizon: Annotated[int, typer.Option(min=4, max=24, help="Steps of 80 ms.")] = 16,
    method: Annotated[str, typer.Option(help="gru_nf, gru_snf or both.")] = "gru_snf",
    temperature: Annotated[float, typer.Option(min=0, max=2, help="Scale of the flow's noise.")] = 1.0,
    size: Annotated[int, typer.Option(min=64, max=512, help="Side of a tile in pixels.")] = 256,
    generator: Annotated[str, typer.Option(help="slim_128 or slim_256.")] = "slim_256",
    seed: Seed = 0,
    models: Models = MODELS,
    threads: Threads = 0,
    device: Device = "cpu",
) -> None:
    """Write a film: the portrait follows a clip, its futures beside what really happened."""
    import msgspec

    from backend.film import film
    from backend.media.images import bundled_portrait, load_portrait
    from backend.media.video import check_video, check_writable
    from backend.pipeline import Pipeline
    from backend.types import ForecastSettings, Recording

    try:
        settings = msgspec.convert({"k": k, "horizon": horizon, "method": method, "temperature": temperature}, ForecastSettings)
    except msgspec.ValidationError as error:
        raise InputError("settings", f"These settings do not go: {error}.") from None
    # A long clip takes minutes to follow: what can be wrong is looked at first.
    check_writable(out)
    known = Recording.load(driving) if driving.suffix.lower() == ".npz" else None
    if known is None:
        check_video(driving)
    image = bundled_portrait() if portrait is None else load_portrait(_bytes(portrait))
    pipeline = Pipeline.load(models, device=device, threads=threads, generator=generator)
    recording, pictures = (known, None) if known else _follow(driving)
    with progress("rendering") as report:
        windows = film(
            pipeline,
            image,
            recording,
            out,
            settings,
            moments=at or (),
            size=size,
            seed=seed,
            pictures=pictures,
            progress=report,
        )
    better = sum(min(window.errors) < window.copy_last for window in windows)
    print(f"{out}: {len(windows)} forecasts of {horizon} steps; the closest future beat standing still in {better} of them")


@app.command()
def bench(
    models: Models = MODELS,
    threads: Threads = 0,
    device: Device = "cpu",
    repeats: Annotated[int, typer.Option(min=3, help="Timed runs of each stage.")] = 30,
    json: Json = None,
) -> None:
    """Measure every stage: time, frames per second, memory."""
    from backend.evaluate.bench import bench as run
    from backend.types import Recording

    recording = Recording.load(REPOSITORY / "backend" / "assets" / "recordings" / "talking.npz")
    _publish(run(models, recording, device=device, threads=threads, repeats=repeats), json)


@app.command()
def load(
    url: Annotated[str, typer.Option(help="A running server.")] = "http://127.0.0.1:8000",
    sessions: Annotated[int, typer.Option(min=1, help="Sessions at once.")] = 4,
    seconds: Annotated[float, typer.Option(min=1, help="How long.")] = 30.0,
    json: Json = None,
) -> None:
    """Play a recording to a running server in many sessions at once, and measure what comes back."""
    from backend.evaluate.load import load as run

    _publish(run(url, sessions=sessions, seconds=seconds), json)


@evaluate.command("forecast")
def evaluate_forecast(
    recordings: Recordings,
    protocol: Protocol = "8-16",
    context: Annotated[int | None, typer.Option(min=1, help="Frames seen, where more than the protocol's.")] = None,
    methods: Annotated[str, typer.Option(help="Methods with commas between; all that there are by default.")] = "",
    samples: Annotated[int, typer.Option(min=2, help="Futures sampled for each window.")] = 100,
    split: Split = None,
    stride: Stride = None,
    fps: Annotated[
        float | None, typer.Option(min=1, help="Frames a second of keypoint arrays; 25 where they do not say.")
    ] = None,
    model: Forecaster = None,
    models: Models = MODELS,
    seed: Seed = 0,
    json: Json = None,
    html: Html = None,
) -> None:
    """Score all methods on the same windows, by the protocol of the GRU-SNF paper."""
    from backend.evaluate.forecast import ON_SCREEN, ForecastEvaluation
    from backend.evaluate.forecast import evaluate_forecast as run
    from backend.evaluate.html import write_html

    names = tuple(name.strip() for name in methods.split(",") if name.strip())
    settings = ForecastEvaluation(protocol, context, names, samples, stride, fps, seed)
    with progress("windows") as report:
        found = run(recordings, models, model=model, split=split, evaluation=settings, progress=report)
    print(f"{found.report.settings['windows']} windows of {found.report.settings['people']} people, model {found.model}")
    _publish(found.report, json, ON_SCREEN)
    _write_page(html, lambda folder: write_html(found, folder))


@evaluate.command("ablation")
def evaluate_ablation(
    recordings: Recordings,
    grid: Annotated[str, typer.Option(help="quick or full.")] = "quick",
    protocol: Protocol = "8-16",
    samples: Annotated[int, typer.Option(min=8, help="Futures sampled for each window.")] = 20,
    split: Split = None,
    stride: Stride = None,
    model: Forecaster = None,
    models: Models = MODELS,
    seed: Seed = 0,
    json: Json = None,
    html: Html = None,
) -> None:
    """Sweep the refiner's settings: steps, step size, consistency, cooling and kernel, beside temperatures of GRU-NF."""
    from typing import cast, get_args

    from backend.evaluate.ablation import ON_SCREEN, Ablation, GridName
    from backend.evaluate.ablation import evaluate_ablation as run
    from backend.evaluate.ablation_html import write_ablation

    if grid not in get_args(GridName):
        raise InputError("grid", f"--grid is one of {', '.join(get_args(GridName))}.")
    settings = Ablation(cast(GridName, grid), protocol, samples, stride, seed)
    with progress("windows") as report:
        found = run(
            recordings, models, model=model, split=split, ablation=settings,
            progress=lambda words, done, total: report(done, total, now=words),
        )  # fmt: skip
    _publish(found, json, ON_SCREEN)
    _write_page(html, lambda folder: write_ablation(found, folder))


@evaluate.command("surprise")
def evaluate_surprise(
    recordings: Recordings,
    split: Split = None,
    model: Forecaster = None,
    models: Models = MODELS,
    seed: Seed = 0,
    json: Json = None,
    html: Html = None,
) -> None:
    """Measure whether surprise is calibrated, and how well it notices anomalies put into real motion."""
    from backend.evaluate.surprise import evaluate_surprise as run
    from backend.evaluate.surprise_html import write_surprise

    with progress("anomalies") as report:
        found = run(recordings, models, model=model, split=split, seed=seed, progress=report)
    _publish(found.report, json)
    _write_page(html, lambda folder: write_surprise(found, folder))


@train.command("forecaster")
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
    seed: Seed = 0,
) -> None:
    """Train a forecaster on recordings of landmarks or keypoints."""
    from dataclasses import replace
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


@train.command("pack")
def train_pack(
    data: Annotated[Path, typer.Option(help="Folder with clips.csv and clips/.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the packed frames and landmarks.")],
) -> None:
    """Decode clips and find their landmarks, once, for generator training."""
    from backend.train.pack import pack

    with progress("clips") as report:
        pack(data, out, progress=report)


@train.command("generator")
def train_generator(
    pack: Annotated[Path, typer.Option(help="Folder made by `train pack`.")],
    run: Annotated[Path, typer.Option(help="Folder of the run; a run that is there goes on.")] = Path("runs/generator"),
    size: Annotated[int, typer.Option(help="Working size: 128 or 256.")] = 128,
    updates: Annotated[int, typer.Option(min=1, help="Optimiser steps in all.")] = 20_000,
    batch: Annotated[int, typer.Option(min=2, help="Pairs per update.")] = 8,
    start_from: Annotated[Path | None, typer.Option(help="Weights to start from.")] = None,
    threads: Threads = 2,
) -> None:
    """Train motion and paint to reconstruct one frame of a person from another."""
    from backend.animate.generator import GeneratorConfig
    from backend.train.generator import GeneratorTraining
    from backend.train.generator import train_generator as work

    if size not in (128, 256):
        raise InputError("size", "A generator works at 128 or 256 pixels.")
    settings = GeneratorTraining(updates=updates, batch=batch, threads=threads, architecture=GeneratorConfig(size=size))
    with progress("updates") as report:
        best = work(pack, run, settings, start_from=start_from, progress=lambda done, total, _: report(done, total))
    print(f"Best weights: {best}")


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError("portrait_missing", f"{path} cannot be read ({error.strerror}).") from None


def _follow(path: Path) -> tuple[Recording, Pictures]:
    """Return the recording of a video's face, and what gives the video's own pictures."""
    from backend.media.video import follow_face, pictures_at

    with progress(path.name) as report:
        recording, crop = follow_face(path, report)
    return recording, lambda times, size: pictures_at(path, crop, times, size)


def _publish(report: Any, json: Path | None, only: Sequence[str] = ()) -> None:
    report.show(only)
    if json is not None:
        with _writing(json):
            report.save(json)


def _write_page(html: Path | None, write: Callable[[Path], Path]) -> None:
    if html is not None:
        with _writing(html):
            print(f"Report with pictures: {write(html)}")


def _json_place(json: Path | None) -> Path | None:
    """Refuse a place for figures that cannot be written, before they are measured."""
    if json is not None:
        with _writing(json):
            json.parent.mkdir(parents=True, exist_ok=True)
            json.open("ab").close()
    return json


def _html_place(html: Path | None) -> Path | None:
    """Refuse a place for pictures that cannot be written, before they are measured."""
    if html is not None:
        with _writing(html):
            html.mkdir(parents=True, exist_ok=True)
    return html


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError("unwritable", f"{path} cannot be written ({error.strerror}).", "Choose another place.") from None


@contextmanager
def progress(words: str) -> Iterator[Callable[..., None]]:
    """Show a progress bar; yields a function of (done, all or None), and perhaps `now`: what runs."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, transient=True, console=console, disable=not console.is_terminal) as bars:
        task = bars.add_task(words, total=None)
        yield lambda done, total, *rest, now=words: bars.update(task, completed=done, total=total, description=now)


def main() -> None:
    """Run the command line; an error that a person can act on is one sentence, without a traceback."""
    try:
        app()
    except MotionFanError as error:
        print(f"motionfan: {error}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
