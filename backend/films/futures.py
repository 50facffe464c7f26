"""Writes films in which a portrait follows a clip, with sampled futures beside what really happened."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from backend.core.errors import InputError
from backend.core.progress import Progress, ShareProgress
from backend.core.recording import Recording
from backend.core.types import CLOCK_HZ, CLOCK_S, ForecastSettings, Picture
from backend.films.grid import draw_landmarks, scaled, sheet
from backend.films.reference import ReferenceMoment, longest_segment, neutral_keypoints
from backend.keypoints.clock import Tick
from backend.media.images import PortraitImage
from backend.media.video_writer import write_video
from backend.pipeline import CONTEXT, Pipeline, SampledFutures, Stream
from backend.starflow.video import SamplingSettings, VideoFlow

DriverPictures = Callable[[Sequence[float], int], Iterable[Picture]]
"""Reads the driver's pictures: (increasing times in seconds, size) -> `[size, size, 3]` each."""

VideoSampler = Callable[[Picture, int, int, ShareProgress], Picture]
"""Samples futures as pixels: (last frames `[T, S, S, 3]`, K, frames, progress) -> `[K, frames, s, s, 3]`."""


def video_sampler(flow: VideoFlow, settings: SamplingSettings) -> VideoSampler:
    """Return the video model as a sampler of a film's futures; each call takes the next seed."""
    seeds = itertools.count(settings.seed)

    def sample(seen: Picture, count: int, frames: int, progress: ShareProgress) -> Picture:
        return flow.futures(scaled(seen, flow.size), count, frames, replace(settings, seed=next(seeds)), progress)

    return sample


@dataclass(frozen=True)
class ForecastWindow:
    """One forecast and its errors.

    Attributes:
        start: the last observed step.
        names: of the model that sampled each future.
        errors: of every future `[K]`: mean distance of keypoints in crop units, or for video futures the mean absolute
            difference of pixels in [0, 1].
        copy_last: the error of repeating the last observation.
        shares: part of its method's draws that are nearest to each future `[K]`, in [0, 1]; empty if none were chosen.
    """

    start: int
    names: list[str]
    errors: list[float]
    copy_last: float
    shares: list[float] = field(default_factory=list)


def write_film(
    pipeline: Pipeline,
    image: PortraitImage,
    recording: Recording,
    out: Path,
    settings: ForecastSettings,
    *,
    moments: Sequence[float] = (),
    reference: ReferenceMoment = "best",
    size: int = 256,
    seed: int = 0,
    pictures: DriverPictures | None = None,
    video_sampler: VideoSampler | None = None,
    progress: Progress | None = None,
) -> list[ForecastWindow]:
    """Write an MP4 of the driver, the portrait with the true motion, and K futures; return the forecasts that it shows.

    Args:
        pipeline: the models.
        image: the portrait.
        recording: the driver.
        out: the MP4.
        settings: of the forecasts.
        moments: times of forecasts in seconds; by default one forecast follows another from the first possible step.
        reference: the driver's reference frame.
        size: side of a tile in pixels.
        seed: of the futures' noise.
        pictures: reads the driver's pictures; by default landmarks are drawn.
        video_sampler: samples the futures from the portrait's last frames; by default the forecaster does.
        progress: called with (frames made, frames in all).

    Raises:
        InputError: `clip_too_short`, `moment_outside`, `recording_empty`, `reference_outside`.
    """
    segment, horizon = longest_segment(recording), settings.horizon
    stream = pipeline.open(pipeline.portrait(image), seed=seed)
    stream.reference = neutral_keypoints(pipeline, stream.portrait, segment, reference)
    starts = _starts(segment, horizon, moments)
    flats, forecasts = _observe(pipeline, stream, segment, settings, starts if video_sampler is None else [])
    drivers, known = _drivers(segment, starts, horizon, pictures, size), dict[int, Picture]()
    windows = []
    passes = 1 if video_sampler is None else 2  # Sampling a frame of video counts as much as rendering one.

    def report(done: int, share: float) -> None:
        if progress:
            progress(done * horizon + round(share * horizon), len(starts) * passes * horizon)

    with write_video(out, CLOCK_HZ) as video:
        for number, start in enumerate(starts):
            steps = range(start + 1, start + 1 + horizon)
            truth = pipeline.render([(stream, flats[list(steps)])], size)[0]
            if video_sampler is None:
                window, futures = _forecast(pipeline, stream, forecasts[start], start, flats, size)
            else:
                before = pipeline.render([(stream, flats[start + 1 - CONTEXT : start + 1])], size)[0]
                sampled = video_sampler(before, settings.k, horizon, partial(report, number * passes))
                window, futures = _score_video(start, before[-1], truth, sampled), list(scaled(sampled, size))
            windows.append(window)
            known = {index: picture for index, picture in known.items() if index in steps}  # Windows may overlap.
            texts = captions(window)
            for step, index in enumerate(steps):
                while index not in known:
                    known.update([next(drivers)])
                left = [(known[index], f"driver  {segment.timestamps[index]:.2f} s"), (truth[step], "what happened")]
                video.write(sheet(left, [(frames[step], text) for frames, text in zip(futures, texts, strict=True)]))
                report((number + 1) * passes - 1, (step + 1) / horizon)
    return windows


