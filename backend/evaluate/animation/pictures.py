"""Pictures of an animation report: tiles side by side, maps of error and of the portrait's own share, plots."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import simplejpeg
from matplotlib import colormaps
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from backend.core.types import CLOCK_S, Picture
from backend.evaluate.animation.futures import EVERY, PREFIX, FuturesStrip
from backend.evaluate.animation.methods import AnimationMethods
from backend.evaluate.animation.summary import FrameExample
from backend.evaluate.common.table import ScoreTable
from backend.evaluate.report.figure import INK, colour, legend_right, line, styled, svg
from backend.evaluate.report.report import Metric

Results = Mapping[str, Mapping[str, Metric]]

QUALITY = 88

LARGEST_ERROR = 0.4
"""Difference of pixels that is drawn brightest."""


@dataclass(frozen=True)
class Tile:
    """One picture of a row: what it is, the picture as a data URI, and its figures in a few words."""

    name: str
    uri: str
    words: str = ""


@dataclass(frozen=True)
class Row:
    """Tiles side by side; `truth` is shown instead of a tile that is pointed at."""

    title: str
    tiles: list[Tile]
    truth: str = ""


def uri(picture: Picture) -> str:
    """Return a picture `[height, width, 3]` as a data URI."""
    data = simplejpeg.encode_jpeg(np.ascontiguousarray(picture), quality=QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(data).decode()


def rebuilt_row(exhibit: FrameExample) -> Row:
    """Lay out one frame of a clip: the first frame, what came, and every method's picture of it."""
    truth = uri(exhibit.truth.picture)
    tiles = [Tile("first frame", uri(exhibit.source.picture)), Tile("what came", truth)]
    tiles += [Tile(name, uri(made), _words(exhibit, name)) for name, made in exhibit.made.items() if name != "copy_source"]
    return Row(exhibit.clip, tiles, truth)


def inspected_row(exhibit: FrameExample, methods: AnimationMethods, leading: str) -> Row:
    """Lay out one frame of the leading method with where it is wrong and, of a generator, where it paints."""
    truth, made = exhibit.truth.picture, exhibit.made[leading]
    tiles = [
        Tile("first frame", uri(exhibit.source.picture)),
        Tile("what came", uri(truth)),
        Tile(leading, uri(made), _words(exhibit, leading)),
        Tile("error", uri(error_map(made, truth)), f"black 0, white {LARGEST_ERROR:g}"),
    ]
    if leading in methods.generators:
        share = methods.alpha(leading, exhibit.source, exhibit.truth.landmarks).numpy()
        grey = np.repeat((255 * share).astype(np.uint8)[..., None], 3, -1)
        edge = len(truth)
        smooth = np.asarray(Image.fromarray(grey).resize((edge, edge), Image.Resampling.BILINEAR))
        tiles.append(Tile("own pixels", uri(smooth), "white: the portrait's, black: painted"))
    return Row(exhibit.clip, tiles, uri(truth))


def crossed_row(exhibit: FrameExample) -> Row:
    """Lay out one frame on another person's portrait."""
    tiles = [
        Tile("portrait", uri(exhibit.source.picture)),
        Tile("driver, first frame", uri(exhibit.neutral)),
        Tile("driver", uri(exhibit.truth.picture)),
    ]
    for name, made in exhibit.made.items():
        if name != "copy_source":
            found = exhibit.scores[name]
            words = f"{found['cross_akd']:.1f} px off" if "cross_akd" in found else "no face found"
            tiles.append(Tile(name, uri(made), words))
    return Row(exhibit.clip, tiles)


def strip_rows(strip: FuturesStrip) -> list[Tile]:
    """Lay out a window: each row of frames as one wide picture."""
    return [Tile(name, uri(np.concatenate(list(frames), 1))) for name, frames in strip.rows.items()]


def error_map(made: Picture, truth: Picture) -> Picture:
    """Return where two pictures differ, `[S, S, 3]`: black 0, white `LARGEST_ERROR` or more."""
    error = np.abs(made.astype(np.float32) - truth).mean(-1) / 255 / LARGEST_ERROR
    return (255 * colormaps["inferno"](error.clip(0, 1))[..., :3]).astype(np.uint8)


def per_person(table: ScoreTable, methods: Sequence[str]) -> str:
    """Draw every person's L1 and AKD under all methods, ordered by how much they move."""
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
            axes.set(title=title, xlabel="people, those who move least first", ylim=(0, None))
            if metric == "akd" and top > 0:
                axes.set_ylim(0, 1.15 * top)  # standing still is far above: it would flatten the others
        legend_right(panels[1])
        return svg(figure, "L1 and average keypoint distance of every person, for all methods")


def speed(results: Results) -> str:
    """Draw error against time: to the left is faster, below is better."""
    timed = {name: found for name, found in results.items() if {"ms_per_frame", "l1", "akd"} <= found.keys()}
    with styled():
        figure = Figure(figsize=(10.8, 3.6), layout="constrained")
        for axes, metric, title in zip(figure.subplots(1, 2), ("l1", "akd"), ("L1", "AKD, pixels"), strict=True):
            for name, found in timed.items():
                figures = found[metric]
                if figures.low is not None and figures.high is not None:
                    axes.vlines(found["ms_per_frame"].value, figures.low, figures.high, color=colour(name), linewidth=1.4)
                axes.scatter(found["ms_per_frame"].value, figures.value, s=70, color=colour(name), label=name, zorder=4)
            axes.set(title=title, xlabel="ms a frame at 256 x 256", ylim=(0, None), xlim=(0, None))
        legend_right(figure.axes[1])
        return svg(figure, "Error against time for all methods")


def per_step(results: Results) -> str:
    """Draw error, diversity and their ratio at every rendered step ahead."""
    panels = (("mae", "MAE of the nearest"), ("apd", "APD among the nearest"), ("apd_over_mae", "APD / MAE"))
    with styled():
        figure = Figure(figsize=(10.8, 3.4), layout="constrained")
        for axes, (metric, title) in zip(figure.subplots(1, 3), panels, strict=True):
            for name, found in results.items():
                if not name.startswith(PREFIX) or metric not in found or (metric == "apd" and found[metric].value == 0):
                    continue
                short = name.removeprefix(PREFIX)
                steps = np.array(found[metric].per_step)
                style = line(short) | ({"color": INK, "linestyle": "dashed"} if short == "truth" else {})
                axes.plot(
                    CLOCK_S * EVERY * np.arange(1, len(steps) + 1), steps, label=short.replace("truth", "true motion"), **style
                )
            axes.set(title=title, xlabel="seconds ahead", ylim=(0, None))
        figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside right center", fontsize=9)
        return svg(figure, "Error, diversity and their ratio of rendered futures, step by step")


def _words(exhibit: FrameExample, name: str) -> str:
    found = exhibit.scores[name]
    face = f"AKD {found['akd']:.1f}" if "akd" in found else "no face found"
    return f"L1 {found['l1']:.3f} · {face}"


def _by_person(values: NDArray[np.float64], index: NDArray[np.intp]) -> NDArray[np.float64]:
    known = np.isfinite(values)
    total = np.bincount(index, np.where(known, values, 0), index.max() + 1)
    count = np.bincount(index, known, index.max() + 1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
