"""Encodes all tiles of a sheet as one JPEG, which a browser decodes several times faster than one JPEG per tile."""

from __future__ import annotations

import numpy as np
import simplejpeg

from backend.core.types import Picture

MAX_COLUMNS = 9
QUALITY = 80


def columns_of(tiles: int) -> int:
    """Return the number of tiles in a row."""
    return min(tiles, MAX_COLUMNS)


def mosaic(tiles: Picture) -> Picture:
    """Lay `[F, height, width, 3]` tiles out row-major; the rest of the last row is black."""
    count, height, width = tiles.shape[:3]
    columns = columns_of(count)
    rows = -(-count // columns)
    board = np.zeros((rows * columns, height, width, 3), np.uint8)
    board[:count] = tiles
    grid = board.reshape(rows, columns, height, width, 3).transpose(0, 2, 1, 3, 4)
    return np.ascontiguousarray(grid.reshape(rows * height, columns * width, 3))


def jpeg(picture: Picture, quality: int = QUALITY) -> bytes:
    """Encode an RGB picture `[height, width, 3]`."""
    pixels = np.ascontiguousarray(picture)
    return bytes(simplejpeg.encode_jpeg(pixels, quality=quality, colorspace="RGB", colorsubsampling="420"))
