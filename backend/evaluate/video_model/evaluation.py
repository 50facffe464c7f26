"""Measure a video flow on held-out people: every section of the report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch

from backend.core.errors import InputError, ModelError
from backend.core.process import configure_process
from backend.core.progress import StageProgress
from backend.core.types import CLOCK_HZ, Picture
from backend.evaluate.common.progress import CountProgress, counted
from backend.evaluate.common.table import Figures
from backend.evaluate.common.videos import find_videos
from backend.evaluate.report.report import Comparison, ComparisonReport, Report, screen
from backend.evaluate.video_model.captions import CaptionClips, evaluate_captions
from backend.evaluate.video_model.denoising import cleanup
from backend.evaluate.video_model.drift import LENGTH, drift
from backend.evaluate.video_model.edits import EditExample, edits
from backend.evaluate.video_model.futures import FuturesExample, futures
from backend.evaluate.video_model.inversion import inversion, round_trip, speed
from backend.evaluate.video_model.keypoint_path import KeypointPath
from backend.evaluate.video_model.likelihood import likelihood
from backend.evaluate.video_model.windows import FaceVideo, read_face_video, select_by_person, spaced_windows
from backend.starflow.video import VideoFlow

SECTIONS = {
    "likelihood": "bits of every latent number, held-out people",
    "round_trip": "to noise and back, largest error",
    "inversion": "Jacobi against token by token",
    "draw": "sampling 16 frames, from pictures to pictures",
    "cleanup": "removing the noise",
    "drift": "three windows ahead",
    "futures": "futures of the same windows",
    "retold": "edits of a clip",
    "told": "clips from captions",
}
"""Prefix of the results' names -> title of the section."""


@dataclass(frozen=True)
class StarFlowOptions:
    """Options of an evaluation."""

    count: int = 8  # K, futures of each window
    windows: int = 16  # of the sections that sample clips, at most, from as many people as possible
    per_clip: int = 2  # windows of every video whose likelihood is measured
    seed: int = 0  # of everything random
    threads: int = 0  # of torch; 0 takes half of the cores
    device: str = "cpu"  # of the models


class StarFlowReport(ComparisonReport, kw_only=True):
    """A report that is printed section by section."""

    def add(self, results: Figures, comparisons: Iterable[Comparison] = ()) -> None:
        """Add a section."""
        self.results |= results
        self.comparisons += comparisons

    def show(self, only: Sequence[str] = ()) -> None:
        """Print a table for each section, then the notes."""
        console = screen()
        for prefix, title in SECTIONS.items():
            rows = {name: found for name, found in self.results.items() if name.startswith(f"{prefix}_")}
            if rows:
                Report(f"{self.command}: {title}", self.settings, rows, device=self.device).show_table(only, console)
        for note in self.notes:
            console.print(f"Note: {note}", highlight=False, markup=False)


@dataclass
class StarFlowResults:
    """The report, and what its pictures are made from."""

    report: StarFlowReport
    futures_examples: list[FuturesExample] = field(default_factory=list)
    drift_example: dict[str, Picture] = field(default_factory=dict)
    edit_examples: list[EditExample] = field(default_factory=list)
    caption_examples: list[CaptionClips] = field(default_factory=list)


