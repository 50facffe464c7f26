"""Charts of a forecast report: error over time, calibration, diversity against error."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from backend.core.types import CLOCK_S
from backend.evaluate.forecast.summary import MAX_LIVELINESS, MIN_LIVELINESS, PersonFigures
from backend.evaluate.report.report import Results
from backend.evaluate.report.style import FAINT, INK, PAPER, colour, leading, legend_right, line, styled, svg

REFERENCES = ("bootstrap", "random_walk", "copy_last")
"""Errors are shown relative to the first of these methods that is in the report."""


PEOPLE_PANELS = (
    ("liveliness", "Liveliness", MIN_LIVELINESS, MAX_LIVELINESS),
    ("coverage_80", "80 % interval holds", 0.75, 0.85),
    ("acceleration_ratio", "Acceleration ratio", 0.9, 1.2),
)
"""Metrics with a dot per person: heading, and the range that is shaded."""

MIN_DRAWN_RATIO, MAX_DRAWN_RATIO = 0.25, 6.0
"""Ratios beyond these are drawn at the edge."""


def error_per_step(results: Results) -> str:
    """Plot the CRPS of every step of all methods, and its ratio to that of a reference method."""
    with styled():
        figure = Figure(figsize=(10.4, 4.1), layout="constrained")
        left, right = figure.subplots(1, 2)
        reference = next((name for name in REFERENCES if name in results), next(iter(results)))
        base = np.array(results[reference]["crps"].per_step)
        for name, entries in results.items():
            crps = np.array(entries["crps"].per_step)
            ahead = CLOCK_S * np.arange(1, len(crps) + 1)
            left.plot(ahead, crps, label=name, **line(name))
            right.plot(ahead, np.divide(crps, base, out=np.full_like(crps, np.nan), where=base > 0), label=name, **line(name))
        left.set(title="CRPS, standard units", xlabel="seconds ahead", ylim=(0, None))
        right.set(title=f"CRPS relative to {reference}", xlabel="seconds ahead")
        low, high = right.get_ylim()
        right.set_ylim(low, min(high, 1.6))
        legend_right(right)
        return svg(figure, "CRPS of every step ahead, for all methods")


def calibration(results: Results) -> str:
    """Plot how much of the truth the central intervals contain, and how the truth ranks among the samples."""
    names = [name for name in results if results[name]["apd"].value > 0]
    levels = np.array([50, 80, 95])
    with styled():
        figure = Figure(figsize=(10.4, 4.1), layout="constrained")
        left, right = figure.subplots(1, 2)
        left.axhline(0, color=INK, linewidth=1, alpha=0.6)
        for index, name in enumerate(names):
            found = [results[name][f"coverage_{level}"] for level in levels]
            value, low, high = 100 * np.array([(metric.value, metric.low, metric.high) for metric in found], float).T - levels
            left.errorbar(
                np.arange(len(levels)) + (index - (len(names) - 1) / 2) * 0.7 / len(names), value,
                yerr=[np.fmax(value - low, 0), np.fmax(high - value, 0)], fmt="o", markersize=5.5,
                color=colour(name), elinewidth=1.4, zorder=4 if leading(name) else 3,
            )  # fmt: skip
        left.set(title="Coverage minus nominal, in points: above 0 is too wide", xlabel="central interval", xlim=(-0.5, 2.5))
        left.set_xticks(range(len(levels)), [f"{level} %" for level in levels])
        left.grid(axis="x", visible=False)
        edges = np.linspace(0, 1, 11)
        right.axhline(10, color=INK, linewidth=1, alpha=0.6)
        for name in names:
            share = 100 * np.array(results[name]["pit"].histogram)
            right.stairs(share, edges, baseline=None, label=name, **line(name))
        right.set(title="Rank of the truth among the samples, % of coordinates", xlabel="probability integral transform")
        right.set(ylim=(0, None), xlim=(0, 1))
        if names:
            legend_right(right)
        return svg(figure, "Coverage of the central intervals, and histograms of the probability integral transform")


def of_people(people: PersonFigures, methods: Sequence[str]) -> str:
    """Plot a dot per person and method for liveliness, coverage and acceleration; a bar marks the median person."""
    with styled():
        figure = Figure(figsize=(10.4, 1.1 + 0.34 * len(methods)), layout="constrained")
        panels = figure.subplots(1, len(PEOPLE_PANELS), sharey=True)
        for axes, (metric, title, low, high) in zip(panels, PEOPLE_PANELS, strict=True):
            axes.axvspan(low, high, color=INK, alpha=0.07, linewidth=0)
            for row, method in enumerate(methods):
                values = np.array([found[method][metric] for found in people.values() if metric in found[method]])
                if metric != "coverage_80":
                    values = values.clip(MIN_DRAWN_RATIO, MAX_DRAWN_RATIO)
                # Dots of one row stand at several heights, so that equal people do not hide each other.
                height = row + 0.28 * (np.arange(len(values)) % 5 / 2 - 1)
                axes.scatter(values, height, s=16, color=colour(method), alpha=0.65, linewidths=0, zorder=3)
                if len(values):
                    axes.plot([np.median(values)] * 2, [row - 0.4, row + 0.4], color=INK, linewidth=1.6, zorder=4)
            axes.set(title=title, ylim=(len(methods) - 0.4, -0.6))
            axes.set_yticks(range(len(methods)), methods)
            axes.grid(axis="y", visible=False)
            if metric != "coverage_80":
                axes.set_xscale("log", base=2)
                axes.set_xticks([0.5, 1, 2, 4], ["0.5", "1", "2", "4"])
                axes.set_xlim(MIN_DRAWN_RATIO * 0.93, MAX_DRAWN_RATIO * 1.07)
        return svg(figure, "Liveliness, coverage and acceleration of each person's futures")


def diversity(results: Results, distinct: Results) -> str:
    """Plot diversity (APD) against error (minADE, and CRPS of `distinct` methods): right is more diverse, low is better."""
    with styled():
        figure = Figure(figsize=(10.4, 4.4), layout="constrained")
        left, right = figure.subplots(1, 2)
        for axes, shown, metric, apd, title in (
            (left, distinct, "crps", "apd", "CRPS against diversity"),
            (right, results, "min_ade_8", "apd_8", "Best of 8 shown together (minADE) against their diversity"),
        ):
            points = {name: (e[apd].value, e[metric].value) for name, e in shown.items() if metric in e}
            for rank, (name, point) in enumerate(sorted(points.items(), key=lambda item: item[1][1])):
                axes.scatter(
                    *point, s=90 if leading(name) else 48, color=colour(name), edgecolors=PAPER, linewidths=1.2, zorder=4
                )
                # Names stand beside the chart, in the order of the errors, so that they cover no point.
                axes.annotate(
                    name, point, (1.03, (rank + 0.5) / len(points)), textcoords="axes fraction", fontsize=8.8, va="center",
                    arrowprops={"arrowstyle": "-", "color": FAINT, "linewidth": 1, "shrinkA": 1, "shrinkB": 4},
                )  # fmt: skip
            axes.set(title=title, xlabel="pairwise distance of futures (APD), crop units")
            axes.margins(x=0.06, y=0.12)
        return svg(figure, "Diversity against error of all methods")
