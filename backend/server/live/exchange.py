"""What the server and the inference process send each other, pickled: one `Exchange` there, then one `Answer` back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backend.core.errors import MotionFanError
from backend.core.types import Way
from backend.server.live.governor import Plan
from backend.server.live.mailbox import Work
from backend.server.live.session_slot import ShownPortrait

if TYPE_CHECKING:
    from backend.server.live.inference import Inference


@dataclass(frozen=True)
class OpenSession:
    """Open a session, which shows this portrait; with a snapshot of it, it goes on from there."""

    session: str
    portrait: ShownPortrait
    snapshot: bytes | None = None


@dataclass(frozen=True)
class ShowPortrait:
    """Animate another portrait in a session; the motion so far stays."""

    session: str
    portrait: ShownPortrait


@dataclass(frozen=True)
class CloseSession:
    """Delete the state of a session."""

    session: str


@dataclass(frozen=True)
class Call:
    """Call a function, which can be pickled, in the inference process, and answer with its result."""

    function: Callable[[Inference], Any]


Request = OpenSession | ShowPortrait | CloseSession | Call


@dataclass(frozen=True)
class Exchange:
    """Requests, which come first, in their order, and one batch: the waiting work of sessions."""

    requests: list[Request]
    works: dict[str, Work]


@dataclass(frozen=True)
class Delivery:
    """A message for a session's client, to be sent unless its epoch is over."""

    session: str
    epoch: int
    data: bytes


@dataclass
class BatchReport:
    """What one batch made, and its figures.

    Attributes:
        deliveries: the messages.
        stages: seconds of each stage.
        plan: how it was rendered; None if nothing was.
        errors: codes of the failures.
        sheets: way and bytes of each sheet.
        cancelled: sessions whose sheet could not be made.
        costs: seconds that each session with a sheet took.
        snapshots: of sessions, now and then, for `OpenSession`.
    """

    deliveries: list[Delivery] = field(default_factory=list)
    stages: dict[str, float] = field(default_factory=dict)
    plan: Plan | None = None
    errors: list[str] = field(default_factory=list)
    sheets: list[tuple[Way, int]] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    costs: dict[str, float] = field(default_factory=dict)
    snapshots: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Loaded:
    """The inference process is ready. `keypoints`: N."""

    keypoints: int


@dataclass(frozen=True)
class Answer:
    """The result of every request, or the error that it ended with, and the report of the batch; None without work."""

    results: list[Any | MotionFanError]
    report: BatchReport | None
