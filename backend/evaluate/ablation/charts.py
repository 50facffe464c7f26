"""Pictures of an ablation: heat maps of every sweep, and diversity against error beside temperatures."""

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
from backend.evaluate.report.figure import COLOURS, INK, PAPER, legend_right, styled, svg
from backend.evaluate.report.report import Metric

Results = Mapping[str, Mapping[str, Metric]]


class Shown(NamedTuple):
    """One heat map: its heading, and the value that is best (the least by default, None where there is no better)."""

    metric: str
    title: str
    wanted: float | None = float("-inf")


SHOWN = (
    Shown("crps", "CRPS"),
    Shown("energy_score", "Energy score"),
    Shown("energy_distance", "Energy distance"),
    Shown("coverage_80", "80 % interval holds", 0.8),
    Shown("min_ade_8", "minADE of 8 shown together"),
    Shown("apd_8", "Diversity of 8 shown together", None),
    Shown("apd", "Diversity (APD)", None),
    Shown("acceleration_ratio", "Acceleration ratio", 1.0),
    Shown("plausibility", "Plausible steps", None),
    Shown("moved", "Moved by MCMC", None),
    Shown("acceptance", "Acceptance", None),
    Shown("ms_per_window", "ms per window", None),
)
WIDEST, HIGHEST = 1.6, 1.08
"""How many times GRU-NF's diversity and error are drawn."""

MARKERS = {"metropolis": "o", "mala": "D", "hmc": "s"}
BETTER: Colormap = LinearSegmentedColormap.from_list("better", ["#c8501e", "#f0b48f", "#8a8f9926", "#8fc4ea", "#1673bd"])
AMOUNT: Colormap = LinearSegmentedColormap.from_list("amount", ["#8a8f9918", "#7c6fd0"])


def heat_maps(results: Results, sweep: SettingsSweep) -> str:
    """Draw one heat map per figure. Framed: the shipped setting. Hatched: under-refined (/) and over-refined (x) cells."""
    rows = len(sweep.values)
    with styled():
        figure = Figure(figsize=(12.2, 3 * (0.75 + 0.36 * rows)), layout="constrained")
        places = list(figure.subplots(3, 4).flat)
        for axes, shown in zip(places, SHOWN, strict=True):
            _heat_map(axes, results, sweep, shown)
        return svg(figure, f"Heat maps of {sweep.axis} against step size")


def _heat_map(axes: Axes, results: Results, sweep: SettingsSweep, shown: Shown) -> None:
    cells = [[results[cell_name(sweep.cell(value, size))] for size in sweep.sizes] for value in sweep.values]
    values = np.array([[cell[shown.metric].value if shown.metric in cell else np.nan for cell in row] for row in cells])
    over = np.array([[cell["over_refined"].value > 0 for cell in row] for row in cells])
    own = results["gru_nf"].get(shown.metric)
    if shown.wanted is None:
        usual = values[~over] if (~over).any() else values
        low, high = float(np.nanmin(usual)), float(np.nanmax(usual))
        tint, colours = np.clip((values - low) / max(high - low, 1e-9), 0, 1), AMOUNT
    else:
        gain = _gain(values, own.value if own else 0.0, shown.wanted)
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
    axes.set_title(shown.title + (f"\nGRU-NF {_text(own.value)}" if own else "\n"), fontsize=9, linespacing=1.35)


def _gain(values: np.ndarray[Any, np.dtype[np.float64]], own: float, wanted: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return how much better than GRU-NF, as a share of its figure (of 1, where a figure is to meet a value)."""
    if wanted == float("-inf"):
        return (own - values) / max(abs(own), 1e-9)
    return np.abs(own - wanted) - np.abs(values - wanted)


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
    """Draw diversity against error relative to GRU-NF: refinements as points, temperatures as a line.

    Args:
        results: of the report.
        shipped: name of the shipped cell.
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
    heated = sorted((1.0 if name == "gru_nf" else float(name.split("=")[1]), name) for name in results if _heated(name))
    axes.plot(*np.array([places[name] for _, name in heated]).T, "-o", color=COLOURS["gru_nf"], label="temperature", zorder=3)
    for temperature, name in heated:
        if places[name][0] <= WIDEST and places[name][1] <= HIGHEST:
            axes.annotate(
                f"{temperature:g}",
                places[name],
                xytext=(6, -11),
                textcoords="offset points",
                fontsize=8.5,
                color=COLOURS["gru_nf"],
            )
    _cells(axes, {name: place for name, place in places.items() if not _heated(name)}, results)
    axes.scatter(*places[shipped], s=190, facecolors="none", edgecolors=INK, linewidths=1.6, zorder=6, label="shipped")
    near = [y for x, y in places.values() if x <= WIDEST and y < HIGHEST]
    axes.set(xlim=(min(x for x, _ in places.values()) - 0.04, WIDEST), ylim=(min(near) - 0.006, HIGHEST))


def _heated(name: str) -> bool:
    return name == "gru_nf" or name.startswith("temperature=")


def _cells(axes: Axes, places: Mapping[str, tuple[float, float]], results: Results) -> None:
    """Draw the refinements, hollow where they are flagged."""
    for kernel, marker in MARKERS.items():
        names: Sequence[str] = [name for name in places if f"kernel={kernel}" in name]
        for flagged in (False, True):
            some = [places[name] for name in names if _flagged(results[name]) == flagged]
            if some:
                colour = COLOURS["gru_snf"]
                axes.scatter(
                    [x for x, _ in some], [y for _, y in some], marker=marker, s=30, zorder=5 - flagged, linewidths=1.1,
                    edgecolors=colour if flagged else PAPER, facecolors="none" if flagged else colour,
                    label=kernel + (" (flagged)" if flagged else ""),
                )  # fmt: skip


def _flagged(entries: Mapping[str, Metric]) -> bool:
    return any(entries[flag].value > 0 for flag in ("under_refined", "over_refined") if flag in entries)
