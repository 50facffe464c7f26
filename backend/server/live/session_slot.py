"""The state of one session in the inference process, and the session's item in one batch."""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from backend.core.snapshot import restore_snapshot, save_snapshot
from backend.core.types import FloatArray, ForecastSettings, Layers, Picture, PortraitMotion
from backend.forecast.diagnostics.refinement_flags import RefinementMonitor
from backend.server.live.futures_round import FuturesRound
from backend.server.live.mailbox import Work
from backend.server.protocol import Verdict

if TYPE_CHECKING:
    from backend.media.images import PortraitImage
    from backend.pipeline import Observation, Pipeline, Portrait, SampledFutures, Stream


@dataclass(frozen=True)
class SessionPortrait:
    """A portrait that sessions can show; the inference process encodes each `key` once."""

    image: PortraitImage
    key: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def picture(self) -> Picture:
        """The picture `[S, S, 3]`."""
        return self.image.picture

    @property
    def landmarks(self) -> FloatArray:
        """The landmarks `[478, 3]`."""
        return self.image.landmarks

    def encode(self, pipeline: Pipeline) -> Portrait:
        """Return the encoded portrait. Call this in the inference process only."""
        return pipeline.portrait(self.image)


@dataclass(frozen=True)
class KeptPortrait:
    """A portrait whose picture stays in the browser of its session, which renders it by itself: landmarks `[478, 3]`."""

    landmarks: FloatArray
    key: str = field(default_factory=lambda: secrets.token_hex(8))
    picture: None = None

    def encode(self, pipeline: Pipeline) -> Portrait:
        """Return its keypoints. Call this in the inference process only."""
        return pipeline.kept_portrait(self.landmarks)


ShownPortrait = SessionPortrait | KeptPortrait


@dataclass
class SessionSlot:
    """The state of one session in the inference process."""

    session: str
    number: int  # counts the sessions ever opened, so that overloaded sessions render in rotation
    portrait: Portrait
    stream: Stream
    settings: ForecastSettings | None = None
    futures: FuturesRound | None = None
    # rounds, sheets: how many there were so far
    rounds: int = 0
    sheets: int = 0
    postponed: int = 0  # ticks for which its next round has waited for those of others
    verdict: Verdict | None = None
    refinement: RefinementMonitor = field(default_factory=RefinementMonitor)
    saved: float = -math.inf  # when its last snapshot was taken, monotonic seconds

    @classmethod
    def restore(cls, snapshot: bytes, portrait: Portrait, pipeline: Pipeline) -> SessionSlot:
        """Return the session of a snapshot.

        Args:
            snapshot: from `save`.
            portrait: what it shows from now on.
            pipeline: whose device holds its tensors.
        """
        slot: SessionSlot = restore_snapshot(snapshot, {"portrait": portrait}, pipeline.device)
        return slot

    def save(self) -> bytes:
        """Return a snapshot: everything but the portrait, which whoever restores it has."""
        return save_snapshot(self, {"portrait": self.portrait})

    def set_portrait(self, portrait: Portrait) -> None:
        """Animate another portrait; the current round ends without a verdict."""
        self.portrait = portrait
        self.stream.portrait = portrait
        self.reset()

    def reopen(self, pipeline: Pipeline) -> None:
        """Start a new stream, which forgets the motion so far."""
        self.stream = pipeline.open(self.portrait, self.number + self.rounds, track_reference=True)

    def reset(self) -> None:
        """End the current round without a verdict and discard the statistics of the refinement."""
        self.futures = None
        self.refinement = RefinementMonitor()
        self.verdict = None


@dataclass(eq=False)
class BatchItem:
    """One session's part of a batch, filled in stage by stage.

    `began`: start of the batch, s on the monotonic clock; `step`: of the round's futures that are rendered, 0 for none;
    `seconds`: that this item alone has taken so far.
    """

    slot: SessionSlot
    work: Work
    began: float
    observation: Observation = field(init=False)
    fan: SampledFutures | None = None
    step: int = 0
    tiles: NDArray[np.uint8] | None = None
    layers: Layers | None = None
    motion: PortraitMotion | None = None
    seconds: float = 0.0

    @property
    def in_play(self) -> SampledFutures | None:
        """The newest forecast of the futures that play: this batch's, or that of their round's beginning."""
        return self.fan or (self.slot.futures.fan if self.slot.futures else None)

    @property
    def begins(self) -> bool:
        """Whether a round of this session is to begin."""
        return self.slot.futures is None or self.slot.futures.ended

    def is_due(self, interval: int) -> bool:
        """Return whether the futures in play are forecast again: at every `interval`-th tick, in turn with other sessions."""
        return (self.tick + self.slot.number) % interval == 0

    @property
    def frames(self) -> int:
        """Number of frames that were rendered, or that the client renders of the keypoints."""
        if self.motion is not None:
            return 1 + (len(self.slot.futures.fan.paths) if self.step and self.slot.futures else 0)
        return len(self.tiles) if self.tiles is not None else 0 if self.layers is None else len(self.layers.fade)

    @property
    def tick(self) -> int:
        """Index of the newest clock tick."""
        return self.work.ticks[-1].index
