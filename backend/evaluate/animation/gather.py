"""Clip after clip is scored under all methods; only figures and a few pictures are kept."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from backend.core.types import Picture
from backend.evaluate.animation.clips import Clip, Still
from backend.evaluate.animation.methods import BASELINES, Method
from backend.evaluate.animation.scores import Scores, reconstruct, transfer, transferred
from backend.evaluate.animation.table import Table
from backend.evaluate.report.report import Comparison, Metric

FRAME_MEANS = ("l1", "psnr", "ssim", "ms_ssim", "akd", "akd_lips", "akd_eyes", "lost", "identity", "sharpness")
CROSS_MEANS = ("cross_akd", "cross_identity", "cross_lost")

COMPARED = (
    "l1",
    "akd",
    "akd_lips",
    "akd_eyes",
    "psnr",
    "ssim",
    "ms_ssim",
    "identity",
    "flicker",
    "cross_akd",
    "cross_identity",
)
"""Figures that are tested: each generator against every other method."""

EXHIBITS, WORST, FILMS = 60, 6, 2
"""Clips whose pictures are kept at most, frames that went most wrong, and clips of each kind to be watched in motion."""


@dataclass(frozen=True)
class Exhibit:
    """One frame to look at.

    Attributes:
        clip, person: where it is from.
        source: the still that was animated.
        truth: the driver's frame: what the camera saw, and the landmarks.
        neutral: the driver's first frame.
        made: each method's frame.
        scores: its figures, method by method.
    """

    clip: str
    person: str
    source: Still
    truth: Still
    neutral: Picture
    made: dict[str, Picture]
    scores: dict[str, dict[str, float]]


@dataclass(frozen=True)
class Film:
    """A clip to watch in motion.

    Attributes:
        clip: the driver.
        portrait: whom it moves; None for its own first frame.
        moved: how far its frames are from the first one.
    """

    clip: Clip
    portrait: Still | None
    moved: float


class Gathered:
    """Figures of all methods on the same frames.

    Args:
        methods: by name.
        seed: of the resamples of people.

    Attributes:
        leading: the method that pictures are about: the largest generator.
        frames, runs, cross: scores of single frames, of runs of consecutive ones, and of other people's portraits.
        exhibits: of each clip the frame that is furthest from its first one.
        worst: the frames in which the leading method's face is furthest off, the worst first.
        crossed: of each clip one frame on another person's portrait.
        films, crossed_films: the liveliest clips.
    """

    def __init__(self, methods: Mapping[str, Method], seed: int = 0) -> None:
        self._methods = methods
        self.leading = next(reversed([name for name in methods if name not in BASELINES] or list(methods)))
        self.frames, self.runs, self.cross = (Table(seed) for _ in range(3))
        self._ms: dict[str, list[float]] = {name: [] for name, method in methods.items() if method.timed}
        self.exhibits: list[Exhibit] = []
        self.worst: list[Exhibit] = []
        self.crossed: list[Exhibit] = []
        self.films: list[Film] = []
        self.crossed_films: list[Film] = []

    def score(self, clip: Clip) -> None:
        """Rebuild a clip from its first frame by all methods."""
        rebuilt = {name: reconstruct(method, clip) for name, method in self._methods.items()}
        scores = {name: found.frames for name, found in rebuilt.items()}
        pictures = {name: found.pictures for name, found in rebuilt.items()}
        self.frames.add(clip.video.person, scores)
        self.runs.add(clip.video.person, {name: found.runs for name, found in rebuilt.items()})
        for name, times in self._ms.items():
            times.append(rebuilt[name].ms)
        if len(self.exhibits) < EXHIBITS:
            self.exhibits.append(_exhibit(clip, clip.source, pictures, scores, int(np.argmax(scores["copy_source"]["l1"]))))
        _keep(self.films, Film(clip, None, float(np.asarray(scores["copy_source"]["l1"]).mean())))
        wrong = np.nan_to_num(np.asarray(scores[self.leading]["akd"]), nan=math.inf)
        self.worst.append(_exhibit(clip, clip.source, pictures, scores, int(wrong.argmax())))
        self.worst.sort(key=lambda exhibit: -exhibit.scores[self.leading].get("akd", math.inf))
        del self.worst[WORST:]

    def transfer(self, clip: Clip, portrait: Still) -> None:
        """Animate another person's portrait by a clip, by all methods."""
        made = {name: transfer(method, portrait, clip) for name, method in self._methods.items()}
        scores = {name: found for name, (_, found) in made.items()}
        self.cross.add(clip.video.person, scores)
        moved = np.nan_to_num(np.asarray(scores["copy_source"]["cross_akd"]))
        _keep(self.crossed_films, Film(clip, portrait, float(moved.mean())))
        if len(self.crossed) < EXHIBITS:
            pictures = {name: frames for name, (frames, _) in made.items()}
            picked = int(moved.argmax())
            self.crossed.append(_exhibit(clip, portrait, pictures, scores, picked, transferred(clip)[picked]))

    @property
    def methods(self) -> Mapping[str, Method]:
        """All methods, by name."""
        return self._methods

    def results(self) -> dict[str, dict[str, Metric]]:
        """Return the figures of all methods; those that have no number are left out."""
        results: dict[str, dict[str, Metric]] = {}
        for name in self._methods:
            found = {metric: self.frames.mean(name, metric) for metric in FRAME_MEANS}
            found["l1_ratio"] = self.frames.over(name, "l1_ratio", "l1", ("copy_source", "l1"))
            if len(self.runs):
                found["flicker"] = self.runs.mean(name, "flicker")
            if len(self.cross):
                found |= {metric: self.cross.mean(name, metric) for metric in CROSS_MEANS}
            if self._ms.get(name):
                found["ms_per_frame"] = Metric(float(np.median(self._ms[name])))
            results[name] = {metric: figure for metric, figure in found.items() if math.isfinite(figure.value)}
        return results

    def comparisons(self) -> list[Comparison]:
        """Test each generator against every other method, each pair once; ask for `results` first."""
        found: list[Comparison | None] = []
        names = list(self._methods)
        for metric in COMPARED:
            table = self.runs if metric == "flicker" else self.cross if metric.startswith("cross") else self.frames
            for name in names:
                if name not in BASELINES:
                    found += [table.compare(metric, name, other) for other in names[: names.index(name)]]
        return [test for test in found if test is not None]


def _keep(films: list[Film], film: Film) -> None:
    films.append(film)
    films.sort(key=lambda found: -found.moved)
    del films[FILMS:]


def _exhibit(
    clip: Clip,
    source: Still,
    pictures: Mapping[str, Picture],
    scores: Mapping[str, Scores],
    index: int,
    chosen: int | None = None,
) -> Exhibit:
    """Show picture `index` of all methods beside the clip's own frame `chosen`, by default of the same number."""
    frame = index if chosen is None else chosen
    truth = Still(clip.pictures[frame].copy(), clip.recording.landmarks[clip.chosen[frame]])
    figures = {name: {metric: float(values[index]) for metric, values in found.items()} for name, found in scores.items()}
    known = {name: {metric: x for metric, x in found.items() if math.isfinite(x)} for name, found in figures.items()}
    made = {name: frames[index].copy() for name, frames in pictures.items()}
    return Exhibit(clip.video.path.stem, clip.video.person, source, truth, clip.source.picture, made, known)
