"""Forecasts seen as video: rendered futures against what the camera saw (the video table of arXiv 2512.04282).

Shape suffixes: K samples, H steps that are rendered, S pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from backend.core.errors import ModelError
from backend.core.recording import Recording
from backend.core.types import Keypoints, Picture
from backend.evaluate.animation.clips import Clip
from backend.evaluate.animation.methods import Methods
from backend.evaluate.animation.table import Table
from backend.evaluate.common.methods import Method as Forecast
from backend.evaluate.common.methods import Methods as Forecasts
from backend.evaluate.report.report import Comparison, Metric
from backend.forecast.gru_nf import Forecaster
from backend.keypoints.clock import resample
from backend.runtime.engine import TorchEngine

CONTEXT, HORIZON = 8, 16
"""Frames seen and forecast, at 12.5 Hz: the paper's 8-16."""

EVERY = 4
"""One step in so many is rendered: the least, for four horizons, since drawing is what takes the time."""

SIZE = 128
"""Edge of the rendered futures in pixels."""

BEST = 0.2
"""Share of the samples, those with the lowest error, that the paper measures."""

Times = NDArray[np.float64]

FORECASTS = ("gru_nf", "gru_snf")
PREFIX = "futures_"
COMPARED = ("mae", "apd", "apd_over_mae")

STRIPS = 6
"""Windows whose pictures are kept: the liveliest."""


@dataclass(frozen=True)
class Strip:
    """One window to look at: rows of pictures `[H, S, S, 3]` by what they show, and the source.

    Attributes:
        moved: how far the truth moves from the last frame seen, mean difference of pixels: how lively it is.
    """

    clip: str
    source: Picture
    rows: dict[str, Picture]
    moved: float


