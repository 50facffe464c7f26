"""The page of `evaluate surprise`: its blocks, the verdict in sentences, and the charts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from backend.core.types import CLOCK_S
from backend.evaluate.report.blocks import ChartBlock
from backend.evaluate.report.page import ReportPage
from backend.evaluate.report.prose import command_line, interval
from backend.evaluate.report.report import Results
from backend.evaluate.report.style import INK, colour, styled, svg
from backend.evaluate.surprise import anomalies
from backend.evaluate.surprise.evaluation import TIMELINE, SurpriseResults

TITLES = {
    "frozen": "Frozen face",
    "frozen_noisy": "Frozen face with tracker noise",
    "jump": "Sudden jump",
    "shuffled": "Shuffled frames",
    "swapped": "Another person",
    "fast": "Twice as fast",
}


def write_surprise(evaluation: SurpriseResults, folder: Path) -> Path:
    """Write the report as `index.html` into a folder and return its path."""
    report, results = evaluation.report, evaluation.report.results
    calibration = results["calibration"]
    options = {"recordings": "DIR", "model": f"models/{report.settings['model']}", "seed": report.settings["seed"]}
    command = command_line(report.command, options)
    page = ReportPage(report, summary(results), command, calibration=calibration, ks_interval=interval(calibration["ks"]))
    rows = {title: results[name] for name, title in TITLES.items()}
    page.add("anomalies", page.metric_table("anomalies", rows, "Anomaly", dots=False))
    page.add("timelines", ChartBlock(_timelines(evaluation.timelines)))
    page.add("calibration", ChartBlock(_histogram(calibration["ks"].histogram or [])))
    return page.write(folder)


def summary(results: Results) -> list[str]:
    """Return the verdict: which anomalies surprise detects, and whether it is calibrated."""
    detected = [name for name in anomalies.NAMES if results[name]["auroc_smoothed"].value >= 0.9]
    frame = [name for name in anomalies.NAMES if name not in detected and results[name]["auroc"].value >= 0.9]
    missed = [name for name in anomalies.NAMES if name not in detected and name not in frame]
    within = f"{anomalies.EVENT * CLOCK_S:.1f} s"
    found = [
        f"{sentence}: {', '.join(TITLES[name].lower() for name in names)}."
        for sentence, names in (
            (f"The smoothed score detects within {within} (AUROC of 0.9 or more)", detected),
            ("Only the surprise of the frame itself detects", frame),
            ("Neither reaches an AUROC of 0.9 for", missed),
        )
        if names
    ]
    worst, above, below = (100 * results["calibration"][name].value for name in ("ks", "above_95", "below_5"))
    return [
        *found,
        f"The percentile deviates from a uniform one by at most {worst:.0f} points; {above:.0f} % of real steps are above 95, "
        f"{below:.0f} % below 5.",
    ]


def _timelines(timelines: Mapping[str, Tensor]) -> str:
    """Plot median and quartiles of the smoothed score around each anomaly, and of the same motion without it."""
    with styled():
        figure = Figure(figsize=(10.8, 5.2), layout="constrained")
        panels = figure.subplots(2, 3, sharex=True, sharey=True)
        for axes, name in zip(panels.flat, anomalies.NAMES, strict=True):
            for shown, tint in (("none", colour("copy_last")), (name, colour("gru_snf"))):
                seconds, (low, middle, high) = CLOCK_S * np.array(TIMELINE), timelines[shown].numpy()
                axes.fill_between(seconds, low, high, color=tint, alpha=0.18, linewidth=0)
                axes.plot(seconds, middle, color=tint, linewidth=2)
            axes.axvline(0, color=INK, linewidth=0.9, alpha=0.5)
            axes.set(title=TITLES[name], ylim=(0, None))
        for axes in panels[1]:
            axes.set_xlabel("seconds since the anomaly began")
        return svg(figure, "The smoothed score around each anomaly")


def _histogram(shares: list[float]) -> str:
    """Plot how often each twentieth of the training percentiles occurs in held-out motion."""
    with styled():
        figure = Figure(figsize=(10.8, 2.6), layout="constrained")
        axes = figure.subplots()
        edges = np.linspace(0, 100, len(shares) + 1)
        axes.stairs(100 * np.array(shares), edges, fill=True, color=colour("gru_nf"), alpha=0.75)
        axes.axhline(100 / len(shares), color=INK, linewidth=1, alpha=0.6)
        axes.set(title="% of held-out steps", xlabel="percentile against training", xlim=(0, 100))
        return svg(figure, "Histogram of the surprise percentile on held-out motion")
