"""Pictures of a video flow's report: sheets of frames, short films, and curves."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from backend.core.types import CLOCK_HZ, Picture
from backend.evaluate.animation.pictures import Tile, uri
from backend.evaluate.report.figure import FAINT, INK, legend_right, styled, svg
from backend.evaluate.report.report import Metric
from backend.evaluate.video_model.captions import CaptionClips
from backend.evaluate.video_model.edits import EditExample
from backend.evaluate.video_model.futures import FuturesExample
from backend.media.video_writer import write_video

Results = Mapping[str, Mapping[str, Metric]]

COLOURS = {
    "video_flow": "#e0336e",
    "flow": "#e0336e",
    "flow_with_caption": "#f09db8",
    "flow_score_matching": "#e0336e",
    "drawn": "#e0336e",
    "keypoint_nf": "#1e88e5",
    "keypoint_snf": "#8f7be0",
    "keypoint_still": "#58a8ea",
    "keypoint_true_motion": "#2f9e6e",
    "regression": "#1e88e5",
    "score_step": "#1e88e5",
    "level": "#1e88e5",
    "last_frame_gaussian": "#df7d1f",
    "no_noise_removal": "#df7d1f",
    "sliding_last": "#b45fb4",
    "copy_last_through_autoencoder": "#b48a4c",
    "reconstruction_bound": "#2f9e6e",
    "reconstruction": "#2f9e6e",
    "autoencoder": "#b48a4c",
    "truth": "#2f9e6e",
}
OTHER = "#8b909a"
LEADING = ("video_flow", "flow")
DASHED = ("keypoint_true_motion", "reconstruction", "truth", "copy_last_through_autoencoder", "keypoint_still")

LIVELY = 3.0
"""Motion over the truth's up to which it is drawn: the jump into a window would flatten the rest."""

EDGE = 96
"""Edge of each picture of a film in pixels."""

BAR = 4
"""Height in pixels of the bar over a film's picture: grey while the frames are known, red once they are drawn."""

KNOWN_BAR, DRAWN_BAR = (139, 144, 154), (224, 51, 110)


@dataclass(frozen=True)
class Cell:
    """One place of a film: what it is, its frames `[T, S, S, 3]`, and how many of them are known, not drawn."""

    name: str
    frames: Picture
    known: int = 0


@dataclass(frozen=True)
class Film:
    """A film as a data URI: its title, and what its columns and rows are."""

    title: str
    uri: str
    columns: list[str]
    rows: list[str]


def colour(name: str) -> str:
    """Colour of a method, with or without its section's prefix."""
    return COLOURS.get(name, COLOURS.get(name.partition("_")[2], OTHER))


def strip(frames: Picture, shown: int = 8) -> str:
    """Some of the frames of a clip, evenly spread up to its last, side by side, as a data URI."""
    return uri(np.concatenate(list(frames[spread(len(frames), shown)]), 1))


def spread(length: int, shown: int) -> list[int]:
    """Which of so many frames are shown: evenly spread, the last among them."""
    return sorted({round((place + 1) * length / shown) - 1 for place in range(shown)} & set(range(length)))


def future_rows(exhibit: FuturesExample) -> list[Tile]:
    """Lay out a window: what came, all futures of the video flow, the nearest and the furthest of the keypoint path."""
    rows = [Tile("what came", strip(exhibit.truth))]
    for name, made in exhibit.made.items():
        order = np.argsort(exhibit.errors[name])
        if name == "video_flow":
            rows += [
                Tile(f"video flow {i + 1}", strip(future), f"{exhibit.errors[name][i]:.3f}") for i, future in enumerate(made)
            ]
        elif name in ("keypoint_nf", "keypoint_snf"):
            for words, index in (("nearest", order[0]), ("furthest", order[-1])):
                rows.append(Tile(f"{name}, {words}", strip(made[index]), f"{exhibit.errors[name][index]:.3f}"))
    return rows


def future_film(exhibit: FuturesExample, flows: int = 6) -> Film:
    """Show a window in motion: the truth, some futures of the video flow, and as many of each keypoint forecast."""
    known = exhibit.known
    cells = [[Cell("what came", np.concatenate([known, exhibit.truth]), len(known) + len(exhibit.truth))]]
    cells[0] += [Cell("", np.concatenate([known, future]), len(known)) for future in exhibit.made["video_flow"][:flows]]
    names = ["video_flow"]
    for name in ("keypoint_nf", "keypoint_snf"):
        if name in exhibit.made:
            drawn = [Cell("", np.concatenate([known, future]), len(known)) for future in exhibit.made[name][:flows]]
            cells.append([cells[0][0], *drawn])
            names.append(name)
    width = min(map(len, cells))
    return film(exhibit.clip, [row[:width] for row in cells], ["what came", *(f"future {i}" for i in range(1, width))], names)


def told_films(told: Sequence[CaptionClips]) -> list[Film]:
    """Show all captions side by side: drawn from nothing, and from portraits."""
    if not told:
        return []
    rows = list(told[0].rows)
    cells = [[Cell(entry.caption, entry.rows[name], int(name.startswith("portrait"))) for entry in told] for name in rows]
    return [film("captions", cells, [entry.caption for entry in told], rows)]


def edited_film(edited: EditExample) -> Film:
    """Show a clip beside its edits."""
    names = list(edited.rows)
    cells = [Cell(name, frames, len(frames) if name == "clip" else 1) for name, frames in edited.rows.items()]
    return film(edited.clip, [cells], names, [""])


