"""Charts of an ablation: heat maps of every sweep, and diversity against error compared with temperatures."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from backend.evaluate.ablation.evaluation import SettingsSweep, cell_name, temperature_of
from backend.evaluate.common.methods import shipped_refinement
from backend.evaluate.report.blocks import TableColumn
from backend.evaluate.report.report import Results
from backend.evaluate.report.style import INK, PAPER, colour, legend_right, styled, svg

MAX_DIVERSITY, MAX_CHART_ERROR = 1.6, 1.08
"""Ends of the axes: diversity and error over those of GRU-NF."""

JOINT = ("crps", "min_ade_8", "apd_8", "coverage_80")
"""Metrics of the heat maps that compare data sets."""

MARKERS = {"metropolis": "o", "mala": "D", "hmc": "s"}
BETTER: Colormap = LinearSegmentedColormap.from_list("better", ["#c8501e", "#f0b48f", "#8a8f9926", "#8fc4ea", "#1673bd"])
AMOUNT: Colormap = LinearSegmentedColormap.from_list("amount", ["#8a8f9918", "#7c6fd0"])


Differing = Collection[tuple[str, str]]
"""Metric and cell of significant differences from GRU-NF."""


def heat_maps(results: Results, sweep: SettingsSweep, columns: Sequence[TableColumn], differing: Differing = ()) -> str:
    """Plot a heat map per metric. Framed: the shipped setting. Hatched: under-refined (/) and over-refined (x) cells.

    Args:
        results: of the report.
        sweep: the cells.
        columns: twelve metrics; those without a best value are coloured by their amount, the others by their gain over GRU-NF.
        differing: these get an asterisk.
    """
    with styled():
        figure = Figure(figsize=(12.2, 3 * (0.75 + 0.36 * len(sweep.values))), layout="constrained")
        for axes, column in zip(figure.subplots(3, 4).flat, columns, strict=True):
            _heat_map(axes, results, sweep, column, differing)
        return svg(figure, f"Heat maps of {sweep.axis} against step size")


def joint_heat_maps(
    data: Mapping[str, Results], sweep: SettingsSweep, columns: Sequence[TableColumn], differing: Mapping[str, Differing]
) -> str:
    """Plot the heat maps of `JOINT` metrics, the data sets side by side; colours compare with the same data set's GRU-NF.

    Args:
        data: results of each data set.
        sweep: the cells.
        columns: as in `heat_maps`; others than `JOINT` are left out.
        differing: significant differences of each data set.
    """
    shown = [column for column in columns if column.metric in JOINT]
    with styled():
        size = (max(6.4, 3.1 * len(data)), len(shown) * (0.9 + 0.36 * len(sweep.values)))
        figure = Figure(figsize=size, layout="constrained")
        for row, column in zip(figure.subplots(len(shown), len(data), squeeze=False), shown, strict=True):
            for axes, (name, results) in zip(row, data.items(), strict=True):
                heading = msgspec.structs.replace(column, title=f"{name}: {column.title}")
                _heat_map(axes, results, sweep, heading, differing[name])
        return svg(figure, f"Heat maps of {sweep.axis} against step size for {', '.join(data)}")


def _heat_map(axes: Axes, results: Results, sweep: SettingsSweep, column: TableColumn, differing: Differing) -> None:
    if not all(column.metric in results[cell_name(cell)] for cell in sweep.cells()):
        axes.set_axis_off()
        axes.set_title(f"{column.title}\n(no number)", fontsize=9)
        return
    cells = [[results[cell_name(sweep.cell(value, size))] for size in sweep.sizes] for value in sweep.values]
    values = np.array([[cell[column.metric].value for cell in row] for row in cells])
    sound = np.array([[not cell["over_refined"].value for cell in row] for row in cells])
    own, title = results["gru_nf"].get(column.metric), f"{column.title}\n"
    if own is not None:
        title += f"GRU-NF {_text(own.value)}"
    if own is None or column.best == "none":
        usual = values[sound] if sound.any() else values
        low, high = usual.min(), usual.max()
        tint, colours = np.clip((values - low) / max(high - low, 1e-9), 0, 1), AMOUNT
    else:
        # The gain over GRU-NF: a share of its value, or nearness to the best value.
        best, plain = column.best, own.value
        gain = abs(plain - best) - abs(values - best) if isinstance(best, float) else (plain - values) / max(abs(plain), 1e-9)
        largest = max(0.02, abs(gain[sound]).max(initial=0.0))
        tint, colours = 0.5 + 0.5 * np.clip(gain / largest, -1, 1), BETTER
    axes.imshow(tint, cmap=colours, vmin=0, vmax=1, aspect="auto", origin="lower")
    for (y, x), value in np.ndenumerate(values):
        mark = "*" if (column.metric, cell_name(sweep.cell(sweep.values[y], sweep.sizes[x]))) in differing else ""
        axes.text(x, y, _text(value) + mark, ha="center", va="center", fontsize=8.2, zorder=4)
        for flag, hatch in (("under_refined", "////"), ("over_refined", "xxxx")):
            if cells[y][x][flag].value:
                _frame(axes, x, y, 1, hatch=hatch, alpha=0.3, linewidth=0)
    shipped = shipped_refinement()
    _frame(axes, sweep.sizes.index(shipped.step_size), sweep.values.index(getattr(shipped, sweep.axis)), 0.92, linewidth=1.6)
    axes.set_xticks(range(len(sweep.sizes)), [f"{size:g}" for size in sweep.sizes], fontsize=8)
    axes.set_yticks(range(len(values)), [f"{value:g}" if isinstance(value, float) else str(value) for value in sweep.values])
    axes.tick_params(axis="y", labelsize=8)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.set_title(title, fontsize=9, linespacing=1.35)


def _frame(axes: Axes, x: int, y: int, size: float, **style: Any) -> None:
    axes.add_patch(Rectangle((x - size / 2, y - size / 2), size, size, fill=False, edgecolor=INK, **style))


def _text(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 or value == 0 else f"{value:#.3g}"


def diversity(results: Results, shipped: str, data_set: str = "") -> str:
    """Plot diversity against error relative to GRU-NF: refinements as points, temperatures as a line.

    Args:
        results: of one data set.
        shipped: the cell that gets a ring.
        data_set: its name, where there are several.
    """
    head = f"{data_set}: " if data_set else ""
    with styled():
        figure = Figure(figsize=(10.4, 4.3), layout="constrained")
        left, right = figure.subplots(1, 2)
        _against(left, results, shipped, ("apd", "crps"))
        left.set(xlabel="diversity (APD), GRU-NF = 1", title=f"{head}CRPS, GRU-NF = 1")
        _against(right, results, shipped, ("apd_8", "min_ade_8"))
        right.set(
            xlabel="diversity of 8 shown together, GRU-NF = 1", title=f"{head}Best of 8 shown together (minADE), GRU-NF = 1"
        )
        legend_right(right)
        return svg(figure, f"{head}Diversity against error of refinement settings and temperatures")


def _against(axes: Axes, results: Results, shipped: str, metrics: tuple[str, str]) -> None:
    own_x, own_y = (results["gru_nf"][metric].value for metric in metrics)
    places = {name: (e[metrics[0]].value / own_x, e[metrics[1]].value / own_y) for name, e in results.items()}
    cells = {name: place for name, place in places.items() if temperature_of(name) is None}
    temperatures = sorted((temperature_of(name) or 0, places[name]) for name in places.keys() - cells.keys())
    tint = colour("gru_nf")
    axes.plot(*np.array([place for _, place in temperatures]).T, "-o", color=tint, label="temperature", zorder=3)
    for temperature, (x, y) in temperatures:
        if x <= MAX_DIVERSITY and y <= MAX_CHART_ERROR:
            axes.annotate(f"{temperature:g}", (x, y), xytext=(6, -11), textcoords="offset points", fontsize=8.5, color=tint)
    _cells(axes, cells, results)
    axes.scatter(*places[shipped], s=190, facecolors="none", edgecolors=INK, linewidths=1.6, zorder=6, label="shipped")
    near = [y for x, y in places.values() if x <= MAX_DIVERSITY and y < MAX_CHART_ERROR]
    axes.set(xlim=(min(x for x, _ in places.values()) - 0.04, MAX_DIVERSITY), ylim=(min(near) - 0.006, MAX_CHART_ERROR))


def _cells(axes: Axes, places: Mapping[str, tuple[float, float]], results: Results) -> None:
    """Plot the refinements, hollow where they are flagged."""
    tint = colour("gru_snf")
    for kernel, marker in MARKERS.items():
        for flagged in (False, True):
            shown = [
                place
                for name, place in places.items()
                if f"kernel={kernel}" in name
                and any(results[name][flag].value for flag in ("under_refined", "over_refined")) == flagged
            ]
            if shown:
                axes.scatter(
                    [x for x, _ in shown], [y for _, y in shown], marker=marker, s=30, zorder=5 - flagged, linewidths=1.1,
                    edgecolors=tint if flagged else PAPER, facecolors="none" if flagged else tint,
                    label=kernel + (" (flagged)" if flagged else ""),
                )  # fmt: skip