def evaluate_starflow(
    videos: Path,
    model: Path,
    regression: Path,
    models: Path,
    *,
    split: Path | None = None,
    options: StarFlowOptions | None = None,
    progress: StageProgress = lambda stage, done, total: None,
) -> StarFlowResults:
    """Measure every section on the held-out people of a folder of videos.

    Args:
        videos: folder of videos of one face each (see `find_videos`).
        model: folder of the video flow.
        regression: folder of the model that drift is compared with; it may be missing.
        models: folder of the keypoint path's weights; they may be missing.
        split: a CSV of held-out videos.
        options: defaults to `StarFlowOptions()`.
        progress: called with the stage, and how much of it is done and all.

    Returns:
        The report and what its pictures need. Intervals are 95 %, by resampling people.

    Raises:
        ModelError: there is no video flow.
        InputError: no video can be used; `device_unusable`.
    """

    def stage(name: str) -> CountProgress:
        return lambda done, total: progress(name, done, total)

    options = options or StarFlowOptions()
    configure_process(options.threads)
    listed, notes = find_videos(videos, split)
    video = _load(model, options.device)
    rival = _load_regression(regression, options.device, video, notes)
    keypoints = _load_keypoint_path(models, video.size, options, notes)
    read: list[FaceVideo] = []
    for _, entry in counted(listed, stage("videos")):
        try:
            read.append(read_face_video(entry, video.size))
        except InputError as error:
            notes.append(f"{entry.path.name} is left out: {error.message}")
    length, context, seed = video.model.config.frames, video.context, options.seed
    windows = spaced_windows(read, length, options.per_clip)
    if not windows:
        raise InputError(
            "data_short", f"{videos} holds no video of {length / CLOCK_HZ:.1f} seconds of one face.", "Take longer ones."
        )
    few = select_by_person(windows, options.windows, seed)
    report = StarFlowReport("evaluate starflow", {}, {}, device=_gpu_name(options.device), notes=notes)
    found = StarFlowResults(report)

    report.add(*likelihood(video.model, windows, seed, stage("likelihood")))
    progress("round trip", 0, 1)
    report.add(round_trip(video.model, few[:1], seed))
    report.add(inversion(video.model, few[: max(1, len(few) // 2)], context, seed, stage("inversion")))
    progress("speed", 0, 1)
    report.add(speed(video, few[0], options.count, seed))
    report.add(*cleanup(video.model, few, context, seed, stage("clean-up")))
    long = select_by_person(spaced_windows(read, context + LENGTH, 1), max(1, options.windows // 2), seed)
    if long:
        results, tests, found.drift_example = drift(video, rival, long, seed, stage("drift"))
        report.add(results, tests)
    else:
        notes.append(f"Drift is left out: no video shows a face for {(context + LENGTH) / CLOCK_HZ:.1f} seconds.")
    results, tests, found.futures_examples = futures(video, keypoints, few, options.count, seed, stage("futures"))
    report.add(results, tests)
    results, tests, found.edit_examples = edits(video, few[: max(2, len(few) // 2)], seed, stage("edits"))
    report.add(results, tests)
    results, found.caption_examples = evaluate_captions(video, few, seed, stage("captions"))
    report.add(results)
    report.settings |= asdict(options) | {
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


def _gpu_name(device: str) -> str:
    """Return the name of a GPU; empty for the CPU, which reports name by default."""
    return torch.cuda.get_device_name(device) if torch.device(device).type == "cuda" else ""


def _load(model: Path, device: str) -> VideoFlow:
    try:
        return VideoFlow.load(model, device)
    except (RuntimeError, AssertionError) as error:
        why = str(error).partition("\n")[0].rstrip(".")
        raise InputError(
            "device_unusable", f"Torch cannot use the device {device!r} ({why}).", "Choose the device cpu."
        ) from None


def _load_regression(folder: Path, device: str, video: VideoFlow, notes: list[str]) -> VideoFlow | None:
    """Load the regression; drift is measured without it where it is missing or made for other frames."""
    try:
        rival = VideoFlow.load(folder, device)
    except ModelError as error:
        notes.append(f"The regression is left out: {error.message}")
        return None
    if (rival.size, rival.context) != (video.size, video.context):
        notes.append(f"The regression is left out: {folder} is made for other frames.")
        return None
    return rival


def _load_keypoint_path(models: Path, size: int, options: StarFlowOptions, notes: list[str]) -> KeypointPath | None:
    try:
        return KeypointPath(models, size, options.device, options.threads)
    except ModelError as error:
        notes.append(f"The keypoint path is left out: {error.message}")
        return None
