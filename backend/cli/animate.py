"""`landmarks`, `animate` and `reenact`: recordings and films from videos."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from backend.cli.options import (
    MODELS,
    AnimateEngineOption,
    ChooseOption,
    DeviceOption,
    ModelsOption,
    SeedOption,
    ThreadsOption,
    portrait_named,
    progress,
    writing,
)
from backend.core.errors import InputError

if TYPE_CHECKING:
    from backend.core.progress import Progress
    from backend.core.recording import Recording
    from backend.films.futures import DriverPictures
    from backend.films.reference import ReferenceMoment

app = typer.Typer()


def _record_face(video: Path, path: Path, progress: Progress) -> int:
    """Write the landmarks of a video's face and return the number of frames."""
    from backend.media.face_tracker import track_face

    recording, _ = track_face(video, progress)
    recording.save(path)
    return len(recording.timestamps)


def _record_pose(video: Path, path: Path, progress: Progress) -> int:
    """Write the keypoints of a video's body, name those that are guessed, and return the number of frames."""
    from backend.core.recording import save_keypoints
    from backend.keypoints.pose import LIMBS, body_square, pose_keypoints
    from backend.media.body_tracker import track_body
    from backend.media.crop import SquareCrop

    points, times, outside = track_body(video, progress)
    square = SquareCrop(*body_square(points))
    save_keypoints(path, pose_keypoints(square.apply(points)), times, video.name)
    guessed = [name.replace("_", " ") for name, (joint, _) in LIMBS.items() if outside[joint] > 0.5]
    if guessed:
        print(f"{video}: outside the picture in most frames, and so only guessed: {', '.join(guessed)}")
    return len(times)


RECORDERS = {"face": _record_face, "pose": _record_pose}
"""What `landmarks` can track."""


@app.command()
def landmarks(
    videos: Annotated[list[Path], typer.Argument(help="Videos of one person each.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the recordings.")],
    kind: Annotated[str, typer.Option(help="What is tracked: face (landmarks), or pose (keypoints of the body).")] = "face",
) -> None:
    """Convert videos to recordings of a face's landmarks or a body's keypoints (.npz), which contain no picture."""
    if kind not in RECORDERS:
        raise InputError("kind", f"There is no kind {kind!r}.", f"Choose {' or '.join(RECORDERS)}.")
    sources: dict[Path, Path] = {}
    for video in videos:
        path = out / f"{video.stem}.npz"
        if path in sources:
            raise InputError("names_collide", f"{sources[path]} and {video} would both become {path}.", "Rename one of them.")
        sources[path] = video
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    failures = []
    for path, video in sources.items():
        with progress(video.name) as report:
            try:
                frames = RECORDERS[kind](video, path, report)
            except InputError as error:
                failures.append(str(error))
                continue
        print(f"{path}: {frames} frames with a {'face' if kind == 'face' else 'body'}")
    if failures:
        raise InputError("videos_failed", "\n".join(failures))


