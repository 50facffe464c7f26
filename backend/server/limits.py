"""Rate limits."""

from __future__ import annotations


class TokenBucket:
    """Allows `burst` events at once and `rate` per second in the long run; callers pass the time in seconds."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._last: float | None = None

    def allow(self, now: float) -> bool:
        """Take one token; False if there is none."""
        if self._last is not None:
            self._tokens = min(self._burst, self._tokens + max(0.0, now - self._last) * self._rate)
        self._last = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True


class PerAddress:
    """A token bucket for each client address.

    Args:
        rate: events per second in the long run.
        burst: events at once.
        remembered: addresses that are kept, the latest ones.
    """

    def __init__(self, rate: float, burst: float, remembered: int = 1000) -> None:
        self._rate, self._burst, self._remembered = rate, burst, remembered
        self._buckets: dict[str, TokenBucket] = {}

    def allow(self, address: str, now: float) -> bool:
        """Take one of this address's tokens; False if there is none."""
        bucket = self._buckets.pop(address, None) or TokenBucket(self._rate, self._burst)
        self._buckets[address] = bucket
        if len(self._buckets) > self._remembered:
            del self._buckets[next(iter(self._buckets))]
        return bucket.allow(now)
