"""One turn of the inference thread: what waits for all sessions is observed, forecast, rendered and sent as one batch.

A failure stays with the session that caused it: a batch that raises is repeated one session at a time, and who fails
alone gets a coded error and a fresh stream.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import structlog

from backend.core.errors import InputError, MotionFanError
from backend.core.types import Picture
from backend.server.live.futures_round import Generation
from backend.server.live.governor import Governor, Plan
from backend.server.live.session_slot import Turn
from backend.server.live.sheet import columns_of, jpeg, mosaic
from backend.server.metrics import Metrics
from backend.server.protocol import Message, SheetHead, Stages, encode, quantise

if TYPE_CHECKING:
    from backend.pipeline import Pipeline, SampledFutures

log = structlog.get_logger(__name__)
R = TypeVar("R")
LATELY_S = 0.5


class Turns:
    """Serves turns with one pipeline."""

    def __init__(self, pipeline: Pipeline, governor: Governor, metrics: Metrics) -> None:
        self._pipeline = pipeline
        self._governor = governor
        self._metrics = metrics
        self._active: dict[str, tuple[float, int]] = {}

    def serve(self, turns: list[Turn]) -> None:
        """Do the work of one turn; results go to the sessions' listeners."""
        self._metrics.batch.observe(len(turns))
        started = time.monotonic()
        turns = self._observe(turns)
        observed = time.monotonic()
        # Forecast and rendering only for those whose screen keeps up.
        drawing = [turn for turn in turns if self._reserve(turn)]
        drawing = self._forecast(drawing)
        forecast = time.monotonic()
        if turns:
            self._governor.record_tick(len(turns), (forecast - started) * 1000)
        if not drawing:
            return
        plan = self._governor.plan(self._demand(drawing))
        drawing = self._render(drawing, plan)
        rendered = time.monotonic()
        times = {"observe": observed - started, "forecast": forecast - observed, "render": rendered - forecast}
        for turn in drawing:
            self._send(turn, plan, times)
        times["encode"] = time.monotonic() - rendered
        tiles = sum(len(turn.frames) for turn in drawing if turn.frames is not None)
        if tiles:
            self._governor.record_render(plan.tile, tiles, (times["render"] + times["encode"]) * 1000)
        for stage, seconds in times.items():
            self._metrics.stage.labels(stage).observe(seconds * 1000)
        self._metrics.tile.set(plan.tile)
        self._metrics.stride.set(plan.stride)
        self._metrics.turns.set(plan.turns)

    def _observe(self, turns: list[Turn]) -> list[Turn]:
        for turn in turns:
            seat, work = turn.seat, turn.work
            if work.reset:
                seat.stream = self._pipeline.open(seat.portrait, seat.number + seat.generations, settle=True)
            if work.reference:
                seat.stream.reset_reference()
            if work.reset or seat.settings != work.settings or any(tick.restarted for tick in work.ticks):
                seat.forget()
            seat.settings = work.settings
        served = self._isolate(
            turns, lambda some: self._pipeline.observe([turn.seat.stream for turn in some], [turn.work.ticks for turn in some])
        )
        for turn, observation in served:
            turn.observation = observation
        judged = self._isolate([turn for turn, _ in served], self._judge)
        return [turn for turn, _ in judged]

    def _judge(self, turns: Sequence[Turn]) -> list[None]:
        """Write down what happened, and close the generations whose time is over."""
        for turn in turns:
            seat = turn.seat
            if seat.generation is None or turn.observation is None:
                continue
            seat.generation.see(turn.tick, turn.observation)
            if seat.generation.finished(turn.tick):
                seat.verdict = seat.generation.verdict(self._pipeline)
                seat.generation = None
                # The next generation's futures are other futures, not these ones from where they ended.
                seat.stream.reseed()
        return [None] * len(turns)

    def _reserve(self, turn: Turn) -> bool:
        turn.seq = turn.seat.mailbox.reserve(turn.work.epoch)
        if turn.seq is None:
            self._metrics.withheld.inc()
        return turn.seq is not None

    def _forecast(self, turns: list[Turn]) -> list[Turn]:
        ready = [turn for turn in turns if turn.observation is not None and turn.observation.ready]
        waiting = [turn for turn in turns if turn not in ready]

        def call(some: Sequence[Turn]) -> list[SampledFutures]:
            fans = self._pipeline.forecast([turn.seat.stream for turn in some], [turn.work.settings for turn in some])
            if not all(np.isfinite(fan.positions).all() for fan in fans):
                raise InputError("forecast_not_finite", "The forecast holds NaN or infinite numbers.", "Lower the temperature.")
            return fans

        served = self._isolate(ready, call)
        for turn, fan in served:
            turn.fan = fan
            seat = turn.seat
            if fan.refinement_effect is not None:
                seat.refinement.update(fan.refinement_effect)
            if seat.generation is None and turn.observation is not None:
                seat.generations += 1
                seat.generation = Generation(seat.generations, turn.tick, turn.observation, fan)
        return waiting + [turn for turn, _ in served]

    def _demand(self, turns: list[Turn]) -> list[int]:
        """Return K of every session that drew lately, not only of those that happen to share this turn."""
        for turn in turns:
            turn.seat.ticks += 1
            self._active[turn.seat.session] = (turn.began, len(turn.fan.methods) if turn.fan else 0)
        now = turns[0].began
        self._active = {name: (when, k) for name, (when, k) in self._active.items() if now - when < LATELY_S}
        return [k for _, k in self._active.values()]

    def _render(self, turns: list[Turn], plan: Plan) -> list[Turn]:
        chosen = [turn for turn in turns if (turn.seat.ticks + turn.seat.number) % plan.turns == 0]
        for turn in chosen:
            generation = turn.seat.generation
            if generation is not None and generation.due(step := generation.step(turn.tick), plan.stride):
                turn.step = step
        served = self._isolate(chosen, lambda some: self._draw(some, plan.tile))
        for turn, frames in served:
            turn.frames = frames
        lost = [turn for turn in chosen if turn.frames is None]
        return [turn for turn in turns if turn not in lost]

    def _draw(self, turns: Sequence[Turn], tile: int) -> list[Picture]:
        """Render the present of every turn, and its futures where they are due: one request a session."""
        requests = []
        for turn in turns:
            assert turn.observation is not None
            flat = turn.observation.present_flat[None]
            if turn.step and turn.seat.generation is not None:
                futures = turn.seat.generation.fan.paths[:, turn.step - 1]
                present, flat = flat, futures.new_empty((len(futures) + 1, futures.shape[-1]))
                flat[:1], flat[1:] = present, futures
            requests.append((turn.seat.stream, flat))
        return self._pipeline.render(requests, tile)

    def _send(self, turn: Turn, plan: Plan, times: dict[str, float]) -> None:
        """Encode one session's sheet and hand it over."""
        seat, work = turn.seat, turn.work
        assert turn.observation is not None and turn.seq is not None
        began = time.monotonic()
        tiles = 0 if turn.frames is None else len(turn.frames)
        picture = b"" if turn.frames is None else jpeg(mosaic(turn.frames))
        fan = np.zeros((0, 0, 0, 2), np.float32) if turn.fan is None else turn.fan.positions
        k, h, n = fan.shape[:3]
        seat.mailbox.made()
        head = SheetHead(
            t=work.origin.t,
            source=work.origin.seq,
            tick=turn.tick,
            generation=seat.generation.number if seat.generation else 0,
            step=turn.step,
            tiles=tiles,
            tile=plan.tile,
            columns=columns_of(tiles),
            methods=[] if turn.fan is None else list(turn.fan.methods),
            horizon=h,
            fan=(k, h, n),
            stages=Stages(
                wait=_ms(turn.began - work.origin.arrived),
                observe=_ms(times["observe"]),
                forecast=_ms(times["forecast"]),
                render=_ms(times["render"]),
                encode=_ms(time.monotonic() - began),
            ),
            counts=seat.mailbox.counts,
            stride=plan.stride,
            surprise=turn.observation.surprise,
            acceptance=None if turn.fan is None else turn.fan.acceptance,
            verdict=seat.verdict,
            flags=[*(["warming"] if turn.fan is None else seat.refinement.flags), *(["overloaded"] if plan.turns > 1 else [])],
        )
        seat.verdict = None
        self._metrics.sheets.inc()
        seat.listener.sheet(encode(Message(work.epoch, turn.seq, head, quantise(fan) + picture)), work.epoch)

    def _isolate(self, turns: Sequence[Turn], call: Callable[[Sequence[Turn]], Sequence[R]]) -> list[tuple[Turn, R]]:
        """Call for all turns at once; if that raises, for each alone, and drop those that fail."""
        if not turns:
            return []
        try:
            return list(zip(turns, call(turns), strict=True))
        except Exception as error:
            if len(turns) == 1:
                self._fail(turns[0], error)
                return []
        return [pair for turn in turns for pair in self._isolate([turn], call)]

    def _fail(self, turn: Turn, error: Exception) -> None:
        """Tell the session that its work failed, and give it a fresh stream."""
        log.error("inference_failed", session=turn.seat.session[:6], exc_info=error)
        seat = turn.seat
        seat.stream = self._pipeline.open(seat.portrait, seat.number + seat.generations, settle=True)
        seat.forget()
        if turn.seq is not None:
            seat.mailbox.cancel(turn.seq)
        if not isinstance(error, MotionFanError):
            error = MotionFanError("inference_failed", "This frame could not be forecast; the motion starts anew.")
        self._metrics.errors.labels(error.code).inc()
        seat.listener.failure(error)


def _ms(seconds: float) -> float:
    return round(seconds * 1000.0, 2)
