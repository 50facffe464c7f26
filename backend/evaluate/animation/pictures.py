"""Pictures and charts of an animation report: frames side by side, error maps, error per person and over time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from backend.core.types import CLOCK_S, Picture
from backend.evaluate.animation.futures import EVERY, FuturesStrip
from backend.evaluate.animation.methods import AnimationMethods
from backend.evaluate.animation.summary import FrameExample
from backend.evaluate.common.table import ScoreTable
from backend.evaluate.report.blocks import PictureTile, TilesBlock
from backend.evaluate.report.report import Results
from backend.evaluate.report.style import colour, legend_right, line, step_panels, styled, svg

MAX_ERROR = 0.4
"""Difference of pixels that error maps show as white."""


def rebuilt_row(example: FrameExample) -> TilesBlock:
    """Lay out one frame of a clip: the first frame, the true frame, and the picture of every method."""
    tiles = [PictureTile.of("first frame", example.source.picture), PictureTile.of("truth", example.truth.picture)]
    tiles += [PictureTile.of(name, made, _caption(example, name)) for name, made in _moved(example).items()]
    return TilesBlock(example.clip, tiles, truth=tiles[1].uri)


def inspected_row(example: FrameExample, methods: AnimationMethods, leading: str) -> TilesBlock:
    """Lay out one frame of the leading method, with its error and, if it is a generator, its share of inpainting."""
    truth, made = example.truth.picture, example.made[leading]
    tiles = [
        PictureTile.of("first frame", example.source.picture),
        PictureTile.of("truth", truth),
        PictureTile.of(leading, made, _caption(example, leading)),
        PictureTile.of("error", error_map(made, truth), f"black 0, white {MAX_ERROR:g}"),
    ]
    if leading in methods.generators:
        share = methods.alpha(leading, example.source, example.truth.landmarks).numpy()
        grey = np.repeat((255 * share).astype(np.uint8)[..., None], 3, -1)
        edge = len(truth)
        smooth = np.asarray(Image.fromarray(grey).resize((edge, edge), Image.Resampling.BILINEAR))
        tiles.append(PictureTile.of("own pixels", smooth, "white: from the portrait, black: inpainted"))
    return TilesBlock(example.clip, tiles, truth=tiles[1].uri)


def crossed_row(example: FrameExample) -> TilesBlock:
    """Lay out one frame on the portrait of another person."""
    tiles = [
        PictureTile.of("portrait", example.source.picture),
        PictureTile.of("driver, first frame", example.neutral),
        PictureTile.of("driver", example.truth.picture),
    ]
    for name, made in _moved(example).items():
        found = example.scores[name]
        caption = f"motion error {found['cross_akd']:.1f} px" if "cross_akd" in found else "no face found"
        tiles.append(PictureTile.of(name, made, caption))
    return TilesBlock(example.clip, tiles)


def strip_tiles(strip: FuturesStrip) -> list[PictureTile]:
    """Lay out a window: the frames of each row as one wide picture."""
    return [PictureTile.of(name, np.concatenate(list(frames), 1)) for name, frames in strip.rows.items()]


def error_map(made: Picture, truth: Picture) -> Picture:
    """Return a heat map of the difference of two pictures, `[S, S, 3]`: black 0, white `MAX_ERROR` or more."""
    error = np.abs(made.astype(np.float32) - truth).mean(-1) / 255 / MAX_ERROR
    return (255 * colormaps["inferno"](error.clip(0, 1))[..., :3]).astype(np.uint8)


def per_person(table: ScoreTable, methods: Sequence[str]) -> str:
    """Plot L1 and AKD of every person under all methods, in the order of how much they move."""
    people, index = np.unique(np.asarray(table.people), return_inverse=True)
    with styled():
        figure = Figure(figsize=(10.8, 4.0), layout="constrained")
        panels = figure.subplots(1, 2)
        moved = _by_person(table.values("copy_source", "l1").numpy(), index)
        order = np.argsort(moved)
        for axes, metric, title in zip(panels, ("l1", "akd"), ("L1", "AKD, pixels"), strict=True):
            top = 0.0
            for name in methods:
                values = _by_person(table.values(name, metric).numpy(), index)[order]
                style = line(name) | {"marker": "o", "markersize": 3.5}
                axes.plot(np.arange(1, len(people) + 1), values, label=name, **style)
                if name != "copy_source":
                    top = max(top, float(np.nanmax(values, initial=0.0)))
            axes.set(title=title, xlabel="people, from least to most motion", ylim=(0, None))
            if metric == "akd" and top > 0:
                axes.set_ylim(0, 1.15 * top)  # copy_source is far above and would flatten the other lines
        legend_right(panels[1])
        return svg(figure, "L1 and average keypoint distance of every person, for all methods")


def speed(results: Results) -> str:
    """Plot error against time: left is faster, low is better."""
    timed = {name: found for name, found in results.items() if {"ms_per_frame", "l1", "akd"} <= found.keys()}
    with styled():
        figure = Figure(figsize=(10.8, 3.6), layout="constrained")
        for axes, metric, title in zip(figure.subplots(1, 2), ("l1", "akd"), ("L1", "AKD, pixels"), strict=True):
            for name, found in timed.items():
                error = found[metric]
                if error.low is not None and error.high is not None:
                    axes.vlines(found["ms_per_frame"].value, error.low, error.high, color=colour(name), linewidth=1.4)
                axes.scatter(found["ms_per_frame"].value, error.value, s=70, color=colour(name), label=name, zorder=4)
            axes.set(title=title, xlabel="ms per frame at 256 x 256", ylim=(0, None), xlim=(0, None))
        legend_right(figure.axes[1])
        return svg(figure, "Error against time for all methods")


def per_step(results: Results) -> str:
    """Plot error, diversity and their ratio of rendered futures at every step ahead."""
    panels = [("mae", "MAE of the nearest"), ("apd", "APD among the nearest"), ("apd_over_mae", "APD / MAE")]
    with styled():
        figure = step_panels(results, panels, CLOCK_S * EVERY)
        return svg(figure, "Error, diversity and their ratio of rendered futures, step by step")


def _moved(example: FrameExample) -> dict[str, Picture]:
    """Return the frames of the methods that do not show the first frame again."""
    return {name: made for name, made in example.made.items() if name != "copy_source"}


def _caption(example: FrameExample, name: str) -> str:
    found = example.scores[name]
    face = f"AKD {found['akd']:.1f}" if "akd" in found else "no face found"
    return f"L1 {found['l1']:.3f} · {face}"


def _by_person(values: NDArray[np.float64], index: NDArray[np.intp]) -> NDArray[np.float64]:
    known = np.isfinite(values)
    total = np.bincount(index, np.where(known, values, 0), index.max() + 1)
    count = np.bincount(index, known, index.max() + 1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
