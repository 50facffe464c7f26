"""The clips of the perceptual study, which the inference process renders from bundled recordings on demand."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from backend.core.errors import InputError
from backend.core.recording import Recording
from backend.core.types import ForecastSettings, Picture
from backend.keypoints.clock import Tick
from backend.server.live.landmark_stream import LandmarkStream
from backend.server.live.session_slot import SessionPortrait
from backend.server.live.sheet import jpeg
from backend.server.live.worker import InferenceWorker
from backend.server.study.trials import FUTURES, TRUTH, Shown, StudyMoment

if TYPE_CHECKING:
    from backend.pipeline import Pipeline, Stream
    from backend.server.live.inference import Inference

T = TypeVar("T")
HORIZON = 16
FRAMES = HORIZON + 1
"""Frames of a clip: the last observed step, and the future."""

WARM_UP = 20
"""Steps observed before the first moment: by then, the forecaster knows the driver and the reference has settled."""

MOMENTS_EACH = 4
"""Moments of every recording."""

SIZES = {1: 256, FUTURES: 160}
"""Side of a clip in pixels, by the number of clips that a side shows."""

OBSERVED_AT_ONCE, RENDERED_AT_ONCE = 8, 4
"""Steps observed, and frames rendered, before live sessions get their turn."""

QUALITY = 88

SETTINGS = {
    "gru_nf": ForecastSettings(method="gru_nf", k=FUTURES, horizon=HORIZON, choose="off"),
    "gru_snf": ForecastSettings(method="gru_snf", k=FUTURES, horizon=HORIZON, choose="off"),
    "chosen": ForecastSettings(method="gru_snf", k=FUTURES, horizon=HORIZON, choose="8x"),
}
"""How each method forecasts: independent draws of two, and draws that are chosen."""


def read_driver(path: Path) -> list[Tick]:
    """Return the clock ticks of a recording, smoothed as those of a live driver."""
    recording, stream = Recording.load(path), LandmarkStream()
    frames = zip(recording.landmarks, recording.timestamps, strict=True)
    return [tick for landmarks, t in frames for tick in stream.push(landmarks, float(t) * 1000)]


def moments_of(recording: str, ticks: list[Tick]) -> list[StudyMoment]:
    """Return evenly spaced moments of a recording; none where a gap interrupts what a clip shows or shortly before."""
    last = len(ticks) - FRAMES
    steps: list[int] = np.linspace(WARM_UP, last, MOMENTS_EACH).astype(int).tolist() if last >= WARM_UP else []
    whole = [step for step in steps if not any(tick.restarted for tick in ticks[step - WARM_UP + 1 : step + FRAMES])]
    return [StudyMoment(recording, step) for step in whole]


@dataclass
class FollowedDriver:
    """A driver as the pipeline saw it; the inference process keeps it.

    Attributes:
        stream: after the last step.
        flats: flat keypoints `[6N]` of all steps.
        streams: as they were at every moment, by step.
        paths: futures `[FUTURES, H, 6N]` that were sampled, by step and method.
    """

    stream: Stream
    flats: list[Any] = field(default_factory=list)
    streams: dict[int, Stream] = field(default_factory=dict)
    paths: dict[tuple[int, str], Any] = field(default_factory=dict)


class StudyClips:
    """Makes clips, each of them once. It belongs to the event loop; the inference process renders."""

    def __init__(self, worker: InferenceWorker, portrait: SessionPortrait, drivers: dict[str, list[Tick]]) -> None:
        self._worker, self._portrait, self._drivers = worker, portrait, drivers
        self.moments = [moment for name, ticks in drivers.items() for moment in moments_of(name, ticks)]
        self._followed: dict[str, asyncio.Task[None]] = {}
        self._clips: dict[Shown, asyncio.Task[bytes]] = {}

    async def prepare(self) -> None:
        """Observe all recordings, so that the first voter does not wait for it."""
        for name in self._drivers:
            await self._driver(name)

    async def clip(self, shown: Shown) -> bytes:
        """Return a JPEG with one row for each future, and `FRAMES` frames from left to right; raises as the pipeline."""
        # The truth is one future, and sets of futures have one order, so that each is rendered once.
        futures = (0,) if shown.method == TRUTH else tuple(sorted(shown.futures))
        key = Shown(shown.moment, shown.method, futures)
        return await _once(self._clips, key, lambda: self._make(key))

    async def _make(self, shown: Shown) -> bytes:
        clips = [await self._render(shown, future) for future in shown.futures]
        return await asyncio.to_thread(lambda: jpeg(sprite(np.stack(clips)), QUALITY))

    async def _driver(self, name: str) -> None:
        await _once(self._followed, name, lambda: self._follow(name))

    async def _follow(self, name: str) -> None:
        """Observe a recording step by step."""
        await self._run(partial(_open, self._portrait, name))
        steps = {moment.step for moment in self.moments if moment.recording == name}
        ticks = self._drivers[name]
        for start in range(0, len(ticks), OBSERVED_AT_ONCE):
            await self._run(partial(_observe, name, ticks[start : start + OBSERVED_AT_ONCE], steps))

    async def _render(self, shown: Shown, future: int) -> Picture:
        """Render the present and one future, a few frames at a time: `[FRAMES, size, size, 3]`."""
        parts, start, size = [], 0, SIZES[len(shown.futures)]
        while start < FRAMES:
            await self._driver(shown.moment.recording)
            steps = slice(start, start + RENDERED_AT_ONCE)
            part = await self._run(partial(_render, shown, future, steps, size))
            if part is None:
                # The inference process has started again and must see the driver again.
                self._followed.pop(shown.moment.recording, None)
                continue
            parts.append(part)
            start += RENDERED_AT_ONCE
        return np.concatenate(parts)

    async def _run(self, call: Callable[[Inference], T]) -> T:
        return await asyncio.wrap_future(self._worker.run(call))


def _open(portrait: SessionPortrait, name: str, inference: Inference) -> None:
    stream = inference.pipeline.open(inference.encode(portrait), track_reference=True)
    inference.kept[name] = FollowedDriver(stream)


def _observe(name: str, ticks: list[Tick], steps: set[int], inference: Inference) -> None:
    driver = inference.kept.get(name)
    if driver is None:
        return
    for tick in ticks:
        (observation,) = inference.pipeline.observe([driver.stream], [[tick]])
        step = len(driver.flats)
        driver.flats.append(observation.present_flat)
        if step in steps:
            driver.streams[step] = copy.copy(driver.stream)
            driver.streams[step].seed = step


def _render(shown: Shown, future: int, frames: slice, size: int, inference: Inference) -> Picture | None:
    """Render some frames of the present and one future; None if the driver was not observed to its end here."""
    step, driver = shown.moment.step, inference.kept.get(shown.moment.recording)
    if driver is None or step not in driver.streams or len(driver.flats) < step + FRAMES:
        return None
    if shown.method == TRUTH:
        path = driver.flats[step + 1 : step + FRAMES]
    else:
        key = step, shown.method
        if key not in driver.paths:
            driver.paths[key] = sample_futures(inference.pipeline, driver.streams[step], SETTINGS[shown.method])
        path = driver.paths[key][future]
    wanted = [driver.flats[step], *path][frames]
    flats = wanted[0].new_empty((len(wanted), len(wanted[0])))
    for row, flat in enumerate(wanted):
        flats[row] = flat
    return inference.pipeline.render([(driver.streams[step], flats)], size)[0]


def sample_futures(pipeline: Pipeline, stream: Stream, settings: ForecastSettings) -> Any:
    """Sample paths `[FUTURES, H, 6N]` of a stream; raises `forecast_not_finite`.

    Args:
        pipeline: the models.
        stream: the driver at a moment.
        settings: of the method.
    """
    (futures,) = pipeline.forecast([stream], [settings])
    if not np.isfinite(futures.positions).all():
        raise InputError("forecast_not_finite", "The forecast holds NaN or infinite numbers.")
    return futures.paths


def sprite(clips: Picture) -> Picture:
    """Lay clips `[C, F, S, S, 3]` out as one picture `[C * S, F * S, 3]`: one row a clip, one column a frame."""
    count, frames, size = clips.shape[:3]
    return np.ascontiguousarray(clips.transpose(0, 2, 1, 3, 4).reshape(count * size, frames * size, 3))


async def _once(tasks: dict[Any, asyncio.Task[T]], key: Any, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Return the result of the task of a key; begin it if there is none. A failed task is forgotten and may be tried again."""
    if key not in tasks:
        tasks[key] = asyncio.create_task(make())
    try:
        # Another request may wait for the same task: one that is cancelled does not cancel it.
        return await asyncio.shield(tasks[key])
    except Exception:
        tasks.pop(key, None)
        raise
