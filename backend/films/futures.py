"""`motionfan animate`: the pipeline offline. A portrait follows a clip, with its futures beside what really happened."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from backend.core.errors import InputError
from backend.core.recording import Recording
from backend.core.types import CLOCK_HZ, CLOCK_S, ForecastSettings
from backend.films.grid import Picture, dots, scaled, sheet
from backend.films.reference import Reference, longest, neutral
from backend.keypoints.clock import Tick
from backend.media.images import PortraitImage
from backend.media.video import write_video
from backend.pipeline import CONTEXT, Pipeline, SampledFutures, Stream

Pictures = Callable[[Sequence[float], int], Iterable[Picture]]
Painter = Callable[[Picture, int, int, Callable[[float], None]], Picture]
"""Draws futures from pictures alone: (those seen last `[T, S, S, 3]`, K, frames, progress) -> `[K, frames, s, s, 3]`."""


@dataclass(frozen=True)
class Window:
    """One forecast and what came of it.

    Attributes:
        start: the step after which it was made.
        names: what drew each future.
        errors: of every future `[K]`: how far keypoints are off on average, in crop units, or, of futures that were painted,
            how far pixels are, in [0, 1].
        copy_last: likewise, had nothing moved.
    """

    start: int
    names: list[str]
    errors: list[float]
    copy_last: float


def film(
    pipeline: Pipeline,
    image: PortraitImage,
    recording: Recording,
    out: Path,
    settings: ForecastSettings,
    *,
    moments: Sequence[float] = (),
    reference: Reference = "best",
    size: int = 256,
    seed: int = 0,
    pictures: Pictures | None = None,
    painter: Painter | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Window]:
    """Write an MP4: the driver, the portrait as it really moved, and K futures playing in step with it.

    Args:
        pipeline: the models.
        image: the portrait.
        recording: the driver.
        out: the file to write; written whole or not at all.
        settings: of the forecasts.
        moments: seconds at which to forecast; by default one forecast follows another, from the first possible moment.
        reference: the driver's neutral moment, as `neutral` takes it.
        size: side of a tile in pixels.
        seed: of the futures' noise.
        pictures: gives the driver's own pictures `[size, size, 3]` at increasing times; without, landmarks are drawn.
        painter: draws the futures from the portrait's last frames; without, the forecaster does, from its keypoints.
        progress: called with (frames made, frames in all).

    Returns:
        The windows, with the errors that the captions show.

    Raises:
        InputError: the recording is too short, or no forecast fits at the moments asked for.
    """
    segment, horizon = longest(recording), settings.horizon
    stream = pipeline.open(pipeline.portrait(image), seed=seed)
    stream.reference = neutral(pipeline, stream.portrait, segment, reference)
    starts = _starts(segment, horizon, moments)
    flats, fans = _follow(pipeline, stream, segment, settings, starts if painter is None else [])
    drivers, seen = _drivers(segment, starts, horizon, pictures, size), dict[int, Picture]()
    windows = []
    report = _Report(progress, len(starts) * horizon, 1 if painter is None else 2)
    with write_video(out, CLOCK_HZ) as video:
        for start in starts:
            steps = range(start + 1, start + 1 + horizon)
            happened = pipeline.render([(stream, flats[list(steps)])], size)[0]
            if painter is None:
                window, futures = _forecast(pipeline, stream, fans[start], start, flats, size)
            else:
                before = pipeline.render([(stream, flats[start + 1 - CONTEXT : start + 1])], size)[0]
                told = report.within(horizon)
                drawn = painter(before, settings.k, horizon, told)
                told(1.0)
                window, futures = _painted(start, before[-1], happened, drawn), list(scaled(drawn, size))
            windows.append(window)
            seen = {index: picture for index, picture in seen.items() if index in steps}  # windows may overlap
            captions = _captions(window)
            for step, index in enumerate(steps):
                while index not in seen:
                    seen.update([next(drivers)])
                known = [(seen[index], f"driver  {segment.timestamps[index]:.2f} s"), (happened[step], "what happened")]
                video.write(sheet(known, [(one[step], caption) for one, caption in zip(futures, captions, strict=True)]))
                report.add(1)
    return windows


class _Report:
    """Counts frames for a progress bar; a frame counts `passes` times."""

    def __init__(self, progress: Callable[[int, int], None] | None, frames: int, passes: int) -> None:
        self._progress, self._total, self._done = progress, frames * passes, 0

    def add(self, frames: int) -> None:
        self._done += frames
        if self._progress:
            self._progress(self._done, self._total)

    def within(self, frames: int) -> Callable[[float], None]:
        """Return what reports the share of `frames` that is done."""
        before = self._done
        return lambda share: self.add(before + round(share * frames) - self._done)


def _starts(segment: Recording, horizon: int, moments: Sequence[float]) -> list[int]:
    """The steps to forecast after, in order, each once."""
    count = len(segment.timestamps)
    last = count - 1 - horizon
    if last < CONTEXT - 1:
        needed = (CONTEXT + horizon) * CLOCK_S
        raise InputError(
            "clip_too_short",
            f"The clip shows a face for {count * CLOCK_S:.1f} s without a break; {needed:.1f} s are needed.",
            "Take a longer clip or a smaller horizon.",
        )
    began = float(segment.timestamps[0])
    # What is no number fits nowhere, as -1 does not.
    asked = [round((moment - began) / CLOCK_S) if math.isfinite(moment) else -1 for moment in moments]
    bad = [moment for moment, start in zip(moments, asked, strict=True) if not CONTEXT - 1 <= start <= last]
    if bad:
        raise InputError(
            "moment_outside",
            f"No forecast fits at {bad[0]:.2f} s.",
            f"Choose from {began + (CONTEXT - 1) * CLOCK_S:.2f} to {began + last * CLOCK_S:.2f} s.",
        )
    return sorted(set(asked)) or list(range(CONTEXT - 1, last + 1, horizon))


def _follow(
    pipeline: Pipeline, stream: Stream, segment: Recording, settings: ForecastSettings, starts: Sequence[int]
) -> tuple[Tensor, dict[int, SampledFutures]]:
    """Flat keypoints of every step `[T, 6N]`, and the futures forecast after those of `starts`."""
    flats, fans = [], {}
    for index in range(len(segment.timestamps)):
        flats.append(pipeline.observe([stream], [[_tick(segment, index)]])[0].present_flat)
        if index in starts:
            stream.reseed()
            fans[index] = pipeline.forecast([stream], [settings])[0]
    return torch.stack(flats), fans


def _forecast(
    pipeline: Pipeline, stream: Stream, fan: SampledFutures, start: int, flats: Tensor, size: int
) -> tuple[Window, list[Picture]]:
    """A window of forecast keypoints, and its futures' frames."""
    truth = flats[start + 1 : start + 1 + fan.paths.shape[1]]
    errors = pipeline.score(fan.paths, truth).tolist()
    names = [method.replace("_", "-").upper() for method in fan.methods]
    window = Window(start, names, errors, pipeline.copy_last_error(flats[start], truth))
    return window, [pipeline.render([(stream, path)], size)[0] for path in fan.paths]


