"""The inference process: it holds the pipeline and the streams of all sessions, and answers one exchange after another.

It is a process of its own because Python runs one thread at a time: beside 50 sockets in the same process, every operation of
the models waited for the event loop. If it ends, the server starts it again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import structlog

from backend.core.errors import MotionFanError
from backend.core.types import CLOCK_S, ForecastSettings
from backend.keypoints.clock import Tick
from backend.server.live.batch import BatchRunner
from backend.server.live.exchange import (
    Answer,
    BatchReport,
    Call,
    CloseSession,
    Exchange,
    Loaded,
    OpenSession,
    Request,
    ShowPortrait,
)
from backend.server.live.governor import Governor
from backend.server.live.mailbox import Work
from backend.server.live.session_slot import BatchItem, SessionPortrait, SessionSlot, ShownPortrait

if TYPE_CHECKING:
    from backend.pipeline import Pipeline, Portrait

log = structlog.get_logger(__name__)

SNAPSHOT_S = 1.0
"""Seconds between two snapshots of a session: one takes 0.3 ms and 60 kB."""


class Inference:
    """The models, and the state of all sessions.

    Args:
        pipeline: the models.
        tile: largest side of a tile in pixels; 0 for no limit.
        default: the portrait that sessions start with; it stays encoded.
        snapshot_s: seconds between two snapshots of a session.
    """

    def __init__(self, pipeline: Pipeline, tile: int, default: SessionPortrait, snapshot_s: float = SNAPSHOT_S) -> None:
        self.pipeline = pipeline
        self.kept: dict[str, Any] = {}  # what calls keep for later calls
        self._portraits: WeakValueDictionary[str, Portrait] = WeakValueDictionary()
        self._default = self.encode(default)
        self._slots: dict[str, SessionSlot] = {}
        self._opened, self._snapshot_s = 0, snapshot_s
        governor = Governor(tile)
        _warm_up(pipeline, governor, self._default, default)
        self._governor, self._batches = governor, BatchRunner(pipeline, governor)

    @property
    def keypoints(self) -> int:
        """N, the number of keypoints."""
        return self._default.keypoints.count

    def encode(self, portrait: ShownPortrait) -> Portrait:
        """Return the encoded portrait; those that sessions show are encoded once."""
        if (encoded := self._portraits.get(portrait.key)) is None:
            encoded = self._portraits[portrait.key] = portrait.encode(self.pipeline)
        return encoded

    def share_with(self, machines: int) -> None:
        """Plan as one of several machines that serve the same sessions in turn."""
        self._governor.share_with(machines)

    def answer(self, exchange: Exchange) -> Answer:
        """Answer the requests, then run the batch."""
        results = [self._answer(request) for request in exchange.requests]
        return Answer(results, self.run(self._slots, exchange.works) if exchange.works else None)

    def run(self, slots: Mapping[str, SessionSlot], works: Mapping[str, Work]) -> BatchReport:
        """Run one batch: the work of sessions, by name; those without a slot were closed meanwhile."""
        began = time.monotonic()
        items = [BatchItem(slots[session], work, began) for session, work in works.items() if session in slots]
        try:
            report = self._batches.step(items)
        except Exception:
            log.exception("batch_failed", sessions=len(items))
            return BatchReport(cancelled=list(works))
        for slot in (item.slot for item in items):
            # Another machine's clock may have been ahead.
            if abs(began - slot.saved) >= self._snapshot_s:
                slot.saved = began
                report.snapshots[slot.session] = slot.save()
        return report

    def open(self, session: str, portrait: ShownPortrait, snapshot: bytes | None = None) -> SessionSlot:
        """Return a session that shows a portrait.

        Args:
            session: its name.
            portrait: what it shows.
            snapshot: from which it goes on; None for a new one.
        """
        encoded = self.encode(portrait)
        if snapshot is not None:
            return SessionSlot.restore(snapshot, encoded, self.pipeline)
        self._opened += 1
        return SessionSlot(session, self._opened, encoded, self.pipeline.open(encoded, self._opened, track_reference=True))

    def _answer(self, request: Request) -> Any:
        try:
            match request:
                case OpenSession(session, portrait, snapshot):
                    self._slots[session] = self.open(session, portrait, snapshot)
                case ShowPortrait(session, portrait):
                    if slot := self._slots.get(session):
                        slot.set_portrait(self.encode(portrait))
                case CloseSession(session):
                    self._slots.pop(session, None)
                case Call(function):
                    return function(self)
        except MotionFanError as error:
            return error
        except Exception:
            log.exception("request_failed")
            return MotionFanError("inference_failed", "The models failed at this request.", "Try again, or read the log.")
        return None


def serve_inference(connection: Connection, load: Callable[[], Pipeline], tile: int, default: SessionPortrait) -> None:
    """Load the pipeline, say so or what failed, then answer until the other side says None or ends.

    Args:
        connection: to the server.
        load: builds the pipeline.
        tile: largest side of a tile in pixels; 0 for no limit.
        default: the portrait that sessions start with.
    """
    try:
        inference = Inference(load(), tile, default)
    except MotionFanError as error:
        connection.send(error)
        return
    except Exception as error:
        log.exception("loading_failed")
        connection.send(MotionFanError("loading_failed", f"The models cannot be loaded: {error}."))
        return
    connection.send(Loaded(inference.keypoints))
    try:
        while (exchange := connection.recv()) is not None:
            connection.send(inference.answer(exchange))
    except (EOFError, OSError):
        return


def _warm_up(pipeline: Pipeline, governor: Governor, portrait: Portrait, given: SessionPortrait) -> None:
    """Run every stage, so that the first session is not delayed and the governor knows the costs."""
    stream = pipeline.open(portrait)
    for index in range(8):
        tick = Tick(given.landmarks, index * CLOCK_S, index, index == 0)
        (observation,) = pipeline.observe([stream], [[tick]])
    forecast_ms = _second_ms(lambda: pipeline.forecast([stream], [ForecastSettings()]))
    governor.record_tick(1, forecast_ms)
    governor.record_forecast(1, forecast_ms)
    request = stream, observation.present_flat[None]
    for tile in governor.tiles:
        governor.record_render(tile, 1, _second_ms(partial(pipeline.render, [request], tile)))
    governor.record_layers(1, _second_ms(partial(pipeline.render_layers, [request])))


def _second_ms(call: Callable[[], object]) -> float:
    """Return the milliseconds of a second call; the first takes longer."""
    call()
    began = time.monotonic()
    call()
    return (time.monotonic() - began) * 1000
