from __future__ import annotations

import numpy as np
import pytest
import simplejpeg

from backend.server.live.sheet import MAX_COLUMNS, columns_of, jpeg, mosaic


@pytest.mark.parametrize("count", [1, 5, MAX_COLUMNS, MAX_COLUMNS + 1, 33])
def test_tiles_lie_row_major(count):
    size = 4
    tiles = np.stack([np.full((size, size, 3), i + 1, np.uint8) for i in range(count)])
    board = mosaic(tiles)
    columns = columns_of(count)
    for i in range(board.shape[0] // size * columns):
        row, column = divmod(i, columns)
        cell = board[row * size : (row + 1) * size, column * size : (column + 1) * size]
        assert (cell == (i + 1 if i < count else 0)).all()


def test_colours_survive_the_jpeg():
    picture = np.zeros((32, 64, 3), np.uint8)
    picture[:, :32] = (220, 40, 40)
    picture[:, 32:] = (40, 40, 220)
    back = simplejpeg.decode_jpeg(jpeg(picture), colorspace="RGB")
    assert back.shape == picture.shape
    assert np.abs(back[8:24, 8:24].astype(int) - (220, 40, 40)).max() < 12
    assert np.abs(back[8:24, 40:56].astype(int) - (40, 40, 220)).max() < 12