@app.command()
def animate(
    driving: Annotated[Path, typer.Option(help="Video, or a recording made by `landmarks`.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The MP4 to write.")],
    portrait: Annotated[
        str, typer.Option(help="Picture file, or astronaut, studio, oil, poster, marble, engraving or halftone.")
    ] = "astronaut",
    at: Annotated[list[float] | None, typer.Option(help="Time of a forecast in seconds; may be repeated.")] = None,
    k: Annotated[int, typer.Option(min=1, max=16, help="Number of futures.")] = 4,
    horizon: Annotated[int, typer.Option(min=4, max=24, help="Length of the futures in steps of 80 ms.")] = 16,
    method: Annotated[str, typer.Option(help="Forecaster: gru_nf, gru_snf or both.")] = "gru_snf",
    choose: ChooseOption = "8x",
    sampling: Annotated[str, typer.Option(help="joint (futures as a whole) or steps (step by step, slower).")] = "joint",
    temperature: Annotated[float, typer.Option(min=0, max=2, help="Scale of the random numbers.")] = 1.0,
    size: Annotated[int, typer.Option(min=64, max=512, help="Side of a tile in pixels.")] = 256,
    generator: Annotated[str, typer.Option(help="slim_128 or slim_256.")] = "slim_256",
    reference: Annotated[
        str, typer.Option(help="Reference frame of the driver: best (most like the portrait), first, or a time in seconds.")
    ] = "best",
    whole_picture: Annotated[
        bool, typer.Option("--whole-picture", help="Animate the portrait within its whole picture, without futures.")
    ] = False,
    seed: SeedOption = 0,
    models: ModelsOption = MODELS,
    threads: ThreadsOption = 0,
    device: DeviceOption = "cpu",
    engine: AnimateEngineOption = "auto",
) -> None:
    """Write a film: a portrait follows a clip, with sampled futures beside what really happened."""
    import msgspec

    from backend.core.recording import Recording
    from backend.core.types import Choose, ForecastSettings
    from backend.films.futures import video_sampler, write_film
    from backend.films.whole_picture import write_whole_film
    from backend.media.video_reader import check_video
    from backend.media.video_writer import check_writable
    from backend.pipeline import Pipeline
    from backend.starflow.video import SamplingSettings, VideoFlow

    by_video_flow = engine == "starflow"
    if by_video_flow and whole_picture:
        raise InputError("engine_whole", "The whole picture is shown without futures.", "Leave one out.")
    if method not in ("gru_nf", "gru_snf", "both"):
        raise InputError("settings", f"There is no method {method!r}.", "Choose gru_nf, gru_snf or both.")
    if choose not in get_args(Choose):
        raise InputError("settings", f"Futures cannot be chosen from {choose!r}.", "Choose off, 4x, 8x or 16x.")
    given = {"k": k, "horizon": horizon, "method": method, "choose": choose, "sampling": sampling, "temperature": temperature}
    try:
        settings = msgspec.convert(given, ForecastSettings)
    except msgspec.ValidationError as error:
        raise InputError("settings", f"These settings are not valid: {error}.") from None
    moment = _parse_reference(reference)
    # Tracking a long clip takes minutes, so all that can fail is checked first.
    check_writable(out)
    loaded = Recording.load(driving) if driving.suffix.lower() == ".npz" else None
    if loaded is None:
        check_video(driving)
    image = portrait_named(portrait)
    renderer = "auto" if by_video_flow else engine
    pipeline = Pipeline.load(models, device=device, threads=threads, generator=generator, engine=renderer)  # type: ignore[arg-type]
    sampler = None
    if by_video_flow:
        of_clips = SamplingSettings(seed=seed, temperature=temperature)
        sampler = video_sampler(VideoFlow.load(models / "starflow", device), of_clips)
    recording, pictures = (loaded, None) if loaded else _track(driving)
    if whole_picture:
        with progress("rendering") as report:
            frames = write_whole_film(pipeline, image, recording, out, reference=moment, progress=report)
        print(f"{out}: {frames} frames of the whole picture")
        return
    with progress("rendering") as report:
        windows = write_film(
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
            video_sampler=sampler,
            progress=report,
        )
    better = sum(min(window.errors) < window.copy_last for window in windows)
    by = " by the video model" if by_video_flow else ""
    forecasts = f"{len(windows)} forecast{'s' * (len(windows) != 1)} of {horizon} steps{by}"
    print(f"{out}: {forecasts}; the closest future was nearer than no motion in {better}")


@app.command()
def reenact(
    checkpoint: Annotated[Path, typer.Option(help="Published FOMM checkpoint, or folder made by `train detector`.")],
    portrait: Annotated[
        Path, typer.Option(help="Picture to animate (or a video, for its first frame), cropped like the training data.")
    ],
    driving: Annotated[Path, typer.Option(help="Driving video, cropped in the same way.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The MP4 to write.")],
    size: Annotated[int | None, typer.Option(min=32, max=1024, help="Side of the frames; the model's own by default.")] = None,
    absolute: Annotated[bool, typer.Option("--absolute", help="Use the driver's keypoints, not their motion.")] = False,
    threads: ThreadsOption = 0,
) -> None:
    """Animate any picture with the motion of a video (First Order Motion Model); no face is needed."""
    from backend.animate.fomm.checkpoint import open_model
    from backend.animate.fomm.reenact import reenact as work
    from backend.core.process import configure_process
    from backend.media.video_reader import mean_rate, read_video
    from backend.media.video_writer import check_writable, write_video

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


def _parse_reference(text: str) -> ReferenceMoment:
    if text == "first":
        return "first"
    if text == "best":
        return "best"
    try:
        return float(text)
    except ValueError:
        hint = "Give first, best, or a time in seconds."
        raise InputError("reference_unknown", f"{text!r} is not a reference frame.", hint) from None


def _track(path: Path) -> tuple[Recording, DriverPictures]:
    """Track a video's face; return its recording, and a function that reads the video's pictures."""
    from backend.media.face_tracker import track_face
    from backend.media.video_reader import pictures_at

    with progress(path.name) as report:
        recording, crop = track_face(path, report)
    return recording, lambda times, size: pictures_at(path, crop, times, size)
