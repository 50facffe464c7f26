"""Passes work from a session to the inference process; it is bounded: new ticks replace those that were not taken in time."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from backend.core.types import ForecastSettings, Way
from backend.keypoints.clock import Tick
from backend.server.metrics import DropCause
from backend.server.protocol import Counts

CREDITS = 2
"""Sheets that may be sent but not yet acknowledged."""

MAX_PENDING = 12
"""Ticks that may wait, about a second; older ones are dropped, and the motion restarts after the gap."""


@dataclass(frozen=True)
class FrameStamp:
    """The frame that completed a tick: its capture time (ms, client's clock), sequence number, arrival (s, monotonic)."""

    t: float
    seq: int
    arrived: float


@dataclass(frozen=True)
class Work:
    """The work of one session for one batch."""

    ticks: list[Tick]
    frame: FrameStamp
    settings: ForecastSettings
    epoch: int
    way: Way  # in which its sheet is sent
    asked: bool  # the client has just asked for that way: it holds nothing of earlier sheets
    reset: bool  # forget the motion so far first
    reference: bool  # the first of the ticks is the new neutral face
    seq: int | None  # number of the sheet to make; None if the client still has to acknowledge earlier ones
    counts: Counts  # with that sheet


class Mailbox:
    """One session's waiting ticks, settings and credits; every method may be called from any thread.

    Args:
        condition: notified when there is work to take; its lock guards the state.
        on_drop: called with the cause and the number of frames that were dropped.
    """

    def __init__(
        self, condition: threading.Condition, on_drop: Callable[[DropCause, int], None] = lambda cause, frames: None
    ) -> None:
        self._condition, self._on_drop = condition, on_drop
        self._ticks: deque[Tick] = deque()
        self._frame = FrameStamp(0.0, 0, 0.0)
        self._oldest = 0.0  # arrival of the first waiting tick
        self._reset = self._reference = self._asked = False
        self._sent = self._displayed = 0  # sheets
        self._received = self._processed = self._dropped = 0  # frames
        self.settings = ForecastSettings()
        self.epoch = 1
        self.way: Way = "pictures"

    def put(self, ticks: Sequence[Tick], frame: FrameStamp) -> None:
        """Add ticks; beyond `MAX_PENDING` the oldest are dropped."""
        with self._condition:
            if not self._ticks:
                self._oldest = frame.arrived
            self._ticks.extend(ticks)
            self._frame = frame
            while len(self._ticks) > MAX_PENDING:
                self._ticks.popleft()
                self._drop("crowded")
                self._ticks[0] = replace(self._ticks[0], restarted=True)
            if self._ticks:
                self._condition.notify()

    @property
    def oldest(self) -> float | None:
        """When the first waiting tick arrived; None if none waits. The caller may hold the condition's lock."""
        with self._condition:
            return self._oldest if self._ticks else None

    @property
    def crowded(self) -> bool:
        """Whether so many ticks wait that some will soon be dropped."""
        with self._condition:
            return 2 * len(self._ticks) >= MAX_PENDING

    def take(self, *, sheet: bool = True) -> Work | None:
        """Take all waiting work, or None; without `sheet` it is only observed. The caller may hold the condition's lock."""
        with self._condition:
            if not self._ticks:
                return None
            ticks = list(self._ticks)
            asked, reset, reference = self._asked, self._reset, self._reference
            self._ticks.clear()
            self._reset = self._reference = self._asked = False
            # Only the newest tick can become a sheet.
            self._drop("superseded", len(ticks) - 1)
            seq = self._reserve() if sheet else None
            if seq is None:
                self._drop("no_credit" if sheet else "superseded")
            counts = Counts(self._received, self._processed, self._dropped)
            return Work(
                ticks, self._frame, self.settings, self.epoch, self.way, asked, reset, reference, seq, counts
            )  # fmt: skip

    def configure(self, settings: ForecastSettings) -> None:
        """Forecast with these settings from the next tick on."""
        with self._condition:
            self.settings = settings

    def choose_way(self, way: Way) -> None:
        """Send the sheets from the next tick on in this way."""
        with self._condition:
            self.way, self._asked = way, True

    def request_reference(self) -> None:
        """Make the next tick the neutral face."""
        with self._condition:
            self._reference = True

    def raise_epoch(self, *, reset: bool) -> int:
        """Begin a new epoch, drop the waiting ticks, and return its number (u16, never 0); `reset` also forgets the motion."""
        with self._condition:
            self.epoch = self.epoch % 0xFFFF + 1
            self._reset |= reset
            self._drop("old_epoch", len(self._ticks))
            self._ticks.clear()
            self._displayed = self._sent
            return self.epoch

    def _reserve(self) -> int | None:
        """Count a sheet as processed and return its number; None if the client has no credit left."""
        if self._sent - self._displayed >= CREDITS:
            return None
        self._processed += 1
        self._sent += 1
        return self._sent

    def cancel(self, seq: int) -> None:
        """Return the credit of a reserved sheet that could not be made."""
        with self._condition:
            self._processed -= 1
            self._drop("failed")
            if seq == self._sent:
                self._sent -= 1
                self._displayed = min(self._displayed, self._sent)

    def acknowledge(self, sheet: int) -> bool:
        """Free the credits of all sheets up to number `sheet`; False if it was never sent."""
        with self._condition:
            if not 0 <= sheet <= self._sent:
                return False
            self._displayed = max(self._displayed, sheet)
            return True

    def reset_credits(self) -> None:
        """Free all credits: the connection that should have acknowledged the sheets is gone."""
        with self._condition:
            self._displayed = self._sent

    def receive(self) -> None:
        """Count a received frame."""
        with self._condition:
            self._received += 1

    def drop(self, cause: DropCause, frames: int = 1) -> None:
        """Count frames that were dropped before they became ticks."""
        with self._condition:
            self._drop(cause, frames)

    def _drop(self, cause: DropCause, frames: int = 1) -> None:
        self._dropped += frames
        self._on_drop(cause, frames)
