"""Tests of methods within a section, under the names that the report gives them."""

from __future__ import annotations

from collections.abc import Iterable

from backend.evaluate.report.report import Comparison


def named(prefix: str, tests: Iterable[Comparison | None]) -> list[Comparison]:
    """Put the section's prefix before both names; tests that could not be made are left out."""
    return [Comparison(t.metric, prefix + t.method, prefix + t.against, t.difference, t.low, t.high, t.p) for t in tests if t]
