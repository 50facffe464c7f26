"""Calls for a whole batch, so that a failure affects only the session that caused it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import structlog

from backend.core.errors import MotionFanError
from backend.server.live.exchange import BatchReport, Delivery
from backend.server.live.session_slot import BatchItem
from backend.server.protocol import Failure, Message, encode

if TYPE_CHECKING:
    from backend.pipeline import Pipeline

log = structlog.get_logger(__name__)
R = TypeVar("R")


class Isolation:
    """Repeats a batch that raises one session at a time; a session that fails alone gets a coded error and a new stream.

    Failures go to `report`, of the batch that is running.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self.report = BatchReport()

    def call(self, items: Sequence[BatchItem], step: Callable[[Sequence[BatchItem]], Sequence[R]]) -> list[tuple[BatchItem, R]]:
        """Call for all items at once; if that raises, for each alone, and drop those that fail."""
        if not items:
            return []
        try:
            return list(zip(items, step(items), strict=True))
        except Exception as error:
            if len(items) == 1:
                self._fail(items[0], error)
                return []
        return [pair for item in items for pair in self.call([item], step)]

    def _fail(self, item: BatchItem, error: Exception) -> None:
        """Report the failure to the session and give it a new stream."""
        slot, epoch = item.slot, item.work.epoch
        log.error("inference_failed", session=slot.session[:6], exc_info=error)
        slot.reopen(self._pipeline)
        slot.reset()
        if not isinstance(error, MotionFanError):
            error = MotionFanError("inference_failed", "This frame could not be forecast; the motion starts again.")
        data = encode(Message(epoch, 0, Failure(error.code, error.message, error.hint)))
        self.report.errors.append(error.code)
        self.report.deliveries.append(Delivery(slot.session, epoch, data))
        self.report.cancelled.append(slot.session)
