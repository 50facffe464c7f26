"""The inference thread: it owns the pipeline and everything torch, and serves all sessions in batches."""

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
from backend.server.live.session_slot import BatchItem, Listener, SessionPortrait, SessionSlot
from backend.server.metrics import Metrics

if TYPE_CHECKING:
    from backend.pipeline import Pipeline

log = structlog.get_logger(__name__)
T = TypeVar("T")


class InferenceWorker:
    """One thread that observes, forecasts and renders for all sessions.

    Args:
        load: builds the pipeline, on the inference thread.
        governor: chooses what is rendered.
        metrics: where figures go.
    """

    def __init__(self, load: Callable[[], Pipeline], governor: Governor, metrics: Metrics) -> None:
        self._load = load
        self._governor = governor
        self._metrics = metrics
        self.condition = threading.Condition()
        self._jobs: deque[tuple[Future[Any], Callable[[Pipeline], Any]]] = deque()
        self._slots: dict[str, SessionSlot] = {}
        self._opened = 0
        self._stopping = False
        self._thread = threading.Thread(target=self._main, name="inference", daemon=True)
        self._loaded: Future[None] = Future()

    def start(self, warm_up: Callable[[Pipeline, Governor], None] | None = None) -> None:
        """Load the pipeline and begin; returns when the first session can be served.

        Args:
            warm_up: run once after loading, on the inference thread.

        Raises:
            ModelError: weights are missing or unusable.
        """
        self._thread.start()
        self._loaded.result()
        if warm_up is not None:
            self.run(lambda pipeline: warm_up(pipeline, self._governor)).result()

    def stop(self) -> None:
        """Finish the batch in progress and end the thread; jobs that have not begun are cancelled."""
        with self.condition:
            self._stopping = True
            self.condition.notify()
        if self._thread.ident is not None:
            self._thread.join()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def run(self, job: Callable[[Pipeline], T]) -> Future[T]:
        """Run a job with the pipeline between two batches.

        Raises:
            InputError: `server_stopping`.
        """
        future: Future[T] = Future()
        with self.condition:
            if self._stopping:
                raise InputError("server_stopping", "The server is shutting down.", "Reload the page in a moment.")
            self._jobs.append((future, job))
            self.condition.notify()
        return future

    def open(self, session: str, portrait: SessionPortrait, mailbox: Mailbox, listener: Listener) -> Future[None]:
        """Open a stream for a session and serve its mailbox from then on.

        Args:
            session: its id.
            portrait: the one that it starts with.
            mailbox: its waiting work.
            listener: receives its results.

        Raises:
            InputError: `server_stopping`.
        """

        def job(pipeline: Pipeline) -> None:
            self._opened += 1
            encoded = portrait.encode(pipeline)
            stream = pipeline.open(encoded, self._opened, settle=True)
            slot = SessionSlot(session, self._opened, encoded, mailbox, stream, listener)
            with self.condition:
                self._slots[session] = slot

        return self.run(job)

    def set_portrait(self, session: str, portrait: SessionPortrait) -> Future[None]:
        """Encode a portrait and animate it from now on; the motion so far stays.

        Raises:
            InputError: `server_stopping`.
        """

        def job(pipeline: Pipeline) -> None:
            if slot := self._slots.get(session):
                slot.set_portrait(portrait.encode(pipeline))

        return self.run(job)

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
            jobs, items = self._wait()
            if self._stopping:
                for future, _ in jobs:
                    future.cancel()
                return
            for future, job in jobs:
                self._run_job(future, job)
            if items:
                try:
                    batches.step(items)
                except Exception:
                    log.exception("batch_failed", sessions=len(items))

    def _run_job(self, future: Future[Any], job: Callable[[Pipeline], Any]) -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(job(self._pipeline))
        except BaseException as error:
            future.set_exception(error)

    def _wait(self) -> tuple[list[tuple[Future[Any], Callable[[Pipeline], Any]]], list[BatchItem]]:
        """Sleep until there are jobs or waiting work, then take all of it."""
        with self.condition:
            while True:
                jobs = list(self._jobs)
                self._jobs.clear()
                began = time.monotonic()
                items = [BatchItem(slot, work, began) for slot in self._slots.values() if (work := slot.mailbox.take())]
                if jobs or items or self._stopping:
                    return jobs, items
                self.condition.wait()
