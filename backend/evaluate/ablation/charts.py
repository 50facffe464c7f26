"""Charts of an ablation: heat maps of every sweep, and diversity against error compared with temperatures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from backend.evaluate.ablation.evaluation import SettingsSweep, cell_name
from backend.evaluate.common.methods import shipped_refinement
from backend.evaluate.report.report import Metric, Results
from backend.evaluate.report.style import INK, PAPER, colour, legend_right, styled, svg


class HeatMap(NamedTuple):
    """Metric and heading of a heat map, and the best value: the lowest by default, None where no value is better."""

    metric: str
    title: str
    best: float | None = float("-inf")


HEAT_MAPS = (
    HeatMap("crps", "CRPS"),
    HeatMap("energy_score", "Energy score"),
    HeatMap("energy_distance", "Energy distance"),
    HeatMap("coverage_80", "80 % interval contains", 0.8),
    HeatMap("min_ade_8", "minADE of 8 shown together"),
    HeatMap("apd_8", "Diversity of 8 shown together", None),
    HeatMap("apd", "Diversity (APD)", None),
    HeatMap("acceleration_ratio", "Acceleration ratio", 1.0),
    HeatMap("plausibility", "Plausible steps", None),
    HeatMap("moved", "Displacement by MCMC", None),
    HeatMap("acceptance", "Acceptance", None),
    HeatMap("ms_per_window", "ms per window", None),
)
MAX_DIVERSITY, MAX_CHART_ERROR = 1.6, 1.08
"""Ends of the axes: diversity and error over those of GRU-NF."""

MARKERS = {"metropolis": "o", "mala": "D", "hmc": "s"}
BETTER: Colormap = LinearSegmentedColormap.from_list("better", ["#c8501e", "#f0b48f", "#8a8f9926", "#8fc4ea", "#1673bd"])
AMOUNT: Colormap = LinearSegmentedColormap.from_list("amount", ["#8a8f9918", "#7c6fd0"])


def heat_maps(results: Results, sweep: SettingsSweep) -> str:
    """Draw a heat map per metric. Framed: the shipped setting. Hatched: under-refined (/) and over-refined (x) cells."""
    rows = len(sweep.values)
    with styled():
        figure = Figure(figsize=(12.2, 3 * (0.75 + 0.36 * rows)), layout="constrained")
        places = list(figure.subplots(3, 4).flat)
        for axes, wanted in zip(places, HEAT_MAPS, strict=True):
            _heat_map(axes, results, sweep, wanted)
        return svg(figure, f"Heat maps of {sweep.axis} against step size")


def _heat_map(axes: Axes, results: Results, sweep: SettingsSweep, wanted: HeatMap) -> None:
    cells = [[results[cell_name(sweep.cell(value, size))] for size in sweep.sizes] for value in sweep.values]
    values = np.array([[cell[wanted.metric].value if wanted.metric in cell else np.nan for cell in row] for row in cells])
    over = np.array([[cell["over_refined"].value > 0 for cell in row] for row in cells])
    own = results["gru_nf"].get(wanted.metric)
    if wanted.best is None:
        usual = values[~over] if (~over).any() else values
        low, high = float(np.nanmin(usual)), float(np.nanmax(usual))
        tint, colours = np.clip((values - low) / max(high - low, 1e-9), 0, 1), AMOUNT
    else:
        gain = _gain(values, own.value if own else 0.0, wanted.best)
        most = max(0.02, float(np.abs(gain[~over]).max(initial=0.0)))
        tint, colours = 0.5 + 0.5 * np.clip(gain / most, -1, 1), BETTER
    axes.imshow(tint, cmap=colours, vmin=0, vmax=1, aspect="auto", origin="lower")
    for (row, column), value in np.ndenumerate(values):
        axes.text(column, row, _text(value), ha="center", va="center", fontsize=8.2, zorder=4)
        for flag, hatch in (("under_refined", "////"), ("over_refined", "xxxx")):
            if flag in cells[row][column] and cells[row][column][flag].value:
                axes.add_patch(
                    Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, hatch=hatch, edgecolor=INK, alpha=0.3, linewidth=0)
                )
    shipped = _shipped(sweep)
    if shipped:
        axes.add_patch(Rectangle((shipped[1] - 0.46, shipped[0] - 0.46), 0.92, 0.92, fill=False, edgecolor=INK, linewidth=1.6))
    axes.set_xticks(range(len(sweep.sizes)), [f"{size:g}" for size in sweep.sizes], fontsize=8)
    axes.set_yticks(
        range(len(sweep.values)), [f"{value:g}" if isinstance(value, float) else str(value) for value in sweep.values]
    )
    axes.tick_params(axis="y", labelsize=8)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.set_title(wanted.title + (f"\nGRU-NF {_text(own.value)}" if own else "\n"), fontsize=9, linespacing=1.35)


def _gain(values: np.ndarray[Any, np.dtype[np.float64]], own: float, best: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the improvement over GRU-NF, as a share of its value, or in absolute terms for a target value."""
    if best == float("-inf"):
        return (own - values) / max(abs(own), 1e-9)
    return np.abs(own - best) - np.abs(values - best)