def film(title: str, cells: Sequence[Sequence[Cell]], columns: list[str], rows: list[str]) -> Film:
    """Play clips at once, in rows; a shorter one waits at its end."""
    length = max(len(cell.frames) for row in cells for cell in row)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        with write_video(path, CLOCK_HZ) as writer:
            for t in range(length + 6):  # it rests on the last frame before it begins again
                pictures = [[_cell(cell, min(t, len(cell.frames) - 1)) for cell in row] for row in cells]
                writer.write(np.concatenate([np.concatenate(row, 1) for row in pictures], 0))
        data = path.read_bytes()
    return Film(title, "data:video/mp4;base64," + base64.b64encode(data).decode(), columns, rows)


def _cell(cell: Cell, t: int) -> Picture:
    large = np.asarray(Image.fromarray(cell.frames[t]).resize((EDGE, EDGE), Image.Resampling.BICUBIC))
    bar = np.empty((BAR, EDGE, 3), np.uint8)
    bar[:] = KNOWN_BAR if t < cell.known else DRAWN_BAR
    return np.concatenate([bar, large])


def bits_by_frame(results: Results) -> str:
    """Draw the bits of every frame under all densities but the one that knows nothing."""
    shown = {name: found for name, found in _part(results, "likelihood").items() if name != "standard_gaussian"}
    with styled():
        figure = Figure(figsize=(10.4, 3.2), layout="constrained")
        axes = figure.subplots()
        _lines(axes, shown, "bits", first=1)
        axes.set(title="Bits per latent number, given the frames before", xlabel="frames seen before")
        legend_right(axes)
        return svg(figure, "Bits per latent number of every frame of a window")


def blocks(results: Results) -> str:
    """Draw what every block size saves, in passes and in time, and how far it is from the sequential answer."""
    found = {int(name.rsplit("_", 1)[1]): entries for name, entries in results.items() if name.startswith("inversion_block_")}
    sizes = sorted(found)
    with styled():
        figure = Figure(figsize=(10.4, 3.2), layout="constrained")
        left, middle, right = figure.subplots(1, 3)
        for axes, metrics, title in (
            (left, ("deep_saved", "saved"), "Passes: sequential over Jacobi"),
            (middle, ("deep_faster", "faster"), "Time: sequential over Jacobi"),
            (right, ("error", "draw_error"), "Relative difference of the result"),
        ):
            for metric, words, tint in zip(metrics, ("deep block", "whole draw"), ("#1e88e5", "#e0336e"), strict=True):
                axes.plot(sizes, [found[size][metric].value for size in sizes], "o-", color=tint, label=words, markersize=4)
            axes.set_xscale("log", base=2)
            axes.set(title=title, xlabel="tokens in a block")
            axes.set_xticks(sizes, [str(size) for size in sizes])
        for axes, goal in ((left, 8.0), (middle, 4.0), (right, 1e-3)):
            axes.axhline(goal, color=FAINT, linewidth=1.6)
            axes.annotate("goal", (sizes[0], goal), color=INK, fontsize=8, xytext=(0, 2), textcoords="offset points")
        right.set_yscale("log")
        left.set_ylim(0, None)
        middle.set_ylim(0, None)
        left.legend(fontsize=8.5)
        return svg(figure, "Passes, time and difference of Jacobi inversion for all block sizes")


def drift_by_frame(results: Results) -> str:
    """Draw error, sharpness, motion and size of the latents over three windows."""
    shown = _part(results, "drift")
    panels = (("mae", "MAE"), ("sharpness", "Sharpness over the truth's"), ("motion_left", "Motion over the truth's"))
    with styled():
        figure = Figure(figsize=(10.8, 3.4), layout="constrained")
        panes = figure.subplots(1, 3)
        for axes, (metric, title) in zip(panes, panels, strict=True):
            _lines(axes, {name: found for name, found in shown.items() if name != "truth"}, metric, scale=1 / CLOCK_HZ, first=1)
            axes.set(title=title, xlabel="seconds ahead", ylim=(0, None))
        panes[2].set_ylim(0, min(panes[2].get_ylim()[1], LIVELY))
        figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside right center", fontsize=9)
        return svg(figure, "Error, sharpness and motion of clips that are continued for three windows")


def futures_by_frame(results: Results, count: int) -> str:
    """Draw error and diversity of futures, frame by frame."""
    shown = _part(results, "futures")
    panels = (("mae", "MAE, all futures"), (f"mae_best{count}", f"MAE, best of {count}"), ("apd", "APD"))
    with styled():
        figure = Figure(figsize=(10.8, 3.4), layout="constrained")
        for axes, (metric, title) in zip(figure.subplots(1, 3), panels, strict=True):
            lines = {name: found for name, found in shown.items() if name != "truth"}
            if metric == "apd":
                lines = {name: found for name, found in lines.items() if found["apd"].value > 0}
            _lines(axes, lines, metric, scale=1 / CLOCK_HZ, first=1)
            axes.set(title=title, xlabel="seconds ahead", ylim=(0, None))
        figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside right center", fontsize=9)
        return svg(figure, "Error and diversity of futures, frame by frame")


def _lines(axes: Axes, shown: Results, metric: str, scale: float = 1.0, first: int = 0) -> None:
    for name, found in shown.items():
        if metric in found and found[metric].per_step is not None:
            steps = np.array(found[metric].per_step)
            axes.plot(
                scale * (first + np.arange(len(steps))), steps, label=name, color=colour(name),
                linewidth=2.6 if name in LEADING else 1.5, linestyle=(0, (4, 2)) if name in DASHED else "solid",
                zorder=4 if name in LEADING else 3,
            )  # fmt: skip


def _part(results: Results, prefix: str) -> dict[str, Mapping[str, Metric]]:
    return {name.removeprefix(f"{prefix}_"): found for name, found in results.items() if name.startswith(f"{prefix}_")}
