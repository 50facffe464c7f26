"""A model replica: it holds the models and no session. Sessions come with their work, and leave as snapshots.

So any replica can serve any session, one more or one less changes nothing for them, and one that ends takes only the batch in
work with it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from backend.core.errors import MotionFanError
from backend.server.live.exchange import BatchReport, Call, Loaded
from backend.server.live.inference import Inference
from backend.server.live.mailbox import Work
from backend.server.live.session_slot import SessionPortrait, SessionSlot, ShownPortrait

if TYPE_CHECKING:
    from backend.pipeline import Pipeline, Portrait

PORTRAIT_S = 60.0
"""Seconds for which a portrait that no session shows stays encoded."""


@dataclass(frozen=True)
class Visit:
    """A session as it comes to a replica.

    Attributes:
        key: of the portrait that it shows.
        portrait: where the replica gets that portrait.
        snapshot: the session's state; None for a new one.
        changed: whether it shows another portrait than at the snapshot.
    """

    key: str
    portrait: Any
    snapshot: bytes | None = None
    changed: bool = False


@dataclass(frozen=True)
class Job:
    """Sessions and their waiting work, by name.

    Attributes:
        visits: the sessions.
        works: their work.
        sent: when, monotonic seconds of the sender, as the times in `works`.
        replicas: that share the work of all.
    """

    visits: dict[str, Visit]
    works: dict[str, Work]
    sent: float
    replicas: int = 1


@dataclass
class _KnownPortrait:
    portrait: ShownPortrait
    encoded: Portrait
    used: float  # when last, monotonic seconds


class ModelReplica:
    """The models of one replica.

    Args:
        load: builds the pipeline.
        tile: largest side of a tile in pixels; 0 for no limit.
        default: the portrait that sessions start with; it stays encoded.
        fetch: gets a portrait from where a `Visit` says.
    """

    def __init__(
        self,
        load: Callable[[], Pipeline],
        tile: int,
        default: SessionPortrait,
        fetch: Callable[[Any], ShownPortrait],
    ) -> None:
        self._inference = Inference(load(), tile, default, snapshot_s=0.0)
        self._default, self._fetch = default, fetch
        self._portraits: dict[str, _KnownPortrait] = {}

    def loaded(self) -> Loaded:
        """Return what a server must know of the models."""
        return Loaded(self._inference.keypoints)

    def call(self, request: Call) -> Any:
        """Call a function with the models."""
        return request.function(self._inference)

    def step(self, jobs: Sequence[Job]) -> list[BatchReport]:
        """Run the work of all jobs as one batch; return a report for each. It holds a snapshot of every session."""
        slots: dict[str, SessionSlot] = {}
        failed: list[str] = []
        for job in jobs:
            for session, visit in job.visits.items():
                try:
                    slots[session] = self._open(session, visit)
                except MotionFanError:
                    failed.append(session)
        works = {
            session: _received(work, time.monotonic() - job.sent)
            for job in jobs
            for session, work in job.works.items()
            if session in slots
        }
        self._inference.share_with(max(job.replicas for job in jobs))
        report = self._inference.run(slots, works)
        report.cancelled += failed
        self._forget_portraits()
        # Figures that name no session are counted once.
        return [_part(report, job.works, whole=job is jobs[0]) for job in jobs]

    def _open(self, session: str, visit: Visit) -> SessionSlot:
        now = time.monotonic()
        known = self._portraits.get(visit.key)
        if known is None:
            portrait = self._default if visit.key == self._default.key else self._fetch(visit.portrait)
            known = self._portraits[visit.key] = _KnownPortrait(portrait, self._inference.encode(portrait), now)
        known.used = now
        slot = self._inference.open(session, known.portrait, visit.snapshot)
        if visit.changed:
            slot.set_portrait(known.encoded)
        return slot

    def _forget_portraits(self) -> None:
        now = time.monotonic()
        self._portraits = {key: known for key, known in self._portraits.items() if now - known.used <= PORTRAIT_S}


def _received(work: Work, ahead: float) -> Work:
    """Return work whose times are of this machine, whose clock is so many seconds ahead of the sender's."""
    return replace(work, frame=replace(work.frame, arrived=work.frame.arrived + ahead))


def _part(report: BatchReport, sessions: dict[str, Work], *, whole: bool) -> BatchReport:
    """Return what a report says of some sessions; the `whole` of the figures that name none."""
    return BatchReport(
        deliveries=[delivery for delivery in report.deliveries if delivery.session in sessions],
        stages=report.stages if whole else {},
        plan=report.plan,
        errors=report.errors if whole else [],
        sheets=report.sheets if whole else [],
        cancelled=[session for session in report.cancelled if session in sessions],
        costs={session: cost for session, cost in report.costs.items() if session in sessions},
        snapshots={session: data for session, data in report.snapshots.items() if session in sessions},
    )
