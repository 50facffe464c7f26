"""Pictures, films and charts of an animation report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from backend.core.types import CLOCK_HZ, CLOCK_S, Picture
from backend.evaluate.animation.evaluation import AnimationResults
from backend.evaluate.animation.futures import EVERY
from backend.evaluate.animation.methods import AnimationMethod
from backend.evaluate.animation.summary import FrameExample, VideoExample
from backend.evaluate.common.table import ScoreTable
from backend.evaluate.common.videos import SIZE
from backend.evaluate.report.blocks import FilmBlock, PictureTile, TilesBlock
from backend.evaluate.report.images import film_uri
from backend.evaluate.report.report import Results
from backend.evaluate.report.style import colour, legend_right, line, step_panels, styled, svg

MAX_ERROR = 0.4
"""Difference of pixels that error maps show as white."""

FILM_EDGE, MAX_SECONDS = 192, 4.0
"""Edge of each picture of a film in pixels, and duration of a film."""

PANELS = (("l1", "L1"), ("akd", "AKD, pixels"))
"""Errors that charts show side by side, and their headings."""


def rebuilt_row(example: FrameExample) -> TilesBlock:
    """Lay out one frame of a clip: the first frame, the true frame, and the picture of every method."""
    tiles = [PictureTile.of("first frame", example.source.picture), PictureTile.of("truth", example.truth.picture)]
    tiles += [PictureTile.of(name, made, _caption(example, name)) for name, made in _moved(example).items()]
    return TilesBlock(example.clip, tiles, truth=tiles[1].uri)


def inspected_row(example: FrameExample, evaluation: AnimationResults) -> TilesBlock:
    """Lay out one frame of the leading method, with its error and, if it is a generator, its share of own pixels."""
    methods, leading = evaluation.methods, evaluation.summary.leading
    truth, made = example.truth.picture, example.made[leading]
    tiles = [
        PictureTile.of("first frame", example.source.picture),
        PictureTile.of("truth", truth),
        PictureTile.of(leading, made, _caption(example, leading)),
        PictureTile.of("error", error_map(made, truth), f"black 0, white {MAX_ERROR:g}"),
    ]
    if leading in methods.generators:
        share = methods.alpha(leading, example.source, example.truth.landmarks).numpy()
        grey = Image.fromarray((255 * share).astype(np.uint8)).resize((SIZE, SIZE), Image.Resampling.BILINEAR)
        caption = "white: from the portrait, black: inpainted"
        tiles.append(PictureTile.of("own pixels", np.asarray(grey.convert("RGB")), caption))
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


def method_film(wanted: VideoExample, methods: Mapping[str, AnimationMethod]) -> FilmBlock:
    """Render a film: the still picture, the driver, and every method that moves the picture."""
    clip, portrait = wanted.clip, wanted.portrait or wanted.clip.source
    times = clip.recording.timestamps
    grid = np.arange(times[0], min(times[-1], times[0] + MAX_SECONDS), CLOCK_S)
    index = np.unique(np.searchsorted(times, grid).clip(max=len(times) - 1))
    landmarks, neutral = clip.recording.landmarks[index], clip.source.landmarks if wanted.portrait else None
    columns: dict[str, Picture] = {
        "portrait" if wanted.portrait else "first frame": np.repeat(_small(portrait.picture)[None], len(index), 0),
        "driver" if wanted.portrait else "truth": np.stack(list(clip.pictures_at(times[index], FILM_EDGE))),
    }
    for name, method in methods.items():
        if name != "copy_source":
            columns[name] = np.stack([_small(frame) for frame in method(portrait, landmarks, neutral)])
    frames = np.concatenate(list(columns.values()), 2)
    return FilmBlock(clip.video.path.stem, film_uri(frames, CLOCK_HZ), list(columns), edge=FILM_EDGE)


def _small(picture: Picture) -> Picture:
    return np.asarray(Image.fromarray(picture).resize((FILM_EDGE, FILM_EDGE), Image.Resampling.LANCZOS))


def error_map(made: Picture, truth: Picture) -> Picture:
    """Return a heat map of the difference of two pictures, `[S, S, 3]`: black 0, white `MAX_ERROR` or more."""
    error = np.abs(made.astype(np.float32) - truth).mean(-1) / 255 / MAX_ERROR
    return (255 * colormaps["inferno"](error.clip(0, 1))[..., :3]).astype(np.uint8)


def per_person(table: ScoreTable, methods: Sequence[str]) -> str:
    """Plot L1 and AKD of every person under all methods, in the order of how much they move."""
    people, index = np.unique(np.asarray(table.people), return_inverse=True)
    places = np.arange(1, len(people) + 1)
    order = np.argsort(_by_person(table.values("copy_source", "l1").numpy(), index))
    with styled():
        figure = Figure(figsize=(10.8, 4.0), layout="constrained")
        for axes, (metric, title) in zip(figure.subplots(1, 2), PANELS, strict=True):
            top = 0.0
            for name in methods:
                values = _by_person(table.values(name, metric).numpy(), index)[order]
                axes.plot(places, values, label=name, marker="o", markersize=3.5, **line(name))
                if name != "copy_source":
                    top = max(top, float(np.nanmax(values, initial=0.0)))
            axes.set(title=title, xlabel="people, from least to most motion", ylim=(0, None))
            if metric == "akd" and top > 0:
                axes.set_ylim(0, 1.15 * top)  # copy_source is far above and would flatten the other lines
        legend_right(figure.axes[1])
        return svg(figure, "L1 and average keypoint distance of every person, for all methods")


def speed(results: Results) -> str:
    """Plot error against time: left is faster, low is better."""
    timed = {name: found for name, found in results.items() if {"ms_per_frame", "l1", "akd"} <= found.keys()}
    with styled():
        figure = Figure(figsize=(10.8, 3.6), layout="constrained")
        for axes, (metric, title) in zip(figure.subplots(1, 2), PANELS, strict=True):
            for name, found in timed.items():
                ms, error = found["ms_per_frame"].value, found[metric]
                if error.low is not None and error.high is not None:
                    axes.vlines(ms, error.low, error.high, color=colour(name), linewidth=1.4)
                axes.scatter(ms, error.value, s=70, color=colour(name), label=name, zorder=4)
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