def _shipped(sweep: SettingsSweep) -> tuple[int, int] | None:
    shipped = shipped_refinement()
    value = getattr(shipped, sweep.axis)
    if value not in sweep.values or shipped.step_size not in sweep.sizes:
        return None
    return sweep.values.index(value), sweep.sizes.index(shipped.step_size)


def _text(value: float) -> str:
    if np.isnan(value):
        return ""
    return f"{value:.0f}" if abs(value) >= 100 or value == 0 else f"{value:#.3g}"


def diversity(results: Results, shipped: str) -> str:
    """Plot diversity against error relative to GRU-NF: refinements as points, temperatures as a line.

    Args:
        results: of the report.
        shipped: name of the shipped setting.
    """
    with styled():
        figure = Figure(figsize=(10.4, 4.3), layout="constrained")
        left, right = figure.subplots(1, 2)
        _against(left, results, shipped, ("apd", "crps"))
        left.set(xlabel="diversity (APD), GRU-NF = 1", title="CRPS, GRU-NF = 1")
        _against(right, results, shipped, ("apd_8", "min_ade_8"))
        right.set(xlabel="diversity of 8 shown together, GRU-NF = 1", title="Best of 8 shown together (minADE), GRU-NF = 1")
        legend_right(right)
        return svg(figure, "Diversity against error of refinement settings and temperatures")


def _against(axes: Axes, results: Results, shipped: str, metrics: tuple[str, str]) -> None:
    own_x, own_y = (results["gru_nf"][metric].value for metric in metrics)
    places = {name: (e[metrics[0]].value / own_x, e[metrics[1]].value / own_y) for name, e in results.items()}
    temperatures = sorted(
        (1.0 if name == "gru_nf" else float(name.split("=")[1]), name) for name in results if _is_temperature(name)
    )
    axes.plot(
        *np.array([places[name] for _, name in temperatures]).T, "-o", color=colour("gru_nf"), label="temperature", zorder=3
    )
    for temperature, name in temperatures:
        if places[name][0] <= MAX_DIVERSITY and places[name][1] <= MAX_CHART_ERROR:
            axes.annotate(
                f"{temperature:g}",
                places[name],
                xytext=(6, -11),
                textcoords="offset points",
                fontsize=8.5,
                color=colour("gru_nf"),
            )
    _cells(axes, {name: place for name, place in places.items() if not _is_temperature(name)}, results)
    axes.scatter(*places[shipped], s=190, facecolors="none", edgecolors=INK, linewidths=1.6, zorder=6, label="shipped")
    near = [y for x, y in places.values() if x <= MAX_DIVERSITY and y < MAX_CHART_ERROR]
    axes.set(xlim=(min(x for x, _ in places.values()) - 0.04, MAX_DIVERSITY), ylim=(min(near) - 0.006, MAX_CHART_ERROR))


def _is_temperature(name: str) -> bool:
    return name == "gru_nf" or name.startswith("temperature=")


def _cells(axes: Axes, places: Mapping[str, tuple[float, float]], results: Results) -> None:
    """Plot the refinements, hollow where they are flagged."""
    for kernel, marker in MARKERS.items():
        names: Sequence[str] = [name for name in places if f"kernel={kernel}" in name]
        for flagged in (False, True):
            some = [places[name] for name in names if _flagged(results[name]) == flagged]
            if some:
                tint = colour("gru_snf")
                axes.scatter(
                    [x for x, _ in some], [y for _, y in some], marker=marker, s=30, zorder=5 - flagged, linewidths=1.1,
                    edgecolors=tint if flagged else PAPER, facecolors="none" if flagged else tint,
                    label=kernel + (" (flagged)" if flagged else ""),
                )  # fmt: skip


def _flagged(entries: Mapping[str, Metric]) -> bool:
    return any(entries[flag].value > 0 for flag in ("under_refined", "over_refined") if flag in entries)
