"""Resampling of landmarks that arrive at any times to the fixed clock of the forecasts, by their timestamps."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from backend.core.recording import Recording
from backend.core.types import CLOCK_S, FloatArray

GAP_S = 0.5
"""A longer pause is not interpolated over: what the face did meanwhile is unknown."""

SLACK_S = 1e-6
"""A frame this close before a grid point counts as on it: timestamps are rounded sums."""


@dataclass(frozen=True)
class Tick:
    """Landmarks at one point of the clock.

    Attributes:
        landmarks: `[478, 3]` float32, interpolated linearly between the two arrivals around `t`.
        t: seconds, in the time of the arrivals.
        index: ticks made before this one.
        restarted: the first tick of a new grid; state that carries motion over time must be reset.
    """

    landmarks: FloatArray
    t: float
    index: int
    restarted: bool


class Clock:
    """Streaming resampler to a grid that starts at the first arrival.

    A push completes every grid point up to its own time: at most `gap / period + 1` ticks. An arrival more than `gap` after
    the last one starts a new grid there. Arrivals that are not later than the last one are dropped.

    Args:
        period: seconds between ticks.
        gap: longest pause in seconds that is interpolated over.

    Attributes:
        dropped: arrivals that were repeated, late, or without a finite time.

    Raises:
        ValueError: the period is not positive, or the gap shorter than a period.
    """

    def __init__(self, period: float = CLOCK_S, gap: float = GAP_S) -> None:
        if period <= 0 or gap < period:
            raise ValueError("a clock needs a period above 0 and a gap of at least one period")
        self.period, self.gap = period, gap
        self.dropped = 0
        self._last: tuple[float, FloatArray] | None = None
        self._anchor = 0.0
        self._step = 0
        self._index = 0

    def push(self, landmarks: FloatArray, t: float) -> list[Tick]:
        """Take in landmarks `[478, 3]` of time `t` (seconds from any origin); return the ticks they complete, oldest first."""
        if not math.isfinite(t) or (self._last is not None and t <= self._last[0]):
            self.dropped += 1
            return []
        landmarks = np.array(landmarks, np.float32)
        if self._last is None or t - self._last[0] > self.gap:
            self._last, self._anchor, self._step = (t, landmarks), t, 1
            return [self._tick(landmarks, t, restarted=True)]
        start, before = self._last
        ticks = []
        while (due := self._anchor + self._step * self.period) <= t + SLACK_S:
            weight = np.float32(min(max((due - start) / (t - start), 0.0), 1.0))
            ticks.append(self._tick(before + weight * (landmarks - before), due, restarted=False))
            self._step += 1
        self._last = (t, landmarks)
        return ticks

    def _tick(self, landmarks: FloatArray, t: float, *, restarted: bool) -> Tick:
        tick = Tick(landmarks, t, self._index, restarted)
        self._index += 1
        return tick


def resample(recording: Recording, period: float = CLOCK_S) -> list[Recording]:
    """Resample a recording to the clock: one recording of evenly spaced frames per stretch without a gap."""
    clock = Clock(period)
    stretches: list[list[Tick]] = []
    for landmarks, t in zip(recording.landmarks, recording.timestamps, strict=True):
        for tick in clock.push(landmarks, float(t)):
            if tick.restarted:
                stretches.append([])
            stretches[-1].append(tick)
    return [
        Recording(np.stack([tick.landmarks for tick in ticks]), np.array([tick.t for tick in ticks]), recording.source)
        for ticks in stretches
    ]
