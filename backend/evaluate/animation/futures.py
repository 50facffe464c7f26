"""Score rendered forecasts against the video, as in the video table of arXiv 2512.04282.

Shape suffixes: K samples, H rendered steps, S pixels.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from backend.core.errors import ModelError
from backend.core.recording import Recording
from backend.core.types import Keypoints, Picture
from backend.evaluate.animation.clips import EvaluationClip
from backend.evaluate.animation.methods import AnimationMethods
from backend.evaluate.common.image_metrics import sample_errors, sample_scores
from backend.evaluate.common.methods import build_methods
from backend.evaluate.common.progress import keep_largest
from backend.evaluate.common.table import Figures, ScoreTable, prefixed
from backend.evaluate.report.blocks import ClipRows
from backend.evaluate.report.report import Comparison, finite
from backend.forecast.gru_nf import Forecaster
from backend.keypoints.clock import resample

CONTEXT, HORIZON = 8, 16
"""Frames seen and forecast, at 12.5 Hz: the paper's 8-16."""

EVERY = 4
"""Every fourth step is rendered, four horizons in all, since rendering takes most of the time."""

SIZE = 128
"""Edge of the rendered futures in pixels."""

BEST = 0.2
"""Share of the samples, those with the lowest error, that the paper measures."""

FORECASTS = ("gru_nf", "gru_snf")
PREFIX = "futures_"
COMPARED = ("mae", "apd", "apd_over_mae")

MAX_EXAMPLES = 6
"""Windows whose pictures are kept: those with the most motion."""


