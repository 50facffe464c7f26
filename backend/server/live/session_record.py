"""What another server of a cluster needs to go on with a session, and where the servers keep it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from backend.core.types import ForecastSettings, Way
from backend.server.live.session_slot import ShownPortrait


@dataclass(frozen=True)
class SessionRecord:
    """A session without its socket.

    Attributes:
        portrait: what it shows; None in an update that leaves it as it was.
        settings: of its forecasts.
        way: in which its sheets are sent.
        epoch: the newest one.
        snapshot: of its motion; None before the first one.
    """

    portrait: ShownPortrait | None
    settings: ForecastSettings
    way: Way
    epoch: int
    snapshot: bytes | None


class SessionDirectory(Protocol):
    """The records of all sessions of a cluster. Nothing here raises: while it is away, sessions go on, but cannot move."""

    async def keep(self, records: Mapping[str, SessionRecord], ended: Sequence[str]) -> tuple[list[str], list[str]]:
        """Keep the records of this server's sessions, by name, and forget those that have ended.

        Returns:
            The sessions that another server has taken over, and those that must be sent again with their portraits.
        """

    async def knows(self, session: str) -> bool:
        """Return whether there is a session of this name."""

    async def take(self, session: str) -> SessionRecord | None:
        """Give a session to this server; None if there is none of this name."""
