"""What the server can afford to draw: tile size, stride of the steps, and whose turn it is.

Everything follows from smoothed costs in milliseconds: what a tick costs before anything is drawn, and what one tile of
each size costs. The loads of all sessions must fit into a share of the clock period, else sheets grow old.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from backend.core.types import CLOCK_S

TILES = (96, 128, 256)
STRIDES = (1, 2, 4)
LEAST_MS = 0.01


@dataclass(frozen=True)
class Plan:
    """How to draw.

    Attributes:
        tile: side of a tile in pixels.
        stride: future tiles are drawn at every `stride`-th step of a generation, the present at every step.
        turns: each session draws at every `turns`-th tick; 1 unless even the cheapest way is too much.
    """

    tile: int
    stride: int
    turns: int = 1


def ladder(limit: int) -> list[Plan]:
    """Return the ways to draw, best first; `limit` is the largest tile allowed, 0 for none."""
    sizes = [tile for tile in TILES if not limit or tile <= limit] or [limit]
    default = min(128, sizes[-1])
    larger = [Plan(tile, 1) for tile in sorted(sizes, reverse=True) if tile > default]
    smaller = [Plan(tile, STRIDES[-1]) for tile in sorted(sizes, reverse=True) if tile < default]
    return larger + [Plan(default, stride) for stride in STRIDES] + smaller


class Governor:
    """Chooses a `Plan` from measured costs; goes down at once, and up only after a quiet while.

    Args:
        limit: largest tile side in pixels, 0 for no limit.
        share: part of the clock period that work may fill.
        smoothing: weight of a new measurement in the running mean.
        patience: plans in a row that must have found the better way affordable before it is taken.
    """

    def __init__(self, limit: int = 0, share: float = 0.95, smoothing: float = 0.15, patience: int = 12) -> None:
        self._ladder = ladder(limit)
        self._budget = CLOCK_S * 1000.0 * share
        self._smoothing = smoothing
        self._patience = patience
        self._quiet = 0
        self._rung = next(i for i, plan in enumerate(self._ladder) if plan.tile <= 128)
        self._tick_ms = 0.0
        self._tile_ms: dict[int, float] = {}

    @property
    def tiles(self) -> list[int]:
        """Tile sizes that may be chosen."""
        return sorted({plan.tile for plan in self._ladder})

    def record_tick(self, sessions: int, ms: float) -> None:
        """Learn what observing and forecasting cost for a batch of sessions."""
        self._tick_ms = self._smooth(self._tick_ms or None, ms / sessions)

    def record_render(self, tile: int, tiles: int, ms: float) -> None:
        """Learn what rendering and encoding a number of tiles cost.

        A machine that grows slower or faster does so for every size: the sizes not drawn now keep their ratio to this one.
        """
        before = self._tile_ms.get(tile)
        now = self._smooth(before, max(ms / tiles, LEAST_MS))
        if before is not None:
            self._tile_ms = {size: cost * now / before for size, cost in self._tile_ms.items()}
        self._tile_ms[tile] = now

    def load(self, plan: Plan, futures: Sequence[int]) -> float:
        """Return the expected milliseconds of work per clock period.

        Args:
            plan: how to draw.
            futures: K of every session that draws.
        """
        tiles = sum(k / plan.stride + 1.0 for k in futures) / plan.turns
        return len(futures) * self._tick_ms + tiles * self._cost(plan.tile)

    def plan(self, futures: Sequence[int]) -> Plan:
        """Choose how to draw for sessions with these numbers of futures."""
        loads = [self.load(plan, futures) for plan in self._ladder]
        if loads[self._rung] > self._budget:
            self._quiet = 0
            self._rung = self._cheaper(loads)
        elif self._rung and loads[self._rung - 1] < 0.85 * self._budget:
            self._quiet += 1
            if self._quiet >= self._patience:
                self._quiet = 0
                self._rung -= 1
        else:
            self._quiet = 0
        chosen = self._ladder[self._rung]
        return Plan(chosen.tile, chosen.stride, self._turns(chosen, futures))

    def _cheaper(self, loads: list[float]) -> int:
        """Return the next rung below that fits; where none does, the best of those that are about as cheap as can be."""
        fitting = [rung for rung in range(self._rung, len(loads)) if loads[rung] <= self._budget]
        if fitting:
            return fitting[0]
        enough = 1.1 * min(loads)
        return self._rung if loads[self._rung] <= enough else next(rung for rung, load in enumerate(loads) if load <= enough)

    def _turns(self, plan: Plan, futures: Sequence[int]) -> int:
        # Only what drawing itself takes counts: where forecasts fill the period, ticks are overtaken and every sheet still
        # has its pictures. Turns are for crowds, whose pictures would make every sheet wait for all the others: at most one
        # session's are then drawn in each round.
        drawing = self.load(plan, futures) - len(futures) * self._tick_ms
        return min(max(1, math.ceil(drawing / self._budget)), max(1, len(futures)))

    def _cost(self, tile: int) -> float:
        """Milliseconds per tile; a size never drawn is guessed from the nearest known one by its area."""
        if tile in self._tile_ms or not self._tile_ms:
            return self._tile_ms.get(tile, 0.0)
        known = min(self._tile_ms, key=lambda size: abs(size - tile))
        return self._tile_ms[known] * (tile / known) ** 2

    def _smooth(self, old: float | None, new: float) -> float:
        return new if old is None else old + self._smoothing * (new - old)
