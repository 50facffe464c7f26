"""`serve`, `landmarks`, `animate`, `reenact`: what shows motion."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backend.cli.options import MODELS, AnimateEngine, Device, Models, Seed, Threads, portrait_named, progress, writing
from backend.core.errors import InputError

if TYPE_CHECKING:
    from backend.core.recording import Recording
    from backend.films.futures import Painter, Pictures
    from backend.films.reference import Reference

app = typer.Typer()


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (MOTIONFAN_HOST).")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port (MOTIONFAN_PORT).")] = None,
) -> None:
    """Serve the demo: page, API and WebSocket."""
    from backend.core.settings import Settings
    from backend.server.run import serve as run

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
    with writing(out):
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
    portrait: Annotated[
        str, typer.Option(help="Picture to animate, or astronaut, studio, oil, poster, marble, engraving or halftone.")
    ] = "astronaut",
    at: Annotated[list[float] | None, typer.Option(help="Second to forecast at; may be given again and again.")] = None,
    k: Annotated[int, typer.Option(min=1, max=16, help="Futures.")] = 4,
    horizon: Annotated[int, typer.Option(min=4, max=24, help="Steps of 80 ms.")] = 16,
    method: Annotated[str, typer.Option(help="gru_nf, gru_snf or both.")] = "gru_snf",
    temperature: Annotated[float, typer.Option(min=0, max=2, help="Scale of the flow's noise.")] = 1.0,
    size: Annotated[int, typer.Option(min=64, max=512, help="Side of a tile in pixels.")] = 256,
    generator: Annotated[str, typer.Option(help="slim_128 or slim_256.")] = "slim_256",
    reference: Annotated[
        str, typer.Option(help="The driver's neutral moment: best (most like the portrait), first, or a second.")
    ] = "best",
    whole_picture: Annotated[
        bool, typer.Option("--whole-picture", help="Show the portrait moving within its whole picture, without futures.")
    ] = False,
    seed: Seed = 0,
    models: Models = MODELS,
    threads: Threads = 0,
    device: Device = "cpu",
    engine: AnimateEngine = "auto",
) -> None:
    """Write a film: the portrait follows a clip, its futures beside what really happened."""
    import msgspec

    from backend.core.recording import Recording
    from backend.core.types import ForecastSettings
    from backend.films.futures import film
    from backend.media.video import check_video, check_writable
    from backend.pipeline import Pipeline

    painting = engine == "starflow"
    if painting and whole_picture:
        raise InputError("engine_whole", "The whole picture shows no futures for the video flow to draw.", "Leave one out.")
    chosen = {"k": k, "horizon": horizon, "method": method, "temperature": temperature}
    try:
        settings = msgspec.convert(chosen, ForecastSettings)
    except msgspec.ValidationError as error:
        raise InputError("settings", f"These settings do not go: {error}.") from None
    moment = _reference(reference)
    # A long clip takes minutes to follow: what can be wrong is looked at first.
    check_writable(out)
    known = Recording.load(driving) if driving.suffix.lower() == ".npz" else None
    if known is None:
        check_video(driving)
    image = portrait_named(portrait)
    rendering = "auto" if painting else engine
    pipeline = Pipeline.load(models, device=device, threads=threads, generator=generator, engine=rendering)  # type: ignore[arg-type]
    painter = _painter(models, device, temperature, seed) if painting else None
    recording, pictures = (known, None) if known else _follow(driving)
    if whole_picture:
        from backend.films.whole_picture import whole_film

        with progress("rendering") as report:
            frames = whole_film(pipeline, image, recording, out, reference=moment, progress=report)
        print(f"{out}: {frames} frames of the whole picture")
        return
    with progress("rendering") as report:
        windows = film(
            pipeline,
            image,
            recording,
            out,
            settings,
            moments=at or (),
            reference=moment,
            size=size,
            seed=seed,
            pictures=pictures,
            painter=painter,
            progress=report,
        )
    better = sum(min(window.errors) < window.copy_last for window in windows)
    by = " by the video flow" if painting else ""
    print(f"{out}: {len(windows)} forecasts of {horizon} steps{by}; the closest future beat standing still in {better} of them")


@app.command()
def reenact(
    checkpoint: Annotated[Path, typer.Option(help="Published FOMM checkpoint, or folder of `train detector`.")],
    portrait: Annotated[
        Path, typer.Option(help="Picture to move, cropped as the model knows it; of a video, the first frame.")
    ],
    driving: Annotated[Path, typer.Option(help="Video of what moves, cropped likewise.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The MP4 to write.")],
    size: Annotated[int | None, typer.Option(min=32, max=1024, help="Edge of the frames; the model's own by default.")] = None,
    absolute: Annotated[bool, typer.Option("--absolute", help="Take the driver's keypoints as they are.")] = False,
    threads: Threads = 0,
) -> None:
    """Move a picture as a video moves, by unlabelled keypoints (First Order Motion Model): no face needed."""
    from backend.animate.fomm.checkpoint import open_model
    from backend.animate.fomm.transfer import reenact as work
    from backend.core.process import configure_process
    from backend.media.video import check_writable, mean_rate, read_video, write_video

    check_writable(out)
    configure_process(threads)
    model = open_model(checkpoint)
    source = next(read_video(portrait)).picture
    frames, rate = mean_rate(driving)
    pictures = (frame.picture for frame in read_video(driving))
    with progress("rendering") as report, write_video(out, rate) as video:
        for frame in work(model, source, pictures, size=size, absolute=absolute):
            video.write(frame)
            report(video.frames, frames)
    print(f"{out}: {frames} frames")


def _reference(words: str) -> Reference:
    if words == "first":
        return "first"
    if words == "best":
        return "best"
    try:
        return float(words)
    except ValueError:
        raise InputError(
            "reference_unknown", f"{words!r} is no moment to refer to.", "Give first, best, or a second."
        ) from None


def _painter(models: Path, device: str, temperature: float, seed: int) -> Painter:
    """The video flow as what draws the futures."""
    from backend.films.clips import painter
    from backend.starflow.video import Drawing, VideoFlow

    drawing = Drawing(seed=seed, temperature=temperature)
    return painter(VideoFlow.load(models / "starflow", device), drawing)


def _follow(path: Path) -> tuple[Recording, Pictures]:
    """Return the recording of a video's face, and what gives the video's own pictures."""
    from backend.media.video import follow_face, pictures_at

    with progress(path.name) as report:
        recording, crop = follow_face(path, report)
    return recording, lambda times, size: pictures_at(path, crop, times, size)
