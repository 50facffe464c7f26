"""How many sessions this machine serves in each way, from costs that are measured when the server starts."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from backend.core.types import CLOCK_HZ, CLOCK_S, ForecastSettings, Way
from backend.keypoints.clock import Tick
from backend.server.live.batch import BatchRunner
from backend.server.live.governor import BUDGET_SHARE, Governor
from backend.server.live.mailbox import FrameStamp, Work
from backend.server.live.session_slot import BatchItem, SessionPortrait, SessionSlot
from backend.server.protocol import Counts

if TYPE_CHECKING:
    from backend.server.live.inference import Inference

MIN_REFRESHES_PER_S = 2.0
"""Of the present and of all futures of a session whose frames the server renders; fewer no longer look like motion."""

MAX_CAPACITY = 100
"""Sessions in any way: their sockets share one event loop, which was measured with so many."""

TIMED_SESSIONS = 4
"""In one batch. They cost less together than alone; more would cost less still, but take longer to time."""

WARM_TICKS = 9
"""After so many ticks a forecast is possible."""

TIMED_BATCHES = 3

MIN_MS = 1.0
"""Of a session in a second: a coarse clock may measure nothing."""

Capacity = Mapping[Way, int]
"""How many default sessions (K = 4, H = 16) of each way fill the machine."""


@dataclass(frozen=True)
class SessionCosts:
    """Milliseconds that one default session costs in a batch.

    Attributes:
        observed: observing one tick of the clock.
        forecast: forecasting its futures.
        frame: rendering and encoding one frame, by way; of keypoints, moving and encoding them.
    """

    observed: float
    forecast: float
    frame: Mapping[Way, float]


def capacity_of(costs: SessionCosts) -> Capacity:
    """Return how many default sessions of each way fit into the share of the time that the governor fills; at least one.

    In every way, each tick is observed, rounds follow each other, and their futures are forecast once more while they play.
    With pictures and layers, the present and all futures are refreshed `MIN_REFRESHES_PER_S` times a second; with keypoints at
    every tick. Left out are the event loop, which runs beside the models, what larger batches save, and the coarser plans by
    which the governor makes room: so a machine serves somewhat more than this says.
    """
    settings = ForecastSettings()
    refreshes: dict[Way, float] = {"pictures": MIN_REFRESHES_PER_S, "layers": MIN_REFRESHES_PER_S, "keypoints": CLOCK_HZ}
    steady = CLOCK_HZ * (costs.observed + 2 * costs.forecast / settings.horizon)
    each = {way: steady + (1 + settings.k) * rate * costs.frame[way] for way, rate in refreshes.items()}
    return {way: max(1, min(MAX_CAPACITY, int(BUDGET_SHARE * 1000 / max(ms, MIN_MS)))) for way, ms in each.items()}


def measure_costs(inference: Inference, portrait: SessionPortrait, tile: int) -> SessionCosts:
    """Time batches of default sessions in each way as the server runs them: the fastest of a few, after one that warms up.

    Args:
        inference: runs the models; its own sessions and costs are not touched.
        portrait: what the sessions show.
        tile: largest side of a tile in pixels; 0 for no limit.
    """
    observed, forecast = [], []
    frame: dict[Way, float] = {}
    encoded = inference.encode(portrait)
    for way in get_args(Way):
        streams = [inference.pipeline.open(encoded, number, track_reference=True) for number in range(TIMED_SESSIONS)]
        slots = [SessionSlot(str(number), number, encoded, stream) for number, stream in enumerate(streams)]
        runner, frames = BatchRunner(inference.pipeline, Governor(tile)), []
        for batch in range(TIMED_BATCHES + 1):
            first = batch and WARM_TICKS + batch - 1
            ticks = [Tick(portrait.landmarks, i * CLOCK_S, i, i == 0) for i in range(first, WARM_TICKS + batch)]
            items = [BatchItem(slot, _work(ticks, way, batch), time.monotonic()) for slot in slots]
            spent = {stage: seconds * 1000 for stage, seconds in runner.step(items).stages.items()}
            if count := sum(item.frames for item in items):
                frames.append((spent["render"] + spent["encode"]) / count)
            if batch:
                observed.append(spent["observe"] / TIMED_SESSIONS)
                forecast.append(spent["forecast"] / TIMED_SESSIONS)
        frame[way] = min(frames)
    return SessionCosts(min(observed), min(forecast), frame)


def _work(ticks: list[Tick], way: Way, batch: int) -> Work:
    stamp = FrameStamp(0.0, batch, time.monotonic())
    return Work(ticks, stamp, ForecastSettings(), 1, way, False, False, False, batch + 1, Counts(0, 0, 0))
