"""Collect the scores of all clips under all animation methods, and a few pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from backend.core.types import Picture
from backend.evaluate.animation.clips import AnnotatedFrame, EvaluationClip
from backend.evaluate.animation.methods import BASELINES, AnimationMethod
from backend.evaluate.animation.scores import CROSS_METRICS, RenderedClip, reconstruct, transfer, transferred
from backend.evaluate.common.progress import keep_largest
from backend.evaluate.common.table import Figures, ScoreTable
from backend.evaluate.report.report import Comparison, Metric, finite

FRAME_MEANS = ("l1", "psnr", "ssim", "ms_ssim", "akd", "akd_lips", "akd_eyes", "lost", "identity", "sharpness")

COMPARED = (
    "l1", "akd", "akd_lips", "akd_eyes", "psnr", "ssim", "ms_ssim", "identity", "flicker", "cross_akd", "cross_identity",
)  # fmt: skip
"""Figures that are tested: each generator against every other method."""

MAX_EXAMPLES, MAX_WORST, MAX_VIDEOS = 60, 6, 2
"""Clips whose pictures are kept, frames with the largest errors, and clips of each kind to be shown in motion."""


@dataclass(frozen=True)
class FrameExample:
    """One frame to look at."""

    clip: str  # where it is from
    source: AnnotatedFrame  # the frame that was animated
    truth: AnnotatedFrame  # the driver's frame
    neutral: Picture  # the driver's first frame
    made: dict[str, Picture]  # each method's frame
    scores: dict[str, dict[str, float]]  # its figures, method by method


@dataclass(frozen=True)
class VideoExample:
    """A clip to watch in motion."""

    clip: EvaluationClip  # the driver
    portrait: AnnotatedFrame | None  # the animated frame; None for the clip's own first frame
    motion: float  # distance of its frames from the first one


class AnimationSummary:
    """Scores of all methods on the same frames."""

    def __init__(self, methods: Mapping[str, AnimationMethod], seed: int = 0) -> None:
        self.methods = methods
        # What pictures are about: the largest generator.
        self.leading = next(reversed([name for name in methods if name not in BASELINES] or list(methods)))
        # Scores of single frames, of runs of consecutive ones, and of other people's portraits.
        self.frames, self.runs, self.cross = (ScoreTable(seed) for _ in range(3))
        self._ms: dict[str, list[float]] = {name: [] for name in methods if name != "copy_source"}
        # Of each clip, the frame that differs most from its first one, and one frame on another person's portrait; and the
        # frames with the leading method's largest AKD, in falling order.
        self.examples, self.worst, self.cross_examples = (list[FrameExample]() for _ in range(3))
        self.video_examples, self.cross_video_examples = list[VideoExample](), list[VideoExample]()  # with the most motion

    def score(self, clip: EvaluationClip) -> None:
        """Reconstruct a clip from its first frame by all methods."""
        made = {name: reconstruct(method, clip) for name, method in self.methods.items()}
        self.frames.add(clip.video.person, {name: found.scores for name, found in made.items()})
        self.runs.add(clip.video.person, {name: {"flicker": found.flicker} for name, found in made.items()})
        for name, times in self._ms.items():
            times.append(made[name].ms)
        change = np.asarray(made["copy_source"].scores["l1"])
        if len(self.examples) < MAX_EXAMPLES:
            self.examples.append(_example(clip, clip.source, made, int(change.argmax())))
        keep_largest(self.video_examples, VideoExample(clip, None, float(change.mean())), MAX_VIDEOS, lambda kept: kept.motion)
        error = np.nan_to_num(np.asarray(made[self.leading].scores["akd"]), nan=math.inf)
        worst = _example(clip, clip.source, made, int(error.argmax()))
        keep_largest(self.worst, worst, MAX_WORST, lambda example: example.scores[self.leading].get("akd", math.inf))

    def transfer(self, clip: EvaluationClip, portrait: AnnotatedFrame) -> None:
        """Animate another person's portrait by a clip, by all methods."""
        made = {name: transfer(method, portrait, clip) for name, method in self.methods.items()}
        self.cross.add(clip.video.person, {name: found.scores for name, found in made.items()})
        motion = np.nan_to_num(np.asarray(made["copy_source"].scores["cross_akd"]))
        example = VideoExample(clip, portrait, float(motion.mean()))
        keep_largest(self.cross_video_examples, example, MAX_VIDEOS, lambda kept: kept.motion)
        if len(self.cross_examples) < MAX_EXAMPLES:
            index = int(motion.argmax())
            self.cross_examples.append(_example(clip, portrait, made, index, transferred(clip)[index]))

    def results(self) -> Figures:
        """Return the figures of all methods; those that have no number are left out."""
        results: Figures = {}
        for name in self.methods:
            found = {metric: self.frames.mean(name, metric) for metric in FRAME_MEANS}
            found["l1_ratio"] = self.frames.over(name, "l1_ratio", "l1", ("copy_source", "l1"))
            if len(self.runs):
                found["flicker"] = self.runs.mean(name, "flicker")
            if len(self.cross):
                found |= {metric: self.cross.mean(name, metric) for metric in CROSS_METRICS}
            if self._ms.get(name):
                found["ms_per_frame"] = Metric(float(np.median(self._ms[name])))
            results[name] = finite(found)
        return results

    def comparisons(self) -> list[Comparison]:
        """Test each generator against every other method, each pair once; call `results` first."""
        tables = {"flicker": self.runs} | dict.fromkeys(CROSS_METRICS, self.cross)
        names = list(self.methods)
        pairs = [(name, other) for i, name in enumerate(names) if name not in BASELINES for other in names[:i]]
        tests = [tables.get(metric, self.frames).compare(metric, *pair) for metric in COMPARED for pair in pairs]
        return [test for test in tests if test is not None]


def _example(
    clip: EvaluationClip, source: AnnotatedFrame, made: Mapping[str, RenderedClip], index: int, chosen: int | None = None
) -> FrameExample:
    """Show picture `index` of all methods beside the clip's frame `chosen`, by default of the same number."""
    frame = index if chosen is None else chosen
    truth = AnnotatedFrame(clip.pictures[frame].copy(), clip.recording.landmarks[clip.chosen[frame]])
    pictures = {name: found.pictures[index].copy() for name, found in made.items()}
    scores = {
        name: {metric: float(values[index]) for metric, values in found.scores.items() if math.isfinite(values[index])}
        for name, found in made.items()
    }
    return FrameExample(clip.video.name, source, truth, clip.source.picture, pictures, scores)
