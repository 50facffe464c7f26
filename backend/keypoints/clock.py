"""Smooths landmarks and resamples them to the fixed clock of the forecasts by their timestamps."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from backend.core.frames import FrameList
from backend.core.recording import Recording
from backend.core.types import CLOCK_S, LANDMARKS, FloatArray
from backend.keypoints.smoothing import OneEuro

GAP_S = 0.5
"""Longest pause that is interpolated over."""

SLACK_S = 1e-6
"""A frame this close before a tick counts as on it, as timestamps are rounded."""


@dataclass(frozen=True)
class Tick:
    """Landmarks at one point of the clock.

    Attributes:
        landmarks: `[478, 3]` float32, interpolated linearly between the two arrivals around `t`.
        t: seconds, in the time of the arrivals.
        index: number of earlier ticks.
        restarted: the clock starts again here; state that carries motion over time must be reset.
    """

    landmarks: FloatArray
    t: float
    index: int
    restarted: bool


class Clock:
    """Streaming resampler: ticks every `CLOCK_S` from the first arrival on, and again from an arrival after more than `GAP_S`.

    Attributes:
        dropped: number of arrivals that were repeated, late, or without a finite time.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._last: tuple[float, FloatArray] | None = None
        self._start = 0.0
        self._step = 0
        self._indices = itertools.count()

    def push(self, landmarks: FloatArray, t: float) -> list[Tick]:
        """Take in landmarks `[478, 3]` of time `t` (seconds from any origin); return the ticks up to then, oldest first."""
        if not math.isfinite(t) or (self._last is not None and t <= self._last[0]):
            self.dropped += 1
            return []
        landmarks = np.array(landmarks, np.float32)
        if self._last is None or t - self._last[0] > GAP_S:
            self._last, self._start, self._step = (t, landmarks), t, 1
            return [Tick(landmarks, t, next(self._indices), restarted=True)]
        last, before = self._last
        ticks = []
        while (due := self._start + self._step * CLOCK_S) <= t + SLACK_S:
            weight = np.float32(min(max((due - last) / (t - last), 0.0), 1.0))
            ticks.append(Tick(before + weight * (landmarks - before), due, next(self._indices), restarted=False))
            self._step += 1
        self._last = (t, landmarks)
        return ticks


class SmoothedClock:
    """A `Clock` whose arrivals are smoothed first; the filter starts again after a pause of more than `GAP_S`."""

    def __init__(self) -> None:
        self._clock, self._filter, self._last = Clock(), OneEuro(), -math.inf

    def push(self, landmarks: FloatArray, t: float) -> list[Tick]:
        """Take in landmarks `[478, 3]` of a finite, later time `t` in seconds; return ticks as `Clock.push`."""
        if t - self._last > GAP_S:
            self._filter = OneEuro()
        self._last = t
        return self._clock.push(self._filter.filter(landmarks, t), t)


def resample(recording: Recording) -> list[Recording]:
    """Smooth a recording and resample it to the clock: one recording of evenly spaced frames per stretch without a gap."""
    clock = SmoothedClock()
    stretches: list[tuple[FrameList[np.float32], list[float]]] = []
    for landmarks, t in zip(recording.landmarks, recording.timestamps, strict=True):
        for tick in clock.push(landmarks, float(t)):
            if tick.restarted:
                stretches.append((FrameList((LANDMARKS, 3), np.float32), []))
            stretches[-1][0].append(tick.landmarks)
            stretches[-1][1].append(tick.t)
    return [Recording(frames.stack(), np.array(times), recording.source) for frames, times in stretches]
