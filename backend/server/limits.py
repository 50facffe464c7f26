"""Rate limits, and the addresses that they are kept by."""

from __future__ import annotations

import ipaddress


def is_loopback(address: str) -> bool:
    """Whether this is an IP address of the machine itself."""
    found = _parse(address)
    return found is not None and found.is_loopback


def is_public(address: str) -> bool:
    """Whether this is an IP address of the internet. Others may stand for many: a proxy, a gateway of containers."""
    found = _parse(address)
    return found is not None and found.is_global


def _parse(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(address)
    except ValueError:
        return None


class TokenBucket:
    """Allows `capacity` events at once and `rate` per second in the long run; callers pass the time in seconds."""

    def __init__(self, rate: float, capacity: float) -> None:
        self._rate = rate
        self._capacity = self._tokens = capacity
        self._last = 0.0

    def allow(self, now: float) -> bool:
        """Take one token; False if there is none."""
        self._tokens = min(self._capacity, self._tokens + max(0.0, now - self._last) * self._rate)
        self._last = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True


class PerAddress:
    """A `TokenBucket` for each client address; the latest `remembered` addresses are kept."""

    def __init__(self, rate: float, capacity: float, remembered: int = 1000) -> None:
        self._rate, self._capacity, self._remembered = rate, capacity, remembered
        self._buckets: dict[str, TokenBucket] = {}

    def allow(self, address: str, now: float) -> bool:
        """Take one of this address's tokens; False if there is none."""
        bucket = self._buckets.pop(address, None) or TokenBucket(self._rate, self._capacity)
        self._buckets[address] = bucket
        if len(self._buckets) > self._remembered:
            del self._buckets[next(iter(self._buckets))]
        return bucket.allow(now)
