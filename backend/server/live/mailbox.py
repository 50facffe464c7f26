"""Where a session leaves work for the inference thread. Bounded: what is not taken in time is overtaken, never queued."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from backend.core.types import ForecastSettings
from backend.keypoints.clock import Tick
from backend.server.protocol import Counts

CREDITS = 2
"""Sheets that may be on their way to the screen at once."""

MAX_PENDING = 12
"""Ticks that may wait, about a second; older ones go, and the motion starts anew after the hole."""


@dataclass(frozen=True)
class Origin:
    """The frame that completed a tick: its capture time (ms, client's clock), sequence number, arrival (s, monotonic)."""

    t: float
    seq: int
    arrived: float


@dataclass(frozen=True)
class Work:
    """Everything that one session wants done in one turn of the inference thread.

    `reset`: forget the motion so far first. `reference`: the first of the ticks is the new neutral face.
    """

    ticks: list[Tick]
    origin: Origin
    settings: ForecastSettings
    epoch: int
    reset: bool
    reference: bool


class Mailbox:
    """One session's side of the hand-over; every method may be called from any thread.

    Args:
        bell: rung when there is something to take; its lock guards the state.
    """

    def __init__(self, bell: threading.Condition) -> None:
        self._bell = bell
        self._ticks: deque[Tick] = deque()
        self._origin = Origin(0.0, 0, 0.0)
        self._reset = False
        self._reference = False
        self._sent = 0
        self._drawn = 0
        self._received = 0
        self._processed = 0
        self._dropped = 0
        self.settings = ForecastSettings()
        self.epoch = 1

    def put(self, ticks: Sequence[Tick], origin: Origin) -> None:
        """Add ticks; the oldest make room for them."""
        with self._bell:
            self._ticks.extend(ticks)
            self._origin = origin
            if len(self._ticks) > MAX_PENDING:
                while len(self._ticks) > MAX_PENDING:
                    self._ticks.popleft()
                    self._dropped += 1
                self._ticks[0] = replace(self._ticks[0], restarted=True)
            if self._ticks:
                self._bell.notify()

    def take(self) -> Work | None:
        """Take all that waits, or None. The caller may hold the bell."""
        with self._bell:
            if not self._ticks:
                return None
            work = Work(list(self._ticks), self._origin, self.settings, self.epoch, self._reset, self._reference)
            self._ticks.clear()
            self._reset = self._reference = False
            # Only the newest of the ticks can become a sheet.
            self._dropped += len(work.ticks) - 1
            return work

    def configure(self, settings: ForecastSettings) -> None:
        """Forecast with these settings from the next tick on."""
        with self._bell:
            self.settings = settings

    def take_reference(self) -> None:
        """Make the next tick the neutral face."""
        with self._bell:
            self._reference = True

    def raise_epoch(self, *, reset: bool) -> int:
        """Begin a new epoch, drop what waits, and return its number (it wraps as the wire's u16 does).

        Args:
            reset: also forget the motion so far.
        """
        with self._bell:
            self.epoch = self.epoch % 0xFFFF + 1
            self._reset |= reset
            self._dropped += len(self._ticks)
            self._ticks.clear()
            self._drawn = self._sent
            return self.epoch

    def reserve(self, epoch: int) -> int | None:
        """Return the number of the next sheet, or None when the client has not drawn enough or the epoch has passed."""
        with self._bell:
            if epoch != self.epoch or self._sent - self._drawn >= CREDITS:
                self._dropped += 1
                return None
            self._sent += 1
            return self._sent

    def cancel(self, seq: int) -> None:
        """Give back a reserved sheet that could not be made."""
        with self._bell:
            self._dropped += 1
            if seq == self._sent:
                self._sent -= 1
                self._drawn = min(self._drawn, self._sent)

    def made(self) -> None:
        """Count a reserved sheet as made."""
        with self._bell:
            self._processed += 1

    def acknowledge(self, drawn: int) -> bool:
        """Free the credits of all sheets up to `drawn`; False for a sheet that was never sent."""
        with self._bell:
            if not 0 <= drawn <= self._sent:
                return False
            self._drawn = max(self._drawn, drawn)
            return True

    def forgive(self) -> None:
        """Count everything as drawn: the connection that should have done so is gone."""
        with self._bell:
            self._drawn = self._sent

    def count(self, *, received: int = 0, dropped: int = 0) -> None:
        """Count frames that arrived, and frames that went no further."""
        with self._bell:
            self._received += received
            self._dropped += dropped

    @property
    def counts(self) -> Counts:
        """Frames so far."""
        with self._bell:
            return Counts(self._received, self._processed, self._dropped)
