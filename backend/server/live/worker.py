"""The inference thread: it owns the pipeline and all torch state, and serves all sessions in batches."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from backend.core.errors import InputError
from backend.server.live.batch import BatchRunner
from backend.server.live.governor import Governor
from backend.server.live.mailbox import Mailbox
from backend.server.live.session_slot import BatchItem, Deliver, SessionPortrait, SessionSlot
from backend.server.metrics import Metrics

if TYPE_CHECKING:
    from backend.pipeline import Pipeline

log = structlog.get_logger(__name__)
T = TypeVar("T")
Call = tuple[Future[Any], Callable[["Pipeline"], Any]]
"""A function to run with the pipeline, and its result."""


class InferenceWorker:
    """One thread that observes, forecasts and renders for all sessions; `load` builds the pipeline there."""

    def __init__(self, load: Callable[[], Pipeline], governor: Governor, metrics: Metrics) -> None:
        self._load, self._governor, self._metrics = load, governor, metrics
        self.condition = threading.Condition()
        self._calls: deque[Call] = deque()
        self._slots: dict[str, SessionSlot] = {}
        self._opened = 0
        self._stopping = False
        self._thread = threading.Thread(target=self._main, name="inference", daemon=True)
        self._loaded: Future[None] = Future()

    def start(self) -> None:
        """Start the thread and wait until the pipeline is loaded; raises what `load` raises."""
        self._thread.start()
        self._loaded.result()

    def stop(self) -> None:
        """Finish the batch in progress and end the thread; calls that have not begun are cancelled."""
        with self.condition:
            self._stopping = True
            self.condition.notify()
        if self._thread.ident is not None:
            self._thread.join()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def run(self, call: Callable[[Pipeline], T]) -> Future[T]:
        """Call a function with the pipeline between two batches; raises `server_stopping`."""
        future: Future[T] = Future()
        with self.condition:
            if self._stopping:
                raise InputError("server_stopping", "The server is shutting down.", "Reload the page in a moment.")
            self._calls.append((future, call))
            self.condition.notify()
        return future

    def open(self, session: str, portrait: SessionPortrait, mailbox: Mailbox, deliver: Deliver) -> Future[None]:
        """Open a stream for a session and serve its mailbox from then on.

        Args:
            session: its id.
            portrait: the one that it starts with.
            mailbox: its waiting work.
            deliver: sends its messages.
        """

        def call(pipeline: Pipeline) -> None:
            self._opened += 1
            encoded = portrait.encode(pipeline)
            stream = pipeline.open(encoded, self._opened, track_reference=True)
            slot = SessionSlot(session, self._opened, encoded, mailbox, stream, deliver)
            with self.condition:
                self._slots[session] = slot

        return self.run(call)

    def set_portrait(self, session: str, portrait: SessionPortrait) -> Future[None]:
        """Encode a portrait and animate it from now on; the motion so far stays."""

        def call(pipeline: Pipeline) -> None:
            if slot := self._slots.get(session):
                slot.set_portrait(portrait.encode(pipeline))

        return self.run(call)

    def close(self, session: str) -> None:
        """Delete the state of a session."""
        with self.condition:
            self._slots.pop(session, None)

    def _main(self) -> None:
        try:
            self._pipeline = self._load()
        except BaseException as error:
            self._loaded.set_exception(error)
            return
        self._loaded.set_result(None)
        batches = BatchRunner(self._pipeline, self._governor, self._metrics)
        while True:
            calls, items = self._wait()
            if self._stopping:
                for future, _ in calls:
                    future.cancel()
                return
            for future, call in calls:
                self._run_call(future, call)
            if items:
                try:
                    batches.step(items)
                except Exception:
                    log.exception("batch_failed", sessions=len(items))

    def _run_call(self, future: Future[Any], call: Callable[[Pipeline], Any]) -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(call(self._pipeline))
        except BaseException as error:
            future.set_exception(error)

    def _wait(self) -> tuple[list[Call], list[BatchItem]]:
        """Sleep until there are calls or waiting work, then take all of it."""
        with self.condition:
            while True:
                calls = list(self._calls)
                self._calls.clear()
                began = time.monotonic()
                items = [BatchItem(slot, work, began) for slot in self._slots.values() if (work := slot.mailbox.take())]
                if calls or items or self._stopping:
                    return calls, items
                self.condition.wait()
