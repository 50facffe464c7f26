"""The verdict of a forecast report in sentences."""

from __future__ import annotations

from backend.evaluate.forecast.summary import MAIN_METHODS
from backend.evaluate.report.prose import difference, p_value, percent, typeset, with_interval
from backend.evaluate.report.report import ComparisonReport


def summary(report: ComparisonReport) -> list[str]:
    """Return the verdict, with intervals."""
    results = report.results
    winner = min(results, key=lambda name: results[name]["crps"].value)
    sentences = [f"{winner} has the lowest error (CRPS {with_interval(results[winner]['crps'])})."]
    for rival in ("copy_last", "random_walk", "bootstrap", "gru_gaussian", "vrnn", "paper_nf"):
        if rival in results and rival != winner:
            lower = 100 * (1 - results[winner]["crps"].value / results[rival]["crps"].value)
            test = difference(report.find("crps", winner, rival))
            sentences.append(f"Its CRPS is {lower:.0f} % below that of {rival}{test}.")
    tests = {name: report.find("crps", winner, name) for name in results if name != winner}
    equal = [name for name, test in tests.items() if test is not None and test.p is not None and test.p > 0.05]
    if equal:
        sentences.append(f"The difference between {winner} and {' or '.join(equal)} is not significant on these recordings.")
    leading = winner if winner in MAIN_METHODS else next((name for name in MAIN_METHODS if name in results), winner)
    entries = results[leading]
    if entries["apd"].value > 0:
        sentences.append(
            f"The central 80 % of {leading}'s futures contain {with_interval(entries['coverage_80'], 0, 100)} % of the truth, "
            f"and its paths accelerate {entries['acceleration_ratio'].value:.2f} times as much as real ones."
        )
    if all(name in results for name in MAIN_METHODS):
        sentences.append(_refined(report))
    return typeset(sentences)


def _refined(report: ComparisonReport) -> str:
    """Say how refinement changes the futures that are shown together."""
    flow, refined = (report.results[name] for name in MAIN_METHODS)
    parts = [
        f"{label} by {percent(refined[metric].value, flow[metric].value)}"
        f"{p_value(report.find(metric, *reversed(MAIN_METHODS)), ' ({})')}"
        for metric, label in (("apd_8", "the diversity of 8 futures"), ("min_ade_8", "the error of the best"), ("crps", "CRPS"))
        if metric in flow and flow[metric].value > 0
    ]
    return f"Refinement (gru_snf compared with gru_nf) changes {', '.join(parts)}." if parts else ""
