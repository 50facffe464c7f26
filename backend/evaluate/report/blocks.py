"""The blocks that sections of a report page are made of: tables, charts, pictures, films and folded parts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from backend.core.types import Picture
from backend.evaluate.report.images import jpeg_uri
from backend.evaluate.report.prose import MIN_P, interval, number, signed
from backend.evaluate.report.report import Comparison, Metric, Results


class Block(msgspec.Struct):
    """A part of a section."""

    @property
    def kind(self) -> str:
        """Name of the macro in `templates/blocks.html` that renders it."""
        return type(self).__name__.removesuffix("Block").lower()


class TableColumn(msgspec.Struct):
    """A metric in a table."""

    metric: str
    title: str
    hint: str = ""
    best: Literal["lowest", "highest", "none"] | float = "lowest"  # the value that is marked; a number marks the nearest
    decimals: int | None = None  # digits after the point; three significant digits by default


class TableCell(msgspec.Struct):
    """Text of a cell, its interval in small print, a CSS class, and the colour of a dot before the text."""

    text: str
    small: str = ""
    css: str = ""
    dot: str = ""


class TableBlock(Block):
    """A table: title and hint of each column, and rows of cells."""

    head: Sequence[tuple[str, str]]
    rows: Sequence[Sequence[TableCell]]


class ChartBlock(Block):
    """A chart as an inline SVG element."""

    svg: str


class NoteBlock(Block):
    """A paragraph: the note of this name in the section's texts."""

    name: str


class FoldBlock(Block):
    """Blocks that are hidden until a click on the title."""

    title: str
    blocks: Sequence[Block]


class PictureTile(msgspec.Struct):
    """A picture as a data URI, its name, and its metrics in a few words."""

    name: str
    uri: str
    caption: str = ""

    @classmethod
    def of(cls, name: str, picture: NDArray[np.uint8], caption: str = "") -> PictureTile:
        """Encode a picture.

        Args:
            name: of the picture.
            picture: `[height, width, 3]`.
            caption: its metrics in a few words.
        """
        return cls(name, jpeg_uri(picture), caption)


def strip(name: str, frames: Picture, count: int = 8, caption: str = "") -> PictureTile:
    """Show frames of a clip side by side, evenly spaced up to its last.

    Args:
        name: of the clip.
        frames: the clip, `[T, S, S, 3]`.
        count: frames to show.
        caption: its metrics in a few words.
    """
    return PictureTile.of(name, np.concatenate(list(frames[spaced_to_end(len(frames), count)]), 1), caption)


def spaced_to_end(length: int, count: int) -> list[int]:
    """Return the indices of `count` of `length` frames, evenly spaced, the last among them."""
    return sorted({round((place + 1) * length / count) - 1 for place in range(count)} & set(range(length)))


class ClipRows(msgspec.Struct, frozen=True):
    """Clips that belong together: frames `[T, S, S, 3]` by name, and the mean change of the true ones."""

    title: str
    rows: dict[str, Picture]
    motion: float = 0.0


class TilesBlock(Block):
    """Pictures side by side; `truth`, where given, replaces the picture under the mouse pointer."""

    title: str
    tiles: Sequence[PictureTile]
    truth: str = ""


class StripsBlock(Block):
    """Wide pictures below each other, each a row of frames; `axis` labels the frames."""

    title: str
    tiles: Sequence[PictureTile]
    axis: Sequence[str] = ()

    @classmethod
    def of(cls, clips: ClipRows, count: int = 8, axis: Sequence[str] = ()) -> StripsBlock:
        """Lay out clips below each other.

        Args:
            clips: the clips.
            count: frames of each to show, evenly spaced up to its last.
            axis: labels of the frames.
        """
        return cls(clips.title, [strip(name, frames, count) for name, frames in clips.rows.items()], axis)


class FilmBlock(Block):
    """A film as a data URI that shows a grid of pictures, each `edge` pixels wide, with the names of its columns and rows."""

    title: str
    uri: str
    columns: Sequence[str]
    rows: Sequence[str] = ()
    edge: int = 192


def best_method(results: Results, column: TableColumn) -> str | None:
    """Return the method with the best value of a column; None where no value is better than another."""
    values = {name: found[column.metric].value for name, found in results.items() if column.metric in found}
    best = column.best
    if best == "none" or len(set(values.values())) < 2:
        return None
    if best == "highest":
        return max(values, key=values.__getitem__)
    return min(values, key=lambda name: abs(values[name] - best) if isinstance(best, float) else values[name])


def metric_cell(metric: Metric | None, decimals: int | None = None) -> TableCell:
    """Write a metric and its interval, or an empty cell where there is none."""
    if metric is None:
        return TableCell("")
    return TableCell(number(metric.value) if decimals is None else f"{metric.value:.{decimals}f}", interval(metric))


def fold(blocks: Sequence[Block], shown: int) -> list[Block]:
    """Show the first blocks and fold the others."""
    rest = blocks[shown:]
    return [*blocks[:shown], FoldBlock(f"{len(rest)} more", rest)] if rest else list(blocks)


def comparison_table(tests: Collection[Comparison]) -> TableBlock:
    """Lay out paired tests: a row each, significant corrected p values marked."""
    heads = ("Method", "Against", "Metric", "Difference", "95 % interval", "p", "p, corrected")
    rows = []
    for test in tests:
        ends = "" if test.low is None or test.high is None else f"{signed(test.low)} to {signed(test.high)}"
        row = [TableCell(text) for text in (test.method, test.against, test.metric, signed(test.difference), ends, _p(test.p))]
        rows.append([*row, TableCell(_p(test.p_holm), css="best" if test.significant else "")])
    return TableBlock([(head, "") for head in heads], rows)


def _p(value: float | None) -> str:
    return "" if value is None else f"< {MIN_P}" if value < MIN_P else f"{value:.3f}"


def comparison_blocks(tests: Collection[Comparison], main_metric: str) -> list[Block]:
    """Lay out the tests of the main metric in an open table, and the others in a folded one."""
    main = [test for test in tests if test.metric == main_metric]
    rest = [test for test in tests if test.metric != main_metric]
    blocks: list[Block] = [comparison_table(main)] if main else []
    if rest:
        blocks.append(FoldBlock("Tests of other metrics" if main else f"{len(rest)} tests", [comparison_table(rest)]))
    return blocks
