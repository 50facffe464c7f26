"""Chooses the sessions whose sheets the next batch makes, so that one that costs much does not slow those that cost little.

A session that costs c seconds a sheet may have one as often as if every other session cost c at most: with costs c_j that is
every sum of min(c_j, c) seconds, its max-min fair share of the time. While a session works longer than a clock period, others
miss ticks, so it rests for that time once more. One batch takes about one clock period: what costs more is a batch alone, and
the batches of the cheap sessions come between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from backend.core.types import CLOCK_S
from backend.server.live.governor import BUDGET_SHARE

BUDGET_S = BUDGET_SHARE * CLOCK_S
"""Seconds of work in one batch."""

SMOOTHING = 0.3
"""Weight of a new measurement in a session's running mean."""

ALIKE = 2.0
"""A session that costs at most so many times the least is no heavy one."""

ACTIVE_S = 1.0
"""Seconds for which a session counts as active after it had work."""


@dataclass
class _Account:
    """What is known of one session; times in seconds on the monotonic clock."""

    last: float  # when its last turn began
    seen: float  # when it last had work
    cost: float = 0.0  # seconds a sheet


class Turns:
    """The accounts of all sessions. Not thread-safe."""

    def __init__(self) -> None:
        self._accounts: dict[str, _Account] = {}
        self._due = 0.0  # when the next session that rests may go on; 0 if none rests

    def choose(self, waiting: Mapping[str, float], now: float) -> set[str]:
        """Return the sessions whose turn it is.

        Args:
            waiting: when the oldest waiting frame of each session with work arrived.
            now: seconds, monotonic.
        """
        for session in waiting:
            self._accounts.setdefault(session, _Account(-1.0, now)).seen = now
        periods = {session: self._period(session, now) for session in waiting}
        due = {session: self._accounts[session].last + period for session, period in periods.items()}
        resting = [at for at in due.values() if at > now]
        self._due = min(resting, default=0.0)
        # The one whose next turn would come first goes first; among equals that is the oldest frame.
        ready = sorted((session for session in waiting if due[session] <= now), key=lambda s: (due[s] + periods[s], waiting[s]))
        chosen, total = set[str](), 0.0
        for session in ready:
            cost = self._accounts[session].cost
            if chosen and periods[session] and total + cost > BUDGET_S:
                continue
            chosen.add(session)
            total += cost
            self._accounts[session].last = now
        return chosen

    def rest(self, now: float) -> float | None:
        """Return the seconds until a session that rests may go on; None if none with work rests."""
        return max(0.0, self._due - now) if self._due else None

    def record(self, costs: Mapping[str, float]) -> None:
        """Record how many seconds the sheet of each session took."""
        for session, cost in costs.items():
            if account := self._accounts.get(session):
                account.cost = cost if account.cost == 0.0 else account.cost + SMOOTHING * (cost - account.cost)

    def forget(self, session: str) -> None:
        """Delete the account of a session."""
        self._accounts.pop(session, None)

    def _period(self, session: str, now: float) -> float:
        """Return the seconds from one turn of a session to its next; 0 if it need not rest.

        Sessions of about the least cost never rest: they share the time equally as it is, and one batch of all is cheapest.
        """
        cost = self._accounts[session].cost
        costs = [each.cost for each in self._accounts.values() if now - each.seen <= ACTIVE_S]
        shared = sum(min(each, cost) for each in costs)
        if shared <= BUDGET_S or cost <= ALIKE * min(costs):
            return 0.0
        return shared + max(0.0, cost - BUDGET_S)
