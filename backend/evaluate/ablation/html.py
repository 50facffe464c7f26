"""The report of `evaluate ablation` as a page: what refinement gains in words, heat maps, and its honest rival."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from backend.evaluate.ablation import charts as sweep_charts
from backend.evaluate.ablation.evaluation import SettingsSweep
from backend.evaluate.report.page import write_page
from backend.evaluate.report.report import Metric, Report

Results = Mapping[str, Mapping[str, Metric]]

TITLES = {"steps": "MCMC steps", "consistency": "Consistency (beta)", "cooling": "Cooling of the noise", "kernel": "Kernel"}
TOLERANCE = 1.01
"""Error that more diversity may cost, as a multiple of GRU-NF's."""


def write_ablation(report: Report, folder: Path) -> Path:
    """Write `index.html` into a folder, which is made if need be, and return its place.

    Raises:
        OSError: it cannot be written.
    """
    sweeps = [
        SettingsSweep(axis, tuple(grid["values"]), tuple(grid["sizes"])) for axis, grid in report.settings["sweeps"].items()
    ]
    content = {
        "report": report,
        "settings": {key: value for key, value in report.settings.items() if key != "sweeps"},
        "summary": summary(report.results, report.settings["shipped"]),
        "maps": [(TITLES[sweep.axis], sweep_charts.heat_maps(report.results, sweep)) for sweep in sweeps],
        "diversity": sweep_charts.diversity(report.results, report.settings["shipped"]),
        "metrics": list(dict.fromkeys(metric for entries in report.results.values() for metric in entries)),
    }
    return write_page("ablation.html", content, folder)


def summary(results: Results, shipped: str) -> list[str]:
    """Return in sentences what the shipped setting and the best one gain over GRU-NF, and what a temperature does instead."""
    plain = results["gru_nf"]
    cells = {name: entries for name, entries in results.items() if "steps=" in name}
    sound = {name: entries for name, entries in cells.items() if not entries["over_refined"].value}
    affordable = [name for name in sound if sound[name]["crps"].value <= TOLERANCE * plain["crps"].value]
    found = [f"As shipped ({_words(shipped)}): {_against(results[shipped], plain)}."]
    headline = "No setting is more diverse than GRU-NF at an error of at most 1 % more."
    if affordable:
        widest = max(affordable, key=lambda name: cells[name]["apd"].value)
        found.append(
            f"The most diverse setting at a CRPS of at most 1 % more: {_words(widest)}: {_against(cells[widest], plain)}."
        )
        rival = _rival(results, cells[widest]["apd"].value)
        if rival is not None and cells[widest]["apd"].value > plain["apd"].value:
            change, own = (100 * (crps / plain["crps"].value - 1) for crps in (rival, cells[widest]["crps"].value))
            headline = f"Refinement buys diversity {'at less' if own < change else 'at no less'} error than a temperature does."
            found.append(f"A temperature that gives the same diversity would change CRPS by {_signed(change)} instead.")
    best = min(cells, key=lambda name: cells[name]["crps"].value)
    found.append(f"The lowest CRPS: {_words(best)}: {_against(cells[best], plain)}.")
    under, over = (sum(entries[flag].value > 0 for entries in cells.values()) for flag in ("under_refined", "over_refined"))
    same = sum(entries["told_apart_p"].value > 0.05 for entries in cells.values())
    found.append(f"Of {len(cells)} settings, {under} hardly move any path, and {over} give implausible futures.")
    found.append(f"A paired test over these windows cannot tell the paths of {same} settings from GRU-NF's.")
    return [headline, *found]


def _rival(results: Results, apd: float) -> float | None:
    """Return the CRPS of a temperature that gives as much diversity, between the two temperatures beside it."""
    line = sorted(
        (entries["apd"].value, entries["crps"].value)
        for name, entries in results.items()
        if name == "gru_nf" or name.startswith("temperature=")
    )
    for (low, before), (high, after) in zip(line, line[1:], strict=False):
        if low <= apd <= high:
            return before + (after - before) * (apd - low) / max(high - low, 1e-12)
    return None


def _against(entries: Mapping[str, Metric], plain: Mapping[str, Metric]) -> str:
    change = {
        metric: 100 * (entries[metric].value / plain[metric].value - 1) for metric in ("crps", "apd", "min_ade_8", "apd_8")
    }
    return (
        f"CRPS {_signed(change['crps'])}, diversity {_signed(change['apd'])}; of 8 shown together the best is off by "
        f"{_signed(change['min_ade_8'])}, their diversity {_signed(change['apd_8'])}; "
        f"80 % intervals hold {100 * entries['coverage_80'].value:.1f} % ({100 * plain['coverage_80'].value:.1f} % by GRU-NF), "
        f"{100 * entries['plausibility'].value:.1f} % of steps plausible"
    )


def _signed(percent: float) -> str:
    return f"{percent:+.1f} %".replace("-", "\N{MINUS SIGN}")


def _words(cell: str) -> str:
    return cell.replace("_", " ").replace("=", " ").replace(",", ", ")
