"""The report of `evaluate surprise` as a page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from backend.core.types import CLOCK_S
from backend.evaluate.report.figure import COLOURS, INK, styled, svg
from backend.evaluate.report.page import write_page
from backend.evaluate.report.report import Metric
from backend.evaluate.surprise import anomalies
from backend.evaluate.surprise.evaluation import SurpriseResults, Timeline

TITLES = {
    "frozen": "Frozen face",
    "frozen_noisy": "Frozen face under live noise",
    "jump": "Sudden jump",
    "shuffled": "Shuffled frames",
    "swapped": "Another person",
    "fast": "Twice as fast",
}


def write_surprise(evaluation: SurpriseResults, folder: Path) -> Path:
    """Write `index.html` into a folder, which is made if need be, and return its place.

    Raises:
        OSError: it cannot be written.
    """
    report = evaluation.report
    content = {
        "report": report,
        "settings": report.settings,
        "titles": TITLES,
        "calibration": report.results["calibration"],
        "summary": summary(report.results),
        "timelines": _timelines(evaluation.timelines),
        "histogram": _histogram(report.results["calibration"]["ks"].histogram or []),
    }
    return write_page("surprise.html", content, folder)


def summary(results: Mapping[str, Mapping[str, Metric]]) -> list[str]:
    """Say in sentences what surprise notices and whether it is calibrated."""
    noticed = [name for name in anomalies.NAMES if results[name]["auroc_smoothed"].value >= 0.9]
    frame = [name for name in anomalies.NAMES if name not in noticed and results[name]["auroc"].value >= 0.9]
    missed = [name for name in anomalies.NAMES if name not in noticed and name not in frame]
    found = []
    if noticed:
        found.append(f"Within {anomalies.EVENT * CLOCK_S:.1f} s the smoothed score notices: {_list(noticed)}.")
    if frame:
        found.append(f"Only the frame's own surprise notices: {_list(frame)}.")
    if missed:
        found.append(f"Noticed less than nine times in ten: {_list(missed)}.")
    calibration = results["calibration"]
    worst, above, below = (100 * calibration[name].value for name in ("ks", "above_95", "below_5"))
    found.append(
        f"The percentile is off by {worst:.0f} points at most; {above:.0f} % of real steps are above 95, {below:.0f} % below 5."
    )
    return found


def _list(names: list[str]) -> str:
    return ", ".join(TITLES[name].lower() for name in names)


def _timelines(timelines: Mapping[str, Timeline]) -> str:
    """Draw the smoothed score around each anomaly: its median and quartiles, beside untouched motion."""
    usual = timelines["none"]
    with styled():
        figure = Figure(figsize=(10.8, 5.2), layout="constrained")
        panels = figure.subplots(2, 3, sharex=True, sharey=True)
        for axes, name in zip(panels.flat, anomalies.NAMES, strict=True):
            for timeline, colour in ((usual, COLOURS["copy_last"]), (timelines[name], COLOURS["gru_snf"])):
                seconds = CLOCK_S * np.array(timeline.since)
                low, middle, high = np.array(timeline.quartiles)
                axes.fill_between(seconds, low, high, color=colour, alpha=0.18, linewidth=0)
                axes.plot(seconds, middle, color=colour, linewidth=2)
            axes.axvline(0, color=INK, linewidth=0.9, alpha=0.5)
            axes.set(title=TITLES[name], ylim=(0, None))
        for axes in panels[1]:
            axes.set_xlabel("seconds since it began")
        return svg(figure, "The smoothed score around each anomaly")


def _histogram(shares: list[float]) -> str:
    """Draw how often each twentieth of the training percentiles comes up in held-out motion."""
    with styled():
        figure = Figure(figsize=(10.8, 2.6), layout="constrained")
        axes = figure.subplots()
        edges = np.linspace(0, 100, len(shares) + 1)
        axes.stairs(100 * np.array(shares), edges, fill=True, color=COLOURS["gru_nf"], alpha=0.75)
        axes.axhline(100 / len(shares), color=INK, linewidth=1, alpha=0.6)
        axes.set(title="% of held-out steps", xlabel="percentile against training", xlim=(0, 100))
        return svg(figure, "Histogram of the surprise percentile on held-out motion")
