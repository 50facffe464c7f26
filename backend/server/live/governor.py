"""Chooses what the server renders from measured costs: tile size, stride of the future steps, and interval of the sheets.

The costs are running means in milliseconds: of one tick before rendering, of one tile of each size, and of the layers of one
frame. The work of all sessions must fit into a share of the clock period; otherwise the latency of the sheets grows. Each
session gets the plan that its own work affords, so one with many futures is served coarsely and the others are not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from backend.core.types import CLOCK_S, Way

TILES = (96, 128, 256)
STRIDES = (1, 2, 4)
MIN_TILE_MS = 0.01
BUDGET_SHARE = 0.95  # part of the clock period that work may fill
BUDGET_MS = CLOCK_S * 1000.0 * BUDGET_SHARE
FORECAST_SHARE = 0.3  # part of the budget that forecasts of futures in play may take, and as much for rounds that begin
MAX_FORECAST_INTERVAL = 16  # ticks
MAX_ROUNDS = 64  # that begin in one batch
SMOOTHING = 0.15  # weight of a new measurement in the running mean
PATIENCE = 12  # calls of `plan` in a row that must find the better plan affordable before it is chosen
MAX_DEMANDS = 64  # kinds of demands whose plans are remembered


@dataclass(frozen=True)
class Plan:
    """How to render."""

    tile: int  # side of a tile in pixels
    stride: int  # future tiles are rendered at every `stride`-th step of a round, the present at every step
    layer_stride: int = 2  # the same for layers, between which the page interpolates
    interval: int = 1  # tiles are rendered at every `interval`-th sheet; 1 unless even the cheapest plan costs too much


class Demand(NamedTuple):
    """What a session needs: its number of futures, and its way; keypoints need no rendering."""

    futures: int
    way: Way = "pictures"


@dataclass
class _Choice:
    """The rung of the ladder that is in use for one kind of demand, and for how many calls the better one was affordable."""

    rung: int
    affordable: int = 0


def ladder(limit: int) -> list[Plan]:
    """Return all plans, best first; `limit` is the largest tile allowed, 0 for no limit."""
    sizes = [tile for tile in TILES if not limit or tile <= limit] or [limit]
    default = min(128, sizes[-1])
    larger = [Plan(tile, 1, 1) for tile in sorted(sizes, reverse=True) if tile > default]
    smaller = [Plan(tile, STRIDES[-1], STRIDES[-1]) for tile in sorted(sizes, reverse=True) if tile < default]
    return larger + [Plan(default, stride, max(2, stride)) for stride in STRIDES] + smaller


class Governor:
    """Chooses a `Plan` from measured costs: a cheaper one at once, a better one only when it has been affordable for a while.

    `limit` is the largest tile side in pixels, 0 for no limit.
    """

    def __init__(self, limit: int = 0) -> None:
        self._ladder = ladder(limit)
        self._budget = BUDGET_MS
        self._first = next(i for i, plan in enumerate(self._ladder) if plan.tile <= 128)
        self._choices: dict[Demand, _Choice] = {}
        self._tick_ms = 0.0
        self._tile_ms: dict[int, float] = {}
        self._layers_ms: float | None = None  # of one frame
        self._forecast_ms: float | None = None  # of one session's futures in play
        self._begin_ms: float | None = None  # of one session's new round

    def share_with(self, machines: int) -> None:
        """Plan as one of several machines that serve the same sessions in turn: all of them see all demands."""
        self._budget = machines * BUDGET_MS

    @property
    def tiles(self) -> list[int]:
        """Tile sizes that may be chosen."""
        return sorted({plan.tile for plan in self._ladder})

    def record_tick(self, sessions: int, ms: float) -> None:
        """Record the time of observing and forecasting for a batch of sessions."""
        self._tick_ms = self._smooth(self._tick_ms or None, ms / sessions)

    def record_forecast(self, sessions: int, ms: float) -> None:
        """Record the time of forecasting futures in play for a batch of sessions."""
        self._forecast_ms = self._smooth(self._forecast_ms, ms / sessions)

    def record_rounds(self, sessions: int, ms: float) -> None:
        """Record the time of beginning a round in a batch of sessions."""
        self._begin_ms = self._smooth(self._begin_ms, ms / sessions)

    def rounds_at_once(self) -> int:
        """Return how many sessions may begin a round in one batch; at least one."""
        share = FORECAST_SHARE * self._budget
        return (
            MAX_ROUNDS if self._begin_ms is None else max(1, min(MAX_ROUNDS, round(share / max(self._begin_ms, MIN_TILE_MS))))
        )

    def forecast_interval(self, sessions: int) -> int:
        """Return after how many ticks futures in play are forecast again, from the driver's newest motion.

        Only the lines on the present show that; the futures that play were forecast when their round began.
        """
        expected = sessions * (self._forecast_ms or 0.0)
        return min(MAX_FORECAST_INTERVAL, max(1, math.ceil(expected / (FORECAST_SHARE * self._budget))))

    def record_render(self, tile: int, tiles: int, ms: float) -> None:
        """Record the time of rendering and encoding a number of tiles.

        A machine becomes slower or faster for every size alike, so the costs of all sizes are scaled together.

        Args:
            tile: side of a tile in pixels.
            tiles: how many.
            ms: milliseconds for all of them.
        """
        before = self._tile_ms.get(tile)
        now = self._smooth(before, max(ms / tiles, MIN_TILE_MS))
        if before is not None:
            self._tile_ms = {size: cost * now / before for size, cost in self._tile_ms.items()}
        self._tile_ms[tile] = now

    def record_layers(self, frames: int, ms: float) -> None:
        """Record the time of rendering and packing the layers of a number of frames."""
        self._layers_ms = self._smooth(self._layers_ms, max(ms / frames, MIN_TILE_MS))

    def load(self, plan: Plan, demands: Sequence[Demand], mine: Demand | None = None) -> float:
        """Return the expected milliseconds of work per clock period for all sessions that render.

        Args:
            plan: how to render.
            demands: of all sessions.
            mine: counts sessions that need more than this demand as if they needed as much: the turns see to that.
        """
        return len(demands) * self._tick_ms + self._rendering(plan, demands, mine) / plan.interval

    def _rendering(self, plan: Plan, demands: Sequence[Demand], mine: Demand | None = None) -> float:
        """Return the milliseconds of rendering at every sheet."""
        costs = [self._rendering_of(plan, demand) for demand in demands]
        most = math.inf if mine is None else self._rendering_of(plan, mine)
        return sum(min(cost, most) for cost in costs)

    def _rendering_of(self, plan: Plan, demand: Demand) -> float:
        if demand.way == "pictures":
            return (demand.futures / plan.stride + 1.0) * self._cost(plan.tile)
        if demand.way == "layers":
            # Until it is measured, a frame's layers are taken to cost as much as a tile of the networks' own size.
            layers_ms = self._cost(128) if self._layers_ms is None else self._layers_ms
            return (demand.futures / plan.layer_stride + 1.0) * layers_ms
        return 0.0

    def plan(self, mine: Demand, demands: Sequence[Demand]) -> Plan:
        """Choose a plan for the sessions with the demand `mine`, which is one of all `demands`."""
        # A new demand begins where the last one is: a plan that is too good for it is left at once.
        last = next(reversed(self._choices.values()), None)
        choice = self._choices.pop(mine, None) or (replace(last) if last else _Choice(self._first))
        self._choices[mine] = choice
        if len(self._choices) > MAX_DEMANDS:
            del self._choices[next(iter(self._choices))]
        loads = [self.load(plan, demands, mine) for plan in self._ladder]
        better_fits = choice.rung > 0 and loads[choice.rung - 1] < 0.85 * self._budget
        if loads[choice.rung] > self._budget:
            choice.rung, choice.affordable = self._cheaper(choice.rung, loads), 0
        else:
            choice.affordable = choice.affordable + 1 if better_fits else 0
        if choice.affordable >= PATIENCE:
            choice.rung, choice.affordable = choice.rung - 1, 0
        chosen = self._ladder[choice.rung]
        return replace(chosen, interval=self._interval(chosen, mine, demands))

    def _cheaper(self, rung: int, loads: list[float]) -> int:
        """Return the next cheaper rung that fits; if none fits, the best one within 10 % of the cheapest."""
        fitting = [each for each in range(rung, len(loads)) if loads[each] <= self._budget]
        if fitting:
            return fitting[0]
        enough = 1.1 * min(loads)
        return rung if loads[rung] <= enough else next(each for each, load in enumerate(loads) if load <= enough)

    def _interval(self, plan: Plan, mine: Demand, demands: Sequence[Demand]) -> int:
        # Only rendering counts: where forecasts alone fill the period, ticks are dropped and every sheet still has tiles.
        # With many sessions every sheet would wait for the tiles of all others, so they render in rotation.
        return min(max(1, math.ceil(self._rendering(plan, demands, mine) / self._budget)), max(1, len(demands)))

    def _cost(self, tile: int) -> float:
        """Milliseconds per tile; an unmeasured size is estimated from the nearest measured one by area."""
        if tile in self._tile_ms or not self._tile_ms:
            return self._tile_ms.get(tile, 0.0)
        known = min(self._tile_ms, key=lambda size: abs(size - tile))
        return self._tile_ms[known] * (tile / known) ** 2

    def _smooth(self, old: float | None, new: float) -> float:
        return new if old is None else old + SMOOTHING * (new - old)
