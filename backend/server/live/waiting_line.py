"""The visitors who wait for a place on a full server, in the order in which they came."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from backend.core.errors import InputError
from backend.server.limits import is_public

RETRY_S = 2.0
"""Seconds after which one who waits asks again."""

MAX_AWAY_S = 10.0
"""Seconds without asking again after which a visitor has left."""

MAX_WAITING = 200
"""Visitors; the last of more would wait for hours."""

MAX_WAITING_BY_ADDRESS = 10
"""Of one address of the internet, so that it cannot fill the line."""


class ServerFull(InputError):
    """All places are taken; the visitor waits.

    Attributes:
        place: in the line; 1 is the next to come in.
        waiting: the ticket by which the visitor keeps the place.
        retry_s: seconds after which to ask again.
    """

    def __init__(self, place: int, waiting: str) -> None:
        super().__init__(
            "sessions_full", f"The server is full. Your place in the queue is {place}.", "Ask again with the ticket."
        )
        self.place, self.waiting, self.retry_s = place, waiting, RETRY_S


@dataclass
class _Waiter:
    address: str
    seen: float  # when it last asked, monotonic seconds


class WaitingLine:
    """Who waits, by ticket. Not thread-safe; callers pass the time in monotonic seconds."""

    def __init__(self) -> None:
        self._waiters: dict[str, _Waiter] = {}

    def __len__(self) -> int:
        return len(self._waiters)

    def __contains__(self, ticket: str) -> bool:
        return ticket in self._waiters

    def expire(self, now: float) -> None:
        """Remove the visitors who have left."""
        self._waiters = {ticket: each for ticket, each in self._waiters.items() if now - each.seen <= MAX_AWAY_S}

    def ahead(self, ticket: str) -> int:
        """Return how many wait before this ticket; all, where it is unknown."""
        return list(self._waiters).index(ticket) if ticket in self._waiters else len(self)

    def leave(self, ticket: str) -> None:
        """Remove a visitor."""
        self._waiters.pop(ticket, None)

    def wait(self, ticket: str, address: str, now: float) -> ServerFull:
        """Keep the visitor's place, or give it the last one, and return what to answer.

        Args:
            ticket: from an earlier answer; an unknown one gives a new place.
            address: of the client.
            now: monotonic seconds.

        Raises:
            InputError: `sessions_full`, if too many wait.
        """
        if ticket not in self._waiters:
            held = sum(each.address == address for each in self._waiters.values())
            if len(self) >= MAX_WAITING or (held >= MAX_WAITING_BY_ADDRESS and is_public(address)):
                raise InputError("sessions_full", "The server is full, and too many wait.", "Try again in a minute.")
            ticket = secrets.token_urlsafe(18)
            self._waiters[ticket] = _Waiter(address, now)
        self._waiters[ticket].seen = now
        return ServerFull(self.ahead(ticket) + 1, ticket)
