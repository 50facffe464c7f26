"""How far a drawing is, and how long it will still take: between what the process reports, by the clock."""

from __future__ import annotations

NEARLY = 0.99
"""What is shown at most before the end."""

LATE = 0.05
"""A drawing that takes longer than was thought takes this share of its time longer still, as far as anybody knows."""


class Course:
    """One drawing's way from 0 to 1. Times are passed in (seconds, any origin).

    Args:
        estimate: seconds that it will take; None if nobody knows.
        began: when it began.
    """

    def __init__(self, estimate: float | None, began: float) -> None:
        self._estimate = estimate
        self._began = began
        self._reported = 0.0
        self._projected: float | None = None
        self._shown = 0.0

    def report(self, share: float, now: float) -> None:
        """Take in that this share is done."""
        if share > 0:
            self._reported = share
            self._projected = (now - self._began) / share

    def share(self, now: float) -> float:
        """Share that is done, in [0, 1); never less than said before."""
        total = self._total()
        by_clock = (now - self._began) / total if total else 0.0
        self._shown = max(self._shown, self._reported, min(by_clock, NEARLY))
        return self._shown

    def left(self, now: float) -> float | None:
        """Seconds left; None if nobody knows."""
        total, spent = self._total(), now - self._began
        return None if total is None else max(total - spent, LATE * spent)

    def _total(self) -> float | None:
        """Seconds in all: at first as estimated, more and more as this drawing itself goes."""
        if self._projected is None or self._estimate is None:
            return self._estimate if self._projected is None else self._projected
        return self._estimate + self._reported * (self._projected - self._estimate)
