"""A session as the inference thread knows it, and its work in one turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from backend.core.errors import MotionFanError
from backend.core.types import ForecastSettings, Picture
from backend.forecast.diagnostics.refinement_flags import RefinementMonitor
from backend.server.live.futures_round import Generation
from backend.server.live.mailbox import Mailbox, Work
from backend.server.protocol import Verdict

if TYPE_CHECKING:
    from backend.pipeline import Observation, Portrait, SampledFutures, Stream


class Listener(Protocol):
    """Who hears of a session's results; called on the inference thread, must return at once."""

    def sheet(self, data: bytes, epoch: int) -> None:
        """Take a finished sheet message."""

    def failure(self, error: MotionFanError) -> None:
        """Take the news that the session's work failed."""


@dataclass
class Seat:
    """A session as the inference thread knows it; its state belongs to that thread alone.

    `number` counts the seats ever given, so that neighbours take turns; `ticks` counts the sheets since then.
    """

    session: str
    number: int
    portrait: Portrait
    mailbox: Mailbox
    stream: Stream
    listener: Listener
    settings: ForecastSettings | None = None
    generation: Generation | None = None
    generations: int = 0
    ticks: int = 0
    verdict: Verdict | None = None
    refinement: RefinementMonitor = field(default_factory=RefinementMonitor)

    def set_portrait(self, portrait: Portrait) -> None:
        """Animate another portrait; a generation half drawn with the old one ends without a verdict."""
        self.portrait = portrait
        self.stream.set_portrait(portrait)
        self.forget()

    def forget(self) -> None:
        """End the generation without a verdict; what was seen of the refinement belongs to what was before."""
        self.generation = None
        self.refinement = RefinementMonitor()
        self.verdict = None


@dataclass
class Turn:
    """One session's work in a turn, filled in stage by stage. `began`: when the turn began, s on the monotonic clock."""

    seat: Seat
    work: Work
    began: float
    observation: Observation | None = None
    fan: SampledFutures | None = None
    seq: int | None = None
    step: int = 0
    frames: Picture | None = None

    @property
    def tick(self) -> int:
        """Index of the newest clock tick."""
        return self.work.ticks[-1].index