def _painted(start: int, last: Picture, happened: Picture, drawn: Picture) -> Window:
    """A window of painted futures `[K, frames, s, s, 3]`: at their own size, which is what they can know."""
    size = drawn.shape[-2]
    truth = scaled(happened, size).astype(np.float32)

    def off(pictures: Picture) -> float:
        return float(np.abs(pictures - truth).mean() / 255)

    return Window(start, ["video flow"] * len(drawn), [off(one) for one in drawn], off(scaled(last, size)))


def _tick(segment: Recording, index: int) -> Tick:
    return Tick(segment.landmarks[index], float(segment.timestamps[index]), index, index == 0)


def _captions(window: Window) -> list[str]:
    best = int(np.argmin(window.errors))
    return [
        f"{i + 1} {name}  off by {error:.3f}{'  closest' if i == best else ''}"
        for i, (name, error) in enumerate(zip(window.names, window.errors, strict=True))
    ]


def _drivers(
    segment: Recording, starts: Sequence[int], horizon: int, pictures: Pictures | None, size: int
) -> Iterator[tuple[int, Picture]]:
    """What to show of the driver, for every step that the film shows, in order."""
    steps = sorted({start + 1 + step for start in starts for step in range(horizon)})
    if pictures is None:
        return ((step, dots(segment.landmarks[step], size)) for step in steps)
    return zip(steps, pictures(segment.timestamps[steps].tolist(), size), strict=True)