def _starts(segment: Recording, horizon: int, moments: Sequence[float]) -> list[int]:
    """Return the sorted last observed steps of the forecasts."""
    count = len(segment.timestamps)
    last = count - 1 - horizon
    if last < CONTEXT - 1:
        needed = (CONTEXT + horizon) * CLOCK_S
        message = f"The clip shows a face for {count * CLOCK_S:.1f} s without a break; {needed:.1f} s are needed."
        raise InputError("clip_too_short", message, "Take a longer clip or a smaller horizon.")
    begin = float(segment.timestamps[0])
    # NaN and infinity become -1, which no forecast fits.
    wanted = [round((moment - begin) / CLOCK_S) if math.isfinite(moment) else -1 for moment in moments]
    bad = [moment for moment, start in zip(moments, wanted, strict=True) if not CONTEXT - 1 <= start <= last]
    if bad:
        hint = f"Choose from {begin + (CONTEXT - 1) * CLOCK_S:.2f} to {begin + last * CLOCK_S:.2f} s."
        raise InputError("moment_outside", f"No forecast fits at {bad[0]:.2f} s.", hint)
    return sorted(set(wanted)) or list(range(CONTEXT - 1, last + 1, horizon))


def _observe(
    pipeline: Pipeline, stream: Stream, segment: Recording, settings: ForecastSettings, starts: Sequence[int]
) -> tuple[Tensor, dict[int, SampledFutures]]:
    """Return flat keypoints of every step `[T, 6N]` and the forecasts after the steps `starts`."""
    flats, forecasts = [], {}
    for index, (landmarks, t) in enumerate(zip(segment.landmarks, segment.timestamps.tolist(), strict=True)):
        tick = Tick(landmarks, t, index, restarted=index == 0)
        flats.append(pipeline.observe([stream], [[tick]])[0].present_flat)
        if index in starts:
            stream.seed += 1
            forecasts[index] = pipeline.forecast([stream], [settings])[0]
    return torch.stack(flats), forecasts


def _forecast(
    pipeline: Pipeline, stream: Stream, forecast: SampledFutures, start: int, flats: Tensor, size: int
) -> tuple[ForecastWindow, list[Picture]]:
    """Score a forecast of keypoints and render its futures."""
    truth = flats[start + 1 : start + 1 + forecast.paths.shape[1]]
    errors = pipeline.score(forecast.paths, truth).tolist()
    names = [method.replace("_", "-").upper() for method in forecast.methods]
    window = ForecastWindow(start, names, errors, pipeline.copy_last_error(flats[start], truth), forecast.shares)
    return window, [pipeline.render([(stream, path)], size)[0] for path in forecast.paths]


def _score_video(start: int, last: Picture, truth: Picture, futures: Picture) -> ForecastWindow:
    """Score futures `[K, H, s, s, 3]` at their own size against the last frame `[S, S, 3]` and the truth `[H, S, S, 3]`."""
    size = futures.shape[-2]
    wanted = scaled(truth, size).astype(np.float32)
    *errors, copy_last = (float(np.abs(frames - wanted).mean() / 255) for frames in (*futures, scaled(last, size)))
    return ForecastWindow(start, ["video model"] * len(futures), errors, copy_last)


def captions(window: ForecastWindow) -> list[str]:
    """Return the captions of the futures: method, share if they were chosen, and error."""
    best = int(np.argmin(window.errors))
    shares = [f"  {100 * share:.0f} %" for share in window.shares] or [""] * len(window.names)
    return [
        f"{i + 1} {name}{share}  off by {error:.3f}{'  closest' if i == best else ''}"
        for i, (name, share, error) in enumerate(zip(window.names, shares, window.errors, strict=True))
    ]


def _drivers(
    segment: Recording, starts: Sequence[int], horizon: int, pictures: DriverPictures | None, size: int
) -> Iterator[tuple[int, Picture]]:
    """Yield the driver's picture, or drawn landmarks, for every step that the film shows."""
    steps = sorted({start + 1 + step for start in starts for step in range(horizon)})
    if pictures is None:
        return ((step, draw_landmarks(segment.landmarks[step], size)) for step in steps)
    return zip(steps, pictures(segment.timestamps[steps].tolist(), size), strict=True)
