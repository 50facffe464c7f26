"""One-Euro filter (Casiez, Roussel and Vogel, CHI 2012): little jitter at rest, little lag in motion.

Landmarks are smoothed wherever they come in: a live stream, a recording that is played, a recording to train or evaluate on.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from backend.core.types import FloatArray


class OneEuro:
    """A first-order low-pass filter whose cut-off frequency rises with speed, per coordinate, for values of any shape and rate.

    Args:
        min_cutoff: cut-off at rest in Hz; lower means less jitter and more lag.
        beta: cut-off gained per unit of speed, in Hz per (value unit / s).
        d_cutoff: cut-off of the speed estimate in Hz.

    Raises:
        ValueError: a cut-off is not positive, or `beta` is negative.
    """

    def __init__(self, min_cutoff: float = 4.0, beta: float = 20.0, d_cutoff: float = 2.0) -> None:
        if min_cutoff <= 0 or d_cutoff <= 0 or beta < 0:
            raise ValueError("a One-Euro filter needs positive cut-offs and a beta of at least 0")
        self.min_cutoff, self.beta, self.d_cutoff = min_cutoff, beta, d_cutoff
        self._t: float | None = None
        self._value: FloatArray = np.zeros(0, np.float32)
        self._speed: FloatArray = np.zeros(0, np.float32)

    def filter(self, values: FloatArray, t: float) -> FloatArray:
        """Filter the values of time `t` in seconds; a time that does not advance returns the last filtered values."""
        values = np.asarray(values, np.float32)
        if self._t is None:
            self._t, self._value, self._speed = t, values.copy(), np.zeros_like(values)
            return values.copy()
        dt = t - self._t
        if dt <= 0:
            return self._value.copy()
        speed = (values - self._value) / np.float32(dt)
        self._speed = self._speed + np.float32(_gain(self.d_cutoff, dt)) * (speed - self._speed)
        radians = (2 * math.pi * dt) * (self.min_cutoff + self.beta * np.abs(self._speed))
        self._value = self._value + (radians / (radians + 1)).astype(np.float32) * (values - self._value)
        self._t = t
        return self._value.copy()


def smooth(values_TX: FloatArray, timestamps: NDArray[np.float64]) -> FloatArray:
    """Filter a whole unbroken sequence `[T, ...]` as a live stream would be filtered, given its times in seconds."""
    one_euro = OneEuro()
    return np.stack([one_euro.filter(values, float(t)) for values, t in zip(values_TX, timestamps, strict=True)])


def _gain(cutoff: float, dt: float) -> float:
    """Return the weight in (0, 1) of a value after `dt` seconds: 1 / (1 + tau / dt) with tau = 1 / (2 pi cutoff)."""
    radians = 2 * math.pi * cutoff * dt
    return radians / (radians + 1)
