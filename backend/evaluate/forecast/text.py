"""The verdict of a forecast report in sentences."""

from __future__ import annotations

from collections.abc import Mapping

from backend.core.types import ForecastSettings
from backend.evaluate.common.methods import SAME_DRAWS
from backend.evaluate.forecast.summary import MAIN_METHODS, MAX_LIVELINESS, MIN_LIVELINESS
from backend.evaluate.report.prose import difference, p_value, percent, typeset, with_interval
from backend.evaluate.report.report import ComparisonReport, Metric

REFINED = {"apd_8": "the diversity of 8 futures", "min_ade_8": "the error of the best", "crps": "CRPS"}
"""What the verdict says of refinement: names of metrics."""

TOGETHER_OF_4 = {"apd_4": "the diversity of 4 futures", "min_ade_4": "the error of the best"}
"""What it says of ways to sample four futures together."""


def summary(report: ComparisonReport) -> list[str]:
    """Return the verdict, with intervals."""
    # Ingredients differ mainly in the futures shown together, which CRPS does not see.
    results = {name: found for name, found in report.results.items() if name not in SAME_DRAWS} or report.results
    winner = min(results, key=lambda name: results[name]["crps"].value)
    sentences = [f"{winner} has the lowest error (CRPS {with_interval(results[winner]['crps'])})."]
    for rival in ("copy_last", "random_walk", "bootstrap", "gru_gaussian", "vrnn", "paper_nf"):
        if rival in results and rival != winner:
            lower = 100 * (1 - results[winner]["crps"].value / results[rival]["crps"].value)
            test = difference(report.find("crps", winner, rival))
            sentences.append(f"Its CRPS is {lower:.0f} % below that of {rival}{test}.")
    tests = {name: report.find("crps", winner, name) for name in results if name != winner}
    equal = [name for name, test in tests.items() if test is not None and test.significant is False]
    if equal:
        sentences.append(f"The difference between {winner} and {' or '.join(equal)} is not significant on these recordings.")
    leading = winner if winner in MAIN_METHODS else next((name for name in MAIN_METHODS if name in results), winner)
    entries = results[leading]
    if entries["apd"].value > 0:
        sentences.append(
            f"The central 80 % of {leading}'s futures contain {with_interval(entries['coverage_80'], 0, 100)} % of the truth"
            f"{_acceleration(entries)}."
        )
        sentences.append(_liveliness(leading, entries))
    sentences.append(_changes(report, "Refinement", "gru_snf", REFINED))
    sentences.append(_changes(report, "Antithetic noise alone", "gru_nf_coupled", TOGETHER_OF_4))
    chosen = f"Choosing 4 of {ForecastSettings(k=4, choose=report.settings['choose']).draws} draws"
    sentences.append(_changes(report, chosen, "gru_nf_chosen", TOGETHER_OF_4))
    return typeset(sentences)


def _acceleration(entries: Mapping[str, Metric]) -> str:
    """Say how much paths accelerate; empty where no truth does."""
    if "acceleration_ratio" not in entries:
        return ""
    return f", and its paths accelerate {entries['acceleration_ratio'].value:.2f} times as much as real ones"


def _liveliness(method: str, entries: Mapping[str, Metric]) -> str:
    """Say whether futures move as much as the people; empty where no truth moves."""
    if "liveliness" not in entries:
        return ""
    share = 100 * entries["liveliness_in_range"].value
    return (
        f"The futures of {method} move {with_interval(entries['liveliness'], 2)} times as far as the truth; "
        f"they are {MIN_LIVELINESS:g} to {MAX_LIVELINESS:g} times as lively for {share:.0f} % of the people."
    )


def _changes(report: ComparisonReport, what: str, method: str, labels: Mapping[str, str]) -> str:
    """Say how a method's figures differ from those of gru_nf; empty where one of the two is not in the report.

    Args:
        report: of forecasts.
        what: the cause, as the sentence's subject.
        method: the method.
        labels: names of the metrics in the sentence.
    """
    if not {"gru_nf", method} <= report.results.keys():
        return ""
    plain, changed = report.results["gru_nf"], report.results[method]
    parts = [
        f"{label} by {percent(changed[metric].value, plain[metric].value)}"
        f"{p_value(report.find(metric, method, 'gru_nf'), ' ({})')}"
        for metric, label in labels.items()
        if metric in plain and plain[metric].value > 0
    ]
    return f"{what} ({method} compared with gru_nf) changes {', '.join(parts)}." if parts else ""