class Futures:
    """Rendered futures of many clips.

    Args:
        methods: the generators.
        models: folder of the forecaster.
        samples: K of each window.
        windows: of each clip at most, spread over it.
        seed: of the samples and resamples.

    Raises:
        ModelError: the forecaster or a generator is missing or they do not fit.

    Attributes:
        generator: which one renders: the smallest.
        table: scores of windows.
        strips: what to look at, the liveliest first.
    """

    def __init__(self, methods: Methods, models: Path, *, samples: int, windows: int = 1, seed: int = 0) -> None:
        folder = models / "forecaster"
        forecaster = Forecaster.load(folder)
        if not methods.generators:
            raise ModelError("generator_missing", f"There is no generator in {models}.")
        self.generator = next(iter(methods.generators))
        count = methods.generators[self.generator].config.keypoints
        if forecaster.config.features != 6 * count:
            raise ModelError("models_mismatch", f"The forecaster in {folder} is not made for {count} keypoints.")
        self._methods = methods
        self._engine: TorchEngine = methods.engine(self.generator)
        self._forecasts: dict[str, Forecast] = Forecasts(folder, forecaster).build(FORECASTS)[0]
        self._samples, self._windows, self._seed = samples, windows, seed
        self.table = Table(seed)
        self.strips: list[Strip] = []

    @property
    def best(self) -> int:
        """Samples that are measured: the nearest fifth, at least two of them, since diversity needs a pair."""
        return min(self._samples, max(2, round(BEST * self._samples)))

    def add(self, clip: Clip) -> None:
        """Forecast and render the windows of a clip; a clip that is too short has none."""
        for times, flat in _cut(clip, self._methods, self._windows):
            self._window(clip, times, flat)

    def _window(self, clip: Clip, times: Times, flat_TD: Tensor) -> None:
        steps = torch.arange(EVERY - 1, HORIZON, EVERY)
        last, truth = flat_TD[CONTEXT - 1], flat_TD[CONTEXT:]
        pictures = np.stack(list(clip.pictures_at(times[CONTEXT - 1 :][[0, *(1 + steps).tolist()]], SIZE)))
        seen, happened = pictures[0], _unit(pictures[1:])
        portrait = self._engine.encode(clip.source.picture, self._methods.keypoints(clip.source.landmarks))

        def draw(flat: Tensor) -> Picture:
            rendered = self._engine.render(portrait, Keypoints.from_flat(flat.flatten(0, -2)), SIZE)
            return rendered.reshape(*flat.shape[:-1], SIZE, SIZE, 3)

        made = {"truth": draw(truth[None, steps]), "copy_last": draw(last.expand(1, len(steps), -1))}
        for name, forecast in self._forecasts.items():
            noise = torch.Generator().manual_seed(self._seed * 1_000_003 + len(self.table))
            paths = forecast.sample(flat_TD[None, :CONTEXT], self._samples, HORIZON, noise)[0]
            made[name] = draw(paths[:, steps])
        errors = {name: _errors(_unit(frames), happened) for name, frames in made.items()}
        self.table.add(clip.video.person, {name: measure(_unit(frames), happened, self.best) for name, frames in made.items()})
        rows = {"what came": pictures[1:], "rendered from its true motion": made["truth"][0]}
        for name in self._forecasts:
            order = errors[name].mean(1).argsort().tolist()
            for label, index in zip(("nearest", "typical", "furthest"), (0, len(order) // 2, -1), strict=True):
                rows[f"{name}, {label}"] = made[name][order[index]]
        moved = float((happened - _unit(seen[None])).abs().mean())
        self.strips.append(Strip(clip.video.path.stem, clip.source.picture, rows, moved))
        self.strips.sort(key=lambda strip: -strip.moved)
        del self.strips[STRIPS:]

    def results(self) -> dict[str, dict[str, Metric]]:
        """Return the figures, by `futures_NAME`; `per_step` goes with the steps that are rendered."""
        self._standardise()
        found: dict[str, dict[str, Metric]] = {}
        for name in self.table.methods:
            figures = {metric: self.table.mean(name, metric) for metric in ("mae", "mae_all", "apd", "apd_all")}
            if name in self._forecasts:
                figures["apd_over_mae"] = self.table.over(name, "apd_over_mae", "apd", (name, "mae"))
                figures["apd_over_mae_standardised"] = self.table.over(
                    name, "apd_over_mae_standardised", "apd_standard", (name, "mae_standard")
                )
            found[PREFIX + name] = {k: figure for k, figure in figures.items() if np.isfinite(figure.value)}
        return found

    def comparisons(self) -> list[Comparison]:
        """Test GRU-SNF against GRU-NF, and both against standing still; ask for `results` first."""
        pairs = [("gru_snf", "gru_nf"), ("gru_nf", "copy_last"), ("gru_snf", "copy_last")]
        tests = [self.table.compare(metric, *pair) for metric in COMPARED for pair in pairs]
        return [
            Comparison(t.metric, PREFIX + t.method, PREFIX + t.against, t.difference, t.low, t.high, t.p) for t in tests if t
        ]

    def _standardise(self) -> None:
        """Bring APD and MAE to [0, 1] over all forecasts and windows, as the paper does before it takes their ratio."""
        names = [name for name in self.table.methods if name != "truth"]
        for metric in ("mae", "apd"):
            values = torch.stack([self.table.values(name, metric).mean(1) for name in names])
            spread = values.max() - values.min()
            for name, row in zip(names, (values - values.min()) / spread, strict=True):
                self.table.put(name, f"{metric}_standard", row.nan_to_num())


def measure(frames_KH: Tensor, truth_H: Tensor, best: int) -> Mapping[str, Tensor]:
    """Score the rendered samples of one window, step by step.

    Args:
        frames_KH: `[K, H, ...]` in [0, 1].
        truth_H: `[H, ...]`.
        best: how many samples, those whose error over all steps is lowest, make `mae` and `apd`.

    Returns:
        `[1, H]` each. `mae`: mean |pixel - truth| of the best; `apd`: mean |pixel - pixel| over all pairs of the best;
        `mae_all` and `apd_all`: the same of all samples.
    """
    errors_KH = _errors(frames_KH, truth_H)
    chosen = errors_KH.mean(1).argsort()[:best]
    return {
        "mae": errors_KH[chosen].mean(0, keepdim=True),
        "apd": _spread(frames_KH[chosen])[None],
        "mae_all": errors_KH.mean(0, keepdim=True),
        "apd_all": _spread(frames_KH)[None],
    }


def _errors(frames_KH: Tensor, truth_H: Tensor) -> Tensor:
    return (frames_KH - truth_H).abs().flatten(2).mean(2)


def _spread(frames_KH: Tensor) -> Tensor:
    """Mean absolute difference over all pairs of samples, `[H]`.

    Of K sorted numbers the differences of all pairs sum to sum_i (2i - K + 1) x_i: no loop over pairs.
    """
    k = len(frames_KH)
    if k < 2:
        return torch.zeros(frames_KH.shape[1])
    rank = torch.arange(k, dtype=frames_KH.dtype) * 2 - (k - 1)
    ordered = frames_KH.flatten(2).sort(0).values
    return (ordered * rank[:, None, None]).sum(0).mean(1) / (k * (k - 1) / 2)


def _unit(pictures: Picture) -> Tensor:
    return torch.from_numpy(pictures).float() / 255


def _cut(clip: Clip, methods: Methods, windows: int) -> list[tuple[Times, Tensor]]:
    """Return times `[T]` and flat keypoints `[T, 6N]` of windows of a clip on the clock, that do not overlap."""
    length = CONTEXT + HORIZON
    parts: list[Recording] = []
    for stretch in resample(clip.recording):
        count = len(stretch.timestamps) // length
        spare = (len(stretch.timestamps) - count * length) // 2
        for start in range(spare, spare + count * length, length):
            part = slice(start, start + length)
            parts.append(Recording(stretch.landmarks[part], stretch.timestamps[part]))
    chosen = {round((k + 0.5) / windows * len(parts) - 0.5) for k in range(windows)} if parts else set()
    picked = [parts[min(max(index, 0), len(parts) - 1)] for index in sorted(chosen)]
    return [(part.timestamps, methods.keypoints(part.landmarks).flat()) for part in picked]
