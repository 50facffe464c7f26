from __future__ import annotations

from backend.server.limits import TokenBucket


def test_a_bucket_allows_its_capacity_and_then_its_rate():
    bucket = TokenBucket(rate=2.0, capacity=3.0)
    assert [bucket.allow(0.0) for _ in range(4)] == [True, True, True, False]
    assert bucket.allow(0.4) is False
    assert bucket.allow(0.5) is True
    assert [bucket.allow(100.0) for _ in range(4)] == [True, True, True, False]


def test_time_that_runs_backwards_adds_no_tokens():
    bucket = TokenBucket(rate=1.0, capacity=1.0)
    assert bucket.allow(10.0)
    assert not bucket.allow(0.0)
