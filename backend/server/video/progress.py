"""Estimates a job's progress and remaining time from the clock and from what the video process reports."""

from __future__ import annotations

MAX_ESTIMATED_SHARE = 0.99
"""Limit of the share that is estimated from the clock alone."""

OVERRUN_SHARE = 0.05
"""A job that takes longer than estimated is taken to need this share of the time spent so far."""


class ProgressEstimate:
    """One job's progress from 0 to 1, given the seconds that it is expected to take, if known. Times have any origin."""

    def __init__(self, estimate: float | None, began: float) -> None:
        self._estimate, self._began = estimate, began
        self._reported = 0.0
        self._projected: float | None = None
        self._shown = 0.0

    def report(self, share: float, now: float) -> None:
        """Record that this share is done."""
        if share > 0:
            self._reported = share
            self._projected = (now - self._began) / share

    def share(self, now: float) -> float:
        """Share that is done, in [0, 1); it never decreases."""
        total = self._total()
        by_clock = (now - self._began) / total if total else 0.0
        self._shown = max(self._shown, self._reported, min(by_clock, MAX_ESTIMATED_SHARE))
        return self._shown

    def remaining(self, now: float) -> float | None:
        """Seconds left; None if unknown."""
        total, spent = self._total(), now - self._began
        return None if total is None else max(total - spent, OVERRUN_SHARE * spent)

    def _total(self) -> float | None:
        """Seconds in all: the mean of the estimate and of what the reports project, weighted by the reported share."""
        if self._projected is None or self._estimate is None:
            return self._estimate if self._projected is None else self._projected
        return self._estimate + self._reported * (self._projected - self._estimate)
