"""Tiles of a film: pictures side by side with a caption over each, made larger or smaller."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

COLOURS = ["#4cc9f0", "#f9c74f", "#f28482", "#90be6d", "#b388eb", "#ff9f5a", "#5ad1b3", "#e27bb1"]
"""One colour a future, repeated beyond eight."""

STRIP = 26
"""Height of the caption over each tile, in pixels."""

PLAIN, GROUND, DOTS, DOT_GROUND = "#e6e6e6", "#0c0e12", "#9fb3c8", "#14161c"

Picture = NDArray[np.uint8]
Tile = tuple[Picture, str]
"""A picture `[size, size, 3]` and its caption."""


def sheet(known: Sequence[Tile], futures: Sequence[Tile]) -> Picture:
    """Lay tiles out: what is known in the first column, the futures beside it, in two rows if any of both are many."""
    size = (*known, *futures)[0][0].shape[0]
    rows = 2 if len(known) > 1 or len(futures) > 4 else 1
    first, columns = min(len(known), 1), -(-len(futures) // rows)
    canvas = Image.new("RGB", ((first + columns) * size, rows * (size + STRIP)), GROUND)
    places = [(0, row) for row in range(len(known))]
    places += [(first + i % columns, i // columns) for i in range(len(futures))]
    colours = [PLAIN] * len(known) + [COLOURS[i % len(COLOURS)] for i in range(len(futures))]
    for (picture, caption), (column, row), colour in zip((*known, *futures), places, colours, strict=True):
        write(canvas, caption, column * size, row * (size + STRIP), size, colour)
        canvas.paste(Image.fromarray(picture), (column * size, row * (size + STRIP) + STRIP))
    return np.asarray(canvas)


def contact_sheet(rows: Sequence[tuple[Picture, str]]) -> Picture:
    """Lay clips `[T, size, size, 3]` out, one below the other with its caption over it, time from left to right."""
    count, size = rows[0][0].shape[:2]
    canvas = Image.new("RGB", (count * size, len(rows) * (size + STRIP)), GROUND)
    for index, (clip, caption) in enumerate(rows):
        y = index * (size + STRIP)
        write(canvas, caption, 0, y, count * size, COLOURS[index % len(COLOURS)])
        canvas.paste(Image.fromarray(np.concatenate(list(clip), 1)), (0, y + STRIP))
    return np.asarray(canvas)


def write(canvas: Image.Image, caption: str, x: int, y: int, width: int, colour: str) -> None:
    """Write a caption into the strip whose corner is at (x, y)."""
    ImageDraw.Draw(canvas).text((x + 8, y + 5), caption, fill=colour, font=font(caption, width - 16))


def font(caption: str, width: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    """The largest font, up to 13 pixels, in which a caption fits its tile."""
    fonts = (ImageFont.load_default(height) for height in range(13, 6, -1))
    return next((font for font in fonts if font.getlength(caption) <= width), ImageFont.load_default(7))


def dots(landmarks: NDArray[np.float32], size: int) -> Picture:
    """Draw landmarks as dots: a recording has no picture."""
    canvas = Image.new("RGB", (size, size), DOT_GROUND)
    draw = ImageDraw.Draw(canvas)
    for x, y in (landmarks[:, :2] + 1) * size / 2:
        draw.ellipse((x - 0.8, y - 0.8, x + 0.8, y + 0.8), fill=DOTS)
    return np.asarray(canvas)


def scaled(pictures: Picture, size: int) -> Picture:
    """Bring pictures `[..., S, S, 3]` to another size: smooth where they grow, by areas where they shrink."""
    side = pictures.shape[-2]
    if side == size:
        return pictures
    how = Image.Resampling.BICUBIC if side < size else Image.Resampling.BOX
    flat = pictures.reshape(-1, *pictures.shape[-3:])
    done = np.stack([np.asarray(Image.fromarray(one).resize((size, size), how)) for one in flat])
    return done.reshape(*pictures.shape[:-3], size, size, 3)
