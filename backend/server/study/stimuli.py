"""The clips of the perceptual study: rendered on demand from bundled recordings on the inference thread, and kept in memory."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable, Coroutine, Iterable
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
    """A driver as the pipeline saw it: all steps (flat keypoints), and the stream as it was at every moment."""

    flats: list[Any] = field(default_factory=list)
    streams: dict[int, Stream] = field(default_factory=dict)


class StudyClips:
    """Makes clips, each of them once. It belongs to the event loop; the inference thread renders."""

    def __init__(self, worker: InferenceWorker, portrait: SessionPortrait, drivers: dict[str, list[Tick]]) -> None:
        self._worker, self._portrait, self._drivers = worker, portrait, drivers
        self.moments = [moment for name, ticks in drivers.items() for moment in moments_of(name, ticks)]
        self._followed: dict[str, asyncio.Task[FollowedDriver]] = {}
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
        name, step = shown.moment.recording, shown.moment.step
        driver = await self._driver(name)
        stream = driver.streams[step]
        if shown.method == TRUTH:
            paths = [driver.flats[step + 1 : step + FRAMES]]
        else:
            sampled = await self._run(lambda pipeline: sample_futures(pipeline, stream, SETTINGS[shown.method]))
            paths = [sampled[i] for i in shown.futures]
        size = SIZES[len(paths)]
        clips = [await self._render(stream, driver.flats[step], path, size) for path in paths]
        return await asyncio.to_thread(lambda: jpeg(sprite(np.stack(clips)), QUALITY))

    async def _driver(self, name: str) -> FollowedDriver:
        return await _once(self._followed, name, lambda: self._follow(name))

    async def _follow(self, name: str) -> FollowedDriver:
        """Observe a recording step by step."""
        stream = await self._run(lambda pipeline: pipeline.open(self._portrait.encode(pipeline), track_reference=True))
        steps = {moment.step for moment in self.moments if moment.recording == name}
        driver, ticks = FollowedDriver(), self._drivers[name]
        for start in range(0, len(ticks), OBSERVED_AT_ONCE):
            await self._run(partial(_observe, stream, driver, ticks[start : start + OBSERVED_AT_ONCE], steps))
        return driver

    async def _render(self, stream: Stream, present: Any, path: Iterable[Any], size: int) -> Picture:
        """Render the present and a path, a few frames at a time: `[FRAMES, size, size, 3]`."""
        flats = present.new_empty((FRAMES, len(present)))
        for row, flat in enumerate((present, *path)):
            flats[row] = flat
        parts = [await self._run(partial(_render, stream, part, size)) for part in flats.split(RENDERED_AT_ONCE)]
        return np.concatenate(parts)

    async def _run(self, call: Callable[[Pipeline], T]) -> T:
        return await asyncio.wrap_future(self._worker.run(call))


def _observe(stream: Stream, driver: FollowedDriver, ticks: list[Tick], steps: set[int], pipeline: Pipeline) -> None:
    for tick in ticks:
        (observation,) = pipeline.observe([stream], [[tick]])
        step = len(driver.flats)
        driver.flats.append(observation.present_flat)
        if step in steps:
            driver.streams[step] = copy.copy(stream)
            driver.streams[step].seed = step


def _render(stream: Stream, flats: Any, size: int, pipeline: Pipeline) -> Picture:
    return pipeline.render([(stream, flats)], size)[0]


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
