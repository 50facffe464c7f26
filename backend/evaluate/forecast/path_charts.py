"""Charts of example windows: sampled paths over time, and the keypoints at the end of the horizon."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from backend.core.types import CLOCK_S, FloatArray, Keypoints
from backend.evaluate.common.windows import ForecastWindows
from backend.evaluate.forecast.evaluation import ForecastResults
from backend.evaluate.report.style import FAINT, INK, colour, styled, svg
from backend.keypoints.reading import Layout
from backend.keypoints.regions import REGIONS

AMOUNTS = ("Median motion", "Much motion", "Very much motion")
"""Names of the example windows, by their amount of motion."""

CONTOURS = (
    ("right_cheek", "right_brow", "left_brow", "left_cheek", "chin", "right_cheek"),
    ("right_eye", "nose", "left_eye"),
    ("nose", "upper_lip", "lower_lip", "chin"),
)
"""Regions that are joined by lines, so that the keypoints look like a face."""

FUTURES, COLUMNS = 6, 4
"""Futures in a row of faces, and charts in a row of methods."""

WIDTH = 10.4
"""Width of the charts in inches."""


def fans(evaluation: ForecastResults, method: str) -> str:
    """Plot sampled paths of four keypoint coordinates and the truth over time, a row per example window."""
    examples, layout = evaluation.scored[method].examples, evaluation.layout
    with styled():
        figure = _grid(2.35 * len(examples) + 0.3, wspace=0.3, hspace=0.26)
        rows = figure.subplots(len(examples), 4, squeeze=False, sharex=True)
        for row, (index, paths), label in zip(rows, examples.items(), AMOUNTS, strict=False):
            positions = _positions(evaluation.windows, index, paths)
            for axes, (keypoint, axis, name) in zip(row, _coordinates(positions[1], layout), strict=True):
                _fan(axes, [part[..., keypoint, axis] for part in positions], colour(method))
                axes.set_title(name, fontsize=9.5)
            row[0].set_ylabel(label)
            # All charts of a row have one scale, so that small motion looks small.
            half = max(np.ptp(axes.get_ylim()) for axes in row) / 2
            for axes in row:
                middle = sum(axes.get_ylim()) / 2
                axes.set_ylim(middle - half, middle + half)
        for axes in rows[-1]:
            axes.set_xlabel("seconds")
        return svg(figure, f"Sampled paths of {method} and the true paths")


def rivals(evaluation: ForecastResults, methods: Sequence[str]) -> str:
    """Plot the paths of one coordinate in one window, sampled by each of some methods."""
    scored = {name: evaluation.scored[name] for name in methods}
    index = list(next(iter(scored.values())).examples)[:2][-1]
    count = -(-len(scored) // COLUMNS)
    with styled():
        figure = _grid(2.3 * count + 0.4, wspace=0.06, hspace=0.38)
        grid = figure.subplots(count, COLUMNS, squeeze=False, sharex=True, sharey=True).ravel()
        sampled = []
        for axes, (method, scores) in zip(grid, scored.items(), strict=False):
            positions = _positions(evaluation.windows, index, scores.examples[index])
            keypoint, axis, name = _coordinates(positions[1], evaluation.layout)[0]
            lines = [part[..., keypoint, axis] for part in positions]
            sampled.append(lines[2].ravel())
            _fan(axes, lines, colour(method))
            axes.set_title(method, fontsize=9.5)
        low, high = np.quantile(np.concatenate(sampled), [0.005, 0.995])
        grid[0].set_ylim(min(low, lines[1].min()) - 0.03, max(high, lines[1].max()) + 0.03)
        grid[0].set_ylabel(name)
        for place, axes in enumerate(grid):
            axes.set_visible(place < len(scored))
            if place + COLUMNS >= len(scored):
                axes.tick_params(labelbottom=True)
                axes.set_xlabel("seconds")
        return svg(figure, f"The same window by every method: {name}")


def constellations(evaluation: ForecastResults, method: str) -> str:
    """Plot the keypoints at the end of each example window: the last seen, the true, and several sampled ones over the true."""
    examples, layout = evaluation.scored[method].examples, evaluation.layout
    with styled():
        figure = _grid(1.5 * len(examples) + 0.4, wspace=0.06, hspace=0.1, left=0, bottom=0)
        rows = figure.subplots(len(examples), FUTURES + 2, squeeze=False)
        for row, (index, paths) in zip(rows, examples.items(), strict=True):
            seen, truth, sampled = _positions(evaluation.windows, index, paths)
            shown = np.concatenate([truth[-1], seen[-1], sampled[:FUTURES, -1].reshape(-1, 2)])
            middle, half = (shown.max(0) + shown.min(0)) / 2, np.ptp(shown, axis=0).max() / 2 * 1.12 + 1e-3
            for axes in row:
                axes.set(xlim=(middle[0] - half, middle[0] + half), ylim=(middle[1] + half, middle[1] - half), aspect="equal")
                axes.set_axis_off()
            _constellation(row[0], seen[-1], layout, INK, 0.55)
            _constellation(row[1], truth[-1], layout, INK, 1.0)
            for future, axes in zip(sampled[:FUTURES, -1], row[2:], strict=False):
                _constellation(axes, truth[-1], layout, INK, 0.22)
                _constellation(axes, future, layout, colour(method), 1.0)
        for axes, label in zip(rows[0], ("now", "truth", *(f"future {k + 1}" for k in range(FUTURES))), strict=True):
            axes.set_title(label, fontsize=9.5, loc="center")
        return svg(figure, f"Keypoints at the end of the horizon: the truth, and futures of {method}")


def _grid(height: float, *, wspace: float, hspace: float, left: float = 0.68, bottom: float = 0.45) -> Figure:
    """Return a figure for a grid of axes: height and room for labels in inches, space between axes in sizes of axes."""
    figure = Figure(figsize=(WIDTH, height))
    # Matplotlib's layout engines would draw every axis twice, which takes most of the time of a page.
    figure.subplots_adjust(left / WIDTH, bottom / height, 1 - 0.05 / WIDTH, 1 - 0.3 / height, wspace, hspace)
    return figure


def _positions(windows: ForecastWindows, index: int, paths: Tensor) -> list[FloatArray]:
    """Return keypoint positions: seen `[C, N, 2]`, true `[H, N, 2]` and sampled `[K, H, N, 2]`."""
    parts = (windows.context_WCD[index], windows.truth_WHD[index], paths)
    return [Keypoints.from_flat(part).value.numpy() for part in parts]


def _coordinates(truth: FloatArray, layout: Layout) -> list[tuple[int, int, str]]:
    """Choose four coordinates to show: (keypoint, axis, name)."""
    if layout == "face_regions":
        names, chosen = list(REGIONS), (("nose", 0), ("nose", 1), ("chin", 1), ("left_brow", 1))
        return [(names.index(name), axis, f"{name.replace('_', ' ')} {'xy'[axis]}") for name, axis in chosen]
    most_moving = np.argsort(-truth.std(0).sum(1))[:2]
    return [(int(keypoint), axis, f"keypoint {keypoint + 1} {'xy'[axis]}") for keypoint in most_moving for axis in (0, 1)]


def _fan(axes: Axes, lines: Sequence[FloatArray], tint: str) -> None:
    """Plot one coordinate, seen `[C]`, true `[H]` and sampled `[K, H]`, and the band that holds 80 % of the samples."""
    seen, truth, sampled = lines
    past = CLOCK_S * np.arange(1 - len(seen), 1)
    future = CLOCK_S * np.arange(len(truth) + 1)
    join = [np.concatenate([seen[-1:], path]) for path in sampled]
    low, high = np.quantile(join, [0.1, 0.9], axis=0)
    axes.fill_between(future, low, high, color=tint, alpha=0.16, linewidth=0, zorder=1)
    for path in join:
        axes.plot(future, path, color=tint, linewidth=0.7, alpha=0.35, zorder=2)
    axes.plot(past, seen, color=INK, linewidth=1.6, alpha=0.55, zorder=3)
    axes.plot(future, np.concatenate([seen[-1:], truth]), color=INK, linewidth=1.9, zorder=4)
    axes.axvline(0, color=FAINT, linewidth=1.2, zorder=1)
    axes.tick_params(labelsize=8)
    axes.locator_params(axis="y", nbins=4)


def _constellation(axes: Axes, points: FloatArray, layout: Layout, tint: str, alpha: float) -> None:
    """Plot keypoints `[N, 2]`, joined by lines if they are those of a face."""
    if layout == "face_regions":
        names = list(REGIONS)
        for contour in CONTOURS:
            corners = points[[names.index(name) for name in contour]]
            axes.plot(*corners.T, color=tint, linewidth=1.3, alpha=alpha * 0.75, zorder=2)
    axes.scatter(points[:, 0], points[:, 1], s=11, color=tint, alpha=alpha, linewidths=0, zorder=3)