class RenderedFutures:
    """Rendered futures of many clips.

    Args:
        methods, models: the generators, of which the smallest renders, and the folder of the forecaster.
        samples, windows: K of each window, and windows of each clip at most, spread over it.
        seed: of the samples and resamples.

    Raises:
        ModelError: the forecaster or a generator is missing or they do not fit.
    """

    def __init__(self, methods: AnimationMethods, models: Path, samples: int, windows: int = 1, seed: int = 0) -> None:
        folder = models / "forecaster"
        forecaster = Forecaster.load(folder)
        if not methods.generators:
            raise ModelError("generator_missing", f"There is no generator in {models}.")
        self._generator = next(iter(methods.generators))
        count = methods.generators[self._generator].config.keypoints
        if forecaster.config.features != 6 * count:
            raise ModelError("models_mismatch", f"The forecaster in {folder} is not made for {count} keypoints.")
        self._methods = methods
        self._engine = methods.engine(self._generator)
        self._forecasts = build_methods(folder, forecaster, FORECASTS)[0]
        self._samples, self._windows, self._seed = samples, windows, seed
        self._best = min(samples, max(2, round(BEST * samples)))  # at least two, since diversity needs a pair
        self.table = ScoreTable(seed)  # scores of windows
        self.examples: list[ClipRows] = []  # true and rendered frames of the windows with the most motion, in falling order

    @property
    def settings(self) -> dict[str, object]:
        """Settings for the report."""
        return {
            "generator": self._generator,
            "size": SIZE,
            "protocol": f"{CONTEXT}-{HORIZON}",
            "every": EVERY,
            "steps": HORIZON // EVERY,
            "best": self._best,
            "windows": len(self.table),
        }

    def add(self, clip: EvaluationClip) -> None:
        """Forecast and render the windows of a clip; a clip that is too short has none."""
        for window in _cut(clip.recording, self._windows):
            self._add_window(clip, window.timestamps, self._methods.keypoints(window.landmarks).flat())

    def _add_window(self, clip: EvaluationClip, times: NDArray[np.float64], flat_TD: Tensor) -> None:
        steps = torch.arange(EVERY - 1, HORIZON, EVERY)
        last, truth = flat_TD[CONTEXT - 1], flat_TD[CONTEXT:]
        pictures = np.stack(list(clip.pictures_at(times[CONTEXT - 1 :][[0, *(1 + steps).tolist()]], SIZE)))
        true_frames = _unit(pictures[1:])
        portrait = self._engine.encode(clip.source.picture, self._methods.keypoints(clip.source.landmarks))

        def render(flat: Tensor) -> Picture:
            rendered = self._engine.render(portrait, Keypoints.from_flat(flat.flatten(0, -2)), SIZE)
            return rendered.reshape(*flat.shape[:-1], SIZE, SIZE, 3)

        made = {"truth": render(truth[None, steps]), "copy_last": render(last.expand(1, len(steps), -1))}
        for name, forecast in self._forecasts.items():
            noise = torch.Generator().manual_seed(self._seed * 1_000_003 + len(self.table))
            paths = forecast.sample(flat_TD[None, :CONTEXT], self._samples, HORIZON, noise)[0]
            made[name] = render(paths[:, steps])
        scores = {name: sample_scores(_unit(frames), true_frames, self._best) for name, frames in made.items()}
        self.table.add(clip.video.person, scores)
        rows = {"what came": pictures[1:], "rendered from its true motion": made["truth"][0]}
        for name in self._forecasts:
            order = sample_errors(_unit(made[name]), true_frames).mean(1).argsort().tolist()
            for label, index in zip(("nearest", "typical", "furthest"), (0, len(order) // 2, -1), strict=True):
                rows[f"{name}, {label}"] = made[name][order[index]]
        motion = float((true_frames - _unit(pictures[:1])).abs().mean())
        keep_largest(self.examples, ClipRows(clip.video.name, rows, motion), MAX_EXAMPLES, lambda kept: kept.motion)

    def results(self) -> Figures:
        """Return the figures, by `futures_NAME`; `per_step` holds one figure for each rendered step."""
        self._standardise()
        found: Figures = {}
        for name in self.table.methods:
            figures = {metric: self.table.mean(name, metric) for metric in ("mae", "mae_all", "apd", "apd_all")}
            if name in self._forecasts:
                for suffix in ("", "_standardised"):
                    ratio = f"apd_over_mae{suffix}"
                    figures[ratio] = self.table.over(name, ratio, f"apd{suffix}", (name, f"mae{suffix}"))
            found[PREFIX + name] = finite(figures)
        return found

    def comparisons(self) -> list[Comparison]:
        """Test GRU-SNF against GRU-NF, and both against standing still; call `results` first."""
        pairs = [("gru_snf", "gru_nf"), ("gru_nf", "copy_last"), ("gru_snf", "copy_last")]
        return prefixed(PREFIX, (self.table.compare(metric, *pair) for metric in COMPARED for pair in pairs))

    def _standardise(self) -> None:
        """Scale APD and MAE to [0, 1] over all forecasts and windows, as the paper does before it takes their ratio."""
        names = [name for name in self.table.methods if name != "truth"]
        for metric in ("mae", "apd"):
            values = torch.stack([self.table.values(name, metric).mean(1) for name in names])
            low, high = values.min(), values.max()
            for name, row in zip(names, (values - low) / (high - low), strict=True):
                self.table.put(name, f"{metric}_standardised", row.nan_to_num())


def _unit(pictures: Picture) -> Tensor:
    return torch.from_numpy(pictures).float() / 255


def _cut(recording: Recording, windows: int) -> list[Recording]:
    """Cut a recording into windows at 12.5 Hz that do not overlap, and choose some, evenly spaced."""
    length = CONTEXT + HORIZON
    parts: list[Recording] = []
    for stretch in resample(recording):
        count = len(stretch.timestamps) // length
        spare = (len(stretch.timestamps) - count * length) // 2
        for start in range(spare, spare + count * length, length):
            part = slice(start, start + length)
            parts.append(Recording(stretch.landmarks[part], stretch.timestamps[part]))
    chosen = {round((k + 0.5) / windows * len(parts) - 0.5) for k in range(windows)} if parts else set()
    return [parts[index] for index in sorted(chosen)]
