"""Measure a video flow on held-out people: everything that the report says, section by section."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch

from backend.core.errors import InputError, ModelError
from backend.core.process import configure_process
from backend.core.progress import Progress, StageProgress
from backend.core.types import CLOCK_HZ, Picture
from backend.evaluate.animation.clips import find_videos
from backend.evaluate.report.report import ComparisonReport, Report, screen
from backend.evaluate.video_model.captions import Told, told
from backend.evaluate.video_model.denoising import cleanup
from backend.evaluate.video_model.drift import LENGTH, drift
from backend.evaluate.video_model.edits import Edited, edits
from backend.evaluate.video_model.futures import Exhibit, futures
from backend.evaluate.video_model.inversion import inversion, round_trip, speed
from backend.evaluate.video_model.keypoint_path import KeypointPath
from backend.evaluate.video_model.likelihood import likelihood
from backend.evaluate.video_model.windows import Footage, one_each, open_footage, spread
from backend.starflow.video import VideoFlow

SECTIONS = {
    "likelihood": "bits of every latent number, held-out people",
    "round_trip": "there and back, largest error",
    "inversion": "Jacobi against token by token",
    "draw": "16 frames, from pictures to pictures",
    "cleanup": "taking the noise out",
    "drift": "three windows on",
    "futures": "futures of the same windows",
    "retold": "told again",
    "told": "clips from words",
}
"""Beginnings of the names of results, and what they are."""


@dataclass(frozen=True)
class StarFlowEvaluation:
    """Settings of an evaluation.

    Attributes:
        count: K, futures of each window.
        windows: of the sections that draw much, at most, as many people as possible.
        per_clip: windows of every video whose likelihood is measured.
        seed: of everything random.
        threads: of torch; 0 takes half of the cores.
        device: of the models.
    """

    count: int = 8
    windows: int = 16
    per_clip: int = 2
    seed: int = 0
    threads: int = 0
    device: str = "cpu"


class StarFlowReport(ComparisonReport, kw_only=True):
    """A report that is printed section by section."""

    def show(self, only: Sequence[str] = ()) -> None:
        """Print a table for each section, then the notes."""
        console = screen()
        for prefix, words in SECTIONS.items():
            rows = {name: found for name, found in self.results.items() if name.startswith(f"{prefix}_")}
            if rows:
                Report(f"{self.command}: {words}", self.settings, rows, device=self.device).show_table(only, console)
        for note in self.notes:
            console.print(f"Note: {note}", highlight=False, markup=False)


@dataclass
class Evaluation:
    """What was measured, and what pictures of it are made from."""

    report: StarFlowReport
    exhibits: list[Exhibit] = field(default_factory=list)
    drifted: dict[str, Picture] = field(default_factory=dict)
    tales: list[Edited] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)


def evaluate_starflow(
    videos: Path,
    model: Path,
    regression: Path,
    models: Path,
    *,
    split: Path | None = None,
    evaluation: StarFlowEvaluation | None = None,
    progress: StageProgress = lambda words, done, total: None,
) -> Evaluation:
    """Measure all there is to measure on the held-out people of a folder of videos.

    Args:
        videos: folder of videos of one face each (see `find_videos`).
        model: folder of the video flow.
        regression: folder of the model that drift is compared with; it may be missing.
        models: folder of the keypoint path's weights; they may be missing.
        split: a CSV of which videos are held out.
        evaluation: settings.
        progress: told what runs, how much of it is done, and of how much.

    Returns:
        The report and what its pictures need. Intervals are 95 %, by resampling people.

    Raises:
        ModelError: there is no video flow.
        InputError: no video can be used; `device_unusable`.
    """
    settings = evaluation or StarFlowEvaluation()
    configure_process(settings.threads)
    listed, notes = find_videos(videos, split)
    video = _load(model, settings.device)
    rival = _rival(regression, settings.device, video, notes)
    keypoints = _keypoints(models, video.size, settings, notes)
    footage: list[Footage] = []
    for done, entry in enumerate(listed):
        progress("videos", done, len(listed))
        try:
            footage.append(open_footage(entry, video.size))
        except InputError as error:
            notes.append(f"{entry.path.name} is left out: {error.message}")
    length = video.model.config.frames
    windows = spread(footage, length, settings.per_clip)
    if not windows:
        raise InputError(
            "data_short", f"{videos} holds no video of {length / CLOCK_HZ:.1f} seconds of one face.", "Take longer ones."
        )
    few = one_each(windows, settings.windows, settings.seed)
    found = Evaluation(StarFlowReport("evaluate starflow", {}, {}, device=_place(settings.device), notes=notes))
    report, context, seed = found.report, video.context, settings.seed

    def during(words: str) -> Progress:
        return lambda done, total: progress(words, done, total)

    def keep(part: tuple) -> None:  # type: ignore[type-arg]
        report.results |= part[0]
        report.comparisons += part[1]

    keep(likelihood(video.model, windows, seed, during("likelihood")))
    progress("round trip", 0, 1)
    report.results |= round_trip(video.model, few[:1], seed)
    report.results |= inversion(video.model, few[: max(1, len(few) // 2)], context, seed, during("inversion"))
    progress("speed", 0, 1)
    report.results |= speed(video, few[0], settings.count, seed)
    keep(cleanup(video.model, few, context, seed, during("clean-up")))
    long = one_each(spread(footage, context + LENGTH, 1), max(1, settings.windows // 2), seed)
    if long:
        *part, found.drifted = drift(video, rival, long, seed, during("drift"))
        keep(tuple(part))
    else:
        notes.append(f"Drift is left out: no video shows a face for {(context + LENGTH) / CLOCK_HZ:.1f} seconds.")
    *part, found.exhibits = futures(video, keypoints, few, settings.count, seed, during("futures"))
    keep(tuple(part))
    *part, found.tales = edits(video, few[: max(2, len(few) // 2)], seed, during("edits"))
    keep(tuple(part))
    results, found.told = told(video, few, seed, during("captions"))
    report.results |= results
    report.settings |= asdict(settings) | {
        "size": video.size,
        "videos": len({window.clip for window in windows}),
        "people": len({window.person for window in windows}),
        "frames": length,
        "context": context,
        "likelihood_windows": len(windows),
        "drawn_windows": len(few),
        "drift_windows": len(long),
        "latent_numbers_a_frame": video.model.flow.tokens_per_frame * video.model.flow.config.channels,
        "noise": video.model.flow.config.noise,
        "torch_threads": torch.get_num_threads(),
    }
    return found


def _place(device: str) -> str:
    """Name a GPU; empty for the processor, which reports name themselves."""
    return torch.cuda.get_device_name(device) if torch.device(device).type == "cuda" else ""


def _load(model: Path, device: str) -> VideoFlow:
    try:
        return VideoFlow.load(model, device)
    except (RuntimeError, AssertionError) as error:
        why = str(error).partition("\n")[0].rstrip(".")
        words = f"Torch cannot use the device {device!r} ({why})."
        raise InputError("device_unusable", words, "Choose the device cpu.") from None


def _rival(folder: Path, device: str, video: VideoFlow, notes: list[str]) -> VideoFlow | None:
    """Load the regression; without one, or where it is made for other frames, drift is measured without it."""
    try:
        rival = VideoFlow.load(folder, device)
    except ModelError as error:
        notes.append(f"The regression is left out: {error.message}")
        return None
    if (rival.size, rival.context) != (video.size, video.context):
        notes.append(f"The regression is left out: {folder} is made for other frames.")
        return None
    return rival


def _keypoints(models: Path, size: int, settings: StarFlowEvaluation, notes: list[str]) -> KeypointPath | None:
    try:
        return KeypointPath(models, size, settings.device, settings.threads)
    except ModelError as error:
        notes.append(f"The keypoint path is left out: {error.message}")
        return None
