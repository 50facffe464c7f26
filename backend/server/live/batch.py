"""One step of the inference process: the waiting work of all sessions is observed, forecast, rendered and sent as one batch.

A failure affects only the session that caused it (`isolation.py`).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from backend.core.errors import InputError
from backend.core.types import Way
from backend.server.live.drawing import SheetDrawing
from backend.server.live.exchange import BatchReport, Delivery
from backend.server.live.futures_round import FuturesRound
from backend.server.live.governor import Demand, Governor, Plan
from backend.server.live.isolation import Isolation
from backend.server.live.session_slot import BatchItem
from backend.server.live.sheet_message import encode_sheet

if TYPE_CHECKING:
    from backend.pipeline import Pipeline, SampledFutures

ACTIVE_S = 1.0
"""Seconds for which a session counts as active after its last sheet."""


class BatchRunner:
    """Runs batches with one pipeline; `governor` chooses tile size and stride."""

    def __init__(self, pipeline: Pipeline, governor: Governor) -> None:
        self._pipeline, self._governor = pipeline, governor
        self._isolation = Isolation(pipeline)
        self._drawing = SheetDrawing(pipeline, self._isolation)
        self._active: dict[str, tuple[float, Demand]] = {}

    def step(self, items: list[BatchItem]) -> BatchReport:
        """Process one batch and return the messages to the clients."""
        report = self._isolation.report = BatchReport()
        started = time.monotonic()
        items = self._observe(items)
        observed = time.monotonic()
        # A client that has not acknowledged its last sheets gets neither forecast nor tiles.
        reserved = self._forecast([item for item in items if item.work.seq is not None])
        forecast = time.monotonic()
        if items:
            self._governor.record_tick(len(items), (forecast - started) * 1000)
        if not reserved:
            return report
        demands = self._active_demands(reserved)
        times = {"observe": observed - started, "forecast": forecast - observed}
        groups: dict[tuple[Way, Plan], list[BatchItem]] = {}
        plans = {demand: self._governor.plan(demand, demands) for demand in dict.fromkeys(map(_demand, reserved))}
        for item in reserved:
            groups.setdefault((item.work.way, plans[_demand(item)]), []).append(item)
        spent = [self._draw_and_encode(some, way, plan, times) for (way, plan), some in groups.items()]
        times |= {"render": sum(render for render, _ in spent), "encode": sum(encode for _, encode in spent)}
        report.stages = times
        # Of the session that is served best.
        report.plan = min(plans.values(), key=lambda plan: (plan.interval, plan.stride, -plan.tile))
        each = (observed - started) / len(items)
        report.costs = {item.slot.session: item.seconds + each for item in reserved}
        return report

    def _draw_and_encode(self, items: list[BatchItem], way: Way, plan: Plan, times: dict[str, float]) -> tuple[float, float]:
        """Draw and encode the sheets of the sessions of one way, and return the seconds that each of both took."""
        report, began = self._isolation.report, time.monotonic()
        finished = self._drawing.draw(items, way, plan)
        drawn = time.monotonic()
        for item in finished:
            data = encode_sheet(item, plan, times | {"render": drawn - began})
            report.sheets.append((way, len(data)))
            report.deliveries.append(Delivery(item.slot.session, item.work.epoch, data))
        encoded = time.monotonic()
        if frames := sum(item.frames for item in finished):
            if way == "layers":
                self._governor.record_layers(frames, (encoded - began) * 1000)
            elif way == "pictures":
                self._governor.record_render(plan.tile, frames, (encoded - began) * 1000)
        units = [1 + item.frames for item in items]
        for item, part in zip(items, units, strict=True):
            item.seconds += (encoded - began) * part / sum(units)
        return drawn - began, encoded - drawn

    def _observe(self, items: list[BatchItem]) -> list[BatchItem]:
        for item in items:
            slot, work = item.slot, item.work
            if work.reset:
                slot.reopen(self._pipeline)
            if work.reference:
                slot.stream.reset_reference()
            if work.reset or slot.settings != work.settings or any(tick.restarted for tick in work.ticks):
                slot.reset()
            slot.settings = work.settings
        served = self._isolation.call(
            items, lambda some: self._pipeline.observe([item.slot.stream for item in some], [item.work.ticks for item in some])
        )
        for item, observation in served:
            item.observation = observation
        return [item for item, _ in self._isolation.call([item for item, _ in served], self._close_rounds)]

    def _close_rounds(self, items: Sequence[BatchItem]) -> list[None]:
        """Record the observations, and give the verdict of every round whose horizon has ended."""
        for item in items:
            slot = item.slot
            if slot.futures is None or slot.futures.ended:
                continue
            slot.futures.observe(item.tick, item.observation)
            if slot.futures.finished(item.tick):
                slot.verdict = slot.futures.verdict(self._pipeline)
                slot.futures.ended = True
                # With the old noise the next round would continue the paths of this one.
                slot.stream.seed += 1
        return [None] * len(items)

    def _forecast(self, items: list[BatchItem]) -> list[BatchItem]:
        """Forecast where a round begins, and again where futures in play are due for it; return the items that did not fail.

        A round begins with many draws to choose from. Sessions that opened together would all begin theirs in one batch, which
        would delay every sheet, so only as many begin as the governor affords; the others, the longest waiting first, follow.
        """
        interval = self._governor.forecast_interval(max(len(items), len(self._active)))
        ready = [item for item in items if item.observation.ready]
        first = sorted((item for item in ready if item.begins), key=lambda item: item.slot.postponed, reverse=True)
        for item in first[self._governor.rounds_at_once() :]:
            item.slot.postponed += 1
        first = first[: self._governor.rounds_at_once()]
        again = [item for item in ready if not item.begins and item.is_due(interval)]
        failed: list[BatchItem] = []
        for some, record in ((first, self._governor.record_rounds), (again, self._governor.record_forecast)):
            began = time.monotonic()
            served = self._forecast_some(some)
            if served:
                record(len(served), (time.monotonic() - began) * 1000)
            failed += [item for item in some if item not in served]
        return [item for item in items if item not in failed]

    def _forecast_some(self, items: list[BatchItem]) -> list[BatchItem]:
        """Forecast, begin rounds where none plays, and return the items that did not fail.

        Sessions with equal settings are one batch, so that each settings' time is known.
        """
        settings = dict.fromkeys(item.work.settings for item in items)
        return [
            served
            for wanted in settings
            for served in self._forecast_alike([item for item in items if item.work.settings == wanted])
        ]

    def _forecast_alike(self, items: list[BatchItem]) -> list[BatchItem]:
        began = time.monotonic()

        def call(some: Sequence[BatchItem]) -> list[SampledFutures]:
            fans = self._pipeline.forecast([item.slot.stream for item in some], [item.work.settings for item in some])
            if not all(np.isfinite(fan.positions).all() for fan in fans):
                raise InputError("forecast_not_finite", "The forecast holds NaN or infinite numbers.", "Lower the temperature.")
            return fans

        served = self._isolation.call(items, call)
        for item, fan in served:
            item.fan = fan
            slot = item.slot
            if fan.refinement_effect is not None:
                slot.refinement.update(fan.refinement_effect)
            if item.begins:
                slot.rounds, slot.postponed = slot.rounds + 1, 0
                slot.futures = FuturesRound(slot.rounds, item.tick, item.observation, fan)
        for item in items:
            item.seconds += (time.monotonic() - began) / len(items)
        return [item for item, _ in served]

    def _active_demands(self, items: list[BatchItem]) -> list[Demand]:
        """Return the demand of every active session, including those without work in this batch."""
        for item in items:
            item.slot.sheets += 1
            self._active[item.slot.session] = (item.began, _demand(item))
        now = items[0].began
        self._active = {name: entry for name, entry in self._active.items() if now - entry[0] < ACTIVE_S}
        return [demand for _, demand in self._active.values()]


def _demand(item: BatchItem) -> Demand:
    return Demand(len(item.in_play.methods) if item.in_play else 0, item.work.way)
