"""How many more sessions the server takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from backend.core.types import Way
from backend.server.live.capacity import Capacity

ROUNDING = 1e-9
"""A sum of shares that is above 1 by less than this fills the machine exactly."""


@dataclass
class Admission:
    """Admits sessions up to a given number, or, without one, as many as the machine serves.

    Attributes:
        capacity: as measured.
        limit: most sessions; 0 leaves it to the capacity.
    """

    capacity: Capacity
    limit: int = 0

    def load(self, ways: Mapping[Way, int]) -> float:
        """Return the part of the machine that sessions take, how many by way; more than 1 where it is overloaded."""
        return sum(count / self.capacity[way] for way, count in ways.items())

    def free(self, ways: Mapping[Way, int]) -> int:
        """Return how many more sessions fit beside those that are open, how many by way.

        A newcomer is counted with pictures: every page begins with them. One session fits on any machine.
        """
        sessions = sum(ways.values())
        if self.limit:
            return max(0, self.limit - sessions)
        fitting = int((1.0 - self.load(ways) + ROUNDING) * self.capacity["pictures"])
        return max(0 if sessions else 1, fitting)

    def places(self, ways: Mapping[Way, int]) -> int:
        """Return how many sessions there are room for in all: those that are open, and the free places."""
        return sum(ways.values()) + self.free(ways)
