"""Keeps the inference process running, and passes the waiting work of all sessions to it."""

from __future__ import annotations

import contextlib
import multiprocessing
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import psutil
import structlog

from backend.core.errors import InputError, MotionFanError
from backend.server.limits import TokenBucket
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
from backend.server.live.host import Host, Launch, launch_process
from backend.server.live.mailbox import Mailbox, Work
from backend.server.live.session_slot import SessionPortrait, ShownPortrait
from backend.server.live.turns import Turns
from backend.server.metrics import Metrics

if TYPE_CHECKING:
    from backend.pipeline import Pipeline
    from backend.server.live.inference import Inference

log = structlog.get_logger(__name__)
T = TypeVar("T")

RESTARTS_PER_S, MAX_RESTARTS = 1 / 60, 5
"""How often the process may be started again in the long run, and at once; a machine where it always ends is given up."""

END_S = 5.0
"""Seconds that the process may take to end before it is killed."""


@dataclass
class ServedSession:
    """A session as its inference process must know it, also after a restart.

    `deliver` sends a message and its epoch to the client, `restarted` says that sheets in work are lost; both are called on
    the worker's thread and return at once. `snapshot` is the newest one; the motion since then is lost in a restart.
    """

    portrait: ShownPortrait
    mailbox: Mailbox
    deliver: Callable[[bytes, int], None]
    restarted: Callable[[], None]
    snapshot: bytes | None = None


