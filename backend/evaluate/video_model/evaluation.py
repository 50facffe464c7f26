"""Measure a video model on held-out people: every section of the report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from backend.core.errors import InputError
from backend.core.process import configure_process
from backend.core.progress import StageProgress
from backend.core.types import CLOCK_HZ
from backend.evaluate.common.notes import note_damage, note_failure
from backend.evaluate.common.progress import counted
from backend.evaluate.common.significance import corrected, few_people
from backend.evaluate.common.table import Figures
from backend.evaluate.common.videos import find_videos
from backend.evaluate.report.blocks import ClipRows
from backend.evaluate.report.report import Comparison, ComparisonReport, Report, screen
from backend.evaluate.video_model.captions import evaluate_captions
from backend.evaluate.video_model.denoising import cleanup
from backend.evaluate.video_model.drift import LENGTH, drift
from backend.evaluate.video_model.edits import edits
from backend.evaluate.video_model.futures import FuturesExample, futures
from backend.evaluate.video_model.inversion import inversion, round_trip, speed
from backend.evaluate.video_model.keypoint_path import KeypointPath
from backend.evaluate.video_model.likelihood import likelihood
from backend.evaluate.video_model.windows import VideoWindow, WindowSet, read_face_video, select_by_person, spaced_windows
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
        self.comparisons = corrected([*self.comparisons, *comparisons])

    def show(self, only: Sequence[str] = ()) -> None:
        """Print a table for each section, then the notes."""
        console = screen()
        for prefix, title in SECTIONS.items():
            rows = {name: found for name, found in self.results.items() if name.startswith(f"{prefix}_")}
            if rows:
                Report(f"{self.command}: {title}", self.settings, rows, device=self.device).show_table(only, console)
        for note in self.notes:
            console.print(f"Note: {note}", highlight=False, markup=False)


@dataclass(frozen=True)
class StarFlowResults:
    """The report, and what its pictures are made from."""

    report: StarFlowReport
    drift_examples: list[ClipRows]
    futures_examples: list[FuturesExample]
    edit_examples: list[ClipRows]
    caption_examples: list[ClipRows]


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
        model: folder of the video model.
        regression: folder of the model that drift is compared with; it may be missing.
        models: folder of the keypoint path's weights; they may be missing.
        split: a CSV of held-out videos.
        options: defaults to `StarFlowOptions()`.
        progress: called with the stage, and how much of it is done and all.

    Returns:
        The report and what its pictures need. Intervals are 95 %, by resampling people.

    Raises:
        ModelError: there is no video model.
        InputError: no video can be used; `device_unusable`.
    """
    options = options or StarFlowOptions()
    seed = options.seed

    def stage(name: str, windows: Sequence[VideoWindow]) -> WindowSet:
        return WindowSet(windows, seed, lambda done, total: progress(name, done, total))

    configure_process(options.threads)
    listed, notes = find_videos(videos, split)
    video = VideoFlow.load(model, options.device)
    rival, keypoints = _load_regression(regression, options.device, video, notes), None
    with note_failure(notes, "The keypoint path is left out"):
        keypoints = KeypointPath(models, video.size, options.device, options.threads)
    read = []
    for _, entry in counted(listed, lambda done, total: progress("videos", done, total)):
        with note_failure(notes, f"{entry.path.name} is left out", InputError), note_damage(notes):
            read.append(read_face_video(entry, video.size))
    length, context = video.model.config.frames, video.context
    windows = spaced_windows(read, length, options.per_clip)
    if not windows:
        message = f"{videos} holds no video of {length / CLOCK_HZ:.1f} seconds of one face."
        raise InputError("data_short", message, "Take longer ones.")
    few = select_by_person(windows, options.windows, seed)
    long = select_by_person(spaced_windows(read, context + LENGTH, 1), max(1, options.windows // 2), seed)
    report = StarFlowReport("evaluate starflow", {}, {}, notes=notes)
    if torch.device(options.device).type == "cuda":
        report.device = torch.cuda.get_device_name(options.device)

    report.add(*likelihood(video, stage("likelihood", windows)))
    progress("round trip", 0, 1)
    report.add(round_trip(video, stage("round trip", few[:1])))
    report.add(inversion(video, stage("inversion", few[: max(1, len(few) // 2)])))
    progress("speed", 0, 1)
    report.add(speed(video, few[0], options.count, seed))
    report.add(*cleanup(video, stage("clean-up", few)))
    drift_examples: list[ClipRows] = []
    if long:
        results, tests, drift_examples = drift(video, rival, stage("drift", long))
        report.add(results, tests)
    else:
        notes.append(f"Drift is left out: no video shows a face for {(context + LENGTH) / CLOCK_HZ:.1f} seconds.")
    results, tests, futures_examples = futures(video, keypoints, stage("futures", few), options.count)
    report.add(results, tests)
    results, tests, edit_examples = edits(video, stage("edits", few[: max(2, len(few) // 2)]))
    report.add(results, tests)
    results, caption_examples = evaluate_captions(video, stage("captions", few))
    report.add(results)
    notes += few_people(len({window.person for window in few}))
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
    return StarFlowResults(report, drift_examples, futures_examples, edit_examples, caption_examples)


def _load_regression(folder: Path, device: str, video: VideoFlow, notes: list[str]) -> VideoFlow | None:
    """Load the regression; drift is measured without it where it is missing or made for other frames."""
    with note_failure(notes, "The regression is left out"):
        rival = VideoFlow.load(folder, device)
        if (rival.size, rival.context) == (video.size, video.context):
            return rival
        notes.append(f"The regression is left out: {folder} is made for other frames.")
    return None
