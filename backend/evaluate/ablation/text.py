"""The verdict of an ablation report in sentences."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from backend.evaluate.ablation.charts import Differing
from backend.evaluate.ablation.evaluation import temperature_of
from backend.evaluate.report.prose import percent, typeset
from backend.evaluate.report.report import Metric, Results

MAX_CRPS_RATIO = 1.01
"""CRPS over that of GRU-NF up to which a more diverse setting counts as equally good."""


def summary(data: Mapping[str, Results], shipped: str, differing: Mapping[str, Differing]) -> list[str]:
    """Return the verdict on each data set by name; for several, first whether the shipped refinement carries over.

    Args:
        data: results of each data set.
        shipped: name of the shipped setting's cell.
        differing: significant differences of each data set.
    """
    if len(data) == 1:
        return _verdict(next(iter(data.values())), shipped)
    sentences = []
    for name, results in data.items():
        headline, *rest = _verdict(results, shipped)
        sentences += [f"{name}: {headline}", *rest]
    return [*typeset([_carried_over(data, shipped, differing)]), *sentences]


def _carried_over(data: Mapping[str, Results], shipped: str, differing: Mapping[str, Differing]) -> str:
    """Say on which data sets the shipped refinement makes 8 futures significantly more diverse at a CRPS up to 1 % higher."""
    changes, good = [], []
    for name, results in data.items():
        found, plain = results[shipped], results["gru_nf"]
        affordable = found["crps"].value <= MAX_CRPS_RATIO * plain["crps"].value
        if affordable and found["apd_8"].value > plain["apd_8"].value and ("apd_8", shipped) in differing[name]:
            good.append(name)
        apd, crps = (percent(found[metric].value, plain[metric].value) for metric in ("apd_8", "crps"))
        changes.append(f"{apd} and {crps} on {name}")
    where = "all" if len(good) == len(data) else f"{len(good) or 'none'} of {len(data)}"
    return (
        f"The shipped refinement carries over to {where} kinds of motion: the diversity of 8 futures and CRPS change by "
        f"{', '.join(changes)} (it carries over where diversity rises significantly and CRPS rises by at most 1 %)."
    )


def _verdict(results: Results, shipped: str) -> list[str]:
    """Say what the shipped and the best settings gain over GRU-NF, and what a temperature does instead."""
    plain = results["gru_nf"]
    cells = {name: entries for name, entries in results.items() if temperature_of(name) is None}
    sound = [name for name, entries in cells.items() if not entries["over_refined"].value]
    affordable = [name for name in sound if cells[name]["crps"].value <= MAX_CRPS_RATIO * plain["crps"].value]
    sentences = [f"As shipped ({_words(shipped)}): {_against(results[shipped], plain)}."]
    headline = "No setting is more diverse than GRU-NF at an error of at most 1 % more."
    if affordable:
        widest = max(affordable, key=lambda name: cells[name]["apd"].value)
        outcome = f"({_words(widest)}): {_against(cells[widest], plain)}."
        sentences.append(f"The most diverse setting at a CRPS of at most 1 % more {outcome}")
        rival = _rival(results, cells[widest]["apd"].value)
        if rival is not None and cells[widest]["apd"].value > plain["apd"].value:
            less = "less" if cells[widest]["crps"].value < rival else "no less"
            headline = f"Refinement makes futures more diverse at {less} error than a temperature does."
            change = percent(rival, plain["crps"].value)
            sentences.append(f"A temperature with the same diversity would change CRPS by {change} instead.")
    best = min(cells, key=lambda name: cells[name]["crps"].value)
    sentences.append(f"The lowest CRPS ({_words(best)}): {_against(cells[best], plain)}.")
    under, over = (sum(entries[flag].value > 0 for entries in cells.values()) for flag in ("under_refined", "over_refined"))
    same = sum(entries["told_apart_p"].value > 0.05 for entries in cells.values() if "told_apart_p" in entries)
    sentences.append(f"{under} of {len(cells)} settings hardly move any path, and {over} give implausible futures.")
    sentences.append(
        f"For {same} settings, a paired test over these windows finds no significant difference from the paths of GRU-NF."
    )
    return typeset([headline, *sentences])


def _rival(results: Results, apd: float) -> float | None:
    """Return the CRPS of a temperature with the same diversity, interpolated between the two nearest temperatures."""
    plain = [entries for name, entries in results.items() if temperature_of(name) is not None]
    apds, errors = np.array(sorted((entries["apd"].value, entries["crps"].value) for entries in plain)).T
    return float(np.interp(apd, apds, errors)) if apds[0] <= apd <= apds[-1] else None


def _against(entries: Mapping[str, Metric], plain: Mapping[str, Metric]) -> str:
    change = {metric: percent(entries[metric].value, plain[metric].value) for metric in ("crps", "apd", "min_ade_8", "apd_8")}
    return (
        f"CRPS {change['crps']}, diversity {change['apd']}; among 8 futures shown together, the error of the best "
        f"{change['min_ade_8']} and their diversity {change['apd_8']}; 80 % intervals contain "
        f"{100 * entries['coverage_80'].value:.1f} % of the truth ({100 * plain['coverage_80'].value:.1f} % with GRU-NF), "
        f"{100 * entries['plausibility'].value:.1f} % of steps are plausible"
    )


def _words(cell: str) -> str:
    return cell.replace("_", " ").replace("=", " ").replace(",", ", ")
