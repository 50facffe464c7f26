"""One step of the inference process: the waiting work of all sessions is observed, forecast, rendered and sent as one batch.

A failure affects only the session that caused it: a batch that raises is repeated one session at a time, and a session that
fails alone gets a coded error and a new stream.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import structlog

from backend.core.errors import InputError, MotionFanError
from backend.core.types import Way
from backend.server.live.exchange import BatchReport, Delivery
from backend.server.live.futures_round import FuturesRound
from backend.server.live.governor import Demand, Governor, Plan
from backend.server.live.keypoints import pack_keypoints
from backend.server.live.layers import pack
from backend.server.live.session_slot import BatchItem
from backend.server.live.sheet import columns_of, jpeg, mosaic
from backend.server.protocol import Failure, Message, SheetHead, Stages, encode, quantise

if TYPE_CHECKING:
    from backend.pipeline import Pipeline, SampledFutures, Stream

log = structlog.get_logger(__name__)
R = TypeVar("R")
KEYPOINTS_AHEAD = 1
"""Steps by which a client that renders keypoints itself does so before it shows them."""

ACTIVE_S = 0.5
"""Seconds for which a session counts as active after its last sheet."""


class BatchRunner:
    """Runs batches with one pipeline; `governor` chooses tile size and stride."""

    def __init__(self, pipeline: Pipeline, governor: Governor) -> None:
        self._pipeline, self._governor = pipeline, governor
        self._report = BatchReport()
        self._active: dict[str, tuple[float, Demand]] = {}

    def step(self, items: list[BatchItem]) -> BatchReport:
        """Process one batch and return the messages to the clients."""
        report = self._report = BatchReport()
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
        plan = self._governor.plan(self._active_demands(reserved))
        times = {"observe": observed - started, "forecast": forecast - observed}
        ways = {way: [item for item in reserved if item.work.way == way] for way in {item.work.way for item in reserved}}
        spent = [self._render_and_send(some, way, plan, times) for way, some in ways.items()]
        times |= {"render": sum(render for render, _ in spent), "encode": sum(encode for _, encode in spent)}
        report.stages, report.plan = times, plan
        return report

    def _render_and_send(self, items: list[BatchItem], way: Way, plan: Plan, times: dict[str, float]) -> tuple[float, float]:
        """Render and send the sheets of the sessions of one way, and return the seconds that each of both took."""
        began = time.monotonic()
        finished = self._render(items, way, plan)
        rendered = time.monotonic()
        for item in finished:
            self._send(item, plan, times | {"render": rendered - began})
        sent = time.monotonic()
        if frames := sum(item.frames for item in finished):
            if way == "layers":
                self._governor.record_layers(frames, (sent - began) * 1000)
            elif way == "pictures":
                self._governor.record_render(plan.tile, frames, (sent - began) * 1000)
        return rendered - began, sent - rendered

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
        served = self._isolate(
            items, lambda some: self._pipeline.observe([item.slot.stream for item in some], [item.work.ticks for item in some])
        )
        for item, observation in served:
            item.observation = observation
        return [item for item, _ in self._isolate([item for item, _ in served], self._close_rounds)]

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
        """Forecast, begin rounds where none plays, and return the items that did not fail."""

        def call(some: Sequence[BatchItem]) -> list[SampledFutures]:
            fans = self._pipeline.forecast([item.slot.stream for item in some], [item.work.settings for item in some])
            if not all(np.isfinite(fan.positions).all() for fan in fans):
                raise InputError("forecast_not_finite", "The forecast holds NaN or infinite numbers.", "Lower the temperature.")
            return fans

        served = self._isolate(items, call)
        for item, fan in served:
            item.fan = fan
            slot = item.slot
            if fan.refinement_effect is not None:
                slot.refinement.update(fan.refinement_effect)
            if item.begins:
                slot.rounds, slot.postponed = slot.rounds + 1, 0
                slot.futures = FuturesRound(slot.rounds, item.tick, item.observation, fan)
        return [item for item, _ in served]

    def _active_demands(self, items: list[BatchItem]) -> list[Demand]:
        """Return the demand of every active session, including those without work in this batch."""
        for item in items:
            item.slot.sheets += 1
            demand = Demand(len(item.in_play.methods) if item.in_play else 0, item.work.way)
            self._active[item.slot.session] = (item.began, demand)
        now = items[0].began
        self._active = {name: entry for name, entry in self._active.items() if now - entry[0] < ACTIVE_S}
        return [demand for _, demand in self._active.values()]

    def _render(self, items: list[BatchItem], way: Way, plan: Plan) -> list[BatchItem]:
        if way == "keypoints":
            return self._transfer(items)
        chosen = [item for item in items if (item.slot.sheets + item.slot.number) % plan.interval == 0]
        layered = way == "layers"
        for item in chosen:
            if (futures := item.slot.futures) is None:
                continue
            step = futures.step(item.tick)
            if layered:
                # Where sheets come less often than the clock ticks, the next one is that far away.
                item.step = futures.claim_ahead(step, max(plan.layer_stride, plan.interval, len(item.work.ticks)))
            elif futures.claim_step(step, plan.stride):
                item.step = step
        if layered:
            for item, layers in self._isolate(chosen, lambda some: self._pipeline.render_layers(_requests(some))):
                item.layers = layers
        else:
            for item, tiles in self._isolate(chosen, lambda some: self._pipeline.render(_requests(some), plan.tile)):
                item.tiles = tiles
        failed = [item for item in chosen if not item.frames]
        return [item for item in items if item not in failed]

    def _transfer(self, items: list[BatchItem]) -> list[BatchItem]:
        """Move the portraits' keypoints, which the clients render by themselves; return the items that did not fail."""
        for item in items:
            if (futures := item.slot.futures) is not None:
                item.step = futures.claim_ahead(futures.step(item.tick), KEYPOINTS_AHEAD)
                futures.paths_sent &= not item.work.asked
        served = self._isolate(items, lambda some: self._pipeline.move([_motion_request(item) for item in some]))
        for item, motion in served:
            item.motion = motion
            if motion.paths is not None and item.slot.futures is not None:
                item.slot.futures.paths_sent = True
        return [item for item, _ in served]

    def _send(self, item: BatchItem, plan: Plan, times: dict[str, float]) -> None:
        """Encode one session's sheet and deliver it."""
        slot, work = item.slot, item.work
        assert work.seq is not None
        began = time.monotonic()
        layers, payload = pack(item.layers) if item.layers is not None else (None, b"")
        paths = (0, 0, 0)
        if item.motion is not None:
            paths, payload = pack_keypoints(item.motion)
        if item.tiles is not None:
            payload = jpeg(mosaic(item.tiles))
        in_play = item.in_play
        fan = np.zeros((0, 0, 0, 2), np.float32) if item.fan is None else item.fan.positions
        k, h, n = fan.shape[:3]
        stages = {stage: _ms(seconds) for stage, seconds in times.items()}
        head = SheetHead(
            t=work.frame.t,
            source=work.frame.seq,
            tick=item.tick,
            generation=slot.futures.number if slot.futures else 0,
            step=item.step,
            tiles=item.frames,
            tile=plan.tile if work.way == "pictures" else 0,
            columns=0 if work.way == "keypoints" else columns_of(item.frames),
            methods=list(in_play.methods) if in_play else [],
            horizon=in_play.paths.shape[1] if in_play else 0,
            fan=(k, h, n),
            stages=Stages(wait=_ms(item.began - work.frame.arrived), encode=_ms(time.monotonic() - began), **stages),
            counts=work.counts,
            stride={"pictures": plan.stride, "layers": plan.layer_stride, "keypoints": KEYPOINTS_AHEAD}[work.way],
            surprise=item.observation.surprise,
            acceptance=in_play.acceptance if in_play else None,
            verdict=slot.verdict,
            shares=list(slot.futures.fan.shares) if slot.futures else [],
            drawn=slot.futures.fan.drawn if slot.futures else 0,
            flags=([*slot.refinement.flags] if in_play else ["warming"]) + ["overloaded"] * (plan.interval > 1),
            way=work.way,
            layers=layers,
            paths=paths,
            age=item.tick - slot.futures.start if slot.futures else 0,
        )
        slot.verdict = None
        data = encode(Message(work.epoch, work.seq, head, quantise(fan) + payload))
        self._report.sheets.append((work.way, len(data)))
        self._report.deliveries.append(Delivery(slot.session, work.epoch, data))

    def _isolate(
        self, items: Sequence[BatchItem], call: Callable[[Sequence[BatchItem]], Sequence[R]]
    ) -> list[tuple[BatchItem, R]]:
        """Call for all items at once; if that raises, for each alone, and drop those that fail."""
        if not items:
            return []
        try:
            return list(zip(items, call(items), strict=True))
        except Exception as error:
            if len(items) == 1:
                self._fail(items[0], error)
                return []
        return [pair for item in items for pair in self._isolate([item], call)]

    def _fail(self, item: BatchItem, error: Exception) -> None:
        """Report the failure to the session and give it a new stream."""
        slot = item.slot
        log.error("inference_failed", session=slot.session[:6], exc_info=error)
        slot.reopen(self._pipeline)
        slot.reset()
        if not isinstance(error, MotionFanError):
            error = MotionFanError("inference_failed", "This frame could not be forecast; the motion starts again.")
        self._report.errors.append(error.code)
        epoch = item.work.epoch
        data = encode(Message(epoch, 0, Failure(error.code, error.message, error.hint)))
        self._report.deliveries.append(Delivery(slot.session, epoch, data))
        self._report.cancelled.append(slot.session)


def _requests(items: Sequence[BatchItem]) -> list[tuple[Stream, Any]]:
    """Return what to render: the present of every session, and its futures where they are due."""
    requests = []
    for item in items:
        flat = item.observation.present_flat[None]
        if item.step and item.slot.futures is not None:
            futures = item.slot.futures.fan.paths[:, item.step - 1]
            present, flat = flat, futures.new_empty((len(futures) + 1, futures.shape[-1]))
            flat[:1], flat[1:] = present, futures
        requests.append((item.slot.stream, flat))
    return requests


def _motion_request(item: BatchItem) -> tuple[Stream, Any, Any]:
    """Return what to move: the present, and the paths of a round that the client does not have yet."""
    futures = item.slot.futures
    paths = futures.fan.paths if futures is not None and not futures.paths_sent else None
    return item.slot.stream, item.observation.present_flat, paths


def _ms(seconds: float) -> float:
    return round(seconds * 1000.0, 2)
