"""How reports write numbers, intervals, tests and commands."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping

from backend.evaluate.report.report import Comparison, Metric

MIN_P = 0.001
"""Smaller p values are written as "< 0.001"."""


def number(value: float, digits: int = 3) -> str:
    """Write a number with so many significant digits."""
    if abs(value) < 1e-9:
        return "0"
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:.0f}" if abs(value) < 1e5 else f"{value:.1e}"
    return f"{value:#.{digits}g}" if abs(value) >= 1e-3 else f"{value:.0e}"


def interval(metric: Metric) -> str:
    """Write the interval of a metric, or nothing where there is none."""
    return "" if metric.low is None or metric.high is None else f"{number(metric.low, 2)} – {number(metric.high, 2)}"


def signed(value: float) -> str:
    """Write a difference with its sign."""
    return f"{value:+.4f}".replace("-", "\N{MINUS SIGN}")


def percent(value: float, against: float) -> str:
    """Write by how much a value differs from another one, as in "+3.1 %"."""
    return f"{100 * (value / against - 1):+.1f} %"


def with_interval(metric: Metric, decimals: int = 3, scale: float = 1.0) -> str:
    """Write a metric as "0.041 [0.036, 0.044]", or alone where it has no interval.

    Args:
        metric: the metric.
        decimals: digits after the point.
        scale: factor on its values.
    """
    parts = (part for part in (metric.value, metric.low, metric.high) if part is not None)
    value, *ends = (f"{scale * part:.{decimals}f}" for part in parts)
    return f"{value} [{', '.join(ends)}]" if ends else value


def p_value(test: Comparison | None, form: str = "{}") -> str:
    """Write the corrected p value of a test in the place of `{}` in `form`, or nothing where there is none."""
    if test is None or test.p_holm is None:
        return ""
    return form.format(f"p {'<' if test.p_holm < MIN_P else '='} {max(test.p_holm, MIN_P):.2g}")


def difference(test: Comparison | None, decimals: int = 3) -> str:
    """Write the outcome of a test in brackets after a space, or nothing where it has no interval."""
    if test is None or test.low is None or test.high is None:
        return ""
    value, low, high = (f"{part:+.{decimals}f}" for part in (test.difference, test.low, test.high))
    return f" (difference {value}, 95 % interval {low} to {high}{p_value(test, ', {}')})"


def typeset(sentences: Iterable[str]) -> list[str]:
    """Return the sentences that are not empty, with minus signs instead of hyphens before numbers."""
    return [re.sub(r"(?<![^ (\[])-(?=\d)", "\N{MINUS SIGN}", sentence) for sentence in sentences if sentence]


def command_line(verb: str, options: Mapping[str, object]) -> str:
    """Write the command that repeats an evaluation, without options of value None; the reader fills in the folders.

    An option of several values, in a list, is repeated.
    """
    words = ["motionfan", *verb.split()]
    for name, value in options.items():
        for each in value if isinstance(value, list) else [] if value is None else [value]:
            words += [f"--{name.replace('_', '-')}", str(each)]
    return shlex.join([*words, "--html", "OUT"])
