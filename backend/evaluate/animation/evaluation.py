"""Score animation on held-out people: every method on the same frames, against what the camera saw."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from backend.core.errors import InputError, ModelError
from backend.core.process import configure_process
from backend.core.progress import Progress
from backend.evaluate.animation.clips import RUN, RUNS, SIZE, Clip, Still, find_videos, open_clip
from backend.evaluate.animation.futures import CONTEXT, EVERY, HORIZON, Futures
from backend.evaluate.animation.futures import SIZE as FUTURE_SIZE
from backend.evaluate.animation.gather import Gathered
from backend.evaluate.animation.methods import Methods
from backend.evaluate.report.report import ComparisonReport

ON_SCREEN = (
    "l1", "l1_ratio", "ssim", "ms_ssim", "akd", "akd_lips", "akd_eyes", "lost", "identity", "sharpness", "flicker", "cross_akd",
    "cross_identity", "ms_per_frame",
)  # fmt: skip
"""The figures of the table on screen; the report holds all."""

FUTURES_ON_SCREEN = ("mae", "apd", "apd_over_mae", "apd_over_mae_standardised", "mae_all", "apd_all")


@dataclass(frozen=True)
class AnimationEvaluation:
    """Settings of an evaluation.

    Attributes:
        methods: which; none for all that there are.
        frames: of each clip that are compared, after the first.
        futures: samples of each window's forecast that are rendered; 0 leaves forecasts out.
        windows: of each video that are forecast, at most.
        seed: of the forecasts, and of the resamples of people.
        threads: of torch; 0 takes half of the cores.
        device: of the generators.
    """

    methods: tuple[str, ...] = ()
    frames: int = 12
    futures: int = 20
    windows: int = 1
    seed: int = 0
    threads: int = 0
    device: str = "cpu"


@dataclass(frozen=True)
class Evaluation:
    """What was measured, and what pictures of it are made from."""

    report: ComparisonReport
    gathered: Gathered
    methods: Methods
    futures: Futures | None = None


def evaluate_animation(
    videos: Path,
    models: Path,
    *,
    split: Path | None = None,
    evaluation: AnimationEvaluation | None = None,
    progress: Progress = lambda done, total: None,
) -> Evaluation:
    """Score all methods on the same frames of the same videos.

    Each video is rebuilt from its first frame, by its own landmarks as they are; and it drives the first frame of the last
    video before it that shows another person (the first video that of the last), by its motion since its first frame.

    Args:
        videos: folder of videos of one face each (see `find_videos`).
        models: folder of the generators.
        split: a CSV of which videos are held out.
        evaluation: settings.
        progress: told of videos done, and of all.

    Returns:
        The report and what its pictures need. Intervals are 95 %, by resampling people.

    Raises:
        InputError: no video can be used, or a method is not there.
    """
    evaluation = evaluation or AnimationEvaluation()
    configure_process(evaluation.threads)
    listed, notes = find_videos(videos, split)
    methods = Methods(models, evaluation.device)
    built = methods.build(evaluation.methods)
    notes += [f"Left out: {sentence}" for sentence in methods.left_out]
    gathered = Gathered(built, evaluation.seed)
    futures = _futures(methods, models, evaluation, notes)
    portraits: list[tuple[str, Still]] = []
    waiting: list[Clip] = []
    for done, video in enumerate(listed):
        progress(done, len(listed))
        try:
            clip = open_clip(video, evaluation.frames)
        except InputError as error:
            notes.append(f"{video.path.name} is left out: {error.message}")
            continue
        if clip.doubtful:
            notes.append(f"{video.path.name}: {clip.doubtful} frames are left out, where it is not clear whose face is meant.")
        gathered.score(clip)
        if futures is not None:
            futures.add(clip)
        other = _another(portraits, video.person)
        if other is None:
            waiting.append(clip)
        else:
            gathered.transfer(clip, other)
        portraits.append((video.person, clip.source))
    for clip in waiting:
        other = _another(portraits, clip.video.person)
        if other is not None:
            gathered.transfer(clip, other)
    progress(len(listed), len(listed))
    if not portraits:
        raise InputError("data_empty", f"{videos} holds no video that can be scored.", " ".join(notes[:3]))
    people = len({person for person, _ in portraits})
    if people < 2:
        notes.append("There is only one person: no intervals, no tests, and nobody else's portrait to animate.")
    settings = asdict(evaluation) | {
        "methods": list(built),
        "size": SIZE,
        "videos": len(portraits),
        "people": people,
        "compared_frames": len(gathered.frames),
        "runs": f"{RUNS} of {RUN} consecutive frames in each video",
        "akd_points": "the 468 of the face mesh, without the irises",
        "warp_of": methods.warped_by if "warp" in built else None,
    }
    results, tests = gathered.results(), gathered.comparisons()
    if futures is not None and len(futures.table):
        settings["futures_of"] = {
            "generator": futures.generator,
            "size": FUTURE_SIZE,
            "protocol": f"{CONTEXT}-{HORIZON}",
            "every": EVERY,
            "steps": HORIZON // EVERY,
            "best": futures.best,
            "windows": len(futures.table),
        }
        results |= futures.results()
        tests += futures.comparisons()
    report = ComparisonReport("evaluate animation", settings, results, comparisons=tests, notes=notes)
    return Evaluation(report, gathered, methods, futures)


def _futures(methods: Methods, models: Path, evaluation: AnimationEvaluation, notes: list[str]) -> Futures | None:
    """Load the forecaster where forecasts are asked for; without one they are left out, and the report says so."""
    if not evaluation.futures:
        return None
    try:
        return Futures(methods, models, samples=evaluation.futures, windows=evaluation.windows, seed=evaluation.seed)
    except ModelError as error:
        notes.append(f"Forecasts are left out: {error.message}")
        return None


def _another(portraits: list[tuple[str, Still]], person: str) -> Still | None:
    """Return the last portrait of somebody else."""
    return next((still for name, still in reversed(portraits) if name != person), None)
