"""What the figures of a forecast report mean: which way is better, and the verdict in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from backend.evaluate.forecast.summary import MAIN_METHODS
from backend.evaluate.report.report import Comparison, ComparisonReport, Metric

Results = Mapping[str, Mapping[str, Metric]]


@dataclass(frozen=True)
class Column:
    """A figure of the main table.

    Attributes:
        metric: its name in the report.
        title: heading.
        hint: what it means.
        wanted: the value that is best: the lowest, or one to be met; None where more is neither better nor worse.
    """

    metric: str
    title: str
    hint: str
    wanted: float | None = float("-inf")


COLUMNS = (
    Column("crps", "CRPS", "Error of the whole distribution, number by number, in standard units; less is better."),
    Column("energy_score", "Energy score", "CRPS of all numbers together, so that it sees how they move; less is better."),
    Column("energy_distance", "Energy distance", "Distance of sampled windows from real ones as populations; less is better."),
    Column("mae", "MAE", "Mean absolute error of the median path, in standard units; less is better."),
    Column("min_ade_8", "minADE of 8", "Keypoint distance of the best of 8 futures from the truth, in crop units (side 2)."),
    Column("apd_8", "APD of 8", "Mean keypoint distance of two of 8 futures shown together, in crop units: diversity.", None),
    Column(
        "apd_over_mae",
        "APD / MAE",
        "Diversity over error among the best fifth of the samples, the paper's figure of merit; noise raises it too.",
        None,
    ),
    Column("coverage_80", "80 % holds", "Share of the truth inside the central 80 % interval; 0.8 is best.", 0.8),
    Column("pit", "PIT", "Mean deviation of the truth's rank histogram from an even one; less is better."),
    Column("acceleration_ratio", "Acceleration", "Acceleration of the futures over the truth's; 1 is best, more shakes.", 1.0),
    Column("nll", "NLL", "Nats per number of the true future, where a method has a likelihood; less is better."),
    Column("ms_per_window", "ms / window", "Time to sample all futures of one window.", None),
)


def best(results: Results, column: Column) -> str | None:
    """Return the method whose figure is best, or None where there is no best; standing still has no diversity to be good at."""
    if column.wanted is None:
        return None
    values = {name: entries[column.metric].value for name, entries in results.items() if column.metric in entries}
    if column.wanted == float("-inf"):
        return min(values, key=lambda name: values[name])
    return min(values, key=lambda name: abs(values[name] - column.wanted))  # type: ignore[operator]


def find(report: ComparisonReport, metric: str, method: str, against: str) -> Comparison | None:
    """Return the test of two methods, the way round that is asked for."""
    for test in report.comparisons:
        if test.metric == metric and {test.method, test.against} == {method, against}:
            if test.method == method:
                return test
            low, high = (None, None) if test.low is None or test.high is None else (-test.high, -test.low)
            return Comparison(metric, method, against, -test.difference, low, high, test.p)
    return None


def summary(report: ComparisonReport) -> list[str]:
    """Return the verdict in sentences, each with its interval."""
    results = report.results
    winner = min(results, key=lambda name: results[name]["crps"].value)
    sentences = [f"{winner} has the lowest error (CRPS {_with_interval(results[winner]['crps'])})."]
    for rival in ("copy_last", "random_walk", "bootstrap", "gru_gaussian", "vrnn", "paper_nf"):
        if rival in results and rival != winner:
            sentences.append(_against(report, winner, rival))
    sentences += [_equals(report, winner)] if _equals(report, winner) else []
    leading = winner if winner in MAIN_METHODS else next((name for name in MAIN_METHODS if name in results), winner)
    entries = results[leading]
    if entries["apd"].value > 0:
        coverage = entries["coverage_80"]
        sentences.append(
            f"The central 80 % of {leading}'s futures hold {_with_interval(coverage, 100)} % of what came, "
            f"and its paths accelerate {entries['acceleration_ratio'].value:.2f} times as much as real ones."
        )
    if all(name in results for name in MAIN_METHODS):
        sentences += _refined(report)
    return [sentence.replace(" -", " \N{MINUS SIGN}") for sentence in sentences]


def _refined(report: ComparisonReport) -> list[str]:
    """Say what refinement does to the futures that are shown together."""
    flow, refined = (report.results[name] for name in MAIN_METHODS)
    parts = [
        f"{words} by {_percent(refined[metric].value, flow[metric].value)}{_p(find(report, metric, *reversed(MAIN_METHODS)))}"
        for metric, words in (("apd_8", "the diversity of 8 futures"), ("min_ade_8", "the best one's error"), ("crps", "CRPS"))
        if metric in flow and flow[metric].value > 0
    ]
    return [f"Refinement (gru_snf against gru_nf) changes {', '.join(parts)}."] if parts else []


def _against(report: ComparisonReport, winner: str, rival: str) -> str:
    ours, theirs = report.results[winner]["crps"].value, report.results[rival]["crps"].value
    test = find(report, "crps", winner, rival)
    words = f"Its CRPS is {100 * (1 - ours / theirs):.0f} % below that of {rival}"
    if test is None or test.low is None or test.high is None:
        return f"{words}."
    return f"{words} (difference {test.difference:+.3f}, 95 % interval {test.low:+.3f} to {test.high:+.3f}{_p(test, ', ')})."


def _equals(report: ComparisonReport, winner: str) -> str:
    tests = {name: find(report, "crps", winner, name) for name in report.results if name != winner}
    equal = [name for name, test in tests.items() if test is not None and test.p is not None and test.p > 0.05]
    return f"{winner} cannot be told apart from {' and '.join(equal)} on this footage." if equal else ""


def _with_interval(metric: Metric, times: float = 1) -> str:
    digits = ".0f" if times > 1 else ".3f"
    value = f"{metric.value * times:{digits}}"
    if metric.low is None or metric.high is None:
        return value
    return f"{value} [{metric.low * times:{digits}}, {metric.high * times:{digits}}]"


def _percent(value: float, against: float) -> str:
    return f"{100 * (value / against - 1):+.1f} %"


def _p(test: Comparison | None, before: str = " (") -> str:
    if test is None or test.p is None:
        return ""
    return f"{before}p {'<' if test.p < 0.002 else '='} {max(test.p, 0.002):.2g}{')' if before == ' (' else ''}"
