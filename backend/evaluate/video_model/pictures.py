"""Pictures and films of a video model's report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from backend.core.types import CLOCK_HZ, Picture
from backend.evaluate.report.blocks import ClipRows, FilmBlock, StripsBlock, strip
from backend.evaluate.report.images import film_uri
from backend.evaluate.video_model.futures import FuturesExample
from backend.evaluate.video_model.keypoint_path import FORECASTS

EDGE, SHOWN_EDGE = 96, 132
"""Edge of a picture of a film, in pixels of the film and of the page."""

BAR = 4
"""Height in pixels of the bar above a picture of a film: grey for known or true frames, red for sampled ones."""

KNOWN_BAR, SAMPLED_BAR = (139, 144, 154), (224, 51, 110)

REST = 6
"""Frames for which a film shows its last frame before it starts again."""


@dataclass(frozen=True)
class FilmCell:
    """A clip within a film: its frames `[T, S, S, 3]`, and how many of them are known or true."""

    frames: Picture
    known: int = 0


def future_strips(example: FuturesExample) -> StripsBlock:
    """Lay out a window: the truth, all futures of the video model, the best and the worst of each keypoint method."""
    rows = [strip("truth", example.truth)]
    for name, made in example.made.items():
        errors = example.errors[name]
        if name == "video_flow":
            rows += [strip(f"video model {i + 1}", future, caption=f"{errors[i]:.3f}") for i, future in enumerate(made)]
        elif name in FORECASTS:
            order = np.argsort(errors)
            for label, index in (("nearest", order[0]), ("furthest", order[-1])):
                rows.append(strip(f"{name}, {label}", made[index], caption=f"{errors[index]:.3f}"))
    return StripsBlock(example.clip, rows)


def future_film(example: FuturesExample, count: int = 6) -> FilmBlock:
    """Show the truth of a window beside `count` futures of the video model and of each keypoint method, a row each."""
    known = len(example.known)
    truth = FilmCell(np.concatenate([example.known, example.truth]), known + len(example.truth))
    names = [name for name in ("video_flow", *FORECASTS) if name in example.made]
    rows = [
        [truth, *(FilmCell(np.concatenate([example.known, future]), known) for future in example.made[name][:count])]
        for name in names
    ]
    width = min(map(len, rows))
    return _film(example.clip, [row[:width] for row in rows], ["truth", *(f"future {i}" for i in range(1, width))], names)


def caption_film(captioned: Sequence[ClipRows]) -> FilmBlock:
    """Show all captions side by side, clips of invented people and of portraits in rows."""
    names = list(captioned[0].rows)
    rows = [[FilmCell(clips.rows[name], int(name.startswith("portrait"))) for clips in captioned] for name in names]
    return _film("captions", rows, [clips.title for clips in captioned], names)


def edited_film(edited: ClipRows) -> FilmBlock:
    """Show a clip beside its edits."""
    cells = [FilmCell(frames, len(frames) if name == "clip" else 1) for name, frames in edited.rows.items()]
    return _film(edited.title, [cells], list(edited.rows), [])


def _film(title: str, cells: Sequence[Sequence[FilmCell]], columns: list[str], rows: list[str]) -> FilmBlock:
    """Play clips at once in a grid; a shorter one waits at its last frame."""
    length = max(len(cell.frames) for row in cells for cell in row)
    frames = (
        np.concatenate([np.concatenate([_picture(cell, min(t, len(cell.frames) - 1)) for cell in row], 1) for row in cells], 0)
        for t in range(length + REST)
    )
    return FilmBlock(title, film_uri(frames, CLOCK_HZ), columns, rows, SHOWN_EDGE)


def _picture(cell: FilmCell, t: int) -> Picture:
    """Return frame `t` of a clip, enlarged, with its bar."""
    large = np.asarray(Image.fromarray(cell.frames[t]).resize((EDGE, EDGE), Image.Resampling.BICUBIC))
    bar = np.empty((BAR, EDGE, 3), np.uint8)
    bar[:] = KNOWN_BAR if t < cell.known else SAMPLED_BAR
    return np.concatenate([bar, large])