class InferenceWorker:
    """One thread that talks to the inference process in turn: it gives all waiting work, waits, and delivers what comes back.

    Args:
        load: builds the pipeline, in the process; it can be pickled.
        default: the portrait that sessions start with.
        metrics: gets counts and times.
        tile: largest side of a tile in pixels; 0 for no limit.
        launch: starts the process.
    """

    def __init__(
        self,
        load: Callable[[], Pipeline],
        default: SessionPortrait,
        metrics: Metrics,
        tile: int = 0,
        launch: Launch = launch_process,
    ) -> None:
        self._load, self._default, self._metrics, self._tile, self._launch = load, default, metrics, tile, launch
        self.condition = threading.Condition()
        self._waiting: deque[tuple[Request, Future[Any]]] = deque()
        self._sessions: dict[str, ServedSession] = {}
        self._turns = Turns()
        self._stopping = self._recovering = False
        self._restarts = TokenBucket(RESTARTS_PER_S, MAX_RESTARTS)
        self._thread = threading.Thread(target=self._main, name="inference worker", daemon=True)
        self._loaded: Future[Loaded] = Future()
        self._host: Host | None = None

    def start(self) -> Loaded:
        """Start, and wait until the pipeline is loaded; raises what `load` raises."""
        self._thread.start()
        return self._loaded.result()

    def stop(self) -> None:
        """Finish the batch in progress and end; requests that have not begun are cancelled, and so is loading."""
        with self.condition:
            self._stopping = True
            self.condition.notify()
            if self._host is not None and not self._loaded.done():
                self._host.kill()
        if self._thread.ident is not None:
            self._thread.join()

    @property
    def ready(self) -> bool:
        """Whether the models are loaded and warm, and work is taken: not while the process is started again."""
        return self.alive and self._loaded.done() and not self._recovering

    @property
    def alive(self) -> bool:
        """Whether sessions are served, or will be when the process has started again."""
        return self._thread.is_alive()

    @property
    def memory(self) -> int:
        """Bytes that the inference process holds; 0 if it is no process of this machine."""
        pid = getattr(self._host, "pid", None)
        try:
            return int(psutil.Process(pid).memory_info().rss) if pid else 0
        except psutil.Error:
            return 0

    def run(self, function: Callable[[Inference], T]) -> Future[T]:
        """Call a function in the inference process between two batches; raises `server_stopping`."""
        return self._request(Call(function))

    def open(self, session: str, served: ServedSession) -> Future[None]:
        """Open a stream for a session and serve its mailbox from then on."""
        with self.condition:
            self._sessions[session] = served
            return self._request(OpenSession(session, served.portrait, served.snapshot))

    def set_portrait(self, session: str, portrait: ShownPortrait) -> Future[None]:
        """Animate another portrait from now on; the motion so far stays."""
        with self.condition:
            if served := self._sessions.get(session):
                served.portrait, served.snapshot = portrait, None
            return self._request(ShowPortrait(session, portrait))

    def served(self, session: str) -> ServedSession:
        """Return what the worker knows of an open session."""
        with self.condition:
            return self._sessions[session]

    def close(self, session: str) -> None:
        """Delete the state of a session."""
        with self.condition, contextlib.suppress(InputError):
            self._turns.forget(session)
            if self._sessions.pop(session, None):
                self._request(CloseSession(session))

    def _request(self, request: Request) -> Future[Any]:
        future: Future[Any] = Future()
        with self.condition:
            if self._stopping:
                raise InputError("server_stopping", "The server is shutting down.", "Reload the page in a moment.")
            self._waiting.append((request, future))
            self.condition.notify()
        return future

    def _main(self) -> None:
        try:
            self._loaded.set_result(self._start_host())
        except BaseException as error:
            self._loaded.set_exception(error)
            return
        while (taken := self._take()) is not None:
            requests, works = taken
            try:
                answer = self._ask(Exchange([request for request, _ in requests], works))
            except (EOFError, OSError):
                if not self._recover([future for request, future in requests if isinstance(request, Call)], works):
                    for _, future in requests:
                        _resolve(future, _lost())
                    break
                # What the others asked for was done by the restart.
                answer = Answer([None] * len(requests), None)
            for (_, future), result in zip(requests, answer.results, strict=True):
                _resolve(future, result)
            if answer.report is not None:
                self._record(answer.report, len(works))
                self._deliver(answer.report, works)
        self._end()

    def _take(self) -> tuple[list[tuple[Request, Future[Any]]], dict[str, Work]] | None:
        """Sleep until there are requests or work whose turn has come, then take it; None when stopping."""
        with self.condition:
            while not self._stopping:
                # Only calls can be cancelled: a session must be opened and closed as often as it was asked for.
                requests = [
                    (request, future)
                    for request, future in self._waiting
                    if future.set_running_or_notify_cancel() or not isinstance(request, Call)
                ]
                self._waiting.clear()
                works = self._take_works()
                if requests or works:
                    return requests, works
                self.condition.wait(self._turns.rest(time.monotonic()))
            return None

    def _take_works(self) -> dict[str, Work]:
        """Take the work of the sessions whose turn it is; where much waits, take it from others too, to be observed only."""
        waiting = {name: at for name, served in self._sessions.items() if (at := served.mailbox.oldest) is not None}
        now = time.monotonic()
        chosen = self._turns.choose(waiting, now)
        works = {}
        for name in waiting:
            mailbox = self._sessions[name].mailbox
            if (name in chosen or mailbox.crowded) and (work := mailbox.take(sheet=name in chosen)):
                works[name] = work
                if work.seq is not None:
                    self._metrics.stage.labels("wait").observe((now - work.frame.arrived) * 1000)
        return works

    def _ask(self, exchange: Exchange) -> Answer:
        self._link.send(exchange)
        answer: Answer = self._link.recv()
        return answer

    def _record(self, report: BatchReport, sessions: int) -> None:
        self._turns.record(report.costs)
        metrics = self._metrics
        metrics.batch.observe(sessions)
        for stage, seconds in report.stages.items():
            metrics.stage.labels(stage).observe(seconds * 1000)
        for code in report.errors:
            metrics.errors.labels(code).inc()
        for way, size in report.sheets:
            metrics.sheets.labels(way).inc()
            metrics.sent.labels(way).inc(size)
        if report.plan is not None:
            metrics.tile.set(report.plan.tile)
            metrics.stride.set(report.plan.stride)
            metrics.interval.set(report.plan.interval)

    def _deliver(self, report: BatchReport, works: dict[str, Work]) -> None:
        for session in report.cancelled:
            seq = works[session].seq
            if seq is not None and (served := self._sessions.get(session)):
                served.mailbox.cancel(seq)
        for session, snapshot in report.snapshots.items():
            if served := self._sessions.get(session):
                served.snapshot = snapshot
        for delivery in report.deliveries:
            if served := self._sessions.get(delivery.session):
                served.deliver(delivery.data, delivery.epoch)

    def _start_host(self) -> Loaded:
        """Start the process and wait until it has loaded the pipeline; raises what `load` raises, or `inference_lost`."""
        self._link, other = multiprocessing.Pipe()
        host = self._launch(other, self._load, self._tile, self._default)
        with self.condition:
            self._host = host
            if self._stopping:
                host.kill()
        try:
            loaded = self._link.recv()
        except (EOFError, OSError):
            raise MotionFanError("inference_lost", "The inference process ended while it loaded the models.") from None
        if isinstance(loaded, MotionFanError):
            raise loaded
        assert isinstance(loaded, Loaded)
        return loaded

    def _recover(self, calls: list[Future[Any]], works: dict[str, Work]) -> bool:
        """Start the process again and open all sessions in it; return whether that was possible.

        Sessions go on from their last snapshots: their next sheet continues the round in play, from the same neutral face.
        """
        self._recovering = True
        log.error("inference_lost", sessions=len(self._sessions))
        for future in calls:
            _resolve(future, _lost())
        self._metrics.errors.labels(_lost().code).inc()
        self._forget_snapshots([name for name, work in works.items() if work.reset])
        while self._restarts.allow(time.monotonic()):
            try:
                self._start_host()
                with self.condition:
                    sessions = dict(self._sessions)
                opened: list[Request] = [
                    OpenSession(name, served.portrait, served.snapshot) for name, served in sessions.items()
                ]
                self._ask(Exchange(opened, {}))
            except (MotionFanError, EOFError, OSError) as error:
                log.error("inference_restart_failed", error=str(error))
                # Whatever ended it again, it shall not be a snapshot.
                self._forget_snapshots(self._sessions)
                continue
            for served in sessions.values():
                served.restarted()
            self._metrics.restarts.labels("inference").inc()
            self._recovering = False
            return True
        log.error("inference_given_up")
        return False

    def _forget_snapshots(self, sessions: Iterable[str]) -> None:
        with self.condition:
            for name in sessions:
                if served := self._sessions.get(name):
                    served.snapshot = None

    def _end(self) -> None:
        with self.condition:
            self._stopping = True
            for _, future in self._waiting:
                future.cancel()
            self._waiting.clear()
        with contextlib.suppress(OSError):
            self._link.send(None)
        assert self._host is not None
        self._host.join(END_S)
        if self._host.is_alive():
            self._host.kill()
        self._link.close()


def _lost() -> MotionFanError:
    return MotionFanError("inference_lost", "The inference process ended while it worked on this.", "Try again.")


def _resolve(future: Future[Any], result: Any) -> None:
    """Set the result, or the error, of a future, unless it was cancelled."""
    if future.done():
        return
    if isinstance(result, MotionFanError):
        future.set_exception(result)
    else:
        future.set_result(result)
