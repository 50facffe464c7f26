"""Repeats a forecast as one captured graph, where the device has graphs: to launch its thousands of small kernels one by one
takes longer than to run them.

A graph has fixed shapes and fixed input tensors. So streams are padded to the next *bucket*, and a graph is kept for each
bucket, K, H and settings.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import NamedTuple

import torch

from backend.core.device import capture as cuda_capture
from backend.core.device import has_graphs
from backend.forecast.futures_model import FuturesModel
from backend.forecast.noise import NoiseShape, RolloutNoise
from backend.forecast.refine import Refinement
from backend.forecast.state import Forecast, ForecastState

BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
"""Numbers of streams that graphs are captured for."""

MAX_GRAPHS = 8
"""Graphs kept; each holds the memory of a whole forecast."""

Capture = Callable[[torch.device, Callable[[], Forecast]], Callable[[], Forecast]]
"""As `backend.core.device.capture`."""


class GraphKey(NamedTuple):
    """All that a captured forecast depends on, except the values of its inputs."""

    bucket: int
    k: int
    horizon: int
    refine: Refinement | None
    temperature: float


@dataclass(frozen=True)
class CapturedForecast:
    """A graph with its input tensors: a state of `bucket` streams, and the noise of `bucket` * K paths."""

    state: ForecastState
    noise: RolloutNoise
    replay: Callable[[], Forecast]

    def run(self, state: ForecastState, noise: RolloutNoise) -> Forecast:
        """Forecast B <= `bucket` streams. The other rows keep what they had: rows do not depend on each other."""
        for name in (field.name for field in fields(ForecastState)):
            getattr(self.state, name)[: len(state)].copy_(getattr(state, name))
        for kept, given in zip(self.noise.parts, noise.parts, strict=True):
            if kept is not None and given is not None:
                kept[:, : len(noise)].copy_(given)
        result, rows = self.replay(), slice(len(state))
        # The next replay writes to the same tensors.
        acceptance = None if result.acceptance is None else result.acceptance[rows].clone()
        return Forecast(result.paths[rows].clone(), acceptance)


class GraphedForecaster:
    """Forecasts like its model: by graphs where the device has them, and by plain calls elsewhere.

    A graph is captured when its key comes for the second time: a capture costs as much as several forecasts.

    Args:
        model: frozen, on its device.
        capture: makes graphs; by default only on a device that has them.
        max_graphs: how many are kept; the least recently used one is dropped.
    """

    def __init__(self, model: FuturesModel, capture: Capture | None = None, max_graphs: int = MAX_GRAPHS) -> None:
        self.model, self._device, self._max_graphs = model, model.device, max_graphs
        self._capture = capture or (cuda_capture if has_graphs(self._device) else None)
        self._graphs: OrderedDict[GraphKey, CapturedForecast | None] = OrderedDict()  # None: came once

    def noise_shape(self, horizon: int, refine: Refinement | None = None) -> NoiseShape:
        """Return how many random numbers a path of `horizon` steps takes."""
        return self.model.noise_shape(horizon, refine)

    @torch.inference_mode()
    def forecast(
        self, state: ForecastState, noise: RolloutNoise, refine: Refinement | None = None, temperature: float = 1.0
    ) -> Forecast:
        """Map noise to the futures of B streams; see `FuturesModel.forecast`.

        Args:
            state: B streams.
            noise: of B * K paths, stream after stream.
            refine: settings of GRU-SNF; None for GRU-NF.
            temperature: scale of the base noise, and of the moves.
        """
        bucket = next_bucket(len(state))
        if self._capture is None or bucket is None:
            return self.model.forecast(state, noise, refine, temperature)
        key = GraphKey(bucket, len(noise) // len(state), noise.steps, refine, temperature)
        known = key in self._graphs
        captured = self._graphs.pop(key, None)
        if captured is None and known:
            captured = self._captured(key, self._capture)
        self._graphs[key] = captured
        while len(self._graphs) > self._max_graphs:
            self._graphs.popitem(last=False)
        if captured is None:
            return self.model.forecast(state, noise, refine, temperature)
        return captured.run(state, noise)

    def _captured(self, key: GraphKey, capture: Capture) -> CapturedForecast:
        state = self.model.start(key.bucket)
        shape = self.noise_shape(key.horizon, key.refine)
        noise = RolloutNoise.zeros(shape, key.bucket * key.k, state.frame)

        def work() -> Forecast:
            return self.model.forecast(state, noise, key.refine, key.temperature)

        return CapturedForecast(state, noise, capture(self._device, work))


def next_bucket(streams: int) -> int | None:
    """Return the least bucket that holds so many streams; None where none does."""
    place = bisect_left(BUCKETS, streams)
    return BUCKETS[place] if place < len(BUCKETS) else None
