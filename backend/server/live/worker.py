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
from backend.server.live.batch import Turns
from backend.server.live.governor import Governor
from backend.server.live.mailbox import Mailbox
from backend.server.live.session_slot import Listener, Seat, Turn
from backend.server.metrics import Metrics

if TYPE_CHECKING:
    from backend.pipeline import Pipeline, Portrait

log = structlog.get_logger(__name__)
T = TypeVar("T")


class InferenceWorker:
    """One thread that observes, forecasts and renders for all sessions.

    Args:
        load: builds the pipeline, on the inference thread.
        governor: decides what is drawn.
        metrics: where figures go.
    """

    def __init__(self, load: Callable[[], Pipeline], governor: Governor, metrics: Metrics) -> None:
        self._load = load
        self._governor = governor
        self._metrics = metrics
        self.bell = threading.Condition()
        self._jobs: deque[tuple[Future[Any], Callable[[Pipeline], Any]]] = deque()
        self._seats: dict[str, Seat] = {}
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
        """Finish the turn in progress and end the thread; jobs not begun are cancelled."""
        with self.bell:
            self._stopping = True
            self.bell.notify()
        if self._thread.ident is not None:
            self._thread.join()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def run(self, job: Callable[[Pipeline], T]) -> Future[T]:
        """Do something with the pipeline between two turns."""
        future: Future[T] = Future()
        with self.bell:
            if self._stopping:
                raise InputError("server_stopping", "The server is shutting down.", "Reload the page in a moment.")
            self._jobs.append((future, job))
            self.bell.notify()
        return future

    def open(self, session: str, portrait: Portrait, mailbox: Mailbox, listener: Listener) -> Future[None]:
        """Give a session its stream; its mailbox is served from then on."""

        def job(pipeline: Pipeline) -> None:
            self._opened += 1
            seat = Seat(session, self._opened, portrait, mailbox, pipeline.open(portrait, self._opened, settle=True), listener)
            with self.bell:
                self._seats[session] = seat

        return self.run(job)

    def set_portrait(self, session: str, portrait: Portrait) -> Future[None]:
        """Animate another portrait from now on; the motion seen so far stays."""

        def job(pipeline: Pipeline) -> None:
            if seat := self._seats.get(session):
                seat.set_portrait(portrait)

        return self.run(job)

    def close(self, session: str) -> None:
        """Forget a session and all its state."""
        with self.bell:
            self._seats.pop(session, None)

    def _main(self) -> None:
        try:
            self._pipeline = self._load()
        except BaseException as error:
            self._loaded.set_exception(error)
            return
        self._loaded.set_result(None)
        turns = Turns(self._pipeline, self._governor, self._metrics)
        while True:
            jobs, work = self._wait()
            if self._stopping:
                for future, _ in jobs:
                    future.cancel()
                return
            for future, job in jobs:
                self._do(future, job)
            if work:
                try:
                    turns.serve(work)
                except Exception:
                    log.exception("turn_failed", sessions=len(work))

    def _do(self, future: Future[Any], job: Callable[[Pipeline], Any]) -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(job(self._pipeline))
        except BaseException as error:
            future.set_exception(error)

    def _wait(self) -> tuple[list[tuple[Future[Any], Callable[[Pipeline], Any]]], list[Turn]]:
        """Sleep until there is something to do, then take all of it."""
        with self.bell:
            while True:
                jobs = list(self._jobs)
                self._jobs.clear()
                began = time.monotonic()
                work = [Turn(seat, taken, began) for seat in self._seats.values() if (taken := seat.mailbox.take())]
                if jobs or work or self._stopping:
                    return jobs, work
                self.bell.wait()
