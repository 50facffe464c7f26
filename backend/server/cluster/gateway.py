"""In place of the inference process: passes every exchange of a server to the model replicas of a cluster.

It keeps the sessions' snapshots between two batches. A batch is divided between the replicas; what a replica did not answer
because it ended is sent to another one, which starts from the same snapshots.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from typing import Any, Protocol

import structlog

from backend.core.errors import MotionFanError
from backend.server.cluster.replica import Job, Visit
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
from backend.server.live.inference import SNAPSHOT_S
from backend.server.live.mailbox import Work
from backend.server.live.session_slot import ShownPortrait

log = structlog.get_logger(__name__)

ATTEMPTS = 3
"""Replicas that are asked, one after another, while each of them ends."""


class ReplicaLost(Exception):
    """A replica ended before it answered."""


class ReplicasBusy(Exception):
    """All replicas have as much waiting work as they may have, or none answers in time."""


class Response(Protocol):
    """The answer of a replica, when it has come."""

    def result(self) -> BatchReport:
        """Wait for it; raises `ReplicaLost`, `ReplicasBusy`, or the `MotionFanError` that the job failed with."""


class Models(Protocol):
    """The model replicas of a cluster."""

    @property
    def replicas(self) -> int:
        """How many there are, at least one."""

    def loaded(self) -> Loaded:
        """Wait until one has loaded its models; raises what that failed with."""

    def share(self, portrait: ShownPortrait) -> Any:
        """Put a portrait where replicas can get it, for as long as the result is held."""

    def submit(self, job: Job) -> Response:
        """Send a job to a replica; raises as `Response.result`."""

    def call(self, request: Call) -> Any:
        """Call a function at one replica; raises what it raises, or as `Response.result`."""

    def close(self) -> None:
        """Leave the cluster."""


@dataclass
class _Guest:
    """A session between two batches."""

    visit: Visit
    passed: float = field(default=-float("inf"))  # when the server got its snapshot last, monotonic seconds


class Gateway:
    """Answers the exchanges of one server with the replicas of a cluster."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._guests: dict[str, _Guest] = {}

    def answer(self, exchange: Exchange) -> Answer:
        """Answer the requests, then run the batch."""
        results = [self._answer(request) for request in exchange.requests]
        return Answer(results, self._run(exchange.works) if exchange.works else None)

    def _answer(self, request: Request) -> Any:
        try:
            match request:
                case OpenSession(session, portrait, snapshot):
                    self._guests[session] = _Guest(Visit(portrait.key, self._models.share(portrait), snapshot))
                case ShowPortrait(session, portrait):
                    if guest := self._guests.get(session):
                        guest.visit = replace(
                            guest.visit, key=portrait.key, portrait=self._models.share(portrait), changed=True
                        )
                case CloseSession(session):
                    self._guests.pop(session, None)
                case Call():
                    return self._models.call(request)
        except MotionFanError as error:
            return error
        except (ReplicaLost, ReplicasBusy):
            return MotionFanError("models_away", "No model replica answers.", "Try again in a moment.")
        return None

    def _run(self, works: dict[str, Work]) -> BatchReport:
        jobs = self._jobs({session: work for session, work in works.items() if session in self._guests})
        responses = [self._submit(job) for job in jobs]
        report = merge(self._result(job, response) for job, response in zip(jobs, responses, strict=True))
        now = time.monotonic()
        passed = {}
        for session, snapshot in report.snapshots.items():
            guest = self._guests[session]
            guest.visit = replace(guest.visit, snapshot=snapshot, changed=False)
            if now - guest.passed >= SNAPSHOT_S:
                guest.passed, passed[session] = now, snapshot
        report.snapshots = passed
        # What one replica needs for a sheet delays the others by so much.
        report.costs = {session: cost / self._models.replicas for session, cost in report.costs.items()}
        return report

    def _jobs(self, works: dict[str, Work]) -> list[Job]:
        """Divide the work between the replicas."""
        replicas = self._models.replicas
        parts = [list(works)[start::replicas] for start in range(min(replicas, len(works)))]
        return [
            Job(
                {name: self._guests[name].visit for name in part},
                {name: works[name] for name in part},
                time.monotonic(),
                replicas,
            )
            for part in parts
        ]

    def _submit(self, job: Job) -> Response | None:
        try:
            return self._models.submit(job)
        except (ReplicaLost, ReplicasBusy):
            return None

    def _result(self, job: Job, response: Response | None) -> BatchReport:
        for _ in range(ATTEMPTS):
            try:
                if response is not None:
                    return response.result()
            except ReplicaLost:
                log.warning("replica_lost", sessions=len(job.works))
                response = self._submit(job)
            except ReplicasBusy:
                break
            except MotionFanError as error:
                log.error("job_failed", code=error.code, reason=error.message)
                return BatchReport(cancelled=list(job.works), errors=[error.code])
        # The frames are late by now: the next ones take their place.
        return BatchReport(cancelled=list(job.works), errors=["models_away"])


def merge(reports: Iterable[BatchReport]) -> BatchReport:
    """Return one report of batches that ran at the same time; a stage took as long as in the slowest of them."""
    merged = BatchReport()
    for report in reports:
        merged.deliveries += report.deliveries
        for stage, seconds in report.stages.items():
            merged.stages[stage] = max(seconds, merged.stages.get(stage, 0.0))
        merged.plan = merged.plan or report.plan
        merged.errors += report.errors
        merged.sheets += report.sheets
        merged.cancelled += report.cancelled
        merged.costs |= report.costs
        merged.snapshots |= report.snapshots
    return merged


class GatewayThread(threading.Thread):
    """Runs a gateway: the host of an `InferenceWorker` of a server in a cluster.

    Args:
        connection: to the worker.
        models: of the cluster.
    """

    def __init__(self, connection: Connection, models: Models) -> None:
        super().__init__(name="gateway", daemon=True)
        self._connection, self._models = connection, models

    def run(self) -> None:
        """Say that the models are loaded, or what failed; then answer until the worker says None or ends."""
        try:
            try:
                loaded = self._models.loaded()
            except MotionFanError as error:
                self._connection.send(error)
                return
            self._connection.send(loaded)
            gateway = Gateway(self._models)
            while (exchange := self._connection.recv()) is not None:
                self._connection.send(gateway.answer(exchange))
        except (EOFError, OSError):
            return
        finally:
            # The worker may start another gateway as soon as the connection ends.
            self._models.close()
            self.kill()

    def kill(self) -> None:
        """End the connection, so that the worker waits no longer."""
        self._connection.close()
