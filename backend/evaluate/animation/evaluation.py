"""Score animation on held-out people: every method on the same frames, against the video."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from backend.core.errors import InputError
from backend.core.process import configure_process
from backend.evaluate.animation.clips import RUN, RUNS, AnnotatedFrame, EvaluationClip, open_clip
from backend.evaluate.animation.futures import RenderedFutures
from backend.evaluate.animation.methods import AnimationMethods
from backend.evaluate.animation.summary import AnimationSummary
from backend.evaluate.common.notes import note_damage, note_failure
from backend.evaluate.common.progress import CountProgress, counted
from backend.evaluate.common.significance import corrected, few_people
from backend.evaluate.common.videos import SIZE, find_videos
from backend.evaluate.report.report import ComparisonReport

ON_SCREEN = (
    "l1", "l1_ratio", "ssim", "ms_ssim", "akd", "akd_lips", "akd_eyes", "lost", "identity", "sharpness", "flicker", "cross_akd",
    "cross_identity", "ms_per_frame",
)  # fmt: skip
"""The figures of the table on screen; the report holds all."""

FUTURES_ON_SCREEN = ("mae", "apd", "apd_over_mae", "apd_over_mae_standardised", "mae_all", "apd_all")


@dataclass(frozen=True)
class AnimationOptions:
    """Options of an evaluation."""

    methods: tuple[str, ...] = ()  # which; all that are available by default
    frames: int = 12  # of each clip that are compared, after the first
    futures: int = 20  # samples of each window's forecast that are rendered; 0 leaves forecasts out
    windows: int = 1  # of each video that are forecast, at most
    seed: int = 0  # of the forecasts, and of the resamples of people
    threads: int = 0  # of torch; 0 takes half of the cores
    device: str = "cpu"  # of the generators


@dataclass(frozen=True)
class AnimationResults:
    """The report, and what its pictures are made from."""

    report: ComparisonReport
    summary: AnimationSummary
    methods: AnimationMethods
    futures: RenderedFutures | None = None


def evaluate_animation(
    videos: Path,
    models: Path,
    *,
    split: Path | None = None,
    options: AnimationOptions | None = None,
    progress: CountProgress = lambda done, total: None,
) -> AnimationResults:
    """Score all methods on the same frames of the same videos.

    Each video is reconstructed from its first frame by its own landmarks. It also drives, by its motion since its first frame,
    the first frame of the last video before it that shows another person (of the last such video, if none came before).

    Args:
        videos: folder of videos of one face each (see `find_videos`).
        models: folder of the generators.
        split: a CSV of held-out videos.
        options: defaults to `AnimationOptions()`.
        progress: called with videos done and all.

    Returns:
        The report and what its pictures need. Intervals are 95 %, by resampling people.

    Raises:
        InputError: no video can be used, or a method is not available.
    """
    options = options or AnimationOptions()
    configure_process(options.threads)
    listed, notes = find_videos(videos, split)
    methods = AnimationMethods(models, options.device)
    built = methods.build(options.methods)
    notes += [f"Left out: {sentence}" for sentence in methods.left_out]
    summary, futures = AnimationSummary(built, options.seed), None
    if options.futures:
        with note_failure(notes, "Forecasts are left out"):
            futures = RenderedFutures(methods, models, options.futures, options.windows, options.seed)
    portraits: list[tuple[str, AnnotatedFrame]] = []

    def transfer(clip: EvaluationClip) -> bool:
        """Let a clip drive the last portrait of another person, if there is one."""
        other = next((frame for person, frame in reversed(portraits) if person != clip.video.person), None)
        if other is not None:
            summary.transfer(clip, other)
        return other is not None

    waiting: list[EvaluationClip] = []
    for _, video in counted(listed, progress):
        name = video.path.name
        try:
            with note_damage(notes):
                clip = open_clip(video, options.frames)
        except InputError as error:
            notes.append(f"{name} is left out: {error.message}")
            continue
        if clip.doubtful:
            notes.append(f"{name}: {clip.doubtful} frames are left out, where it is not clear whose face is meant.")
        summary.score(clip)
        if futures is not None:
            futures.add(clip)
        if not transfer(clip):
            waiting.append(clip)
        portraits.append((video.person, clip.source))
    for clip in waiting:
        transfer(clip)
    if not portraits:
        raise InputError("data_empty", f"{videos} holds no video that can be scored.", " ".join(notes[:3]))
    people = len({person for person, _ in portraits})
    if people < 2:
        notes.append("There is only one person: no intervals, no tests, and no other person's portrait to animate.")
    else:
        notes += few_people(people)
    settings = asdict(options) | {
        "methods": list(built),
        "size": SIZE,
        "videos": len(portraits),
        "people": people,
        "compared_frames": len(summary.frames),
        "runs": f"{RUNS} of {RUN} consecutive frames in each video",
        "akd_points": "the 468 of the face mesh, without the irises",
        "warp_of": methods.warped_by if "warp" in built else None,
    }
    results, tests = summary.results(), summary.comparisons()
    if futures is not None and len(futures.table):
        settings["futures_of"] = futures.settings
        results |= futures.results()
        tests += futures.comparisons()
    report = ComparisonReport("evaluate animation", settings, results, comparisons=corrected(tests), notes=notes)
    return AnimationResults(report, summary, methods, futures)
