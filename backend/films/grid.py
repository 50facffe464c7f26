"""Lays out pictures with captions in a grid, for films and contact sheets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from backend.core.types import Picture

COLOURS = ["#4cc9f0", "#f9c74f", "#f28482", "#90be6d", "#b388eb", "#ff9f5a", "#5ad1b3", "#e27bb1"]
"""One colour for each future, repeated beyond eight."""

CAPTION_HEIGHT = 26
"""Height of the caption over each tile, in pixels."""

TEXT, GROUND, DOTS, DOT_GROUND = "#e6e6e6", "#0c0e12", "#9fb3c8", "#14161c"

CaptionedPicture = tuple[Picture, str]
"""A picture `[size, size, 3]`, or a clip `[T, size, size, 3]`, and its caption."""


def sheet(known: Sequence[CaptionedPicture], futures: Sequence[CaptionedPicture]) -> Picture:
    """Lay out known pictures in the first column and futures beside it, in two rows if there are several known or over four."""
    tiles = (*known, *futures)
    size = len(tiles[0][0])
    rows = 2 if len(known) > 1 or len(futures) > 4 else 1
    first, columns = min(len(known), 1), -(-len(futures) // rows)
    canvas = Image.new("RGB", ((first + columns) * size, rows * (size + CAPTION_HEIGHT)), GROUND)
    places = [(0, row) for row in range(len(known))]
    places += [(first + i % columns, i // columns) for i in range(len(futures))]
    colours = [TEXT] * len(known) + [COLOURS[i % len(COLOURS)] for i in range(len(futures))]
    for (picture, caption), (column, row), colour in zip(tiles, places, colours, strict=True):
        _paste(canvas, picture, caption, (column * size, row * (size + CAPTION_HEIGHT)), colour)
    return np.asarray(canvas)


def contact_sheet(rows: Sequence[CaptionedPicture]) -> Picture:
    """Lay out clips as rows under their captions, time from left to right."""
    count, size = rows[0][0].shape[:2]
    canvas = Image.new("RGB", (count * size, len(rows) * (size + CAPTION_HEIGHT)), GROUND)
    for index, (clip, caption) in enumerate(rows):
        corner = (0, index * (size + CAPTION_HEIGHT))
        _paste(canvas, np.concatenate(list(clip), 1), caption, corner, COLOURS[index % len(COLOURS)])
    return np.asarray(canvas)


def _paste(canvas: Image.Image, picture: Picture, caption: str, corner: tuple[int, int], colour: str) -> None:
    x, y = corner
    font = fitting_font(caption, picture.shape[1] - 16)
    ImageDraw.Draw(canvas).text((x + 8, y + 5), caption, fill=colour, font=font)
    canvas.paste(Image.fromarray(picture), (x, y + CAPTION_HEIGHT))


def fitting_font(caption: str, width: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    """Return the largest font, up to 13 pixels high, in which a caption fits a width in pixels."""
    fonts = (ImageFont.load_default(height) for height in range(13, 6, -1))
    return next((font for font in fonts if font.getlength(caption) <= width), ImageFont.load_default(7))


def draw_landmarks(landmarks: NDArray[np.float32], size: int) -> Picture:
    """Draw landmarks `[478, 3]` in [-1, 1] as dots `[size, size, 3]`, for recordings, which have no picture."""
    canvas = Image.new("RGB", (size, size), DOT_GROUND)
    draw = ImageDraw.Draw(canvas)
    for x, y in (landmarks[:, :2] + 1) * size / 2:
        draw.ellipse((x - 0.8, y - 0.8, x + 0.8, y + 0.8), fill=DOTS)
    return np.asarray(canvas)


def scaled(pictures: Picture, size: int) -> Picture:
    """Resize pictures `[..., S, S, 3]`: bicubic when enlarging, by area when reducing."""
    side = pictures.shape[-2]
    if side == size:
        return pictures
    method = Image.Resampling.BICUBIC if side < size else Image.Resampling.BOX
    flat = pictures.reshape(-1, *pictures.shape[-3:])
    resized = np.stack([np.asarray(Image.fromarray(picture).resize((size, size), method)) for picture in flat])
    return resized.reshape(*pictures.shape[:-3], size, size, 3)
