"""Rate limits."""

from __future__ import annotations


class TokenBucket:
    """Allows `burst` events at once and `rate` per second in the long run.

    Time is passed in (seconds, any origin), so that the bucket itself is a pure thing.
    """

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._last: float | None = None

    def allow(self, now: float) -> bool:
        """Take one token if there is one."""
        if self._last is not None:
            self._tokens = min(self._burst, self._tokens + max(0.0, now - self._last) * self._rate)
        self._last = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True
